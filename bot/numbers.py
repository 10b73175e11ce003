"""Figures over a period: counts by day, week or month, and the times that customers wait.

Reads only, and only the facts of bot/facts_schema.py. Days are those of UTC.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from bot.outcomes import Outcome, Share, outcome_shares, share

# So many bars can be told apart, and hit with a finger.
_MOST_BARS = 45
# Intents that get a colour of their own.
_INTENTS_SHOWN = 7
_RISING_SHOWN = 8
OTHER = "other"


@dataclass(frozen=True)
class Period:
    """Both days are included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> Period:
        """As many days, up to the day before this one."""
        length = timedelta(days=self.days)
        return Period(self.since - length, self.until - length)

    def bounds(self) -> tuple[str, str]:
        """As times of the log are compared: from the first, and before the second."""
        return self.since.isoformat(), (self.until + timedelta(days=1)).isoformat()

    def parts(self) -> list[Period]:
        """Days, or weeks from Monday, or months: at most so many as can be looked at."""
        if self.days <= _MOST_BARS:
            starts = [self.since + timedelta(days=n) for n in range(self.days)]
        elif self.days <= 7 * _MOST_BARS:
            starts = list(_starts(self, lambda day: day.weekday() == 0))
        else:
            starts = list(_starts(self, lambda day: day.day == 1))
        ends = [start - timedelta(days=1) for start in starts[1:]] + [self.until]
        return [Period(start, end) for start, end in zip(starts, ends, strict=True)]


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
    """One part of the period; milliseconds of the bot's answers."""

    period: Period
    first_word: Percentiles | None
    whole: Percentiles | None


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
    answers = _answers(connection, period)
    outcomes: Counter[str] = Counter()
    for (_, _, outcome), (count, _) in conversations.items():
        outcomes[outcome] += count
    solved = dict(
        connection.execute(
            "select solved, count(*) from conversation_facts where started_at >= ? "
            "and started_at < ? and solved is not null group by solved",
            period.bounds(),
        ).fetchall()
    )
    by_intent = _known_intents((day, intent, n) for (day, _, intent, _), n in answers.items())
    timed = _times(connection, period)
    return Numbers(
        period=period,
        conversations=sum(count for count, _ in conversations.values()),
        customer_turns=sum(turns for _, turns in conversations.values()),
        outcomes=outcome_shares(outcomes),
        open=outcomes[Outcome.OPEN],
        solved_of_asked=share("solved", solved.get(1, 0), sum(solved.values())),
        by_outcome=_series(parts, ((d, o, n) for (d, _, o), (n, _) in conversations.items())),
        by_language=_series(parts, ((d, g, n) for (d, g, _), (n, _) in conversations.items())),
        by_route=_series(parts, ((d, route, n) for (d, route, _, _), n in answers.items())),
        by_intent=_series(parts, by_intent),
        by_rating=_series(parts, ((d, r, n) for (d, _, _, r), n in answers.items() if r)),
        rising=_rising(connection, period, answers),
        whole=_percentiles([whole for _, _, whole in timed]),
        first_word=_percentiles([first for _, first, _ in timed]),
        timings=_timings(parts, timed),
        waits=_waits(connection, period),
        satisfaction=_satisfaction(connection, period),
        documents=_documents(connection, period),
    )


_Conversations = dict[tuple[str, str, str], tuple[int, int]]
_Answers = dict[tuple[str, str, str, str], int]


def _conversations(connection: sqlite3.Connection, period: Period) -> _Conversations:
    """(day, language, outcome) -> how many, and how often their customers wrote."""
    rows = connection.execute(
        "select substr(started_at, 1, 10), language, outcome, count(*), sum(customer_turns) "
        "from outcomes where started_at >= ? and started_at < ? and customer_turns > 0 "
        "group by 1, 2, 3",
        period.bounds(),
    )
    return {(day, language, outcome): (n, turns) for day, language, outcome, n, turns in rows}


def _answers(connection: sqlite3.Connection, period: Period) -> _Answers:
    """(day, route, intent, rating) -> how many turns of the bot."""
    rows = connection.execute(
        "select substr(created_at, 1, 10), route, coalesce(intent, ''), coalesce(rating, ''), "
        "count(*) from answer_facts where created_at >= ? and created_at < ? group by 1, 2, 3, 4",
        period.bounds(),
    )
    return {(day, route, intent, rating): n for day, route, intent, rating, n in rows}


def _series(parts: Sequence[Period], counted: Iterable[tuple[str, str, int]]) -> Series:
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


def _known_intents(counted: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The most frequent by their names, the rest as one; turns without an intent are left out."""
    known = [(day, intent, n) for day, intent, n in counted if intent]
    totals: Counter[str] = Counter()
    for _, intent, n in known:
        totals[intent] += n
    shown = {intent for intent, _ in totals.most_common(_INTENTS_SHOWN)}
    return [(day, intent if intent in shown else OTHER, n) for day, intent, n in known]


def _rising(connection: sqlite3.Connection, period: Period, answers: _Answers) -> list[Rise]:
    """Where the 95 % intervals of both periods do not overlap."""
    now = _intent_counts((intent, n) for (_, _, intent, _), n in answers.items())
    rows = connection.execute(
        "select intent, count(*) from answer_facts where created_at >= ? and created_at < ? "
        "and intent is not null group by intent",
        period.before().bounds(),
    )
    before = _intent_counts(rows)
    rises = []
    for intent, count in now.items():
        share_now = share(intent, count, sum(now.values()))
        share_before = share(intent, before[intent], sum(before.values()))
        if share_now and share_before and share_now.low > share_before.high:
            rises.append(Rise(intent, share_now, share_before))
    rises.sort(key=lambda rise: rise.before.value - rise.now.value)
    return rises[:_RISING_SHOWN]


def _intent_counts(counted: Iterable[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for intent, n in counted:
        if intent:
            counts[intent] += n
    return counts


_Times = list[tuple[str, float | None, float | None]]


def _times(connection: sqlite3.Connection, period: Period) -> _Times:
    """(day, milliseconds to the first word, to the whole) of each answer."""
    return connection.execute(
        "select substr(created_at, 1, 10), first_word_ms, total_ms from answer_facts "
        "where created_at >= ? and created_at < ? and route = 'answer'",
        period.bounds(),
    ).fetchall()


def _timings(parts: Sequence[Period], timed: _Times) -> list[Timing]:
    place = _places(parts)
    first: list[list[float | None]] = [[] for _ in parts]
    whole: list[list[float | None]] = [[] for _ in parts]
    for day, first_word_ms, total_ms in timed:
        first[place[day]].append(first_word_ms)
        whole[place[day]].append(total_ms)
    return [
        Timing(part, _percentiles(first[n]), _percentiles(whole[n])) for n, part in enumerate(parts)
    ]


def _percentiles(values: Iterable[float | None]) -> Percentiles | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    p50, p95 = np.percentile(known, [50, 95])
    return Percentiles(len(known), float(p50), float(p95))


def _waits(connection: sqlite3.Connection, period: Period) -> Waits:
    rows = connection.execute(
        "select (julianday(joined_at) - julianday(waiting_at)) * 86400 from conversation_facts "
        "where started_at >= ? and started_at < ? and waiting_at is not null",
        period.bounds(),
    ).fetchall()
    seconds = [value for (value,) in rows if value is not None]
    return Waits(len(rows), len(seconds), _percentiles(seconds))


def _satisfaction(connection: sqlite3.Connection, period: Period) -> dict[int, int]:
    """1..5 -> how many customers said so; all five are there where one is."""
    found = dict(
        connection.execute(
            "select satisfaction, count(*) from conversation_facts where started_at >= ? "
            "and started_at < ? and satisfaction is not null group by 1",
            period.bounds(),
        ).fetchall()
    )
    return {stars: found.get(stars, 0) for stars in range(1, 6)} if found else {}


def _documents(connection: sqlite3.Connection, period: Period) -> dict[str, int]:
    """Document -> answers that cite it, the most first."""
    since, until = period.bounds()
    # Turns are numbered as they come: a range of numbers is read from an index, times are not.
    first, last = connection.execute(
        "select (select turn_id from answer_facts where created_at >= ? order by created_at "
        "limit 1), (select turn_id from answer_facts where created_at < ? "
        "order by created_at desc limit 1)",
        [since, until],
    ).fetchone()
    rows = connection.execute(
        "select passage_id, count(*) from matches where cited = 1 and turn_id between ? and ? "
        "group by passage_id",
        [first, last],
    )
    counts: Counter[str] = Counter()
    for passage_id, n in rows:
        counts[passage_id.partition("#")[0]] += n
    return dict(counts.most_common())


def _starts(period: Period, begins: Callable[[date], bool]) -> Iterator[date]:
    for n in range(period.days):
        day = period.since + timedelta(days=n)
        if n == 0 or begins(day):
            yield day
