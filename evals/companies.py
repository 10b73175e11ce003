"""`python -m evals.companies [dev|fit|test]`: FAQs as new owners bring them, one company at a time.

Invented companies of many trades whose FAQs list no phrasings, each asked by its own customers: in
words near to an entry's, or telling their own story; and what no entry answers, on a subject of the
FAQ or on none. Prints what becomes of them by kind.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.config import Config
from bot.courtesy import without_courtesy
from bot.routing import MAX_OPTIONS
from evals.calibrate import read_rows
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.language import language_of
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Match

COMPANIES = Path(__file__).parent / "data" / "companies"
_KINDS = ("near", "own_words", "near_miss", "off_topic")


@dataclass(frozen=True)
class Outcome:
    """What becomes of one question. `place` is that of the right entry, the first being 0; None
    where it is not found, or there is none."""

    language: str
    kind: str
    place: int | None
    answered: bool
    offered: int

    @property
    def right_offered(self) -> bool:
        return self.place is not None and self.place < self.offered


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    embedder, config = load_embedder("built-in"), Config()
    folders = sorted((COMPANIES / chosen).iterdir())
    outcomes = [each for folder in folders for each in asked(folder, embedder, config)]
    print("                               found:              answered:     beside 'I don't know':")
    print("language  kind       questions  first  among three  right  wrong  right    any")
    for language in sorted({each.language for each in outcomes}):
        for kind in _KINDS:
            rows = [each for each in outcomes if (each.language, each.kind) == (language, kind)]
            if rows:
                print(f"{language:8}  {kind:9}  {len(rows):9}  {_line(rows)}")


def asked(folder: Path, embedder: Embedder, config: Config) -> Iterator[Outcome]:
    """Of each of the questions in a company's folder."""
    with tempfile.TemporaryDirectory() as home:
        Ingest(Path(home), embedder).run([folder / "faq.md"])
        base = KnowledgeBase(Path(home), embedder)
        for row in read_rows(folder / "questions.jsonl"):
            text = base.corrected(without_courtesy(row["query"]))
            yield _outcome(row, base.search(text, language=language_of(row["query"])), config)
        base.close()


def _outcome(row: dict[str, Any], matches: list[Match], config: Config) -> Outcome:
    scores = [match.score for match in matches]
    answered = scores[0] >= config.answer_score
    right = [match.passage.heading in row["relevant"] for match in matches]
    return Outcome(
        language=language_of(row["query"]),
        kind=row["kind"],
        place=right.index(True) if any(right) else None,
        answered=answered,
        offered=0 if answered else sum(s >= config.offer_score for s in scores[:MAX_OPTIONS]),
    )


def _line(rows: list[Outcome]) -> str:
    first = np.array([each.place == 0 for each in rows])
    in_three = np.array([each.place is not None and each.place < MAX_OPTIONS for each in rows])
    answered = np.array([each.answered for each in rows])
    offered = np.array([each.offered > 0 for each in rows])
    right_offered = np.array([each.right_offered for each in rows])
    shares = (first, in_three, answered & first, answered & ~first, right_offered, offered)
    widths = (5, 12, 6, 6, 6, 6)
    return " ".join(
        f"{share.mean():{width}.3f}" for share, width in zip(shares, widths, strict=True)
    )


if __name__ == "__main__":
    main()
