"""Who is answered, who waits, and who is refused."""

from __future__ import annotations

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.errors import Busy
from bot.line import Line, Ticket

AT_ONCE, LENGTH = 2, 3


class LineMachine(RuleBasedStateMachine):
    """Customers come and go in any order; a plain list says what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line(at_once=AT_ONCE, length=LENGTH)
        self.inside: list[Ticket] = []
        self.behind: list[Ticket] = []

    @rule()
    def enter_behind(self) -> None:
        self.behind.append(self.line.enter(behind=True))

    @precondition(lambda self: self.behind)
    @rule(data=st.data())
    def leave_from_behind(self, data: st.DataObject) -> None:
        self.behind.pop(data.draw(st.integers(0, len(self.behind) - 1))).leave()

    @rule()
    def enter(self) -> None:
        if len(self.inside) < AT_ONCE + LENGTH:
            self.inside.append(self.line.enter())
        else:
            with pytest.raises(Busy, match="5 customers"):
                self.line.enter()

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        ticket = self.inside.pop(data.draw(st.integers(0, len(self.inside) - 1)))
        ticket.leave()
        ticket.leave()

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        self.inside.pop(data.draw(st.integers(0, len(self.inside) - 1)))

    @invariant()
    def places_follow_the_order_of_coming(self) -> None:
        places = [ticket.wait(0) for ticket in self.inside]
        assert places == [max(0, i - AT_ONCE + 1) for i in range(len(self.inside))]
        assert self.line.answering == min(len(self.inside), AT_ONCE)
        assert self.line.waiting == max(0, len(self.inside) - AT_ONCE)

    @invariant()
    def who_is_behind_waits_for_all_customers_and_then_stands_among_them(self) -> None:
        before = len(self.inside)
        for ticket in list(self.behind):
            place = ticket.wait(0)
            assert place == max(0, before - AT_ONCE + 1)
            before += 1
            if place == 0:
                self.behind.remove(ticket)
                self.inside.append(ticket)


TestLine = LineMachine.TestCase
TestLine.settings = settings(max_examples=30, stateful_step_count=25)


def test_whoever_waits_is_woken_when_a_place_is_free() -> None:
    line = Line(at_once=1, length=1)
    first, second = line.enter(), line.enter()
    assert second.wait(0) == 1
    threading.Timer(0.05, first.leave).start()
    assert second.wait(10) == 0


def test_a_closed_line_lets_those_finish_whose_turn_it_is_and_refuses_the_rest() -> None:
    line = Line(at_once=1, length=5)
    first, second = line.enter(), line.enter()
    line.close()
    assert first.wait(0) == 0
    with pytest.raises(Busy, match="stopping"):
        second.wait(10)
    with pytest.raises(Busy, match="stopping"):
        line.enter()
