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
