"""Teaches an entry customers' words for it, or takes them back: file and knowledge together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from knowledge.ingest import Ingest, IngestReport
from knowledge.taught import read_taught, write_taught
from knowledge.types import Embedder, Progress
from knowledge.versions import Versions


def teach(
    home: Path,
    entry: str,
    wordings: Iterable[str],
    embedder: Embedder,
    *,
    chroma_url: str = "",
    progress: Progress = lambda *_: None,
) -> IngestReport:
    """From now on the entry is asked in these ways, too, and no longer in others that were taught.

    Raises KnowledgeBusy and the errors of Ingest; all is then as before.
    """
    with Versions(home).writing():
        before = read_taught(home)
        write_taught(home, before.changed(entry, wordings))
        try:
            return Ingest(home, embedder, chroma_url=chroma_url, progress=progress).run([])
        except BaseException:
            write_taught(home, before)
            raise
