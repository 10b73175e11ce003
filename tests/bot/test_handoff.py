"""Taking over, handing back, closing, leaving: the log says it, and so does the line of waiting."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.audit import audit_entries
from bot.database import now
from bot.errors import EmptyMessage, OwnershipError, UnknownConversation
from bot.handoff import HandOff
from bot.live import ABSENT_SECONDS, HEARTBEAT_SECONDS, Live
from bot.log import ConversationLog
from bot.presence import agent_types
from bot.staff import Staff
from bot.types import BotTurn, Owner, Route


@pytest.fixture
def hand_off(log: ConversationLog) -> HandOff:
    return HandOff(log)


@pytest.fixture
def live(log: ConversationLog) -> Iterator[Live]:
    opened = Live(log.database)
    yield opened
    opened.close()


def texts(log: ConversationLog, conversation_id: str) -> list[str]:
    return [turn.text for turn in log.conversation(conversation_id).turns]


def test_the_customer_reads_what_happens_in_the_language_of_the_conversation(
    log: ConversationLog, hand_off: HandOff
) -> None:
    english, chinese = log.start("en").id, log.start("zh").id
    for conversation_id in (english, chinese):
        hand_off.take(conversation_id, "Mei")
        hand_off.say(conversation_id, "Mei", " 😀 ")
        hand_off.close(conversation_id, "Mei")
    assert texts(log, english) == [
        "Mei has joined.",
        "😀",
        "Mei has closed the conversation. Write again whenever you need us.",
    ]
    assert texts(log, chinese)[0] == "Mei已加入对话。"


def test_two_agents_cannot_take_the_same_conversation(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    assert hand_off.take(conversation_id, "Mei") is None
    for move in (hand_off.take, hand_off.hand_back, hand_off.close, hand_off.release):
        with pytest.raises(OwnershipError, match="Mei has taken"):
            move(conversation_id, "Tom")
    with pytest.raises(OwnershipError):
        hand_off.say(conversation_id, "Tom", "Hello")
    assert log.head(conversation_id).agent == "Mei"
    assert texts(log, conversation_id) == ["Mei has joined."]


def test_an_agent_sends_nothing_empty_and_nothing_into_nowhere(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    with pytest.raises(EmptyMessage):
        hand_off.say(conversation_id, "Mei", " \n")
    with pytest.raises(UnknownConversation):
        hand_off.take("nobody", "Mei")


def test_a_customer_goes_back_to_the_bot_until_somebody_joins(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.ask(conversation_id)
    hand_off.return_to_bot(conversation_id)
    assert log.head(conversation_id).owner is Owner.BOT
    hand_off.ask(conversation_id)
    hand_off.take(conversation_id, "Mei")
    with pytest.raises(OwnershipError):
        hand_off.return_to_bot(conversation_id)
    hand_off.ask(conversation_id)
    assert texts(log, conversation_id)[-1] == "Mei is with you."
    assert log.head(conversation_id).owner is Owner.AGENT


def test_who_writes_after_the_end_is_answered_by_the_bot_again(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    hand_off.close(conversation_id, "Mei")
    question = log.add_customer_turn(conversation_id, "One more thing")
    log.add_bot_turn(question, BotTurn("Yes?", Route.SMALL_TALK, "greeting"))
    assert log.head(conversation_id).owner is Owner.BOT


def test_the_line_is_kept_by_time_and_by_who_was_in_it_before(
    log: ConversationLog, hand_off: HandOff, live: Live
) -> None:
    first, second = log.start("en").id, log.start("en").id
    question = log.add_customer_turn(first, "This is awful")
    log.add_bot_turn(
        question, BotTurn("I'm sorry.", Route.HAND_OFF, "complaint", owner=Owner.WAITING)
    )
    hand_off.ask(second)
    assert [live.state(one).place for one in (first, second)] == [1, 2]
    assert [(item.id, item.why, item.said) for item in live.waiting()] == [
        (first, "complaint", "This is awful"),
        (second, "button", ""),
    ]
    hand_off.take(first, "Mei")
    assert live.state(second).place == 1
    hand_off.release(first, "Mei")
    assert [item.id for item in live.waiting()] == [first, second]
    hand_off.return_to_bot(first)
    hand_off.ask(first)
    assert [item.id for item in live.waiting()] == [second, first]


def test_who_asks_at_the_same_moment_has_a_place_too(
    log: ConversationLog, hand_off: HandOff, live: Live
) -> None:
    ids = [log.start("en").id for _ in range(20)]
    for one in ids:
        hand_off.ask(one)
    assert [live.state(one).place for one in ids] == [*range(1, 21)]
    assert [item.id for item in live.waiting()] == ids


def test_an_agent_who_logs_out_leaves_nobody_behind(
    log: ConversationLog, hand_off: HandOff, live: Live
) -> None:
    mine, toms = log.start("en").id, log.start("en").id
    hand_off.take(mine, "Mei")
    hand_off.take(toms, "Tom")
    assert hand_off.release_all("Mei") == 1
    assert [live.state(one).owner for one in (mine, toms)] == [Owner.WAITING, Owner.AGENT]
    assert "had to leave" in texts(log, mine)[-1]


@dataclass
class Clock:
    """Shows what it is set to, in seconds."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def listen(hand_off: HandOff, live: Live, clock: Clock) -> None:
    """The heartbeats of open pages, for as long as an agent may be silent."""
    for _ in range(math.ceil(ABSENT_SECONDS / HEARTBEAT_SECONDS)):
        hand_off.release_absent(live)
        clock.seconds += HEARTBEAT_SECONDS


def test_an_agent_who_is_gone_without_a_word_leaves_nobody_behind(
    log: ConversationLog, hand_off: HandOff
) -> None:
    live = Live(log.database, clock=(clock := Clock()))
    staff = Staff(log.database)
    for name in ("Mei", "Tom"):
        staff.add(name, "correct horse")
        staff.log_in(name, "correct horse")
    one, other = log.start("en").id, log.start("en").id
    hand_off.take(one, "Mei")
    hand_off.take(other, "Tom")
    listen(hand_off, live, clock)
    hand_off.release_absent(live)
    assert live.state(one).owner is Owner.AGENT
    log.database.db.execute(
        "update sessions set seen_at = ? where user = 'Mei'", [now(ago_seconds=ABSENT_SECONDS + 1)]
    )
    hand_off.release_absent(live)
    assert [live.state(each).owner for each in (one, other)] == [Owner.WAITING, Owner.AGENT]
    live.close()


def test_the_servers_own_silence_throws_no_agent_out(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    # It was away for longer than an agent may be, and a customer's page is the first to reconnect.
    live = Live(log.database, clock=(clock := Clock()))
    listen(hand_off, live, clock)
    assert live.state(conversation_id).owner is Owner.AGENT
    clock.seconds += 8 * 3600  # the machine sleeps
    listen(hand_off, live, clock)
    assert live.state(conversation_id).owner is Owner.AGENT
    hand_off.release_absent(live)
    assert live.state(conversation_id).owner is Owner.WAITING
    live.close()


def test_what_another_process_writes_is_noticed(
    log: ConversationLog, live: Live, tmp_path: Path
) -> None:
    conversation_id = log.start("en").id
    before, state = live.version(), live.state(conversation_id)
    assert live.version() == before
    other = ConversationLog(tmp_path / "conversations.db")
    HandOff(other).take(conversation_id, "Mei")
    agent_types(other, conversation_id, "Mei")
    other.close()
    assert live.version() != before
    after = live.state(conversation_id)
    assert (after.owner, after.agent, after.typing) == (Owner.AGENT, "Mei", True)
    assert after.turn > state.turn


def test_typing_ends_with_the_message_and_is_the_owners_only(
    log: ConversationLog, hand_off: HandOff, live: Live
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    agent_types(log, conversation_id, "Tom")
    assert not live.state(conversation_id).typing
    agent_types(log, conversation_id, "Mei")
    assert live.state(conversation_id).typing
    hand_off.say(conversation_id, "Mei", "Here I am.")
    assert not live.state(conversation_id).typing


def test_the_desk_is_staffed_while_an_agent_is_there(log: ConversationLog, live: Live) -> None:
    staff = Staff(log.database)
    staff.add("Mei", "correct horse")
    assert not live.is_staffed()
    first, second = (staff.log_in("Mei", "correct horse") for _ in range(2))
    assert live.present() == ["Mei"]
    staff.log_out(first)
    assert live.is_staffed()
    staff.log_out(second)
    assert not live.is_staffed()


def test_all_that_an_agent_does_is_in_the_audit_table(
    log: ConversationLog, hand_off: HandOff
) -> None:
    conversation_id = log.start("en").id
    hand_off.take(conversation_id, "Mei")
    turn = hand_off.say(conversation_id, "Mei", "Hello")
    hand_off.hand_back(conversation_id, "Mei")
    done = [(e.action, e.detail) for e in audit_entries(log.database)]
    assert done == [("handed_back", ""), ("answered", f"turn {turn.id}"), ("took_over", "")]
    assert {e.conversation_id for e in audit_entries(log.database)} == {conversation_id}
