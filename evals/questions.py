"""Single questions through the whole bot: answered from the right entry, offered, or declined.

With questions that the knowledge cannot answer beside them: the risk-coverage curve of the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.config import Config
from bot.types import Answer, Route
from evals.desk import Desk, open_desk, silent
from evals.figures import figures
from evals.measures import risks
from evals.provenance import measured_on
from evals.reading import Line, read_lines
from evals.result import Result, Row, row_id, unique_ids
from knowledge.language import language_of
from knowledge.passages import entry_of
from knowledge.types import Embedder, Match, Progress

_MEASURES = (
    "answered_right",
    "reached_right",
    "found_right",
    "answered_answerable",
    "declined_unanswerable",
    "selective_risk",
    "aurc",
)
# Points of a curve that is drawn.
_POINTS = 100


@dataclass(frozen=True)
class Question:
    """`right` holds the ids of the entries that answer, in any language; none if nothing does."""

    text: str
    right: frozenset[str] = frozenset()


def measure_questions(
    config: Config,
    answerable: Sequence[Path],
    unanswerable: Sequence[Path] = (),
    *,
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """Raises EvalError, KnowledgeMissing, and the errors of what the Config names."""
    asked = [read_question(line) for line in read_lines(answerable, limit=limit)]
    asked += [Question(line.text("query")) for line in read_lines(unanswerable, limit=limit)]
    ids = unique_ids([row_id(question.text) for question in asked])
    rows = []
    with open_desk(config, embedder=embedder) as desk:
        desk.embedder.warm([question.text for question in asked], progress)
        for name, question in zip(ids, asked, strict=True):
            rows.append(_row(desk, name, question))
            progress("ask", len(rows), len(asked))
        models = desk.models
    languages = sorted({group for row in rows for group in row.groups})
    return Result(
        suite="questions",
        metrics=figures(rows, _MEASURES, groups=languages if len(languages) > 1 else ()),
        measured_on=measured_on(config, [*answerable, *unanswerable], models=models),
        rows=rows,
        details={"risk_coverage": curve(rows), "today": today(rows, config.answer_score)},
    )


def read_question(line: Line) -> Question:
    """`relevant`, and `twins` where there are: the entries of the other language."""
    right = frozenset([*line.texts("relevant"), *line.optional_texts("twins")])
    if not right:
        raise line.wrong('has no id in "relevant"')
    return Question(line.text("query"), right)


def answered_right(question: Question, answer: Answer) -> bool:
    """Whether it is answered, and from a right entry."""
    cited = {entry_of(citation.passage_id) for citation in answer.citations}
    return answer.route is Route.ANSWER and bool(cited & question.right)


def reached_right(question: Question, answer: Answer, matches: Sequence[Match]) -> bool:
    """Whether it is answered right, or the right entry is among the questions to choose from."""
    return answer.route in (Route.ANSWER, Route.CLARIFY) and found_right(question, answer, matches)


def found_right(question: Question, answer: Answer, matches: Sequence[Match]) -> bool:
    """As reached_right, or the right entry is offered beside "I don't know that for sure"."""
    if answered_right(question, answer):
        return True
    headings = {m.passage.heading for m in matches if entry_of(m.passage.id) in question.right}
    return bool(headings & set(answer.options))


def matches_of(desk: Desk, text: str) -> list[Match]:
    """What the manager found for the text."""
    k = desk.config.passages_per_prompt + 1
    reading = desk.embedder.read([text])[0]
    return desk.parts.knowledge.search(text, reading, k=k, language=language_of(text))


def _row(desk: Desk, name: str, question: Question) -> Row:
    answer = desk.ask(question.text)
    matches = matches_of(desk, question.text)
    first = entry_of(matches[0].passage.id) if matches else ""
    answered = answer.route is Route.ANSWER
    right = answered_right(question, answer)
    scores = {
        "confidence": matches[0].score if matches else 0.0,
        "risk": float(first not in question.right),
        "answered": float(answered),
        "answered_wrong": float(answered and not right),
    }
    if question.right:
        scores["answered_answerable"] = float(answered)
        scores["answered_right"] = float(right)
        scores["reached_right"] = float(reached_right(question, answer, matches))
        scores["found_right"] = float(found_right(question, answer, matches))
    else:
        scores["declined_unanswerable"] = float(not answered)
    shown = {
        "query": question.text,
        "route": answer.route.value,
        "first": first,
        "wanted": sorted(question.right),
        "intent": answer.intent.name if answer.intent and answer.intent.known else "",
    }
    if answer.options:
        shown["options"] = list(answer.options)
    good = right if question.right else not answered
    return Row(name, scores, good, groups=(language_of(question.text),), shown=shown)


def curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """(coverage, risk) where the surest answers are given only; at most _POINTS of them."""
    risk = risks(
        np.array([row.scores["confidence"] for row in rows]),
        np.array([row.scores["risk"] for row in rows]),
    )
    chosen = np.unique(np.linspace(0, len(rows) - 1, _POINTS).astype(int))
    return [(round(int(n + 1) / len(rows), 4), round(float(risk[n]), 4)) for n in chosen]


def today(rows: Sequence[Row], threshold: float) -> Mapping[str, float]:
    """The point of the curve at which the bot works now."""
    above = [row.scores["risk"] for row in rows if row.scores["confidence"] >= threshold]
    return {
        "threshold": threshold,
        "coverage": round(len(above) / len(rows), 4),
        "risk": round(sum(above) / len(above), 4) if above else 0.0,
    }
