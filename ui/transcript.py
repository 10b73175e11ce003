"""A whole conversation as a list of HTML elements: what the middle of the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.database import now
from bot.live import LiveState
from bot.types import Owner, Turn
from knowledge.types import Language
from ui.bubbles import agent_bubble, bot_bubble, choice, customer_bubble, failure, note
from ui.text import write

# Nobody waits so long for an answer, in line and while it is written: whoever wrote it is no more.
_LOST_SECONDS = 300.0


def welcome(starters: Sequence[str], language: Language) -> str:
    """The empty page: what is answered from, and a few questions to start from."""
    buttons = "".join(choice(starter) for starter in starters)
    return (
        f'<section class="welcome"><h2>{escape(write("welcome", language))}</h2>'
        f"<p>{escape(write('welcome_hint', language))}</p>"
        f'<div class="choices">{buttons}</div></section>'
    )


def turns_html(turns: Sequence[Turn], language: Language) -> list[str]:
    last = len(turns) - 1
    return [
        html
        for index, turn in enumerate(turns)
        for html in _turn_html(turn, language, current=index == last)
    ]


def status_panel(
    state: LiveState, language: Language, *, contact: str = "", problem: str = ""
) -> list[str]:
    """Who answers now, where that is not the bot; a way back, and a way to leave an address."""
    if state.owner is Owner.AGENT:
        return [_with_agent(state.agent, language)]
    if state.owner is not Owner.WAITING:
        return []
    below = (
        f'<p role="status">{escape(write("contact_stored", language, email=contact))}</p>'
        if contact and not problem
        else _contact_form(language, contact, problem)
    )
    back = (
        '<button type="button" class="chip" data-event="return_to_bot">'
        f"{escape(write('return_to_bot', language))}</button>"
    )
    return [
        f'<section class="turn waiting"><p>{escape(write("waiting", language))} '
        f"<b>{_place(state, language)}</b></p>{below}<p>{back}</p></section>"
    ]


def _place(state: LiveState, language: Language) -> str:
    if not state.staffed:
        return escape(write("waiting_nobody", language))
    if state.place == 1:
        return escape(write("waiting_next", language))
    return escape(write("waiting_place", language, place=state.place))


def _with_agent(name: str, language: Language) -> str:
    """page.js shows the dots while the agent types."""
    typing = escape(write("agent_typing", language, name=name))
    return (
        f'<p class="turn with-agent"><span class="here">'
        f"{escape(write('with_agent', language, name=name))}</span>"
        f'<span class="typing"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>'
        f"{typing}</span></p>"
    )


def _contact_form(language: Language, email: str, problem: str) -> str:
    label = escape(write("contact_label", language))
    alert = wrong = ""
    if problem:
        alert = f'<p class="problem" role="alert" id="contact-problem">{escape(problem)}</p>'
        wrong = ' aria-invalid="true" aria-describedby="contact-problem"'
    return (
        f"<p>{escape(write('contact_offer', language))}</p>"
        '<form class="contact" data-event="contact" novalidate>'
        f'<input type="email" name="email" autocomplete="email" aria-label="{label}" '
        f'placeholder="{escape(write("contact_placeholder", language))}" '
        f'value="{escape(email)}"{wrong}>'
        f'<button class="chip">{escape(write("contact_send", language))}</button>{alert}</form>'
    )


def _turn_html(turn: Turn, language: Language, *, current: bool) -> list[str]:
    if turn.role == "bot":
        return [bot_bubble(turn, language, current=current)]
    if turn.role == "agent":
        return [agent_bubble(turn, language)]
    if turn.role == "system":
        return [note(turn.text)]
    bubble = customer_bubble(turn.text, language)
    lost = turn.status == "accepted" and turn.created_at < now(ago_seconds=_LOST_SECONDS)
    if lost or turn.status == "failed":
        return [bubble, failure(language)]
    if turn.status == "cancelled":
        return [bubble, note(write("stopped", language))]
    return [bubble]
