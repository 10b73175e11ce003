"""What a message's way looks like where many come at once: waiting, being refused, leaving."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.config import Config
from bot.errors import Busy, GeneratorError, ReaderLeft
from bot.handoff import HandOff
from bot.line import Line
from bot.log import ConversationLog
from bot.types import Answer, Load, LocalGenerator, Piece, Prompt, Route
from bot.watch import TurnReport
from tests.bot.test_manager import Desk
from tests.conftest import ScriptedGenerator


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(["Refunds take five working days."])


@pytest.fixture
def desk(log: ConversationLog, config: Config, generator: ScriptedGenerator) -> Desk:
    return Desk(log, config, generator)


def test_a_customer_who_waits_is_told_the_place_and_then_answered(
    desk: Desk, generator: ScriptedGenerator
) -> None:
    desk.manager.line = Line(at_once=1, length=5)
    other = desk.manager.line.enter()
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    assert next(reply) == Piece("", place=1)
    other.leave()
    *pieces, answer = reply
    assert isinstance(answer, Answer)
    assert answer.route is Route.ANSWER
    assert answer.timings_ms["wait"] > 0
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == answer.text
    assert desk.manager.line.answering == 0


def test_past_the_end_of_the_line_the_message_is_refused_and_kept(
    desk: Desk, generator: ScriptedGenerator
) -> None:
    desk.manager.line = Line(at_once=1, length=0)
    other = desk.manager.line.enter()
    with pytest.raises(Busy):
        desk.manager.reply(desk.conversation.id, "refund?")
    (turn,) = desk.log.conversation(desk.conversation.id).turns
    assert (turn.text, turn.status) == ("refund?", "failed")
    other.leave()


def test_a_message_to_a_person_never_waits_in_line(
    desk: Desk, generator: ScriptedGenerator
) -> None:
    HandOff(desk.log).ask(desk.conversation.id)
    desk.manager.line = Line(at_once=1, length=0)
    other = desk.manager.line.enter()
    (answer,) = desk.manager.reply(desk.conversation.id, "are you there?")
    assert isinstance(answer, Answer)
    assert answer.route is Route.SILENT
    other.leave()


@pytest.mark.parametrize("waits_in_line", [True, False])
def test_a_customer_who_leaves_before_the_first_word_ends_the_work(
    desk: Desk, generator: ScriptedGenerator, waits_in_line: bool
) -> None:
    desk.manager.line = Line(at_once=1, length=5)
    other = desk.manager.line.enter() if waits_in_line else None
    generator.pieces = [*[""] * 1000, "Never."]
    left = threading.Event()
    left.set()
    with pytest.raises(ReaderLeft):
        list(desk.manager.reply(desk.conversation.id, "refund?", left=left))
    (turn,) = desk.log.conversation(desk.conversation.id).turns
    assert turn.status == "cancelled"
    assert desk.manager.line.answering == (1 if other else 0)


def test_who_watches_learns_what_became_of_each_message(
    desk: Desk, generator: ScriptedGenerator
) -> None:
    reports: list[TurnReport] = []
    desk.manager.watch(reports.append)
    desk.ask("refund?")
    generator.pieces = [GeneratorError("The model is down.")]
    desk.ask("refund?")
    desk.manager.line.close()
    with pytest.raises(Busy):
        desk.manager.reply(desk.conversation.id, "refund?")
    assert [(r.status, r.route, r.fallback) for r in reports] == [
        ("done", Route.ANSWER, False),
        ("done", Route.ANSWER, True),
        ("failed", None, False),
    ]
    assert reports[0].timings_ms["total"] > 0


class NotedGenerator(ScriptedGenerator):
    """Notes the thread in which it is pulled."""

    pulled_by = ""

    def generate(self, prompt: Prompt) -> Iterator[str]:
        self.pulled_by = threading.current_thread().name
        yield from super().generate(prompt)


class OwnGenerator(NotedGenerator):
    """Gives control back often, as a model in this process does."""

    at_once = 1
    healthy = True

    def load(self) -> Load:
        return Load(0, 0, 0.0, 0)

    def warm_up(self) -> None: ...

    def close(self) -> None: ...


def test_only_what_may_be_stuck_gets_a_thread_of_its_own(
    log: ConversationLog, config: Config
) -> None:
    pieces = ["Refunds take five working days."]
    own, other = OwnGenerator(pieces), NotedGenerator(pieces)
    assert isinstance(own, LocalGenerator)
    for generator in (own, other):
        Desk(log, config, generator).ask("refund?")
    assert own.pulled_by == threading.current_thread().name
    assert other.pulled_by == "frontdesk-generator"
