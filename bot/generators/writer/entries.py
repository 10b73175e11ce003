"""The sets that the writer learns from, as questions that a passage answers.

Reads the sets of the data folder by name; a set that is not there is left out. Entities are held
out whole, by a hash of their name: none of their text is in any lesson.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from knowledge.passages import cut
from knowledge.reading import document_paths, read_document
from knowledge.types import Passage

# One entity in five is held out.
_HELD_OUT = 5
# The sets whose entries stand in groups of one entity.
OF_ENTITIES = ("dstc9", "dstc9_more")


@dataclass(frozen=True)
class Entry:
    """A question that a passage answers. `group` names what its distractors are taken from.

    `response` is a person's answer, where there is one; `source` is the set that it comes from.
    """

    source: str
    group: str
    question: str
    passage: Passage
    response: str = ""


def is_held_out(entity: str) -> bool:
    digest = hashlib.sha256(entity.casefold().encode()).digest()
    return digest[0] % _HELD_OUT == 0


def read_entries(data: Path, faq: Sequence[Path], leave_out: Collection[str]) -> list[Entry]:
    """Those of the public sets in `data`, and of documents with questions (`faq`)."""
    readers: dict[str, Callable[[], Iterator[Entry]]] = {
        **{name: partial(_entities, data / "grounded" / name, name) for name in OF_ENTITIES},
        "covid_en": lambda: _faq(data / "faq" / "covid_en" / "faq.jsonl"),
        "aws": lambda: _sections(data / "documents" / "aws" / "sections.jsonl"),
        "faq": lambda: _documents(faq),
    }
    return [entry for name, read in readers.items() if name not in leave_out for entry in read()]


def _entities(folder: Path, name: str) -> Iterator[Entry]:
    answered: dict[tuple[str, str], str] = {}
    for row in _rows(folder / "responses.jsonl"):
        answered[_entity(row).casefold(), row["question"]] = row["response"]
    for row in _rows(folder / "faq.jsonl"):
        entity = _entity(row)
        key = (entity.casefold(), row["question"])
        passage = passage_of(entity, row["question"], row["answer"])
        yield Entry(name, key[0], row["question"], passage, answered.get(key, ""))


def _entity(row: dict[str, Any]) -> str:
    return str(row["entity"] or row["domain"])


def _faq(path: Path) -> Iterator[Entry]:
    for number, row in enumerate(_rows(path)):
        passage = passage_of("", row["question"], row["answer"])
        yield Entry("covid_en", f"covid {number // 20}", row["question"], passage)


def _sections(path: Path) -> Iterator[Entry]:
    for number, row in enumerate(_rows(path)):
        if len(row["heading"].split()) >= 3 and 8 <= len(row["text"].split()) <= 60:
            passage = passage_of("", row["heading"], row["text"])
            yield Entry("aws", f"aws {number // 20}", row["heading"], passage)


def _documents(paths: Sequence[Path]) -> Iterator[Entry]:
    """FAQ entries of documents in English, each with all the ways in which it is asked."""
    for source in paths:
        for path in document_paths(source):
            for passage in cut(read_document(path, path.name)):
                if passage.language == "en" and passage.question:
                    for question in (passage.question, *passage.asked):
                        yield Entry("faq", "faq", question, replace(passage, asked=()))


def passage_of(title: str, question: str, text: str) -> Passage:
    name = hashlib.sha256(f"{title}\n{question}\n{text}".encode()).hexdigest()[:16]
    path = (question,) if question else ()
    return Passage(name, name, title, path, question, text, "en")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
