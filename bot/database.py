"""conversations.db as one connection: its lock, its transactions and its clock. Knows no rows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.migrations import migrations
from knowledge.words import words

# A second process may be writing: wait this long before "database is locked".
BUSY_TIMEOUT_SECONDS = 10.0
# Of the file, so that a new reading connection finds the system's page cache warm.
_MAPPED_BYTES = 1 << 32


class ConversationDatabase:
    """One connection, used by one thread at a time. `path` None keeps everything in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        connection = sqlite3.connect(
            path or ":memory:",
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        # What the triggers of the full-text index call.
        connection.create_function("search_terms", 1, _search_terms, deterministic=True)
        self.lock = threading.RLock()
        self.db = Database(connection)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma foreign_keys = on")
        with self.transaction():
            migrations.apply(self.db)

    def close(self) -> None:
        with self.lock:
            self.db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries alone: however long they take, no customer waits for them."""
        if self.path is None:
            with self.lock:
                yield self.db.conn
            return
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False
        )
        with closing(connection):
            connection.execute(f"pragma mmap_size = {_MAPPED_BYTES}")
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """IMMEDIATE: what is read inside cannot change before it is acted upon.

        One inside another is part of it.
        """
        with self.lock:
            if self.db.conn.in_transaction:
                yield
                return
            self.db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self.db.rollback()
                raise
            self.db.commit()

    def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> int:
        """Rows of the same columns; the id of the last one (0 without rows).

        For what every message writes: sqlite-utils looks the table up anew each time, which takes
        as long as the writing.
        """
        last = 0
        for row in rows:
            marks = ", ".join("?" * len(row))
            sql = f"insert into {table} ({', '.join(row)}) values ({marks})"
            last = self.db.execute(sql, list(row.values())).lastrowid or 0
        return last


def now(*, ago_seconds: float = 0.0, timespec: str = "milliseconds") -> str:
    """ISO 8601 in UTC: as text it sorts as it does in time."""
    moment = datetime.now(UTC) - timedelta(seconds=ago_seconds)
    return moment.isoformat(timespec=timespec)


def _search_terms(text: str) -> str:
    return " ".join(words(text))
