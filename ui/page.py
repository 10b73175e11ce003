"""The chat page: one Gradio Blocks app. Wires its components to what happens, in ui/chat.py."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.feedback import Survey
from knowledge.types import Language
from ui.chat import Chat
from ui.language import browser_language
from ui.pace import Pace, TooFast
from ui.page_components import PageComponents, Updates
from ui.text import write
from ui.visit import Visit

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.build import Frontdesk
    from bot.live import Live

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent

# The keyboard of a phone shrinks the page instead of covering the box.
_HEAD = (
    '<meta name="viewport" content="width=device-width, initial-scale=1, '
    'interactive-widget=resizes-content">'
)


class Page:
    """One method for each thing that can be done on the page."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        with gr.Blocks(title="Frontdesk", analytics_enabled=False, fill_width=True) as self.blocks:
            self._components = PageComponents(chat.company)
            self._wire()

    def _wire(self) -> None:
        on = self._components
        view, visit = on.of_the_conversation(), [on.visit]
        quiet: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "concurrency_limit": None,
        }
        self.blocks.load(self._arrive, visit, on.all(), **quiet)
        on.language.click(self._switch, visit, on.all(), **quiet)
        on.person.click(self._honest(self._ask_for_person), visit, view, **quiet)
        on.transcript.person(self._honest(self._ask_for_person), visit, view, **quiet)
        # One listener for both, so that a second message waits in the box while one is answered.
        sending = gr.on(
            [on.box.submit, on.transcript.option_select],
            self._send,
            [on.box, on.visit],
            view,
            **quiet,
        )
        # Cancelled, so that the end of an answer cannot bring the old conversation back.
        on.new.click(self._start_anew, visit, view, cancels=[sending], **quiet)
        on.box.stop(self._stop, visit, None, **quiet)
        on.transcript.return_to_bot(self._honest(self._return_to_bot), visit, view, **quiet)
        on.transcript.refresh(self._refresh, visit, view, trigger_mode="multiple", **quiet)
        on.transcript.contact(self._honest(self._leave_contact), visit, view, **quiet)
        on.transcript.survey(self._honest(self._tell), visit, view, **quiet)

    def _arrive(self, stored: object, request: gr.Request) -> Updates:
        visit, language = _visitor(stored, request)
        view = self._chat.arrive(visit, language)
        return self._components.show(view) | self._components.surround(language)

    def _switch(self, stored: object, request: gr.Request) -> Updates:
        visit, before = _visitor(stored, request)
        language: Language = "en" if before == "zh" else "zh"
        view = self._chat.show(visit.speaking(language), language)
        return self._components.show(view) | self._components.surround(language)

    def _start_anew(self, stored: object, request: gr.Request) -> Updates:
        """Gradio's own cancelling now and then misses an answer between two of its pieces."""
        visit, language = _visitor(stored, request)
        self._chat.abandon(visit)
        return self._components.show(self._chat.show(visit.within(""), language))

    async def _send(
        self, text: str, stored: object, request: gr.Request, event: gr.EventData
    ) -> AsyncIterator[Updates]:
        visit, language = _visitor(stored, request)
        typed = event.target is not self._components.transcript
        if not typed:
            text = str(event._data.get("text", ""))
        writing = False
        async for view in self._chat.send(text, visit, language, _address(request)):
            same = writing and view.writing
            show = self._components.show_turns if same else self._components.show
            yield show(view, typed=typed)
            writing = view.writing

    def _stop(self, stored: object) -> None:
        self._chat.stop(Visit.read(stored))

    def _ask_for_person(self, stored: object, request: gr.Request) -> Updates:
        view = self._chat.ask_for_person(*_visitor(stored, request), _address(request))
        return self._components.show(view)

    def _return_to_bot(self, stored: object, request: gr.Request) -> Updates:
        return self._components.show(self._chat.return_to_bot(*_visitor(stored, request)))

    def _refresh(self, stored: object, request: gr.Request) -> Updates:
        """Somebody else has done something. What the customer was told before stays."""
        kept: Updates = {self._components.visit: gr.skip(), self._components.notice: gr.skip()}
        view = self._chat.refresh(*_visitor(stored, request))
        return self._components.show(view) | kept if view else kept

    def _leave_contact(self, stored: object, request: gr.Request, event: gr.EventData) -> Updates:
        email = str(event._data.get("email", ""))
        visitor = _visitor(stored, request)
        return self._components.show(self._chat.leave_contact(email, *visitor, _address(request)))

    def _tell(self, stored: object, request: gr.Request, event: gr.EventData) -> Updates:
        solved = {"yes": True, "no": False}.get(str(event._data.get("solved")))
        stars = str(event._data.get("stars"))
        said = Survey(solved, int(stars) if stars in ("1", "2", "3", "4", "5") else None)
        return self._components.show(self._chat.tell(*_visitor(stored, request), said))

    def _honest(self, handler: Callable[..., Updates]) -> Callable[..., Updates]:
        """What fails changes nothing on the page but the notice, which says so."""

        @functools.wraps(handler)
        def honest(stored: object, request: gr.Request, *rest: gr.EventData) -> Updates:
            _, language = _visitor(stored, request)
            try:
                return handler(stored, request, *rest)
            except TooFast as error:
                sentence = write("too_fast", language, seconds=error.seconds)
            except Exception:
                logger.exception("%s failed", handler.__name__)
                sentence = write("not_stored", language)
            return self._components.say(sentence)

        return honest


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


def _visitor(stored: object, request: gr.Request) -> tuple[Visit, Language]:
    """Who does something, and the language of what they read."""
    visit = Visit.read(stored)
    return visit, visit.language or browser_language(request.headers)


def _address(request: gr.Request) -> str:
    return str(request.client.host) if request.client else ""
