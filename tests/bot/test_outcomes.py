"""Outcomes: each class comes from the facts, with its denominator and interval."""

from __future__ import annotations

import pytest

from bot.database import now
from bot.feedback import Survey, add_survey, read_survey
from bot.handoff import HandOff
from bot.log import ConversationLog
from bot.outcomes import Outcome, outcome_shares, share
from bot.types import BotTurn, Route

HOUR, DAY = 3600.0, 86400.0


def asked(log: ConversationLog, *routes: Route, ago_seconds: float = 8 * DAY) -> str:
    conversation = log.start("en").id
    for route in routes:
        question = log.add_customer_turn(conversation, "How long?")
        log.add_bot_turn(question, BotTurn("Five.", route, "rule"))
    let_pass(log, conversation, ago_seconds)
    return conversation


def let_pass(log: ConversationLog, conversation: str, ago_seconds: float) -> None:
    with log.database.transaction():
        log.database.db.execute(
            "update conversation_facts set last_said_at = ? where conversation_id = ?",
            [now(ago_seconds=ago_seconds), conversation],
        )


def outcome(log: ConversationLog, conversation: str) -> str:
    sql = "select outcome from outcomes where conversation_id = ?"
    return str(log.database.db.execute(sql, [conversation]).fetchone()[0])


@pytest.mark.parametrize(
    ("routes", "ago_seconds", "expected"),
    [
        ((Route.ANSWER,), 8 * DAY, Outcome.ASSUMED_SOLVED),
        ((Route.ANSWER,), 6 * DAY, Outcome.OPEN),
        ((Route.ANSWER, Route.SMALL_TALK), 8 * DAY, Outcome.ASSUMED_SOLVED),
        ((Route.ANSWER, Route.DECLINE), 2 * HOUR, Outcome.FAILED),
        ((Route.DECLINE,), 0.5 * HOUR, Outcome.OPEN),
        ((Route.ANSWER, Route.CLARIFY), 2 * HOUR, Outcome.ABANDONED),
        ((Route.SMALL_TALK,), 2 * HOUR, Outcome.ABANDONED),
    ],
)
def test_how_a_conversation_ended_and_how_long_ago_decides(
    log: ConversationLog, routes: tuple[Route, ...], ago_seconds: float, expected: Outcome
) -> None:
    assert outcome(log, asked(log, *routes, ago_seconds=ago_seconds)) == expected


@pytest.mark.parametrize(
    ("status", "expected"), [("failed", Outcome.FAILED), ("cancelled", Outcome.ABANDONED)]
)
def test_a_last_question_without_an_answer_counts(
    log: ConversationLog, status: str, expected: Outcome
) -> None:
    conversation = asked(log, Route.ANSWER)
    question = log.add_customer_turn(conversation, "And then?")
    log.settle(question, "failed" if status == "failed" else "cancelled")
    let_pass(log, conversation, 2 * HOUR)
    assert outcome(log, conversation) == expected


def test_the_customers_word_wins_over_what_is_assumed(log: ConversationLog) -> None:
    happy, unhappy = asked(log, Route.DECLINE), asked(log, Route.ANSWER)
    add_survey(log, happy, Survey(solved=True))
    add_survey(log, unhappy, Survey(solved=False))
    add_survey(log, unhappy, Survey(satisfaction=2))
    assert outcome(log, happy) == Outcome.CONFIRMED_SOLVED
    assert outcome(log, unhappy) == Outcome.FAILED
    assert read_survey(log, unhappy) == Survey(solved=False, satisfaction=2)
    assert read_survey(log, "nobody") == Survey()


def test_asking_for_a_person_is_a_hand_off_whatever_follows(log: ConversationLog) -> None:
    conversation = asked(log, Route.ANSWER)
    HandOff(log).ask(conversation)
    assert outcome(log, conversation) == Outcome.HANDED_OFF


def test_who_is_back_within_a_week_was_not_served(log: ConversationLog) -> None:
    soon, late = asked(log, Route.ANSWER, ago_seconds=3 * DAY), asked(log, Route.ANSWER)
    log.start("en", follows=soon)
    log.start("en", follows=late)
    log.start("en", follows="forged")
    assert outcome(log, soon) == Outcome.RETURNED
    assert outcome(log, late) == Outcome.ASSUMED_SOLVED


def test_nobody_who_wrote_nothing_is_counted(log: ConversationLog) -> None:
    assert outcome(log, log.start("en").id) == "empty"


def test_shares_are_of_what_is_settled_with_the_score_interval() -> None:
    counts = {"assumed_solved": 6, "failed": 4, "open": 90, "empty": 7}
    shares = {one.name: one for one in outcome_shares(counts)}
    assert (shares["assumed_solved"].hits, shares["assumed_solved"].total) == (6, 10)
    # Wilson's interval of 6 in 10 as tables give it.
    assert shares["assumed_solved"].low == pytest.approx(0.3127, abs=1e-3)
    assert shares["assumed_solved"].high == pytest.approx(0.8318, abs=1e-3)
    assert set(shares) == set(Outcome) - {Outcome.OPEN}
    assert outcome_shares({"open": 3}) == []
    assert share("none", 0, 0) is None
