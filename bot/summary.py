"""What has happened in a conversation so far, for whoever takes it over: from the log alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.types import Route, Turn

# What became of a question. `open`: nobody has answered it yet.
Outcome = Literal["answered", "clarified", "declined", "handed_over", "failed", "by_agent", "open"]

_OUTCOMES: dict[Route, Outcome] = {
    Route.ANSWER: "answered",
    Route.CLARIFY: "clarified",
    Route.DECLINE: "declined",
    Route.HAND_OFF: "handed_over",
}


@dataclass(frozen=True)
class Asked:
    """A question of the customer. `titles` are the headings of what it was answered from, and
    `unhelpful` says that the customer rated the answer down.
    """

    text: str
    outcome: Outcome
    titles: tuple[str, ...] = ()
    unhelpful: bool = False


def summarize(turns: Sequence[Turn]) -> list[Asked]:
    """The questions, the oldest first. Greetings and thanks are left out."""
    found: list[Asked] = []
    for index, turn in enumerate(turns):
        if turn.role == "customer":
            reply = next((t for t in turns[index + 1 :] if _replies(t)), None)
            asked = _asked(turn, reply)
            if asked is not None:
                found.append(asked)
    return found


def _replies(turn: Turn) -> bool:
    """Not what the page says, nor the half answer of a bot that was interrupted."""
    return turn.role != "system" and not (turn.role == "bot" and turn.status == "cancelled")


def _asked(question: Turn, reply: Turn | None) -> Asked | None:
    if question.status == "failed":
        return Asked(question.text, "failed")
    if reply is None or reply.role == "customer":
        return Asked(question.text, "open")
    if reply.role == "agent":
        return Asked(question.text, "by_agent")
    if reply.route not in _OUTCOMES:
        return None
    titles = tuple(citation.title for citation in reply.citations) or reply.options
    return Asked(question.text, _OUTCOMES[reply.route], titles, reply.rating == "down")
