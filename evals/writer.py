"""`python -m evals.writer --data DIR`: the writer on entities that its training has not seen.

Each question comes with its own passage and two of the same entity, shuffled. Measured are: the
right passage, nearness to a person's answer beside that of quoting the right passage, whether
"not here" is seen when the right passage is taken away, facts that stand nowhere, and loops.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from bot.answering import write_answer
from bot.build import build_generator, build_quote
from bot.config import Config
from bot.facts import facts, foreign_facts
from bot.generators.writer.entries import Entry, is_held_out, passage_of, read_entries
from bot.generators.writer.generator import WriterGenerator
from bot.generators.writer.telling import without_closing
from bot.sentences import split
from bot.types import Prompt
from evals.reading import read_lines
from knowledge.types import Passage

SEED = 7
_DISTRACTORS = 2


@dataclass(frozen=True)
class Row:
    question: str
    passages: tuple[Passage, ...]
    gold: Passage
    reference: str


@dataclass(frozen=True)
class Written:
    """`wrote` is false where the passage was quoted. `holds` are the writer's probabilities."""

    row: Row
    text: str
    cited: frozenset[str]
    wrote: bool
    holds: list[float]
    without_gold: list[float]


def rows(
    data: Path, *, paraphrased: bool, dev: bool = False, answered: bool = True, seed: int = SEED
) -> list[Row]:
    """Questions of held-out entities, each with its passage and two others of the entity, shuffled.

    The entities of dstc9_more are reported on; `dev` are those that only dstc9 has, on which
    thresholds are chosen. `answered`: only of dstc9_more, and only those that a person answered.
    """
    entries = read_entries(data, (), ("covid_en", "aws"))
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    reported = {entry.group for entry in entries if entry.source == "dstc9_more"}
    found = []
    for entry in entries:
        if not is_held_out(entry.group) or (entry.group in reported) is dev:
            continue
        if answered and not (entry.response and entry.source == "dstc9_more"):
            continue
        dice = random.Random(f"{seed} {entry.group} {entry.question}")
        others = {e.passage.text: e.passage for e in groups[entry.group]}
        others.pop(entry.passage.text, None)
        chosen = dice.sample(list(others.values()), min(_DISTRACTORS, len(others)))
        passages = [entry.passage, *chosen]
        dice.shuffle(passages)
        question = paraphrase(entry.question, dice) if paraphrased else entry.question
        reference = without_closing(entry.response)
        found.append(Row(question, tuple(passages), entry.passage, reference))
    return found


_WAYS = (
    ("is there ", ("do they have ", "I'd like to know whether there is ", "any chance of ")),
    ("are there ", ("do they have ", "I wonder if there are ", "can I find ")),
    ("do you have ", ("is there ", "are there ", "can I get ")),
    ("do you offer ", ("is there ", "can I get ", "do they have ")),
    ("do you accept ", ("can I pay with ", "is it possible to use ")),
    ("does ", ("please tell me if ", "I need to know whether ")),
    ("can i ", ("am I allowed to ", "is it possible to ")),
    ("what ", ("could you tell me what ", "I'm asking myself what ")),
    ("how ", ("could you tell me how ", "please explain how ")),
    ("is ", ("could you tell me if it is true that ", "I want to know if ")),
    ("are ", ("could you tell me if ", "I want to know if ")),
)


def paraphrase(question: str, dice: random.Random) -> str:
    """The same question with another beginning, in lower case and without its mark."""
    plain = question.strip().rstrip("?. ")
    for start, ways in _WAYS:
        if plain.casefold().startswith(start):
            return dice.choice(ways) + plain[len(start) :].casefold()
    return f"one question: {plain.casefold()}"


def write(row: Row, writer: WriterGenerator, config: Config) -> Written:
    prompt = Prompt(row.question, row.passages, "en")
    draft = write_answer(prompt, writer, build_quote(), config).finished()
    rest = tuple(passage for passage in row.passages if passage.id != row.gold.id)
    return Written(
        row,
        draft.text,
        draft.cited,
        draft.generator == writer.name,
        writer.holds(prompt),
        writer.holds(replace(prompt, passages=rest)),
    )


def figures(written: Sequence[Written]) -> Iterator[tuple[str, float]]:
    told = [one for one in written if one.wrote]
    yield "questions", len(written)
    yield "written, not quoted", len(told) / len(written)
    yield "right passage", _share(one.row.gold.id in one.cited for one in written)
    yield "right passage where written", _share(one.row.gold.id in one.cited for one in told)
    best = (one.row.passages[int(np.argmax(one.holds))].id == one.row.gold.id for one in written)
    yield "right passage by its probability", _share(best)
    references = [one.row.reference for one in written]
    for name, texts in (
        ("", [one.text for one in written]),
        (" of quoting the right passage", [one.row.gold.text for one in written]),
    ):
        yield f"ROUGE-L{name}", rouge_l(texts, references)
        yield f"BLEU-1{name}", bleu_1(texts, references)
    here = [max(one.holds) for one in written if one.without_gold]
    away = [max(one.without_gold) for one in written if one.without_gold]
    yield "not here, AUROC", auroc(here, away)
    yield "answers with foreign facts", sum(bool(_foreign(one)) for one in written)
    yield "answers that loop", sum(_loops(one.text) for one in written)


def rouge_l(texts: Sequence[str], references: Sequence[str]) -> float:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    pairs = zip(references, texts, strict=True)
    return float(np.mean([scorer.score(a, b)["rougeL"].fmeasure for a, b in pairs]))


def bleu_1(texts: Sequence[str], references: Sequence[str]) -> float:
    from sacrebleu.metrics.bleu import BLEU

    score = BLEU(max_ngram_order=1, lowercase=True).corpus_score(list(texts), [list(references)])
    return float(score.score) / 100


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    from sklearn.metrics import roc_auc_score

    truth = [1] * len(positive) + [0] * len(negative)
    return float(roc_auc_score(truth, [*positive, *negative]))


def _share(values: Iterator[bool]) -> float:
    held = list(values)
    return sum(held) / max(1, len(held))


def _foreign(one: Written) -> list[str]:
    given = facts("\n".join(f"{p.title}\n{p.question}\n{p.text}" for p in one.row.passages))
    return [fact for sentence in split(one.text) for fact in foreign_facts(sentence, given)]


def _loops(text: str) -> bool:
    """A run of four words that comes twice."""
    words = text.casefold().split()
    runs = Counter(zip(*(words[start:] for start in range(4)), strict=False))
    return any(count > 1 for count in runs.values())


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--weights", type=click.Path(path_type=Path, exists=True), help="Not the built-in")
@click.option("--table", type=click.Path(path_type=Path), help="Write 100 answers to this file")
@click.option("--draw", type=int, help="Only the table, of any held-out questions, by this seed")
def main(data: Path, weights: Path | None, table: Path | None, draw: int | None) -> None:
    config = Config(generator="writer", model=str(weights or ""))
    writer = build_generator(config)
    assert isinstance(writer, WriterGenerator)  # noqa: S101
    with contextlib.closing(writer):
        if draw is not None and table:
            _write_table(table, [write(row, writer, config) for row in drawn(data, draw)])
            return
        for paraphrased in (False, True):
            written = [write(row, writer, config) for row in rows(data, paraphrased=paraphrased)]
            click.echo("Paraphrased questions" if paraphrased else "The passages' own questions")
            for name, value in figures(written):
                click.echo(f"  {name:40} {value:.3f}")
            if table and not paraphrased:
                _write_table(table, random.Random(SEED).sample(written, min(100, len(written))))
        _print_clapnq(data, writer)


def drawn(data: Path, seed: int) -> list[Row]:
    """100 questions of held-out entities, each in its own words or paraphrased."""
    pool = [
        row
        for paraphrased in (False, True)
        for row in rows(data, paraphrased=paraphrased, answered=False, seed=seed)
    ]
    return random.Random(seed).sample(pool, 100)


def _print_clapnq(data: Path, writer: WriterGenerator) -> None:
    """Long-form questions on encyclopedia passages: another kind of text than it has learned on."""
    folder = data / "grounded" / "clapnq"
    here: dict[bool, list[float]] = {True: [], False: []}
    for name in ("answerable", "unanswerable"):
        path = folder / f"{name}.jsonl"
        for line in read_lines([path]) if path.is_file() else ():
            passages = tuple(passage_of("", "", text) for text in line.texts("passages"))
            held = writer.holds(Prompt(line.text("question"), passages, "en"))
            here[name == "answerable"].append(max(held))
    if not all(here.values()):
        return
    click.echo(f"clapnq, {len(here[True])} answerable and {len(here[False])} not")
    click.echo(f"  {'not here, AUROC':40} {auroc(here[True], here[False]):.3f}")


def _write_table(path: Path, written: Sequence[Written]) -> None:
    lines = ["| | question | right passage | answer | by | person |", "|---|---|---|---|---|---|"]
    for number, one in enumerate(written, 1):
        cells = [
            str(number),
            one.row.question,
            one.row.gold.text,
            one.text,
            "writer" if one.wrote else "quote",
            one.row.reference,
        ]
        lines.append(
            "| " + " | ".join(" ".join(cell.split()).replace("|", "/") for cell in cells) + " |"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
