"""The list of conversations: filters, search in both languages, and pages that keep their place."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.database import ConversationDatabase
from bot.finding import Filter, choices, count, find, match_query, neighbours
from evals.many_conversations import write_conversations
from knowledge.words import words
from tests.bot.conftest import MANY


def all_pages(connection: sqlite3.Connection, wanted: Filter, limit: int = 7) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        page = find(connection, wanted, after=after, limit=limit)
        found += [row.id for row in page.rows]
        after = page.after
        if not after:
            return found


def test_page_by_page_every_conversation_comes_once_the_newest_first(
    connection: sqlite3.Connection,
) -> None:
    rows = connection.execute("select id from conversations order by created_at desc").fetchall()
    found = all_pages(connection, Filter())
    assert len(found) == MANY
    assert found == [name for (name,) in rows]
    assert count(connection, Filter()) == MANY


@pytest.mark.parametrize(
    ("wanted", "sql"),
    [
        (Filter(route="decline"), "route = 'decline'"),
        (Filter(intent="returns"), "intent = 'returns' and intent_known"),
        (Filter(route="failed"), "status = 'failed'"),
        (Filter(rating="down"), "id in (select turn_id from feedback where rating = 'down')"),
        (Filter(reviewer="tom"), "id in (select turn_id from reviews where reviewer = 'tom')"),
        (Filter(verdict="right"), "id in (select turn_id from reviews where verdict = 'right')"),
        (
            Filter(document="shop/faq/en/returns.md"),
            "id in (select turn_id from matches where cited and document = "
            "'shop/faq/en/returns.md')",
        ),
    ],
)
def test_a_filter_shows_the_conversations_with_such_a_turn(
    connection: sqlite3.Connection, wanted: Filter, sql: str
) -> None:
    rows = connection.execute(f"select distinct conversation_id from turns where {sql}")
    expected = {name for (name,) in rows}
    found = all_pages(connection, wanted)
    assert expected
    assert set(found) == expected
    assert len(found) == len(expected) == count(connection, wanted)


def test_filters_hold_together_and_dates_include_both_days(connection: sqlite3.Connection) -> None:
    day = connection.execute("select substr(max(created_at), 1, 10) from conversations").fetchone()
    wanted = Filter(language="zh", since=day[0], until=day[0])
    rows = find(connection, wanted, limit=MANY).rows
    assert {row.language for row in rows} <= {"zh"}
    assert {row.started_at[:10] for row in rows} <= {day[0]}
    both = connection.execute(
        "select count(*) from conversations where language = 'zh' and created_at >= ?", day
    ).fetchone()
    assert len(rows) == both[0]


@pytest.mark.parametrize("text", ["refund", "退款", "order", "怎么", "Thanks", "退"])
def test_a_search_finds_each_conversation_that_holds_all_words_once(
    connection: sqlite3.Connection, text: str
) -> None:
    wanted = set(words(text))
    rows = connection.execute("select conversation_id, text from turns").fetchall()
    expected = {name for name, said in rows if wanted <= set(words(said))}
    found = all_pages(connection, Filter(text=text))
    assert expected
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_a_search_shows_the_turn_that_it_found(connection: sqlite3.Connection) -> None:
    row = find(connection, Filter(text="退款")).rows[0]
    said = connection.execute("select text from turns where id = ?", [row.turn_id]).fetchone()[0]
    assert row.found == said
    assert "退" in said


@pytest.mark.parametrize("text", ["", "  ", "?!", '"', "a OR b NEAR (", "' or 1=1 --", "*"])
def test_nothing_that_is_typed_breaks_the_search(connection: sqlite3.Connection, text: str) -> None:
    find(connection, Filter(text=text))
    assert set(match_query(text)) <= set('"abcdefghijklmnopqrstuvwxyz 1')


def test_the_neighbours_are_those_of_the_filtered_list(connection: sqlite3.Connection) -> None:
    wanted = Filter(route="decline")
    found = all_pages(connection, wanted)
    assert neighbours(connection, wanted, found[1]) == (found[0], found[2])
    assert neighbours(connection, wanted, found[0])[0] == ""
    assert neighbours(connection, wanted, found[-1])[1] == ""
    assert neighbours(connection, wanted, "nobody") == ("", "")


def test_there_is_to_choose_what_there_is(connection: sqlite3.Connection) -> None:
    rows = connection.execute("select distinct intent from answer_facts where intent is not null")
    found = choices(connection)
    assert list(found.intents) == sorted(name for (name,) in rows)
    assert found.reviewers == ("mei", "tom")


def test_the_generator_does_not_write_over_conversations(many: ConversationDatabase) -> None:
    from evals.errors import EvalError

    assert many.path is not None
    with pytest.raises(EvalError, match="Name a home without"):
        write_conversations(Path(many.path).parent, 1)
