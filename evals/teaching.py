"""`python -m evals.teaching [dev|fit|test]`: what becomes of customers' questions once their own
words are taught.

At each invented company, half of the questions in own words that were offered the right entry are
taught to it, as an admin of the desk would (bot/wordings.py). Prints, before and after, what is
answered rightly and wrongly of those, of the same without capitals and marks, and of all others.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.config import Config
from bot.types import Route
from evals.companies import COMPANIES, Outcome, asked, questions_of
from knowledge.embedder import load_embedder
from knowledge.passages import cut, entry_of
from knowledge.reading import read_document
from knowledge.taught import Taught
from knowledge.types import Embedder

_MARKS = re.compile(r"[^\w\s]+")


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    embedder = load_embedder("built-in")
    with tempfile.TemporaryDirectory() as models:
        folders = sorted((COMPANIES / chosen).iterdir())
        pairs = [pair for f in folders for pair in _compared(f, embedder, Path(models))]
    print("                                     before           after")
    print("language  kind            questions  right   wrong    right   wrong")
    for language, kind in sorted({(after.language, kind) for kind, _, after in pairs}):
        of_kind = [pair[1:] for pair in pairs if (pair[2].language, pair[0]) == (language, kind)]
        shares = [share for side in zip(*of_kind, strict=True) for share in _answered(side)]
        told = "   ".join(f"{share:.3f}" for share in shares)
        print(f"{language:8}  {kind:14}  {len(of_kind):9}  {told}")


def _compared(
    folder: Path, embedder: Embedder, models: Path
) -> Iterator[tuple[str, Outcome, Outcome]]:
    """The kind of each question, and what becomes of it before and after."""
    rows, config = questions_of(folder), Config()
    first = asked(folder, rows, embedder, config, models)
    picked = [
        row
        for row, outcome in zip(rows, first, strict=True)
        if row["kind"] == "own_words" and outcome.right_option
    ][::2]
    for row in picked:
        row["kind"] = "taught"
    rows += [row | {"query": _bare(row["query"]), "kind": "taught, bare"} for row in picked]
    before = asked(folder, rows, embedder, config, models)
    after = asked(folder, rows, embedder, config, models, _taught(folder, picked))
    yield from zip((row["kind"] for row in rows), before, after, strict=True)


def _taught(folder: Path, rows: Sequence[dict[str, Any]]) -> Taught:
    faq = folder / "faq.md"
    passages = cut(read_document(faq, faq.name))
    entries = {passage.heading: entry_of(passage.id) for passage in passages}
    taught = Taught()
    for row in rows:
        entry = entries[row["relevant"][0]]
        taught = taught.changed(entry, [*taught.of(entry), row["query"]])
    return taught


def _bare(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text.lower()).split())


def _answered(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """The shares that are answered rightly, and wrongly."""
    answered = np.array([each.route is Route.ANSWER for each in outcomes])
    right = np.array([each.place == 0 for each in outcomes])
    return float((answered & right).mean()), float((answered & ~right).mean())


if __name__ == "__main__":
    main()
