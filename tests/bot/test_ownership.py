"""The state machine of who owns a conversation: no sequence of moves breaks its rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import OwnershipError
from bot.ownership import Move, Ownership, after
from bot.types import Owner

AGENTS = ("Mei", "Tom")
BY_AGENTS = (Move.TAKE, Move.SAY, Move.HAND_BACK, Move.CLOSE, Move.RELEASE)
BY_OTHERS = tuple(move for move in Move if move not in BY_AGENTS)

moves = st.one_of(
    st.tuples(st.sampled_from(BY_AGENTS), st.sampled_from(AGENTS)),
    st.tuples(st.sampled_from(BY_OTHERS), st.just("")),
)


Step = tuple[Ownership, Move, str, Ownership | None]


def run(steps: list[tuple[Move, str]]) -> list[Step]:
    """Each step with what was before and after it; None after a refusal, which changes nothing."""
    held = Ownership()
    story: list[Step] = []
    for move, agent in steps:
        try:
            then = after(held, move, agent)
        except OwnershipError:
            story.append((held, move, agent, None))
            continue
        story.append((held, move, agent, then))
        held = then
    return story


@given(st.lists(moves, max_size=30))
def test_there_is_an_agent_exactly_where_an_agent_owns_it(steps: list[tuple[Move, str]]) -> None:
    for _, _, _, then in run(steps):
        assert then is None or (then.owner is Owner.AGENT) == bool(then.agent)


@given(st.lists(moves, max_size=30))
def test_nobody_takes_or_speaks_in_what_an_agent_owns(steps: list[tuple[Move, str]]) -> None:
    for held, move, agent, then in run(steps):
        if held.owner is Owner.AGENT and move in BY_AGENTS and agent != held.agent:
            assert then is None
        if move is Move.SAY:
            assert (then is not None) == (held == Ownership(Owner.AGENT, agent))


@given(st.lists(moves, max_size=30))
def test_the_bot_answers_only_what_it_owns(steps: list[tuple[Move, str]]) -> None:
    for held, move, _, then in run(steps):
        if move is Move.ANSWER:
            assert (then is not None) == (held.owner is Owner.BOT)


@given(st.lists(moves, max_size=30))
def test_a_customer_can_always_write_and_ask_for_a_person(steps: list[tuple[Move, str]]) -> None:
    for _, move, _, then in run(steps):
        if move in (Move.WRITE, Move.ASK):
            assert then is not None
            assert then.owner is not Owner.CLOSED
        if move is Move.ASK:
            assert then is not None
            assert then.owner in (Owner.WAITING, Owner.AGENT)


@given(st.lists(moves, max_size=30))
def test_only_its_agent_ends_an_agents_conversation(steps: list[tuple[Move, str]]) -> None:
    for held, move, agent, then in run(steps):
        if held.owner is Owner.AGENT and then is not None and then != held:
            assert move in (Move.HAND_BACK, Move.CLOSE, Move.RELEASE)
            assert agent == held.agent


@pytest.mark.parametrize("owner", [Owner.BOT, Owner.WAITING, Owner.CLOSED])
def test_an_agent_may_take_what_no_agent_has(owner: Owner) -> None:
    assert after(Ownership(owner), Move.TAKE, "Mei") == Ownership(Owner.AGENT, "Mei")


def test_taking_twice_is_once_and_two_agents_are_one_too_many() -> None:
    held = after(Ownership(), Move.TAKE, "Mei")
    assert after(held, Move.TAKE, "Mei") == held
    with pytest.raises(OwnershipError, match="Mei has taken"):
        after(held, Move.TAKE, "Tom")


def test_an_agents_move_needs_an_agent_and_the_others_must_not_have_one() -> None:
    for move, agent in [*((m, "") for m in BY_AGENTS), *((m, "Mei") for m in BY_OTHERS)]:
        with pytest.raises(ValueError, match=move.value):
            after(Ownership(), move, agent)
