"""Teaches entries customers' words for them, or takes them back: file and knowledge together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowledge.ingest import Ingest, IngestReport
from knowledge.taught import Taught, read_taught, write_taught
from knowledge.types import Embedder, Progress
from knowledge.versions import Versions


def teach(
    home: Path,
    change: Callable[[Taught], Taught],
    embedder: Embedder,
    *,
    chroma_url: str = "",
    progress: Progress = lambda *_: None,
) -> IngestReport:
    """`change` is given what is taught when nobody else can change it any more.

    Raises KnowledgeBusy and the errors of Ingest; all is then as before.
    """
    with Versions(home).writing():
        before = read_taught(home)
        write_taught(home, change(before))
        try:
            return Ingest(home, embedder, chroma_url=chroma_url, progress=progress).run([])
        except BaseException:
            write_taught(home, before)
            raise
