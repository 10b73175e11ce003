"""The chat page: one Gradio Blocks app. Lays it out and wires it; what happens is in ui/chat.py."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.surveys import Survey
from knowledge.types import Language
from ui.chat import Chat, View
from ui.language import preferred_language
from ui.pace import Pace, TooFast
from ui.text import TextKey, write
from ui.visit import Visit

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.build import Frontdesk
    from bot.live import Live

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
# Gradio encrypts what it keeps in the browser with this. It protects nothing from the visitor whose
# browser it is; it stays the same so that a conversation outlives a restart of the server.
_STORAGE_SECRET = "frontdesk"  # noqa: S105

# The keyboard of a phone shrinks the page instead of covering the box.
_HEAD = (
    '<meta name="viewport" content="width=device-width, initial-scale=1, '
    'interactive-widget=resizes-content">'
)

Updates = list[Any]


class Page:
    """The components of the page, and one method for each thing that can be done on it."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        with gr.Blocks(title="Frontdesk", analytics_enabled=False, fill_width=True) as self.blocks:
            self._lay_out()
            self._wire()

    def _lay_out(self) -> None:
        self._visit = gr.BrowserState(None, storage_key="frontdesk", secret=_STORAGE_SECRET)
        with gr.Row(elem_id="bar"):
            self._brand = gr.HTML("", elem_id="brand", apply_default_css=False, js_on_load=None)
            self._language = gr.Button("", elem_id="language", size="sm")
            self._new = gr.Button("", elem_id="new", size="sm")
            self._person = gr.Button("", elem_id="person", size="sm")
        self._transcript = gr.HTML(
            {"turns": []},
            elem_id="transcript",
            html_template='<div class="turns" role="log" aria-live="polite"></div>',
            js_on_load=(_HERE / "page.js").read_text(encoding="utf-8"),
            apply_default_css=False,
        )
        with gr.Column(elem_id="composer"):
            self._notice = gr.HTML("", elem_id="notice", apply_default_css=False, js_on_load=None)
            self._box = gr.Textbox(
                elem_id="box",
                lines=1,
                max_lines=6,
                container=False,
                show_label=False,
                submit_btn="…",
                html_attributes=gr.InputHTMLAttributes(enterkeyhint="send"),
            )
            self._disclaimer = gr.HTML(
                "", elem_id="disclaimer", apply_default_css=False, js_on_load=None
            )

    def _wire(self) -> None:
        view = [self._visit, self._transcript, self._notice, self._box]
        view += [self._person, self._language]
        chrome = [self._brand, self._new, self._disclaimer]
        quiet: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "concurrency_limit": None,
        }
        visit = [self._visit]
        self.blocks.load(self._arrive, visit, view + chrome, **quiet)
        self._language.click(self._switch, visit, view + chrome, **quiet)
        on = self._transcript
        self._person.click(_honest(self._ask_for_person), visit, view, **quiet)
        on.person(_honest(self._ask_for_person), visit, view, **quiet)
        # One listener for both, so that a second message waits in the box while one is answered.
        sending = gr.on(
            [self._box.submit, on.option_select], self._send, [self._box, *visit], view, **quiet
        )
        # Cancelled, so that the end of an answer cannot bring the old conversation back.
        self._new.click(self._start_anew, visit, view, cancels=[sending], **quiet)
        self._box.stop(self._stop, visit, None, **quiet)
        on.return_to_bot(_honest(self._return_to_bot), visit, view, **quiet)
        on.refresh(self._refresh, visit, view, trigger_mode="multiple", **quiet)
        on.contact(_honest(self._leave_contact), visit, view, **quiet)
        on.survey(_honest(self._tell), visit, view, **quiet)

    def _arrive(self, stored: object, request: gr.Request) -> Updates:
        visit = Visit.read(stored)
        language = _language(visit, request)
        return self._shown(self._chat.arrive(visit, language)) + self._chrome(language)

    def _switch(self, stored: object, request: gr.Request) -> Updates:
        visit = Visit.read(stored)
        language: Language = "en" if _language(visit, request) == "zh" else "zh"
        visit = visit.speaking(language)
        return self._shown(self._chat.show(visit, language)) + self._chrome(language)

    def _start_anew(self, stored: object, request: gr.Request) -> Updates:
        """Gradio's own cancelling now and then misses an answer between two of its pieces."""
        visit = Visit.read(stored)
        self._chat.abandon(visit)
        return self._shown(self._chat.show(visit.within(""), _language(visit, request)))

    async def _send(
        self, text: str, stored: object, request: gr.Request, event: gr.EventData
    ) -> AsyncIterator[Updates]:
        visit = Visit.read(stored)
        chosen = event.target is self._transcript
        if chosen:
            text = str(event._data.get("text", ""))
        writing = False
        language, address = _language(visit, request), _address(request)
        async for view in self._chat.send(text, visit, language, address):
            same = writing and view.writing
            yield (self._piece if same else self._shown)(view, typed=not chosen)
            writing = view.writing

    def _stop(self, stored: object) -> None:
        self._chat.stop(Visit.read(stored))

    def _ask_for_person(self, stored: object, request: gr.Request) -> Updates:
        visit = Visit.read(stored)
        language, address = _language(visit, request), _address(request)
        return self._shown(self._chat.ask_for_person(visit, language, address))

    def _return_to_bot(self, stored: object, request: gr.Request) -> Updates:
        visit = Visit.read(stored)
        return self._shown(self._chat.return_to_bot(visit, _language(visit, request)))

    def _refresh(self, stored: object, request: gr.Request) -> Updates:
        """Somebody else has done something. What the customer was told before stays."""
        visit = Visit.read(stored)
        view = self._chat.refresh(visit, _language(visit, request))
        if view is None:
            return [gr.skip()] * 6
        updates = self._shown(view)
        return [gr.skip(), updates[1], gr.skip(), *updates[3:]]

    def _leave_contact(self, stored: object, request: gr.Request, event: gr.EventData) -> Updates:
        visit = Visit.read(stored)
        email = str(event._data.get("email", ""))
        language, address = _language(visit, request), _address(request)
        return self._shown(self._chat.leave_contact(email, visit, language, address))

    def _tell(self, stored: object, request: gr.Request, event: gr.EventData) -> Updates:
        visit = Visit.read(stored)
        solved = {"yes": True, "no": False}.get(str(event._data.get("solved")))
        stars = str(event._data.get("stars"))
        said = Survey(solved, int(stars) if stars in ("1", "2", "3", "4", "5") else None)
        return self._shown(self._chat.tell(visit, _language(visit, request), said))

    def _chrome(self, language: Language) -> Updates:
        """What surrounds the conversation; it changes with the language only."""
        return [
            _brand(self._chat.company(language), language),
            gr.update(value=write("new_conversation", language)),
            f"<p>{escape(write('disclaimer', language))}</p>",
        ]

    def _shown(self, view: View, *, typed: bool = True) -> Updates:
        """`typed` is whether the message came from the box, which may then forget it."""
        language = view.language
        placeholder: TextKey = "box_placeholder_waiting" if view.waiting else "box_placeholder"
        if view.agent:
            placeholder = "box_placeholder_agent"
        return [
            view.visit.stored(),
            self._value(view, typed=typed),
            _notice(view.notice),
            gr.update(
                label=write("box_label", language),
                placeholder=write(placeholder, language, name=view.agent),
                submit_btn=False if view.writing else write("send", language),
                stop_btn=write("stop", language) if view.writing else False,
            ),
            gr.update(value=write("talk_to_a_person", language), interactive=not view.waiting),
            # In the middle of an answer the end of it would switch the page back.
            gr.update(value=write("other_language", language), interactive=not view.writing),
        ]

    def _piece(self, view: View, *, typed: bool) -> Updates:
        """A longer piece of the same answer: nothing but the transcript changes."""
        return [gr.skip(), self._value(view, typed=typed), *[gr.skip()] * 4]

    def _value(self, view: View, *, typed: bool) -> dict[str, object]:
        """What page.js shows."""
        return {
            "conversation": view.visit.conversation,
            "turns": view.turns,
            "accepted": view.accepted if typed else "",
            "question": view.question,
            "writing": view.writing,
            "state": view.state,
            "language": "zh-CN" if view.language == "zh" else "en",
            "title": write("page_title", view.language, company=self._chat.company(view.language)),
            "label": write("transcript", view.language),
            "lost": write("connection_lost", view.language),
        }


def mount_page(app: FastAPI, frontdesk: Frontdesk, live: Live, pace: Pace) -> None:
    """Puts the page at the root of `app`. Nothing is fetched from anywhere else."""
    # Where no event loop runs, Gradio 6 opens five of its own and never closes one.
    asyncio.run(_mount(app, frontdesk, live, pace))


async def _mount(app: FastAPI, frontdesk: Frontdesk, live: Live, pace: Pace) -> None:
    page = Page(Chat(frontdesk, live, pace))
    page.blocks.queue(default_concurrency_limit=None)
    gr.mount_gradio_app(
        app,
        page.blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        max_file_size=0,
        theme=_theme(),
        css_paths=[_HERE / "page.css", _HERE / "conversation.css"],
        head=_HEAD,
    )


def _theme() -> gr.themes.Base:
    """Fonts of the visitor's own system: none is loaded."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC"]
    fonts += ["Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
    return gr.themes.Base(
        primary_hue="emerald",
        neutral_hue="stone",
        font=fonts,
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )


def _honest(handler: Callable[..., Updates]) -> Callable[..., Updates]:
    """What fails changes nothing on the page but the notice, which says so."""

    @functools.wraps(handler)
    def honest(stored: object, request: gr.Request, *rest: gr.EventData) -> Updates:
        language = _language(Visit.read(stored), request)
        try:
            return handler(stored, request, *rest)
        except TooFast as error:
            sentence = write("too_fast", language, seconds=error.seconds)
        except Exception:
            logger.exception("%s failed", handler.__name__)
            sentence = write("not_stored", language)
        return [gr.skip(), gr.skip(), _notice(sentence), *[gr.skip()] * 3]

    return honest


def _language(visit: Visit, request: gr.Request) -> Language:
    return visit.language or preferred_language(str(request.headers.get("accept-language", "")))


def _address(request: gr.Request) -> str:
    return str(request.client.host) if request.client else ""


def _brand(company: str, language: Language) -> str:
    return (
        f'<div class="brand"><span class="mark" aria-hidden="true">{escape(company[:1])}</span>'
        f"<div><h1>{escape(company)}</h1><p>{escape(write('subtitle', language))}</p></div></div>"
    )


def _notice(sentence: str) -> str:
    return f'<p role="alert">{escape(sentence)}</p>' if sentence else ""
