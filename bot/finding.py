"""Which conversations there are: filters, full-text search, and pages that never lose their place.

Reads only, from any connection to conversations.db. The newest conversation comes first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from knowledge.language import has_chinese
from knowledge.words import words

PAGE = 50
# Conversations are counted up to here: nobody reads on, and counting costs.
COUNTED = 10_000

_ROUTE_COLUMNS = {
    "answer": "answers",
    "clarify": "clarifications",
    "decline": "declines",
    "hand_off": "hand_offs",
    "small_talk": "small_talks",
}
_RATING_COLUMNS = {"up": "ups", "down": "downs"}
_REVIEWS = {
    "none": "reviews = 0",
    "any": "reviews > 0",
    "two": (
        "reviews > 1 and exists (select 1 from reviews r where "
        "r.conversation_id = f.conversation_id group by turn_id having count(*) > 1)"
    ),
    "apart": (
        "reviews > 1 and exists (select 1 from reviews r where "
        "r.conversation_id = f.conversation_id group by turn_id having count(distinct verdict) > 1)"
    ),
}


@dataclass(frozen=True)
class Filter:
    """What is empty lets everything through. Dates are days of UTC, both included.

    `review` is none, any, two (reviews of one turn) or apart (and they differ); `document` a
    document that an answer cites.
    """

    text: str = ""
    owner: str = ""
    outcome: str = ""
    intent: str = ""
    route: str = ""
    language: str = ""
    rating: str = ""
    review: str = ""
    reviewer: str = ""
    verdict: str = ""
    document: str = ""
    since: str = ""
    until: str = ""

    def given(self) -> dict[str, str]:
        """The fields that are not empty, as an address keeps them."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name))}


@dataclass(frozen=True)
class Listed:
    """One line of the list. `turn_id` and `found` are the turn that a search found."""

    id: str
    started_at: str
    language: str
    owner: str
    outcome: str
    customer_turns: int
    ups: int
    downs: int
    reviews: int
    question: str
    turn_id: int = 0
    found: str = ""


@dataclass(frozen=True)
class Page:
    """`after` is where the next page goes on; empty at the end."""

    rows: tuple[Listed, ...]
    after: str


def find(
    connection: sqlite3.Connection, wanted: Filter, *, after: str = "", limit: int = PAGE
) -> Page:
    """One page. `after` is that of the page before; what began since then changes nothing."""
    place = int(after) if after.isdecimal() else None
    if wanted.text.strip():
        return _search(connection, wanted, place, limit)
    conditions, values = _conditions(wanted)
    if place is not None:
        conditions.append("n < ?")
        values.append(place)
    rows = connection.execute(
        f"select n, {_COLUMNS} from outcomes f where {' and '.join(conditions)} "
        "order by n desc limit ?",
        [*values, limit + 1],
    ).fetchall()
    listed = tuple(_listed(connection, row[1:]) for row in rows[:limit])
    return Page(listed, str(rows[limit - 1][0]) if len(rows) > limit else "")


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    """At most COUNTED. Raises ValueError for a search, which is not counted."""
    if wanted.text.strip():
        raise ValueError("The conversations that a search finds are not counted.")
    conditions, values = _conditions(wanted)
    sql = f"select 1 from outcomes f where {' and '.join(conditions)} limit {COUNTED}"
    return int(connection.execute(f"select count(*) from ({sql})", values).fetchone()[0])


def neighbours(
    connection: sqlite3.Connection, wanted: Filter, conversation_id: str
) -> tuple[str, str]:
    """The conversations before and after this one in the list; empty at its ends.

    A search is left out: what is beside a conversation is then beside it in time.
    """
    conditions, values = _conditions(wanted)
    here = connection.execute(
        "select n from conversation_facts where conversation_id = ?", [conversation_id]
    ).fetchone()
    if here is None:
        return "", ""
    found = []
    for comparison, order in ((">", "asc"), ("<", "desc")):
        row = connection.execute(
            f"select conversation_id from outcomes f where {' and '.join(conditions)} "
            f"and n {comparison} ? order by n {order} limit 1",
            [*values, here[0]],
        ).fetchone()
        found.append(row[0] if row else "")
    return found[0], found[1]


@dataclass(frozen=True)
class Choices:
    """What there is to filter by."""

    intents: tuple[str, ...]
    reviewers: tuple[str, ...]


def choices(connection: sqlite3.Connection) -> Choices:
    return Choices(
        tuple(_distinct(connection, "answer_facts", "intent")),
        tuple(_distinct(connection, "reviews", "reviewer")),
    )


def match_query(text: str) -> str:
    """What the full-text index is asked: every word must be there, Chinese as pairs of neighbours.

    Empty where the text holds no word.
    """
    terms: list[str] = []
    for term in words(text):
        # Of a run of Chinese characters its pairs are enough; a lone character stands for itself.
        if len(term) == 1 and has_chinese(term):
            continue
        terms.append(term)
    terms = terms or words(text)
    return " ".join(f'"{term}"' for term in dict.fromkeys(terms))


_COLUMNS = (
    "conversation_id, started_at, language, owner, outcome, customer_turns, ups, downs, reviews"
)


def _search(connection: sqlite3.Connection, wanted: Filter, place: int | None, limit: int) -> Page:
    """By the newest turn that matches. `place` is the turn at which the page before ended."""
    query = match_query(wanted.text)
    if not query:
        return Page((), "")
    conditions, values = _conditions(wanted)
    before = "and s.rowid < ?" if place is not None else ""
    cursor = connection.execute(
        f"select s.rowid, t.text, {_COLUMNS.replace('conversation_id', 'f.conversation_id', 1)} "
        "from turn_terms s cross join turns t on t.id = s.rowid "
        "cross join outcomes f on f.conversation_id = t.conversation_id "
        f"where s.turn_terms match ? {before} and {' and '.join(conditions)} order by s.rowid desc",
        [query, *([place] if place is not None else []), *values],
    )
    rows: list[Listed] = []
    seen: set[str] = set()
    last = 0
    for turn_id, text, *facts in cursor:
        if facts[0] in seen:
            continue
        if place is not None and _matches_since(connection, query, facts[0], place):
            continue
        if len(rows) == limit:
            return Page(tuple(rows), str(last))
        seen.add(facts[0])
        last = turn_id
        rows.append(_listed(connection, facts, turn_id=turn_id, found=text))
    return Page(tuple(rows), "")


def _matches_since(
    connection: sqlite3.Connection, query: str, conversation_id: str, place: int
) -> bool:
    """Whether an earlier page showed the conversation, for a later turn."""
    turns = connection.execute(
        "select id from turns where conversation_id = ? and id >= ?", [conversation_id, place]
    ).fetchall()
    return any(
        connection.execute(
            "select 1 from turn_terms where turn_terms match ? and rowid = ?", [query, turn_id]
        ).fetchone()
        for (turn_id,) in turns
    )


def _conditions(wanted: Filter) -> tuple[list[str], list[str | int]]:
    return [sql for sql, _ in _each(wanted)], [v for _, values in _each(wanted) for v in values]


def _each(wanted: Filter) -> Iterator[tuple[str, Sequence[str]]]:
    yield "f.customer_turns > 0", ()
    for name in ("owner", "outcome", "language"):
        if value := getattr(wanted, name):
            yield f"f.{name} = ?", [value]
    if wanted.route == "failed":
        yield "f.failures > 0", ()
    elif column := _ROUTE_COLUMNS.get(wanted.route):
        yield f"f.{column} > 0", ()
    if column := _RATING_COLUMNS.get(wanted.rating):
        yield f"f.{column} > 0", ()
    if condition := _REVIEWS.get(wanted.review):
        yield f"f.{condition}", ()
    if wanted.since:
        yield "f.started_at >= ?", [wanted.since]
    if wanted.until:
        # "~" comes after every sign of a time.
        yield "f.started_at < ?", [wanted.until + "~"]
    yield from _by_turns(wanted)


def _by_turns(wanted: Filter) -> Iterator[tuple[str, Sequence[str]]]:
    inside = "f.conversation_id in (select conversation_id from {} where {})"
    if wanted.intent:
        yield inside.format("answer_facts", "intent = ?"), [wanted.intent]
    for name in ("reviewer", "verdict"):
        if value := getattr(wanted, name):
            yield inside.format("reviews", f"{name} = ?"), [value]
    if wanted.document:
        cited = (
            "turn_id in (select turn_id from matches where cited = 1 "
            "and passage_id >= ? and passage_id < ?)"
        )
        yield inside.format("answer_facts", cited), [f"{wanted.document}#", f"{wanted.document}$"]


def _listed(
    connection: sqlite3.Connection, facts: Sequence[Any], *, turn_id: int = 0, found: str = ""
) -> Listed:
    (question,) = connection.execute(
        "select text from turns where conversation_id = ? and role = 'customer' "
        "order by id limit 1",
        [facts[0]],
    ).fetchone()
    values: list[Any] = [*facts, question, turn_id, found]
    return Listed(*values)


def _distinct(connection: sqlite3.Connection, table: str, column: str) -> Iterator[str]:
    """Skips from value to value along an index: `select distinct` would read all of it."""
    sql = f"select min({column}) from {table} where {column} > ?"
    value = connection.execute(sql, [""]).fetchone()[0]
    while value is not None:
        yield value
        value = connection.execute(sql, [value]).fetchone()[0]
