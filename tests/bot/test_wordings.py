"""Which words customers used for what they then picked, and which picks say nothing."""

from __future__ import annotations

import pytest

from bot.feedback import add_feedback
from bot.log import ConversationLog
from bot.types import BotTurn, Route, Turn
from bot.wordings import PickedEntry, read_picked
from tests.conftest import make_match

REFUND = make_match("Five days.", question="How long do refunds take?", name="refund")
CARD = make_match("Two days more.", question="And with a card?", name="card")
OPTIONS = (REFUND.passage.heading, CARD.passage.heading)


def asks(
    log: ConversationLog, words: str, said: str = OPTIONS[0], route: Route = Route.ANSWER
) -> Turn:
    """A customer is offered two entries, and says what follows; the reply to that."""
    conversation = log.start("en").id
    question = log.add_customer_turn(conversation, words)
    log.add_bot_turn(question, BotTurn("Which?", Route.DECLINE, "no_match", options=OPTIONS))
    pick = log.add_customer_turn(conversation, said)
    match = CARD if "card" in said or "2" in said else REFUND
    cited = frozenset({match.passage.id})
    return log.add_bot_turn(pick, BotTurn("So.", route, "match", matches=(match,), cited=cited))


def found(log: ConversationLog) -> list[PickedEntry]:
    with log.database.reading() as connection:
        return read_picked(connection, since="2000-01-01")


def test_what_was_asked_belongs_to_the_entry_that_was_picked(log: ConversationLog) -> None:
    asks(log, "Hello! My money is still not back", said="1")
    asks(log, "my money is  still not back")
    last = asks(log, "where is my cash", said=OPTIONS[1])
    asks(log, "still no transfer from you")
    refund, card = found(log)
    assert (refund.id, refund.question, refund.times) == (REFUND.passage.id, OPTIONS[0], 3)
    assert [(each.text, each.times) for each in refund.wordings] == [
        ("still no transfer from you", 1),
        ("my money is still not back", 2),
    ]
    (wording,) = card.wordings
    assert wording.conversation_id == last.conversation_id


@pytest.mark.parametrize(
    ("words", "said", "route"),
    [
        ("my money is not back", "none of these", Route.DECLINE),
        ("my money is not back", "is there parking?", Route.ANSWER),
        ("my money is not back", OPTIONS[0], Route.HAND_OFF),
        ("and for shoes?", OPTIONS[0], Route.ANSWER),
        ("how long do refunds take?", OPTIONS[0], Route.ANSWER),
        ("word " * 100, OPTIONS[0], Route.ANSWER),
    ],
)
def test_what_says_nothing_about_an_entry_is_left_out(
    log: ConversationLog, words: str, said: str, route: Route
) -> None:
    asks(log, words, said, route)
    assert found(log) == []


def test_an_answer_that_was_rated_down_was_not_what_was_meant(log: ConversationLog) -> None:
    answer = asks(log, "my money is not back")
    add_feedback(log, answer.conversation_id, answer.id, "down")
    assert found(log) == []
