"""Aligned English-Chinese text: reading it, balancing its kinds, and holding some of it out."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path

from knowledge.errors import KnowledgeError, PackError

# Pairs of one source that are held out: a tenth, and at most as many as one validation pool holds.
POOL = 1000
_HEADING = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True)
class Pair:
    """One text in both languages. `kind` is the file it came from, `source` the project."""

    english: str
    chinese: str
    kind: str
    source: str

    @property
    def digest(self) -> str:
        """Orders pairs by chance, the same in every run, and equal English texts together."""
        return hashlib.sha256(self.english.strip().lower().encode()).hexdigest() + self.chinese


def read_pairs(folder: Path) -> list[Pair]:
    """All *.jsonl of a folder, rows of `{en, zh, source}`. Raises KnowledgeError."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise KnowledgeError(
            f"No parallel text (*.jsonl with en, zh, source) in {folder}. Name its folder: "
            "frontdesk train encoder --data DIR --out DIR"
        )
    return [pair for file in files for pair in _read_file(file)]


def _read_file(file: Path) -> list[Pair]:
    pairs = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            pairs.append(Pair(row["en"], row["zh"], kind=file.stem, source=row["source"]))
        except (ValueError, KeyError, TypeError) as error:
            raise KnowledgeError(
                f"{file}:{number} is not a JSON object with en, zh and source. Mend that line."
            ) from error
    return pairs


def read_twins(pack: Path) -> list[Pair]:
    """The FAQ entries that a pack holds in both languages: their questions, and whole entries.

    Files pair by name below faq/en and faq/zh, entries by their place in the file.
    """
    pairs = []
    for english in sorted((pack / "faq" / "en").glob("*.md")):
        chinese = pack / "faq" / "zh" / english.name
        if chinese.exists():
            for en, zh in _twin_entries(english, chinese):
                questions = en.partition("\n")[0], zh.partition("\n")[0]
                pairs += [
                    Pair(*texts, kind="pack", source="pack") for texts in ((en, zh), questions)
                ]
    return pairs


def _twin_entries(english: Path, chinese: Path) -> list[tuple[str, str]]:
    pairs = list(zip_longest(_entries(english), _entries(chinese), fillvalue=""))
    if any(not en or not zh for en, zh in pairs):
        raise PackError(
            f"{english} and {chinese} hold different numbers of entries (## headings). "
            "Write the missing translation."
        )
    return pairs


def _entries(file: Path) -> list[str]:
    return [entry.strip() for entry in _HEADING.split(file.read_text(encoding="utf-8"))[1:]]


def hold_out(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Splits into training pairs and held-out pairs, the same way in every run.

    Of each source a tenth is held out, at most POOL pairs. A pair that shares its English or its
    Chinese with a held-out one is in neither part: it would give the answer away.
    """
    by_source = defaultdict(list)
    for pair in pairs:
        by_source[pair.source].append(pair)
    held = []
    for rows in by_source.values():
        rows.sort(key=lambda pair: pair.digest)
        held += rows[: min(len(rows) // 10, POOL)]
    held.sort(key=lambda pair: pair.digest)
    return without_texts_of(held, pairs), held


def without_texts_of(held: Sequence[Pair], pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that share neither their English nor their Chinese with one of `held`."""
    english = {pair.english.strip().lower() for pair in held}
    chinese = {pair.chinese.strip() for pair in held}
    return [
        pair
        for pair in pairs
        if pair.english.strip().lower() not in english and pair.chinese.strip() not in chinese
    ]


def balance(pairs: Sequence[Pair], *, cap: int) -> list[Pair]:
    """At most `cap` pairs of each kind, chosen by chance, the same in every run.

    All sources of a kind give equally many, as long as they have them: the small ones are whole.
    """
    by_source = defaultdict(list)
    for pair in pairs:
        by_source[pair.kind, pair.source].append(pair)
    ranked = defaultdict[str, list[tuple[int, Pair]]](list)
    for (kind, _), rows in by_source.items():
        ranked[kind] += enumerate(sorted(rows, key=lambda pair: pair.digest))
    return [
        pair
        for rows in ranked.values()
        for _, pair in sorted(rows, key=lambda row: (row[0], row[1].digest))[:cap]
    ]


def join(pairs: Sequence[Pair], *, count: int, sentences: int = 3) -> list[Pair]:
    """Passages, neighbours of one source: sentences alone teach nothing of long texts."""
    joined = []
    for (kind, source), rows in groupby(pairs, key=lambda pair: (pair.kind, pair.source)):
        row = list(rows)
        for start in range(0, len(row) - sentences + 1, sentences):
            part = row[start : start + sentences]
            english = " ".join(pair.english for pair in part)
            chinese = "".join(pair.chinese for pair in part)
            joined.append(Pair(english, chinese, kind=kind, source=source))
    return sorted(joined, key=lambda pair: pair.digest)[:count]
