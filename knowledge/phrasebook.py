"""What customers say, in both languages, written for this project: knowledge/phrasebook/*.tsv.

A row is one English text and the Chinese ones that say it, from the plain to the colloquial.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledge.parallel import Pair

PHRASEBOOK = Path(__file__).parent / "phrasebook"
_SLOT = "{}"


def read_phrasebook(folder: Path) -> list[Pair]:
    """Sentences, things and actions, and each of the latter in each sentence about its like."""
    rows = _read(folder / "sentences.tsv")
    for name in ("things", "actions"):
        fillings = _read(folder / f"{name}.tsv")
        rows += [*fillings, *_fill(_read(folder / f"about_{name}.tsv"), fillings)]
    return [Pair(en, zh, kind="service", source="phrasebook") for en, each in rows for zh in each]


def _read(file: Path) -> list[tuple[str, list[str]]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [(english, chinese) for english, *chinese in (line.split("\t") for line in lines)]


def _fill(
    frames: list[tuple[str, list[str]]], fillings: list[tuple[str, list[str]]]
) -> Iterator[tuple[str, list[str]]]:
    """The Chinese forms of a filling take turns, so that each form of a frame comes once."""
    for place, (english, chinese) in enumerate(fillings):
        for number, (frame, forms) in enumerate(frames):
            turns = [chinese[(place + number + turn) % len(chinese)] for turn in range(len(forms))]
            filled = [form.replace(_SLOT, turn) for form, turn in zip(forms, turns, strict=True)]
            yield frame.replace(_SLOT, english), filled
