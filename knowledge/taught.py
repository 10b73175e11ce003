"""Customers' own words for entries that the documents hold: `taught.json` in the home folder.

Whoever runs the desk teaches them. They are laid over what is read from the documents, which may be
of any format and stay as they are. Knows nothing of where the words come from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from knowledge.characters import one_line
from knowledge.errors import KnowledgeError
from knowledge.passages import entry_of
from knowledge.types import Passage

FILE = "taught.json"
_ENTRIES = TypeAdapter(dict[str, tuple[str, ...]])


@dataclass(frozen=True)
class Taught:
    """Wordings by the id of the entry, `document#slug`. Those of entries that are not there (any
    more) wait for them.
    """

    entries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, entry: str) -> tuple[str, ...]:
        return self.entries.get(entry, ())

    def changed(self, entry: str, wordings: Iterable[str]) -> Taught:
        """That entry has these, each once, and no others."""
        kept = tuple(dict.fromkeys(filter(None, map(one_line, wordings))))
        others = {name: each for name, each in self.entries.items() if name != entry}
        return Taught(others | ({entry: kept} if kept else {}))

    def mark(self, document: str, content_hash: str) -> str:
        """The document's hash, another one where its entries were taught something else."""
        own = {name: each for name, each in self.entries.items() if _document(name) == document}
        if not (own and content_hash):
            return content_hash
        words = json.dumps(own, sort_keys=True)
        return hashlib.sha256(f"{content_hash}\0{words}".encode()).hexdigest()

    def laid_over(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages, asked in these ways, too."""
        return [
            replace(passage, asked=tuple(dict.fromkeys([*passage.asked, *wordings])))
            if (wordings := self.of(entry_of(passage.id)))
            else passage
            for passage in passages
        ]


def read_taught(home: Path) -> Taught:
    """Raises KnowledgeError."""
    path = home / FILE
    try:
        return Taught(_ENTRIES.validate_json(path.read_bytes()))
    except FileNotFoundError:
        return Taught()
    except (OSError, ValidationError) as error:
        raise KnowledgeError(
            f"{path} cannot be read. It holds a list of wordings for each entry: mend it, or move "
            "it away and teach them again."
        ) from error


def write_taught(home: Path, taught: Taught) -> None:
    """In one step: a reader, or a power cut, finds the old file or the new one."""
    draft = (home / FILE).with_suffix(".new")
    content = json.dumps(taught.entries, ensure_ascii=False, indent=1, sort_keys=True)
    draft.write_text(content + "\n", encoding="utf-8")
    draft.replace(home / FILE)


def _document(entry: str) -> str:
    return entry.rpartition("#")[0]
