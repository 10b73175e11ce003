"""Answers from given passages: near a person's, grounded, cited, and not given where none is.

The way of an answer is the bot's own: prompt, generator, grounding, quotation (bot/answering.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.answering import AnswerDraft, write_answer
from bot.build import build_generator, build_quote
from bot.config import Config
from bot.facts import Facts, facts, foreign_facts
from bot.grounding import Grounding, is_filler
from bot.prompt import build_prompt
from bot.sentences import sentences, split
from bot.types import Generator, Prompt
from evals.answer_cases import Case, read_cases
from evals.desk import Remembering, described, silent
from evals.figures import figures
from evals.passage_scores import PassageScores, passage_scores
from evals.provenance import measured_on
from evals.questions import curve, today
from evals.result import Result, Row
from evals.text_scores import text_scores, tokens
from knowledge.embedder import load_embedder
from knowledge.types import Embedder, Progress

_MEASURES = (
    "bleu",
    "chrf",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "meteor",
    "answer_f1",
    "grounded_sentences",
    "citation_precision",
    "citation_recall",
    "invented_numbers",
    "invented_names",
    "draft_invented_numbers",
    "draft_invented_names",
    "quoted_instead",
    "answered_answerable",
    "declined_unanswerable",
    "selective_risk",
    "aurc",
    "answer_words",
)


@dataclass
class Overheard:
    """A Generator that passes on another one's words and keeps the last draft."""

    generator: Generator
    draft: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.generator.name

    @property
    def model(self) -> str:
        return self.generator.model

    def generate(self, prompt: Prompt) -> Iterator[str]:
        self.draft = []
        for piece in self.generator.generate(prompt):
            self.draft.append(piece)
            yield piece


def measure_answers(
    config: Config,
    data: Sequence[Path],
    *,
    distractors: int = 0,
    limit: int | None = None,
    embedder: Embedder | None = None,
    generator: Generator | None = None,
    progress: Progress = silent,
) -> Result:
    """Raises EvalError, and the errors of what the Config names."""
    cases = read_cases(data, limit=limit, distractors=distractors)
    remembering = Remembering(embedder or load_embedder(config.embedder))
    quote = build_quote()
    overheard = Overheard(generator or build_generator(config) or quote)
    passages = [passage for case in cases for passage in case.passages]
    rows, seconds = [], []
    with passage_scores(passages, remembering, progress) as scores:
        remembering.warm([case.question for case in cases], progress)
        for case in cases:
            since = time.perf_counter()
            written = _write(case, scores, overheard, quote, config)
            seconds.append(time.perf_counter() - since)
            rows.append(_row(case, written, config))
            progress("answer", len(rows), len(cases))
    models = {"embedder": remembering.name, "generator": described(overheard)}
    return Result(
        suite="answers",
        metrics=figures(rows, _MEASURES),
        measured_on=measured_on(config, data, models=models, home=False)
        | {"distractors": distractors},
        rows=rows,
        details={
            "seconds": _quantiles(seconds),
            "words": _quantiles([row.scores["answer_words"] for row in rows]),
            "risk_coverage": curve(rows),
            "today": today(rows, config.answer_score),
            "meteor": "exact and stem matchers; the synonym matcher needs WordNet and is left out",
        },
    )


@dataclass(frozen=True)
class _Written:
    """`draft` is what the generator wrote before the check."""

    answer: AnswerDraft
    draft: str
    score: float
    prompt: Prompt


def _write(
    case: Case, scores: PassageScores, overheard: Overheard, quote: Generator, config: Config
) -> _Written:
    matches = scores.matches(case.question, case.passages)
    prompt = build_prompt(case.question, matches, language=case.language, history=case.history)
    overheard.draft = []
    chosen = quote if overheard.name == quote.name else overheard
    answer = write_answer(prompt, chosen, quote, config).finished()
    draft = "".join(overheard.draft) or answer.text
    return _Written(answer, draft, matches[0].score, prompt)


def _row(case: Case, written: _Written, config: Config) -> Row:
    answer = written.answer
    answered = written.score >= config.answer_score and bool(answer.cited)
    scores = {
        "confidence": written.score if answer.cited else 0.0,  # 0: the generator declined
        "risk": float(not case.answerable),
        "answered": float(answered),
        "answered_wrong": float(answered and not case.answerable),
        "answer_words": float(len(tokens(answer.text))),
        "quoted_instead": float(bool(answer.error)),
        **_faithfulness(case, written, config),
    }
    if case.answerable:
        scores |= text_scores(answer.text, case.references)
        scores |= _citations(case, answer)
        scores["answered_answerable"] = float(answered)
    else:
        scores["declined_unanswerable"] = float(not answered)
    shown = {
        "question": case.question,
        "answer": answer.text,
        "draft": "" if written.draft == answer.text else written.draft,
        "reference": case.references[0] if case.references else "",
        "dropped": list(answer.dropped),
        "error": answer.error,
        "answerable": case.answerable,
    }
    shown = {name: value for name, value in shown.items() if value not in ("", [])}
    return Row(case.id, scores, answered is case.answerable, shown=shown)


def _faithfulness(case: Case, written: _Written, config: Config) -> dict[str, float]:
    """Sentences that a passage supports, and hard facts that stand nowhere in what was given."""
    given = _given(case)
    grounding = Grounding(written.prompt.passages, coverage=config.grounding_coverage)
    released = list(grounding.release(sentences(iter([written.draft]))))
    scores = {
        "grounded_sentences": float(len(released)),
        "sentences": float(len(released) + len(grounding.dropped)),
    }
    for prefix, text in (("", written.answer.text), ("draft_", written.draft)):
        numbers, names = _invented(text, given)
        scores[f"{prefix}invented_numbers"] = float(bool(numbers))
        scores[f"{prefix}invented_names"] = float(bool(names))
    return scores


def _given(case: Case) -> Facts:
    """All that the answer may repeat: passages, question and history."""
    parts = [case.question, *(turn.text for turn in case.history)]
    for passage in case.passages:
        parts += [passage.title, *passage.path, passage.question, passage.text]
    return facts("\n".join(parts))


def _invented(text: str, given: Facts) -> tuple[list[str], list[str]]:
    """Facts with a digit (numbers, prices, dates, links), and names or quoted words."""
    found = [
        fact
        for sentence in split(text)
        if not is_filler(sentence)
        for fact in foreign_facts(sentence, given)
    ]
    numbers = [fact for fact in found if any(sign.isdigit() for sign in fact)]
    return numbers, [fact for fact in found if fact not in numbers]


def _citations(case: Case, answer: AnswerDraft) -> dict[str, float]:
    """Against the passages that came with the question; nothing cited has no precision."""
    right = len(answer.cited & case.gold)
    scores = {"citation_recall": right / len(case.gold)}
    if answer.cited:
        scores["citation_precision"] = right / len(answer.cited)
    return scores


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    median, most = np.quantile(values, [0.5, 0.95])
    return {"median": round(float(median), 4), "p95": round(float(most), 4)}
