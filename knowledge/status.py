"""What the current version of the knowledge holds, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.decoding import readable_name
from knowledge.store import KnowledgeStore
from knowledge.versions import LAYOUT, Versions


def read_status(home: Path) -> dict[str, Any]:
    """Raises KnowledgeMissing."""
    versions = Versions(home)
    with _current(versions) as store:
        passages = store.passages()
        languages = Counter(passage.language for passage in passages)
        return {
            "version": versions.current(),
            "created_at": store.fact("created_at"),
            "documents": len(store.documents()),
            "passages": len(passages),
            "questions": sum(bool(passage.question) for passage in passages),
            "languages": [f"{name} {count}" for name, count in sorted(languages.items())],
            "intent_examples": len(store.examples()),
            "embedder": store.fact("embedder"),
            "vectors": store.fact("chroma_url") or "embedded",
            "sources": [readable_name(Path(path)) for path in store.fact("sources")],
            "skipped": list(dict.fromkeys(file["reason"] for file in store.fact("broken"))),
            "versions_kept": versions.names(),
        }


def is_readable(home: Path) -> bool:
    """Whether this Frontdesk reads the form of the current version. Raises KnowledgeMissing."""
    with _current(Versions(home)) as store:
        return bool(store.fact("layout") == LAYOUT)


def read_documents(home: Path) -> list[dict[str, Any]]:
    """Id, title and number of passages of each document. Raises KnowledgeMissing."""
    with _current(Versions(home)) as store:
        counts = Counter(passage.document for passage in store.passages())
        return [
            {"id": record.id, "title": record.title, "passages": counts[record.id]}
            for record in store.documents()
        ]


@contextmanager
def _current(versions: Versions) -> Iterator[KnowledgeStore]:
    store = KnowledgeStore(versions.path(versions.current()) / "passages.db")
    try:
        yield store
    finally:
        store.close()
