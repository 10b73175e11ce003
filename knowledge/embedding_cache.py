"""Vectors by text, on disk: no text is embedded twice, and a killed run loses little."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from knowledge.types import Embedder, Vectors

# Texts that are embedded between two commits: what a killed run has to do again at most.
_CHUNK = 1024

Progress = Callable[[int, int], None]


class EmbeddingCache:
    """One table: hash of the encoder's name and the text -> float32 vector."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(
            "create table if not exists vectors (key blob primary key, vector blob not null) "
            "without rowid"
        )

    def close(self) -> None:
        self._connection.close()

    def embed(self, texts: Sequence[str], *, progress: Progress) -> Vectors:
        """Shape (len(texts), dimensions). `progress` is told how many are done, and of how many."""
        keys = [self._key(text) for text in texts]
        found = self._find(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        # Texts of like length next to each other: less padding in the encoder's batches.
        order = sorted(missing, key=lambda key: len(missing[key]))
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            vectors = self._embedder.embed([missing[key] for key in chunk])
            self._store(chunk, vectors)
            found.update(zip(chunk, vectors, strict=True))
            progress(min(start + _CHUNK, len(order)), len(order))
        if not keys:
            return np.empty((0, self._embedder.dimensions), dtype=np.float32)
        return np.stack([found[key] for key in keys])

    def keep_only(self, texts: Sequence[str]) -> None:
        """Forgets the vectors of all other texts."""
        keys = [(self._key(text),) for text in texts]
        with self._connection:
            self._connection.execute("begin")
            self._connection.execute("create temp table kept (key blob primary key)")
            self._connection.executemany("insert or ignore into kept values (?)", keys)
            self._connection.execute("delete from vectors where key not in (select key from kept)")
            self._connection.execute("drop table kept")

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.name}\0{text}".encode()).digest()

    def _find(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._connection.execute(
                f"select key, vector from vectors where key in ({marks})",
                chunk,
            )
            found.update((key, np.frombuffer(vector, dtype=np.float32)) for key, vector in rows)
        return found

    def _store(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        with self._connection:
            self._connection.execute("begin")
            self._connection.executemany(
                "insert or replace into vectors values (?, ?)",
                [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)],
            )
