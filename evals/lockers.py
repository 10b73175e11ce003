"""Documents, questions and codes for a load test: each code stands in one document only.

An answer with another code than its question's belongs to somebody else.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_COLOURS = ("amber", "azure", "coral", "ebony", "ivory", "lilac", "olive", "pearl")
_ANIMALS = ("badger", "camel", "ferret", "gecko", "heron", "otter", "puffin", "walrus")


@dataclass(frozen=True)
class Locker:
    """`code` is in no other document."""

    question: str
    code: str
    document: str


def lockers() -> list[Locker]:
    """The same 64 every time."""
    rng = random.Random(7)
    codes = rng.sample(range(10_000, 99_999), len(_COLOURS) * len(_ANIMALS))
    pairs = [f"{colour} {animal}" for colour in _COLOURS for animal in _ANIMALS]
    return [
        Locker(
            f"What is the code of the {pair} locker?",
            f"K{code}",
            f"# What is the code of the {pair} locker?\n\n"
            f"The {pair} locker opens with the code K{code}.\n",
        )
        for pair, code in zip(pairs, codes, strict=True)
    ]


def codes_in(answer: str) -> list[str]:
    return re.findall(r"K\d{5}", answer)


def ingest(docs: Path, home: Path, topics: Sequence[Locker]) -> None:
    """Writes the documents into `docs`, and has them ingested into `home`."""
    docs.mkdir()
    for topic in topics:
        (docs / f"{topic.code}.md").write_text(topic.document, encoding="utf-8")
    command = [sys.executable, "-c", "from ui.cli import main; main()", "ingest", str(docs)]
    subprocess.run([*command, "--home", str(home)], check=True, stdout=subprocess.DEVNULL)
