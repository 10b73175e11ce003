"""`python -m evals.calibrate_writer`: how sure the writer must be before it is let to write.

Two dev sets, on which nothing is reported: entities that only dstc9 has, and the demo shop's dev
questions with the words that a right answer must hold. Prints risk (the share of written answers
that are wrong) and coverage (the share that is written) over the thresholds of bot/config.py.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from bot.answering import write_answer
from bot.build import build_quote
from bot.config import Config
from bot.generators.writer.generator import (
    WEIGHTS,
    Thresholds,
    Weighing,
    WriterGenerator,
    passage_odds,
)
from bot.prompt import build_prompt
from bot.types import Prompt
from evals.reading import read_lines
from evals.writer import auroc, rows
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.language import has_chinese
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK

_DATA = Path(__file__).parent / "data"
_NEEDS = _DATA / "writer" / "dev_needs.jsonl"
_ANSWERABLE = _DATA / "shop" / "dev_en.jsonl"
_UNANSWERABLE = _DATA / "shop" / "dev_unanswerable.jsonl"
_SURE = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_CLEAR = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_ADVANTAGE = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
_SHARED = (0.0, 1.0, 2.0, 4.0, 8.0)
_PASSAGES = 4
_HERE = (0.01, 0.02, 0.05, 0.1, 0.2)
# Of the answers that are written, so many may be wrong, on each of the two sets.
_RISK = 0.02


@dataclass(frozen=True)
class Case:
    """A right answer holds all of `needs`; where there are none, it cites `gold`."""

    prompt: Prompt
    gold: str
    needs: tuple[str, ...] = ()

    def is_right(self, text: str, cited: frozenset[str]) -> bool:
        plain = text.replace("*", "").casefold()
        if not self.needs:
            return self.gold in cited
        return all(need.casefold() in plain for need in self.needs)


@dataclass(frozen=True)
class Trial:
    """What came of a case: was it written, from a passage held how likely, and is it right?"""

    wrote: bool
    held: float
    right: bool


def entity_cases(data: Path) -> list[Case]:
    found = [
        row
        for paraphrased in (False, True)
        for row in rows(data, paraphrased=paraphrased, dev=True, answered=False)
    ]
    return [Case(Prompt(row.question, row.passages, "en"), row.gold.id) for row in found]


def shop_cases(base: KnowledgeBase) -> list[Case]:
    needed = {line.text("query"): line.texts("needs") for line in read_lines([_NEEDS])}
    return [
        Case(asked(base, query), line.texts("relevant")[0], needed[query])
        for line in read_lines([_ANSWERABLE])
        if (query := line.text("query"))
    ]


def asked(base: KnowledgeBase, query: str) -> Prompt:
    return build_prompt(query, base.search(query, k=_PASSAGES, language="en"), language="en")


def without(case: Case) -> Prompt:
    passages = (passage for passage in case.prompt.passages if passage.id != case.gold)
    return replace(case.prompt, passages=tuple(passages))


def trials(cases: Sequence[Case], weights: Path, sure: float) -> list[Trial]:
    writer = WriterGenerator(weights, thresholds=Thresholds(sure=sure, here=0, clear=0))
    config = Config(generator="writer")
    found = [_trial(case, writer, config) for case in cases]
    writer.close()
    return found


def _trial(case: Case, writer: WriterGenerator, config: Config) -> Trial:
    draft = write_answer(case.prompt, writer, build_quote(), config).finished()
    holds = writer.holds(case.prompt)
    cited = [n for n, passage in enumerate(case.prompt.passages) if passage.id in draft.cited]
    held = holds[cited[0]] if cited and cited[0] < len(holds) else 0.0
    return Trial(draft.generator == writer.name, held, case.is_right(draft.text, draft.cited))


def figures(found: Sequence[Trial], clear: float) -> tuple[float, float]:
    """Coverage and risk."""
    told = [trial for trial in found if trial.wrote and trial.held >= clear]
    wrong = sum(not trial.right for trial in told)
    return len(told) / len(found), wrong / max(1, len(told))


def settings(sets: Sequence[Sequence[Case]], weights: Path) -> Iterator[tuple[str, float, bool]]:
    """A line for each pair of thresholds, its coverage (mean of the sets), and whether its risk is
    low enough on each."""
    for sure in _SURE:
        tried = [trials(cases, weights, sure) for cases in sets]
        for clear in _CLEAR:
            each = [figures(found, clear) for found in tried]
            cells = " ".join(f"{cover:9.3f} {risk:6.3f}" for cover, risk in each)
            fits = all(risk <= _RISK for _, risk in each)
            yield f"{sure:5} {clear:6} {cells}", sum(cover for cover, _ in each), fits


def ranking(sets: Sequence[Sequence[Case]], writer: WriterGenerator) -> Iterator[str]:
    """How often the right passage comes first, over the weights of what speaks for it."""
    judged = [[(case, writer.holds(case.prompt)) for case in cases] for cases in sets]
    for advantage in _ADVANTAGE:
        for shared in _SHARED:
            weights = Weighing(advantage=advantage, shared=shared)
            shares = (_right_first(cases, weights) for cases in judged)
            yield f"{advantage:9} {shared:6} " + " ".join(f"{share:9.3f}" for share in shares)


def _right_first(cases: Sequence[tuple[Case, list[float]]], weights: Weighing) -> float:
    right = 0
    for case, holds in cases:
        passages = case.prompt.passages[: len(holds)]
        odds = passage_odds(case.prompt.question, passages, holds, weights=weights)
        right += passages[int(np.argmax(odds))].id == case.gold
    return right / len(cases)


def not_here(
    here: Sequence[Sequence[Prompt]], away: Sequence[Sequence[Prompt]], writer: WriterGenerator
) -> Iterator[str]:
    """What a threshold of "not here" loses of what is answered, and what it catches of the rest."""
    most = [
        [[max(writer.holds(prompt)) for prompt in prompts] for prompts in pair]
        for pair in zip(here, away, strict=True)
    ]
    yield "AUROC " + " ".join(f"{auroc(*pair):15.3f}" for pair in most)
    for least in _HERE:
        cells = [np.mean(np.array(part) < least) for pair in most for part in pair]
        yield f"{least:5} " + " ".join(f"{cell:7.3f}" for cell in cells)


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--weights", default=WEIGHTS, type=click.Path(path_type=Path, exists=True))
def main(data: Path, weights: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        Ingest(home, load_embedder("built-in")).run([DEMO_PACK])
        _print(data, KnowledgeBase(home, load_embedder("built-in")), weights)


def _print(data: Path, base: KnowledgeBase, weights: Path) -> None:
    sets = [entity_cases(data), shop_cases(base)]
    writer = WriterGenerator(weights, thresholds=Thresholds(sure=0, here=0, clear=0))
    click.echo("The right passage first, of entities and of the shop's questions")
    click.echo("advantage shared  entities      shop")
    click.echo("\n".join(ranking(sets, writer)))
    click.echo("\nNot here: share below the threshold, of answerable and of others, in both sets")
    here = [[case.prompt for case in cases] for cases in sets]
    others = [line.text("query") for line in read_lines([_UNANSWERABLE])]
    away = [
        [without(case) for case in sets[0]],
        [asked(base, query) for query in others if not has_chinese(query)],
    ]
    click.echo("\n".join(not_here(here, away, writer)))
    writer.close()
    click.echo("\nCoverage and risk of entities, of the shop's questions")
    found = sorted(settings(sets, weights), key=lambda line: (-line[2], -line[1]))
    click.echo("\n".join(line for line, _, _ in found))
    click.echo(f"First is what covers most with a risk of at most {_RISK} on each.")


if __name__ == "__main__":
    sys.exit(main())
