"""Where the versions of the knowledge lie, and which one is current. Switching is one rename.

knowledge/
  current        the name of the version that answers: 0007
  0006/ 0007/    passages.db, vectors.npy and, with the embedded store, chroma/
  building/      a version that is not finished; removed by the next run
  embeddings.db  vectors by text, so that nothing is embedded twice
  lock           held by the one process that writes
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import KnowledgeBusy, KnowledgeError, KnowledgeMissing
from knowledge.store import KnowledgeStore

# What a version's folder holds, and in which form: raise it when that changes.
LAYOUT = 7
# How many versions are kept: the current one and those that a rollback can return to.
VERSIONS_KEPT = 3


class Versions:
    def __init__(self, home: Path) -> None:
        self.folder = home / "knowledge"
        self.building = self.folder / "building"
        self.embeddings = self.folder / "embeddings.db"
        self._pointer = self.folder / "current"
        self._read: tuple[tuple[int, int], str] | None = None

    def current(self) -> str:
        """The name of the current version. Raises KnowledgeMissing."""
        try:
            # Every switch makes a new file, so what was read of this one still holds.
            status = os.stat(self._pointer)
            seen = (status.st_ino, status.st_mtime_ns)
            if self._read is None or self._read[0] != seen:
                self._read = (seen, self._pointer.read_text(encoding="ascii").strip())
            return self._read[1]
        except FileNotFoundError:
            raise KnowledgeMissing(
                f"No knowledge at {self.folder.parent}. "
                "Run: frontdesk ingest knowledge/packs/shop, or a folder of your own documents."
            ) from None

    def answering(self) -> str:
        """As `current`, and "" where nothing has been ingested."""
        try:
            return self.current()
        except KnowledgeMissing:
            return ""

    def names(self) -> list[str]:
        """All finished versions, the oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if entry.name.isdigit())

    def path(self, name: str) -> Path:
        return self.folder / name

    def next_name(self) -> str:
        names = self.names()
        return f"{int(names[-1]) + 1 if names else 1:04d}"

    def publish(self, name: str) -> None:
        """Turns `building` into the version `name` and makes it current."""
        os.replace(self.building, self.path(name))
        self.switch(name)

    def switch(self, name: str) -> None:
        """Makes `name` current, in one step that survives a power cut."""
        draft = self._pointer.with_suffix(".new")
        with draft.open("w", encoding="ascii") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._pointer)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def rollback(self) -> str:
        """Returns to what the current version replaced. Raises KnowledgeError if that is gone."""
        current = self.current()
        before = self._before(current)
        if not before:
            raise KnowledgeError(f"There is no version before {current} to return to.")
        self.switch(before)
        return before

    def prune(self) -> list[str]:
        """Removes what is unfinished and what no rollback returns to: old versions, and those that
        were taken back. Returns the names of those that are left.
        """
        shutil.rmtree(self.building, ignore_errors=True)
        names = self.names()
        kept = set(names[-1:])  # whether it answers or not: its number is not given again
        name = self.answering()
        for _ in range(VERSIONS_KEPT):
            kept.add(name)
            name = self._before(name) if name else ""
        for old in set(names) - kept:
            shutil.rmtree(self.path(old))
        return self.names()

    def _before(self, name: str) -> str:
        """The version that `name` replaced, "" where it is not there (any more). One that was made
        before this was written down returns to the next lower number.
        """
        names = self.names()
        store = KnowledgeStore(self.path(name) / "passages.db")
        try:
            replaced: str | None = store.fact("replaced")
        finally:
            store.close()
        if replaced is None:
            replaced = max((other for other in names if other < name), default="")
        return replaced if replaced in names else ""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Held by the one thread that writes, of all processes: one inside another is part of it.
        Raises KnowledgeBusy.
        """
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / "lock", timeout=0, is_singleton=True):
                yield
        except Timeout:
            raise KnowledgeBusy(
                f"Another process is changing the knowledge at {self.folder.parent}. "
                "Wait until it is done, then run this again."
            ) from None
