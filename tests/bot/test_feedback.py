"""What customers say of the service: it belongs to their own conversation."""

from __future__ import annotations

import pytest

from bot.errors import UnknownTurn
from bot.feedback import add_feedback
from bot.log import ConversationLog
from bot.types import BotTurn, Route


def test_feedback_belongs_to_an_answer_of_the_same_conversation(log: ConversationLog) -> None:
    conversation, stranger = log.start("en"), log.start("zh")
    question = log.add_customer_turn(conversation.id, "How long?")
    reply = log.add_bot_turn(question, BotTurn("Five days.", Route.ANSWER, "match"))
    add_feedback(log, conversation.id, reply.id, "up")
    add_feedback(log, conversation.id, reply.id, "down", "Too short")
    assert log.turn(reply.id).rating == "down"
    for wrong_conversation, wrong_turn in ((stranger.id, reply.id), (conversation.id, question.id)):
        with pytest.raises(UnknownTurn):
            add_feedback(log, wrong_conversation, wrong_turn, "up")


def test_another_rating_keeps_the_comment_and_an_empty_one_takes_it_back(
    log: ConversationLog,
) -> None:
    conversation = log.start("en")
    question = log.add_customer_turn(conversation.id, "How long?")
    turn = log.add_bot_turn(question, BotTurn("Five days.", Route.ANSWER, "match")).id
    stored = "select rating, comment from feedback"
    add_feedback(log, conversation.id, turn, "down", "Too short")
    add_feedback(log, conversation.id, turn, "up")
    assert log.database.db.execute(stored).fetchall() == [("up", "Too short")]
    add_feedback(log, conversation.id, turn, "up", "")
    assert log.database.db.execute(stored).fetchall() == [("up", "")]
