"""Figures of a period: they are what the log holds, whatever the parts of the period are."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bot.feedback import Survey, add_feedback, add_survey
from bot.log import ConversationLog
from bot.numbers import read_numbers
from bot.ownership import Move
from bot.period import Period
from bot.types import BotTurn, Route
from tests.conftest import make_match


def last_days(days: int) -> Period:
    today = datetime.now(UTC).date()
    return Period(today - timedelta(days=days - 1), today)


@pytest.mark.parametrize("days", [7, 70])
def test_every_figure_is_what_the_log_holds(connection: sqlite3.Connection, days: int) -> None:
    period = last_days(days)
    found = read_numbers(connection, period)
    since = period.since.isoformat()

    def one(sql: str) -> int:
        return int(connection.execute(sql, [since]).fetchone()[0])

    assert found.conversations == one("select count(*) from conversations where created_at >= ?")
    assert sum(found.by_outcome.totals.values()) == found.conversations
    assert sum(found.by_language.totals.values()) == found.conversations
    routes = connection.execute(
        "select route, count(*) from turns where role = 'bot' and created_at >= ? group by route",
        [since],
    ).fetchall()
    assert found.by_route.totals == dict(routes)
    known = one("select count(*) from turns where intent_known and created_at >= ?")
    assert sum(found.by_intent.totals.values()) == known
    cited = connection.execute(
        "select document, count(*) from matches join turns on turns.id = turn_id "
        "where cited and turns.created_at >= ? group by document",
        [since],
    ).fetchall()
    assert found.documents == dict(cited)
    _assert_counted(connection)
    settled = found.conversations - found.open
    assert all(each.total == settled for each in found.outcomes)
    assert sum(each.hits for each in found.outcomes) == settled


def test_counts_by_day_are_what_counting_anew_would_give(log: ConversationLog) -> None:
    """Whatever came between: other ratings, a person, a survey, a turn that is removed."""
    busy, quiet = log.start("en").id, log.start("zh").id
    for conversation in (busy, quiet, log.start("en", follows=quiet).id):
        question = log.add_customer_turn(conversation, "How long?")
        match = make_match("Five days.", name="refund")
        cited = frozenset({match.passage.id})
        reply = BotTurn("Five days.", Route.ANSWER, "match", matches=(match,), cited=cited)
        answer = log.add_bot_turn(question, reply)
        add_feedback(log, conversation, answer.id, "down")
    add_feedback(log, conversation, answer.id, "up")
    add_survey(log, conversation, Survey(solved=False, satisfaction=1))
    log.move(busy, Move.ASK, "A person comes.")
    connection = log.database.db.conn
    _assert_counted(connection)
    with log.database.transaction():
        connection.execute("delete from feedback where turn_id = ?", [answer.id])
        connection.execute("delete from matches where turn_id = ?", [answer.id])
        connection.execute("delete from turns where id = ?", [answer.id])
    _assert_counted(connection)


def _assert_counted(connection: sqlite3.Connection) -> None:
    counted_anew = {
        "outcome_days": "select substr(started_at, 1, 10), language, outcome, count(*), "
        "sum(customer_turns) from outcomes where customer_turns > 0 group by 1, 2, 3",
        "answer_days": "select substr(created_at, 1, 10), route, coalesce(intent, ''), "
        "coalesce(rating, ''), count(*) from answer_facts group by 1, 2, 3, 4",
        "citation_days": "select substr(created_at, 1, 10), document, count(*) from matches "
        "join answer_facts using (turn_id) where cited = 1 group by 1, 2",
    }
    kept = {
        "outcome_days": "select day, language, outcome, sum(n), sum(customer_turns) "
        "from outcome_days group by 1, 2, 3 having sum(n) > 0",
        "answer_days": "select * from answer_days where n > 0",
        "citation_days": "select * from citation_days where n > 0",
    }
    for name, sql in kept.items():
        found = sorted(connection.execute(sql).fetchall())
        assert found == sorted(connection.execute(counted_anew[name]).fetchall()), name


def test_times_are_percentiles_of_answers(connection: sqlite3.Connection) -> None:
    found = read_numbers(connection, last_days(70))
    values = [
        value
        for (value,) in connection.execute(
            "select json_extract(timings_ms, '$.total') from turns where route = 'answer'"
        )
    ]
    assert found.whole is not None
    assert found.whole.n == len(values)
    assert found.whole.p95 == pytest.approx(np.percentile(values, 95))
    assert sum(timing.whole.n for timing in found.timings if timing.whole) == len(values)
    assert found.waits.asked >= found.waits.joined > 0


def test_an_empty_period_has_no_figures_and_no_error(connection: sqlite3.Connection) -> None:
    found = read_numbers(connection, Period(date(2001, 1, 1), date(2001, 1, 31)))
    assert (found.conversations, found.outcomes, found.whole, found.documents) == (0, [], None, {})
