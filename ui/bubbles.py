"""One turn of a conversation as HTML. Everything that comes from outside is escaped here."""

from __future__ import annotations

from html import escape

from bot.types import Citation, Rating, Route, Turn
from knowledge.language import language_of
from knowledge.types import Language
from ui.highlight import highlighted
from ui.markdown import to_html
from ui.text import TextKey, write

_THUMB = (
    '<svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" '
    'stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M7 10v11M15 5.9 14 10h5.8a2 2 0 0 1 1.9 2.6l-2.3 7A2 2 0 0 1 17.5 21H4a2 2 0 0 1-2-2'
    'v-7a2 2 0 0 1 2-2h2.8a2 2 0 0 0 1.8-1.1L12 2a3.1 3.1 0 0 1 3 3.9Z"/></svg>'
)


def customer_bubble(text: str, language: Language) -> str:
    return (
        f'<article class="turn customer">{_speaker("said_by_customer", language)}'
        f'<div class="said" lang="{_lang(text)}">{escape(text)}</div></article>'
    )


def bot_bubble(turn: Turn, language: Language, *, current: bool) -> str:
    """`current` is the last turn: only what it offers can still be chosen."""
    options = _choices(turn, language) if current else ""
    return (
        f'<article class="turn bot">{_speaker("said_by_bot", language)}'
        f'<div class="said" lang="{_lang(turn.text)}">{to_html(turn.text)}</div>'
        f"{_citations(turn, language)}{options}{_feedback(turn, language)}</article>"
    )


def writing_bubble(text: str, language: Language) -> str:
    """The answer so far. Screen readers wait until it is complete."""
    said = to_html(text) if text else ""
    dots = f'<span class="dots" role="img" aria-label="{_write("writing", language)}">'
    return (
        f'<article class="turn bot writing" aria-busy="true">{_speaker("said_by_bot", language)}'
        f'<div class="said" lang="{_lang(text)}">{said}{dots}<i></i><i></i><i></i></span></div>'
        "</article>"
    )


def waiting_bubble(place: int, language: Language) -> str:
    """In place of an answer: others come first."""
    return (
        f'<article class="turn bot writing" aria-busy="true">{_speaker("said_by_bot", language)}'
        f'<p class="said" role="status">{_write("in_line", language, place=place)}</p></article>'
    )


def stopped_bubble(text: str, language: Language) -> str:
    """What was written when the customer stopped it."""
    return (
        f'<article class="turn bot">{_speaker("said_by_bot", language)}'
        f'<div class="said" lang="{_lang(text)}">{to_html(text)}</div></article>'
    )


def agent_bubble(turn: Turn, language: Language) -> str:
    name = escape(turn.agent) or _write("said_by_agent", language)
    return (
        f'<article class="turn agent"><h2 class="name">{name}</h2>'
        f'<div class="said plain" lang="{_lang(turn.text)}">{escape(turn.text)}</div></article>'
    )


def note(text: str) -> str:
    return f'<p class="turn note" lang="{_lang(text)}">{escape(text)}</p>'


def failure(language: Language, reason: TextKey = "failed") -> str:
    return (
        f'<div class="turn note failed"><p>{_write(reason, language)}</p>'
        f"{person_button(language)}</div>"
    )


def person_button(language: Language) -> str:
    label = _write("talk_to_a_person", language)
    return f'<button type="button" class="chip" data-event="person">{label}</button>'


def choice(text: str) -> str:
    """A button that sends its text as the customer's message."""
    return (
        f'<button type="button" class="choice" data-event="option_select" lang="{_lang(text)}" '
        f'data-text="{escape(text)}">{escape(text)}</button>'
    )


def _speaker(key: TextKey, language: Language) -> str:
    return f'<h2 class="speaker">{_write(key, language)}</h2>'


def _citations(turn: Turn, language: Language) -> str:
    if not turn.citations:
        return ""
    chips = "".join(
        _citation(number, citation, turn, language)
        for number, citation in enumerate(turn.citations, start=1)
    )
    return (
        f'<div class="sources" role="group" aria-label="{_write("sources", language)}">'
        f"{chips}</div>"
    )


def _citation(number: int, citation: Citation, turn: Turn, language: Language) -> str:
    """In the passage, the words that the answer copied are marked."""
    title = escape(citation.title)
    copied = [
        (span.source_start, span.source_end)
        for span in turn.spans
        if span.passage_id == citation.passage_id
    ]
    passage = highlighted(citation.text, copied)
    key = _write("copied", language) if "<mark>" in passage else ""
    return (
        f'<details class="source" name="sources-{turn.id}">'
        f'<summary><b><i class="speaker">{_write("source", language)} </i>{number}</b> '
        f"<span>{title}</span></summary>"
        f'<div class="passage" lang="{_lang(citation.text)}"><h3>{title}</h3>{passage}'
        f'<p class="document">{escape(citation.document)}</p>'
        f'<p class="key" lang="{_lang(key)}">{key}</p></div></details>'
    )


def _choices(turn: Turn, language: Language) -> str:
    """The questions to choose from; a way to a person where the bot doesn't know."""
    buttons = "".join(choice(option) for option in turn.options)
    if turn.route is Route.DECLINE:
        buttons += person_button(language)
    return f'<div class="choices">{buttons}</div>' if buttons else ""


def _feedback(turn: Turn, language: Language) -> str:
    return (
        '<div class="feedback">'
        f"{_thumb(turn, 'up', 'helpful', language)}{_thumb(turn, 'down', 'not_helpful', language)}"
        f"{_comment(turn, language)}"
        f'<p class="problem" role="alert" hidden>{_write("not_stored", language)}</p></div>'
    )


def _thumb(turn: Turn, rating: Rating, key: TextKey, language: Language) -> str:
    label = _write(key, language)
    return (
        f'<button type="button" class="thumb {rating}" data-turn="{turn.id}" '
        f'data-rating="{rating}" aria-pressed="{str(turn.rating == rating).lower()}" '
        f'aria-label="{label}" title="{label}">{_THUMB}</button>'
    )


def _comment(turn: Turn, language: Language) -> str:
    """Hidden until a thumb is pressed; page.js shows it, and the thanks once it is stored."""
    label = _write("comment_label", language)
    return (
        f'<form class="comment" data-turn="{turn.id}" hidden>'
        f'<input name="comment" maxlength="2000" aria-label="{label}" placeholder="{label}" '
        'autocomplete="off">'
        f'<button class="chip">{_write("comment_send", language)}</button></form>'
        '<p class="thanks" role="status" tabindex="-1" hidden>'
        f"{_write('comment_thanks', language)}</p>"
    )


def _write(key: TextKey, language: Language, **values: object) -> str:
    return escape(write(key, language, **values))


def _lang(text: str) -> str:
    return "zh-CN" if language_of(text) == "zh" else "en"
