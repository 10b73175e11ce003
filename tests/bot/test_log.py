"""conversations.db: every turn is there, in order, and the owner decides who may write."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from bot.errors import OwnershipError, UnknownConversation
from bot.log import ConversationLog
from bot.ownership import Move
from bot.types import BotTurn, Intent, Owner, Route
from tests.conftest import make_match

REPLY = BotTurn(
    "Five days.",
    Route.ANSWER,
    "match",
    intent=Intent("refund_status", 0.8, known=True),
    matches=(make_match("Five days.", question="How long?"), make_match("Other.", name="b")),
    cited=frozenset({"doc.md#a"}),
    timings_ms={"embed": 1.234567},
)


def test_a_conversation_is_read_back_as_it_was_written(log: ConversationLog) -> None:
    conversation = log.start("en")
    question = log.add_customer_turn(conversation.id, "How long?")
    assert question.status == "accepted"
    reply = log.add_bot_turn(question, REPLY)
    turns = log.conversation(conversation.id).turns
    assert [(turn.role, turn.status) for turn in turns] == [("customer", "done"), ("bot", "done")]
    assert turns[1] == reply
    assert [citation.title for citation in reply.citations] == ["How long?"]


def test_the_bot_is_refused_once_a_person_owns_the_conversation(log: ConversationLog) -> None:
    conversation = log.start("en")
    question = log.add_customer_turn(conversation.id, "How long?")
    log.move(conversation.id, Move.ASK, "A person takes over.")
    with pytest.raises(OwnershipError):
        log.add_bot_turn(question, REPLY)
    assert [turn.role for turn in log.conversation(conversation.id).turns] == ["customer", "system"]


def test_a_hand_off_changes_the_owner_with_the_turn_that_says_so(log: ConversationLog) -> None:
    conversation = log.start("en")
    question = log.add_customer_turn(conversation.id, "A person, please")
    log.add_bot_turn(question, BotTurn("Yes.", Route.HAND_OFF, "asked", owner=Owner.WAITING))
    assert log.head(conversation.id).owner is Owner.WAITING


def test_an_unknown_conversation_is_an_error_everywhere(log: ConversationLog) -> None:
    for call in (
        lambda: log.head("nobody"),
        lambda: log.conversation("nobody"),
        lambda: log.add_customer_turn("nobody", "Hello"),
        lambda: log.add_contact("nobody", "a@b.example"),
        lambda: log.move("nobody", Move.ASK, "x"),
        lambda: log.add_agent_turn("nobody", "Mei", "x"),
    ):
        with pytest.raises(UnknownConversation, match="Start a new one"):
            call()


def test_recent_turns_are_those_before_a_turn_and_the_oldest_comes_first(
    log: ConversationLog,
) -> None:
    conversation = log.start("en")
    turns = [log.add_customer_turn(conversation.id, str(n)) for n in range(6)]
    recent = log.recent_turns(conversation.id, before=turns[5].id, limit=3)
    assert [turn.text for turn in recent] == ["2", "3", "4"]


def test_many_threads_lose_no_turn(log: ConversationLog) -> None:
    conversation = log.start("en")

    def write(writer: int) -> None:
        for n in range(20):
            log.add_customer_turn(conversation.id, f"{writer}:{n}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [turn.text for turn in log.conversation(conversation.id).turns]
    assert sorted(texts) == sorted(f"{w}:{n}" for w in range(8) for n in range(20))


def test_two_processes_may_write_and_a_second_opening_migrates_nothing(tmp_path: Path) -> None:
    first, second = (ConversationLog(tmp_path / "c.db") for _ in range(2))
    conversation = first.start("en")
    second.add_customer_turn(conversation.id, "Hello")
    assert len(first.conversation(conversation.id).turns) == 1
    first.close()
    second.close()


def test_declined_questions_are_listed_as_gaps(log: ConversationLog, tmp_path: Path) -> None:
    conversation = log.start("en")
    question = log.add_customer_turn(conversation.id, "Do you sell boats?")
    log.add_bot_turn(question, BotTurn("I don't know.", Route.DECLINE, "no_match"))
    with sqlite3.connect(tmp_path / "conversations.db") as db:
        assert db.execute("select question from gaps").fetchall() == [("Do you sell boats?",)]
    db.close()


def test_an_emoji_and_a_nul_survive(log: ConversationLog) -> None:
    conversation = log.start("zh")
    text = "👩‍👩‍👧 退款\x00 <b>"
    log.add_customer_turn(conversation.id, text)
    assert log.conversation(conversation.id).turns[0].text == text
