"""The folders and files that the knowledge is made of, and the documents in them."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from knowledge.decoding import readable_name
from knowledge.errors import KnowledgeError
from knowledge.passages import SPLITTER
from knowledge.reading import READER, SAVE_AS, document_paths, list_files
from knowledge.types import Document

# What answers until there are documents of one's own: it makes way for the first of them.
DEMO_PACK = Path(__file__).resolve().parent / "packs" / "shop"

# How many files a sentence names.
_NAMED = 5


@dataclass(frozen=True)
class Source:
    """A folder or file that was ingested. Its documents' ids begin with its name."""

    path: Path

    def documents(self) -> Iterator[tuple[str, Path]]:
        for path in document_paths(self.path):
            yield self.id_of(path), path

    def id_of(self, path: Path) -> str:
        return readable_name(path.relative_to(self.path.parent))


@dataclass
class Found:
    """The documents of all sources by their ids.

    `closed` says why nothing can be read below a folder, or from a source that has gone, by what
    the documents' ids begin with; `unread` names files of text whose kind cannot be read.
    """

    files: dict[str, Path] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def is_closed(self, name: str) -> bool:
        return any(f"{name}/".startswith(f"{place}/") for place in self.closed)

    def out_of_reach(self, documents: Iterable[str]) -> list[str]:
        """Those of the documents that stand where nothing can be read, gone or not."""
        return [name for name in documents if name not in self.files and self.is_closed(name)]


def add_sources(known: list[Source], paths: Sequence[Path]) -> list[Source]:
    if not (known or paths):
        raise KnowledgeError("Nothing has been ingested yet. Name a folder: frontdesk ingest PATH")
    new = [path.resolve() for path in paths]
    if any(path != DEMO_PACK for path in new):
        known = [source for source in known if source.path != DEMO_PACK]
    for path in new:
        if not os.path.exists(path):
            raise KnowledgeError(f"There is no file or folder {path}.")
        inside = any(path.is_relative_to(source.path) for source in known)
        if not inside:
            known = [s for s in known if not s.path.is_relative_to(path)] + [Source(path)]
    return known


def remove_sources(known: list[Source], paths: Sequence[Path]) -> list[Source]:
    # By their readable names, as these are told.
    gone = {readable_name(path.resolve()) for path in paths}
    names = {readable_name(source.path): source for source in known}
    if strange := sorted(gone - names.keys()):
        sources = ", ".join(names) or "none"
        raise KnowledgeError(
            f"{', '.join(strange)} is not a source of the knowledge. Sources: {sources}."
        )
    left = [source for name, source in names.items() if name not in gone]
    if not left:
        raise KnowledgeError(
            f"{', '.join(names)} is all that the knowledge is made of, so it cannot be removed. "
            "Name what takes its place first: frontdesk ingest PATH"
        )
    return left


def find_documents(sources: list[Source]) -> Found:
    found = Found()
    # Unlike Path.exists, this raises nothing where a folder above is closed.
    missing = [source for source in sources if not os.path.exists(source.path)]
    found.closed |= {source.id_of(source.path): _gone(missing) for source in missing}
    for source in sources:
        if source in missing:
            continue
        listing = list_files(source.path)
        for folder, reason in listing.closed.items():
            found.closed[source.id_of(folder)] = (
                f"{readable_name(folder)} cannot be opened: {reason}. "
                "What was read there before is kept."
            )
        found.unread += map(source.id_of, listing.unread)
        for path in listing.documents:
            name = source.id_of(path)
            if found.files.setdefault(name, path) != path:
                raise KnowledgeError(
                    f"{path} and {found.files[name]} would both be {name}. "
                    "Rename one of the files or folders."
                )
    return found


def _gone(missing: Sequence[Source]) -> str:
    names = ", ".join(readable_name(source.path) for source in missing)
    command = shlex.join(readable_name(source.path) for source in missing)
    return (
        f"No longer there: {names}. What was read there before is kept. "
        f"Bring it back, or run: frontdesk knowledge remove {command}"
    )


def skipped(unread: Iterable[str]) -> list[str]:
    """A sentence for each kind that these files could be saved as."""
    kinds: dict[str, list[str]] = {}
    for name in unread:
        kinds.setdefault(SAVE_AS[PurePath(name).suffix.lower()], []).append(name)
    return [f"{_listed(names)} cannot be read. Save as {kind}." for kind, names in kinds.items()]


def left_out(document: Document) -> str:
    """What is said of a document's rows that have a question but no answer, or the other way round;
    empty where all have both.
    """
    both = ("an answer", document.unanswered), ("a question", document.unasked)
    return " ".join(
        f"{document.id} has rows without {what} ({len(texts)}): {_listed(_short(texts))}. "
        "Fill them in."
        for what, texts in both
        if texts
    )


def _short(texts: Sequence[str]) -> list[str]:
    return [f"“{' '.join(text.split()):.40}”" for text in texts]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def content_hash(path: Path) -> str:
    """Of the file, the reader and the splitter: any of them changed means reading it again.

    Empty where the file cannot be opened; `read_document` says why.
    """
    digest = hashlib.sha256(f"{READER}\0{SPLITTER}\0".encode())
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
