"""Who owns a conversation, and what that allows: one state machine. Pure: no I/O, no clock.

          ask                   take              close
    BOT ───────▶ WAITING ────────────▶ AGENT ────────────▶ CLOSED
     ▲  ◀─return──┘  ▲ ◀───release─────┘ │                    │
     ├───────────────┼───hand back───────┘                    │
     └───────────────┴───the customer writes, or asks─────────┘

An agent may also take what the bot owns, or what was closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import OwnershipError
from bot.types import Owner


class Move(StrEnum):
    """What somebody wants to do. Stored with the turn that tells of it."""

    WRITE = "write"  # the customer
    ASK = "ask"  # the customer, or the bot for them, asks for a person
    RETURN = "return"  # the customer goes back to the bot
    ANSWER = "answer"  # the bot
    TAKE = "take"  # the rest is up to agents
    SAY = "say"
    HAND_BACK = "hand_back"
    CLOSE = "close"
    RELEASE = "release"  # the agent has to leave: the customer waits for another one


@dataclass(frozen=True)
class Ownership:
    """`agent` is who owns it where `owner` is AGENT, else empty."""

    owner: Owner = Owner.BOT
    agent: str = ""


_NEXT: Mapping[Owner, Mapping[Move, Owner]] = {
    Owner.BOT: {
        Move.WRITE: Owner.BOT,
        Move.ANSWER: Owner.BOT,
        Move.RETURN: Owner.BOT,
        Move.ASK: Owner.WAITING,
        Move.TAKE: Owner.AGENT,
    },
    Owner.WAITING: {
        Move.WRITE: Owner.WAITING,
        Move.ASK: Owner.WAITING,
        Move.RETURN: Owner.BOT,
        Move.TAKE: Owner.AGENT,
    },
    Owner.AGENT: {
        Move.WRITE: Owner.AGENT,
        Move.ASK: Owner.AGENT,
        Move.TAKE: Owner.AGENT,
        Move.SAY: Owner.AGENT,
        Move.HAND_BACK: Owner.BOT,
        Move.CLOSE: Owner.CLOSED,
        Move.RELEASE: Owner.WAITING,
    },
    Owner.CLOSED: {
        Move.WRITE: Owner.BOT,
        Move.RETURN: Owner.BOT,
        Move.ASK: Owner.WAITING,
        Move.TAKE: Owner.AGENT,
    },
}
_BY_AGENTS = frozenset({Move.TAKE, Move.SAY, Move.HAND_BACK, Move.CLOSE, Move.RELEASE})


def after(held: Ownership, move: Move, agent: str = "") -> Ownership:
    """The ownership after the move. `agent` makes it, where it is an agent's move.

    Raises OwnershipError where the move is not allowed: the bot and the agents act only on what
    they own, and nobody takes a conversation from an agent.
    """
    if (move in _BY_AGENTS) != bool(agent):
        raise ValueError(f"The move {move} needs an agent, or must not have one: {agent!r}.")
    owner = _NEXT[held.owner].get(move)
    if owner is None:
        raise OwnershipError(f"A conversation that is {held.owner} has no {move}.")
    if held.agent and move in _BY_AGENTS and agent != held.agent:
        raise OwnershipError(f"{held.agent} has taken this conversation over.")
    if owner is not Owner.AGENT:
        return Ownership(owner)
    return Ownership(owner, agent or held.agent)
