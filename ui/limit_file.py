"""Counters of the limits library in one SQLite file, which all copies on a machine share."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from limits.storage import Storage

_BUSY_SECONDS = 5.0
# Counters that are over are thrown away once this many have been written since the last time.
_TIDY_EVERY = 1000

_COUNT = """
insert into counters (key, count, ends_at) values (:key, :amount, :ends_at)
on conflict (key) do update set
    count = case when counters.ends_at <= :now then :amount else count + :amount end,
    ends_at = case when counters.ends_at <= :now then :ends_at else counters.ends_at end
returning count
"""


class LimitFile(Storage):
    """For fixed windows: a key's count starts anew when its window has ended."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.Lock()
        self._written = 0
        self._db.execute("pragma journal_mode = wal")
        # After a power cut a count may be a little low: no reason to wait for the disk.
        self._db.execute("pragma synchronous = off")
        self._db.execute(
            "create table if not exists counters "
            "(key text primary key, count integer not null, ends_at real not null) without rowid"
        )

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        values = {"key": key, "amount": amount, "now": now, "ends_at": now + expiry}
        with self._lock:
            self._tidy(now)
            return int(self._db.execute(_COUNT, values).fetchone()[0])

    def get(self, key: str) -> int:
        return int(self._row(key)[0])

    def get_expiry(self, key: str) -> float:
        return float(self._row(key)[1])

    def check(self) -> bool:
        with self._lock:
            return bool(self._db.execute("select 1").fetchone())

    def reset(self) -> int:
        with self._lock:
            return self._db.execute("delete from counters").rowcount

    def clear(self, key: str) -> None:
        with self._lock:
            self._db.execute("delete from counters where key = ?", [key])

    def close(self) -> None:
        self._db.close()

    def _row(self, key: str) -> tuple[int, float]:
        now = time.time()
        with self._lock:
            row = self._db.execute(
                "select count, ends_at from counters where key = ? and ends_at > ?", [key, now]
            ).fetchone()
        return row or (0, now)

    def _tidy(self, now: float) -> None:
        self._written += 1
        if self._written % _TIDY_EVERY == 0:
            self._db.execute("delete from counters where ends_at <= ?", [now])
