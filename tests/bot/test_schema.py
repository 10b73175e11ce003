"""The facts that triggers keep: they are what the turns say, and old logs get them, too."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.database import ConversationDatabase
from bot.feedback import add_feedback
from bot.log import ConversationLog
from bot.migrations import migrations
from bot.types import BotTurn, Owner, Route
from knowledge.words import words
from tests.conftest import make_match

FIRST_STEP = "020_facts_of_conversations_and_answers"
OLD_TABLES = ("conversations", "turns", "matches", "feedback")
# What an old log does not tell, and what differs by the clock alone.
NOT_IN_OLD_LOGS = {"n", "joined_at", "waiting_at", "returned_at", "solved", "satisfaction"}


def talk(log: ConversationLog) -> str:
    conversation = log.start("en").id
    routes = (Route.ANSWER, Route.DECLINE, Route.CLARIFY, Route.ANSWER, Route.SMALL_TALK)
    for number, route in enumerate(routes):
        question = log.add_customer_turn(conversation, f"Question {number}?")
        match = make_match("Five days.", score=0.9 - number / 10, name=str(number))
        turn = log.add_bot_turn(question, BotTurn("Said.", route, "rule", matches=(match,)))
        add_feedback(log, conversation, turn.id, "up" if number else "down")
    log.settle(log.add_customer_turn(conversation, "And now?"), "failed", error="gone")
    return conversation


def facts(database: ConversationDatabase) -> list[dict[str, Any]]:
    rows = list(database.db.query("select * from conversation_facts order by n"))
    return [{k: v for k, v in row.items() if k not in NOT_IN_OLD_LOGS} for row in rows]


def test_each_turn_rating_and_failure_is_counted_once(log: ConversationLog) -> None:
    talk(log)
    (row,) = facts(log.database)
    counted = ("customer_turns", "bot_turns", "answers", "clarifications", "declines", "failures")
    assert [row[name] for name in counted] == [6, 5, 2, 1, 1, 1]
    assert (row["ups"], row["downs"], row["last_route"]) == (4, 1, "answer")
    assert row["least_score"] == pytest.approx(0.6)
    assert row["last_status"] == "failed"


def test_a_rating_that_changes_is_not_counted_twice(log: ConversationLog) -> None:
    conversation = talk(log)
    bot = next(turn for turn in log.conversation(conversation).turns if turn.role == "bot")
    add_feedback(log, conversation, bot.id, "up")
    add_feedback(log, conversation, bot.id, "up", "Thanks")
    (row,) = facts(log.database)
    assert (row["ups"], row["downs"]) == (5, 0)


def test_the_first_wait_is_kept_when_the_owner_changes_again(log: ConversationLog) -> None:
    conversation = log.start("en").id
    with log.database.transaction():
        for owner, at in (("waiting", "1"), ("agent", "2"), ("waiting", "3"), ("agent", "4")):
            log.database.db.execute(
                "update conversations set owner = ?, updated_at = ? where id = ?",
                [owner, at, conversation],
            )
    sql = "select owner, waiting_at, joined_at from conversation_facts"
    assert log.database.db.execute(sql).fetchone() == (Owner.AGENT.value, "1", "2")


def test_a_log_from_before_gets_the_facts_that_it_would_have(tmp_path: Path) -> None:
    new = ConversationLog(tmp_path / "new.db")
    talk(new)
    talk(new)
    old = Database(sqlite3.connect(tmp_path / "old.db"))
    migrations.apply(old, stop_before=FIRST_STEP)
    for table in OLD_TABLES:
        names = [column.name for column in old[table].columns]
        rows = new.database.db.query(f"select {', '.join(names)} from {table}")
        old.table(table).insert_all(list(rows))
    old.close()
    brought_up = ConversationLog(tmp_path / "old.db")
    assert facts(brought_up.database) == facts(new.database)
    for table in ("answer_facts", "outcomes"):
        sql = f"select count(*) from {table}"
        assert (
            brought_up.database.db.execute(sql).fetchone()
            == new.database.db.execute(sql).fetchone()
        )
    for table in ("outcome_days", "answer_days", "citation_days"):
        counted = f"select * from {table} where n <> 0 order by 1, 2, 3"
        assert list(brought_up.database.db.query(counted)) == list(new.database.db.query(counted))
    found = "select count(*) from turn_terms where turn_terms match 'question'"
    assert brought_up.database.db.execute(found).fetchone() == (10,)
    new.close()
    brought_up.close()


def test_a_turn_that_is_changed_or_removed_is_found_as_it_is_now(log: ConversationLog) -> None:
    turn = log.add_customer_turn(log.start("zh").id, "我的card丢了 red")

    def found(text: str) -> int:
        query = " ".join(f'"{term}"' for term in words(text))
        sql = "select count(*) from turn_terms where turn_terms match ?"
        return int(log.database.db.execute(sql, [query]).fetchone()[0])

    assert (found("card"), found("丢了")) == (1, 1)
    with log.database.transaction():
        log.database.db.execute("update turns set text = 'blue' where id = ?", [turn.id])
    assert (found("card"), found("丢了"), found("blue")) == (0, 0, 1)
    with log.database.transaction():
        log.database.db.execute("delete from turns where id = ?", [turn.id])
    assert found("blue") == 0
