"""How long customers wait: for the bot's first word, for its whole answer, for a person.

Reads only: the facts of bot/schema/020_facts.sql.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.period import Period


@dataclass(frozen=True)
class Percentiles:
    """In the unit of what was measured. `n` is how many there were."""

    n: int
    p50: float
    p95: float


@dataclass(frozen=True)
class Waits:
    """`joined` of the `asked` conversations got a person, after so many seconds."""

    asked: int
    joined: int
    seconds: Percentiles | None


@dataclass(frozen=True)
class Timing:
    """One part of the period; milliseconds of the bot's answers, as a whole."""

    period: Period
    whole: Percentiles | None


def answer_times(connection: sqlite3.Connection, period: Period) -> npt.NDArray[np.float64]:
    """Of each answer the ms to its first word and to its end, as shape (answers, 2); nan where not
    known.
    """
    rows = connection.execute(
        "select first_word_ms, total_ms from answer_facts "
        "where created_at >= ? and created_at < ? and route = 'answer'",
        period.bounds(),
    ).fetchall()
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def percentiles(values: npt.NDArray[np.float64]) -> Percentiles | None:
    """Of those that are known."""
    known = values[~np.isnan(values)]
    if not known.size:
        return None
    p50, p95 = np.percentile(known, [50, 95])
    return Percentiles(known.size, float(p50), float(p95))


def read_waits(connection: sqlite3.Connection, period: Period) -> Waits:
    rows = connection.execute(
        "select (julianday(joined_at) - julianday(waiting_at)) * 86400 from conversation_facts "
        "where started_at >= ? and started_at < ? and waiting_at is not null",
        period.bounds(),
    ).fetchall()
    seconds = [value for (value,) in rows if value is not None]
    return Waits(len(rows), len(seconds), percentiles(np.array(seconds)))
