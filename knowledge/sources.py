"""The folders and files that the knowledge is made of, and the documents in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.decoding import readable_name
from knowledge.errors import KnowledgeError
from knowledge.passages import SPLITTER
from knowledge.reading import READER, document_paths

# What answers until there are documents of one's own: it makes way for the first of them.
DEMO_PACK = Path(__file__).resolve().parent / "packs" / "shop"


@dataclass(frozen=True)
class Source:
    """A folder or file that was ingested. Its documents' ids begin with its name."""

    path: Path

    def documents(self) -> Iterator[tuple[str, Path]]:
        for path in document_paths(self.path):
            yield readable_name(path.relative_to(self.path.parent)), path


def add_sources(known: list[Source], paths: Sequence[Path]) -> list[Source]:
    if not (known or paths):
        raise KnowledgeError("Nothing has been ingested yet. Name a folder: frontdesk ingest PATH")
    new = [path.resolve() for path in paths]
    if any(path != DEMO_PACK for path in new):
        known = [source for source in known if source.path != DEMO_PACK]
    for path in new:
        if not path.exists():
            raise KnowledgeError(f"There is no file or folder {path}.")
        inside = any(path.is_relative_to(source.path) for source in known)
        if not inside:
            known = [s for s in known if not s.path.is_relative_to(path)] + [Source(path)]
    return known


def find_documents(sources: list[Source]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for source in sources:
        if not source.path.exists():
            raise KnowledgeError(
                f"{source.path} was ingested before and is no longer there. "
                f"Bring it back, or run: frontdesk knowledge remove {source.path}"
            )
        for name, path in source.documents():
            if found.setdefault(name, path) != path:
                raise KnowledgeError(
                    f"{path} and {found[name]} would both be {name}. Rename one of the folders."
                )
    return found


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
