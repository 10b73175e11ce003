"""What customers say and what help pages answer, in both languages: knowledge/phrasebook.

Written for this project. A row is one English text and the Chinese ones that say it, from the plain
to the colloquial.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledge.parallel import Pair

PHRASEBOOK = Path(__file__).parent / "phrasebook"
WRITTEN = "phrasebook"
_SLOT = "{}"


def read_phrasebook(folder: Path) -> list[Pair]:
    """Of the source `phrasebook` sentences, things and actions, each with all that say it; of
    `phrasebook-filled` each thing and action once in each sentence about its like."""
    written = [row for file in sorted((folder / "sentences").glob("*.tsv")) for row in _read(file)]
    filled = list[tuple[str, str]]()
    for name in ("things", "actions"):
        fillings = _read(folder / f"{name}.tsv")
        written += fillings
        filled += _fill(_read(folder / f"about_{name}.tsv"), fillings)
    texts = [(english, chinese) for english, each in written for chinese in each]
    return [
        Pair(en, zh, kind="service", source=source)
        for source, rows in ((WRITTEN, texts), (f"{WRITTEN}-filled", filled))
        for en, zh in rows
    ]


def _read(file: Path) -> list[tuple[str, list[str]]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [(english, chinese) for english, *chinese in (line.split("\t") for line in lines)]


def _fill(
    frames: list[tuple[str, list[str]]], fillings: list[tuple[str, list[str]]]
) -> Iterator[tuple[str, str]]:
    """The Chinese forms of frames and of fillings take turns."""
    for place, (english, chinese) in enumerate(fillings):
        for number, (frame, forms) in enumerate(frames):
            form = forms[(place + number) % len(forms)]
            filling = chinese[(place // len(forms) + number) % len(chinese)]
            yield frame.replace(_SLOT, english), form.replace(_SLOT, filling)
