"""conversations.db as one connection: its lock, its transactions and its clock. Knows no rows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.migrations import migrations

# A second process may be writing: wait this long before "database is locked".
BUSY_TIMEOUT_SECONDS = 10.0


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


def now(*, ago_seconds: float = 0.0) -> str:
    """ISO 8601 in UTC with milliseconds: as text it sorts as it does in time."""
    moment = datetime.now(UTC) - timedelta(seconds=ago_seconds)
    return moment.isoformat(timespec="milliseconds")
