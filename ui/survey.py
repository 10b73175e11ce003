"""What the customer is asked once, at the end: was it solved, and are they satisfied."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.feedback import Survey
from bot.types import Owner, Route, Turn
from knowledge.types import Language
from ui.text import TextKey, write


def survey_panel(
    turns: Sequence[Turn], owner: Owner, survey: Survey, language: Language
) -> list[str]:
    """Nothing before somebody has answered, while a person is asked for, or right after a question.

    Whether a conversation has ended nobody can know until it is closed: before that the page brings
    the question up only when nothing was written for a while (conversation.css).
    """
    answered = any(turn.route is Route.ANSWER or turn.role == "agent" for turn in turns)
    if not answered or owner not in (Owner.BOT, Owner.CLOSED) or turns[-1].role == "customer":
        return []
    started = survey.solved is not None or survey.satisfaction is not None
    later = "" if started or owner is Owner.CLOSED else " later"
    return [f'<section class="survey{later}" role="status">{_asked(survey, language)}</section>']


def _asked(survey: Survey, language: Language) -> str:
    if survey.solved is None:
        yes = _button("solved", "yes", write("survey_yes", language))
        no = _button("solved", "no", write("survey_no", language))
        return f"<p>{_write('survey_solved', language)}</p><div>{yes}{no}</div>"
    if survey.satisfaction is None:
        stars = "".join(
            _button("stars", str(n), f"{n}★", write("survey_star", language, n=n))
            for n in range(1, 6)
        )
        return f"<p>{_write('survey_satisfaction', language)}</p><div>{stars}</div>"
    return f"<p>{_write('survey_thanks', language)}</p>"


def _button(name: str, value: str, text: str, label: str = "") -> str:
    aria = f' aria-label="{escape(label)}"' if label else ""
    return (
        f'<button type="button" class="chip" data-event="survey" data-{name}="{value}"{aria}>'
        f"{escape(text)}</button>"
    )


def _write(key: TextKey, language: Language) -> str:
    return escape(write(key, language))
