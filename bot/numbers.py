"""Figures over a period: what there was of each kind, by day, week or month.

Reads only: the facts and the counts by day that bot/schema/ lays down. Days are UTC's.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from bot.outcomes import Outcome, Share, outcome_shares, share
from bot.period import Period
from bot.waits import Percentiles, Timing, Waits, answer_times, percentiles, read_waits

# Intents that get a colour of their own.
_INTENTS_SHOWN = 7
_RISING_SHOWN = 8
OTHER = "other"


@dataclass(frozen=True)
class Bar:
    """One part of the period, with how many of each name."""

    period: Period
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Series:
    """Stacked bars; `names` in the order of the stack, those without a single count left out."""

    names: tuple[str, ...]
    bars: tuple[Bar, ...]

    @property
    def totals(self) -> dict[str, int]:
        return {name: sum(bar.counts.get(name, 0) for bar in self.bars) for name in self.names}


@dataclass(frozen=True)
class Rise:
    """An intent whose share of all turns is larger than in the period before, and not by chance."""

    intent: str
    now: Share
    before: Share


@dataclass(frozen=True)
class Numbers:
    period: Period
    conversations: int
    customer_turns: int
    outcomes: list[Share]
    open: int
    solved_of_asked: Share | None
    by_outcome: Series
    by_language: Series
    by_route: Series
    by_intent: Series
    by_rating: Series
    rising: list[Rise]
    whole: Percentiles | None
    first_word: Percentiles | None
    timings: list[Timing]
    waits: Waits
    satisfaction: dict[int, int]
    documents: dict[str, int]


def read_numbers(connection: sqlite3.Connection, period: Period) -> Numbers:
    parts = period.parts()
    conversations = _conversations(connection, period)
    outcomes: Counter[str] = Counter()
    for (_, _, outcome), (count, _) in conversations.items():
        outcomes[outcome] += count
    solved = _grouped(connection, period, "solved")
    intents = [row for row in _answers(connection, period, "intent") if row[1]]
    ratings = [row for row in _answers(connection, period, "rating") if row[1]]
    times = [answer_times(connection, part) for part in parts]
    every_time = np.concatenate(times)
    return Numbers(
        period=period,
        conversations=sum(count for count, _ in conversations.values()),
        customer_turns=sum(turns for _, turns in conversations.values()),
        outcomes=outcome_shares(outcomes),
        open=outcomes[Outcome.OPEN],
        solved_of_asked=share("solved", solved.get(1, 0), sum(solved.values())),
        by_outcome=_series(parts, ((d, o, n) for (d, _, o), (n, _) in conversations.items())),
        by_language=_series(parts, ((d, g, n) for (d, g, _), (n, _) in conversations.items())),
        by_route=_series(parts, _answers(connection, period, "route")),
        by_intent=_series(parts, _most_frequent(intents)),
        by_rating=_series(parts, ratings),
        rising=_rising(intents, _answers(connection, period.before(), "intent")),
        whole=percentiles(every_time[:, 1]),
        first_word=percentiles(every_time[:, 0]),
        timings=[
            Timing(part, percentiles(its[:, 1])) for part, its in zip(parts, times, strict=True)
        ],
        waits=read_waits(connection, period),
        satisfaction=_satisfaction(connection, period),
        documents=_documents(connection, period),
    )


_Conversations = dict[tuple[str, str, str], tuple[int, int]]
# How many there were of a name on a day.
_Counted = tuple[str, str, int]


def _conversations(connection: sqlite3.Connection, period: Period) -> _Conversations:
    """(day, language, outcome) -> how many, and how often their customers wrote."""
    rows = connection.execute(
        "select day, language, outcome, sum(n), sum(customer_turns) from outcome_days "
        "where day between ? and ? group by 1, 2, 3 having sum(n) > 0",
        period.days_of_log(),
    )
    return {(day, language, outcome): (n, turns) for day, language, outcome, n, turns in rows}


def _answers(
    connection: sqlite3.Connection, period: Period, column: Literal["route", "intent", "rating"]
) -> list[_Counted]:
    """The bot's turns of each day by one of their facts, which is empty where it is not known."""
    return connection.execute(
        f"select day, {column}, sum(n) from answer_days where day between ? and ? "
        "group by 1, 2 having sum(n) > 0",
        period.days_of_log(),
    ).fetchall()


def _grouped(
    connection: sqlite3.Connection, period: Period, column: Literal["solved", "satisfaction"]
) -> dict[int, int]:
    """What customers said at the end -> how many of them."""
    return dict(
        connection.execute(
            f"select {column}, count(*) from conversation_facts where started_at >= ? "
            f"and started_at < ? and {column} is not null group by 1",
            period.bounds(),
        ).fetchall()
    )


def _series(parts: Sequence[Period], counted: Iterable[_Counted]) -> Series:
    totals: Counter[str] = Counter()
    by_part: list[Counter[str]] = [Counter() for _ in parts]
    place = _places(parts)
    for day, name, n in counted:
        totals[name] += n
        by_part[place[day]][name] += n
    names = sorted(totals, key=lambda name: (name == OTHER, -totals[name], name))
    bars = (Bar(part, dict(counts)) for part, counts in zip(parts, by_part, strict=True))
    return Series(tuple(names), tuple(bars))


def _places(parts: Sequence[Period]) -> dict[str, int]:
    """Day -> the number of its part."""
    return {
        (part.since + timedelta(days=n)).isoformat(): number
        for number, part in enumerate(parts)
        for n in range(part.days)
    }


def _most_frequent(intents: Sequence[_Counted]) -> list[_Counted]:
    """The most frequent by their names, the rest as one."""
    shown = {intent for intent, _ in _totals(intents).most_common(_INTENTS_SHOWN)}
    return [(day, intent if intent in shown else OTHER, n) for day, intent, n in intents]


def _rising(intents: Sequence[_Counted], earlier: Sequence[_Counted]) -> list[Rise]:
    """Where the 95 % intervals of both periods do not overlap."""
    now, before = _totals(intents), _totals(earlier)
    del before[""]
    rises = []
    for intent, count in now.items():
        share_now = share(intent, count, now.total())
        share_before = share(intent, before[intent], before.total())
        if share_now and share_before and share_now.low > share_before.high:
            rises.append(Rise(intent, share_now, share_before))
    rises.sort(key=lambda rise: rise.before.value - rise.now.value)
    return rises[:_RISING_SHOWN]


def _totals(counted: Iterable[_Counted]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for _, name, n in counted:
        totals[name] += n
    return totals


def _satisfaction(connection: sqlite3.Connection, period: Period) -> dict[int, int]:
    """1..5 -> how many customers said so; all five are there where one is."""
    found = _grouped(connection, period, "satisfaction")
    return {stars: found.get(stars, 0) for stars in range(1, 6)} if found else {}


def _documents(connection: sqlite3.Connection, period: Period) -> dict[str, int]:
    """Document -> how often an answer cites one of its passages, the most first."""
    return dict(
        connection.execute(
            "select document, sum(n) from citation_days where day between ? and ? "
            "group by 1 having sum(n) > 0 order by 2 desc, 1",
            period.days_of_log(),
        ).fetchall()
    )
