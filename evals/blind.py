"""`python -m evals.blind`: the same questions answered by the writer and by quoting, to be judged.

Writes a table whose two answers stand in random order, without saying which is whose. With
`--judged` it counts what was judged: a file with one line "NUMBER left|right|equal|false" a row.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bot.answering import AnswerDraft, write_answer
from bot.build import build_generator, build_quote
from bot.config import Config
from bot.prompt import build_prompt
from evals.reading import read_lines
from knowledge.embedder import load_embedder
from knowledge.search import KnowledgeBase

SEED = 11


@dataclass(frozen=True)
class Pair:
    """Both answers to a question. `swapped`: the writer's stands on the right."""

    question: str
    writer: AnswerDraft
    quote: AnswerDraft
    swapped: bool

    @property
    def equal(self) -> bool:
        return self.writer.text.strip() == self.quote.text.strip()


def pairs(questions: Sequence[str], config: Config) -> Iterator[Pair]:
    """Both answer from the passages that the search finds for the question."""
    base = KnowledgeBase(config.home, load_embedder(config.embedder))
    writer, quote = build_generator(config) or build_quote(), build_quote()
    dice = random.Random(SEED)
    for question in questions:
        matches = base.search(question, k=config.passages_per_prompt, language="en")
        prompt = build_prompt(question, matches, language="en")
        yield Pair(
            question,
            write_answer(prompt, writer, quote, config).finished(),
            write_answer(prompt, quote, quote, config).finished(),
            dice.random() < 0.5,
        )


def table(found: Sequence[Pair]) -> Iterator[str]:
    """Rows whose answers are the same are named and need no judge."""
    yield "| | question | left | right |"
    yield "|---|---|---|---|"
    for number, pair in enumerate(found, 1):
        left, right = pair.writer.text, pair.quote.text
        if pair.swapped:
            left, right = right, left
        cells = ["(the same)", "(the same)"] if pair.equal else [left, right]
        shown = [" ".join(cell.split()).replace("|", "/") for cell in (pair.question, *cells)]
        yield f"| {number} | " + " | ".join(shown) + " |"


def count(found: Sequence[Pair], judged: Path) -> Counter[str]:
    """How often the writer was preferred, equal or worse, and how often it was false."""
    verdicts = dict(line.split()[:2] for line in judged.read_text().splitlines() if line.strip())
    counts: Counter[str] = Counter()
    for number, pair in enumerate(found, 1):
        verdict = verdicts.get(str(number), "equal")
        if pair.equal or verdict == "equal":
            counts["equal"] += 1
        elif verdict == "false":
            counts["false"] += 1
        else:
            counts["better" if (verdict == "right") is pair.swapped else "worse"] += 1
    return counts


@click.command()
@click.option("--queries", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--home", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--weights", type=click.Path(path_type=Path, exists=True), help="Not the built-in")
@click.option("--table", "out", type=click.Path(path_type=Path), help="Write the table here")
@click.option("--judged", type=click.Path(path_type=Path, exists=True))
def main(
    queries: Path, home: Path, weights: Path | None, out: Path | None, judged: Path | None
) -> None:
    config = Config(home=home, generator="writer", model=str(weights or ""))
    questions = [line.text("query") for line in read_lines([queries])]
    found = list(pairs(questions, config))
    written = sum(pair.writer.generator == "writer" for pair in found)
    same = sum(pair.equal for pair in found)
    click.echo(f"{len(found)} questions, {written} written, {same} answers the same")
    if out:
        out.write_text("\n".join(table(found)) + "\n", encoding="utf-8")
    if judged:
        for name, number in sorted(count(found, judged).items()):
            click.echo(f"{name:10} {number}")


if __name__ == "__main__":
    sys.exit(main())
