"""Vectors and tokens by text, on disk: no text is read twice, and a killed run loses little."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from knowledge.token_vectors import Tokens
from knowledge.types import TOKEN_DIMENSIONS, Embedder, Reading, Vectors

# Texts that are embedded between two commits: a killed run has to do twice as many again at most,
# those that were being read and those that were being stored.
_CHUNK = 1024

# Told how many texts have been found or embedded, and of how many.
Counted = Callable[[int, int], None]


class EmbeddingCache:
    """By the hash of a text and of what reads it: its float32 vector, and its tokens' in int8.

    Two tables: a row with all tokens is long, and whoever asks for vectors has no need of it.
    """

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(
            "create table if not exists vectors (key blob primary key, vector blob not null) "
            "without rowid"
        )
        self._connection.execute(
            "create table if not exists tokens (key blob primary key, ids blob, vectors blob)"
        )

    def close(self) -> None:
        self._connection.close()

    def embed(self, texts: Sequence[str], *, progress: Counted) -> Vectors:
        """Shape (len(texts), dimensions). `progress` is told how many are done, and of how many."""
        keys = [self._key(text) for text in texts]
        found = self._find(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        # Texts of like length next to each other: less padding in the encoder's batches.
        order = sorted(missing, key=lambda key: len(missing[key]))
        # Each chunk is stored while the next one is read.
        with ThreadPoolExecutor(1) as beside:
            stored = None
            for start in range(0, len(order), _CHUNK):
                chunk = order[start : start + _CHUNK]
                readings = self._embedder.read([missing[key] for key in chunk])
                found.update((key, each.vector) for key, each in zip(chunk, readings, strict=True))
                if stored:
                    stored.result()
                stored = beside.submit(self._store, chunk, readings)
                progress(min(start + _CHUNK, len(order)), len(order))
            if stored:
                stored.result()
        if not keys:
            return np.empty((0, self._embedder.dimensions), dtype=np.float32)
        return np.stack([found[key] for key in keys])

    def read(self, texts: Sequence[str], *, progress: Counted) -> list[Reading]:
        """As an Embedder does, but for what int8 loses of the tokens."""
        vectors = self.embed(texts, progress=progress)
        return [
            each.reading(vector) for vector, each in zip(vectors, self.tokens(texts), strict=True)
        ]

    def tokens(self, texts: Sequence[str]) -> Iterator[Tokens]:
        """Those of each text. Raises KeyError for one that was not embedded before."""
        for start in range(0, len(texts), _CHUNK):
            keys = [self._key(text) for text in texts[start : start + _CHUNK]]
            rows = self._connection.execute(
                f"select key, ids, vectors from tokens where key in ({_marks(keys)})", keys
            )
            found = {key: Tokens.from_bytes(ids, vectors) for key, ids, vectors in rows}
            yield from (found[key] for key in keys)

    def keep_only(self, texts: Sequence[str]) -> None:
        """Forgets all other texts."""
        keys = [(self._key(text),) for text in texts]
        with self._connection:
            self._connection.execute("begin")
            self._connection.execute("create temp table kept (key blob primary key)")
            self._connection.executemany("insert or ignore into kept values (?)", keys)
            for table in ("vectors", "tokens"):
                self._connection.execute(
                    f"delete from {table} where key not in (select key from kept)"
                )
            self._connection.execute("drop table kept")

    def _key(self, text: str) -> bytes:
        of = f"{self._embedder.name}\0{TOKEN_DIMENSIONS}\0{text}"
        return hashlib.sha256(of.encode()).digest()

    def _find(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            rows = self._connection.execute(
                f"select key, vector from vectors where key in ({_marks(chunk)})", chunk
            )
            found.update((key, np.frombuffer(vector, dtype=np.float32)) for key, vector in rows)
        return found

    def _store(self, keys: Sequence[bytes], readings: Sequence[Reading]) -> None:
        with self._connection:
            self._connection.execute("begin")
            self._connection.executemany(
                "insert or replace into vectors values (?, ?)",
                [(key, each.vector.tobytes()) for key, each in zip(keys, readings, strict=True)],
            )
            self._connection.executemany(
                "insert or replace into tokens values (?, ?, ?)",
                [
                    (key, tokens.ids.tobytes(), tokens.vectors.tobytes())
                    for key, tokens in zip(keys, map(Tokens.of, readings), strict=True)
                ],
            )


def _marks(keys: Sequence[bytes]) -> str:
    return ",".join("?" * len(keys))
