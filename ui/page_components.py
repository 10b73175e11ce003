"""What the chat page is made of, and what each component shows of a View. Nothing happens here."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from knowledge.types import Language
from ui.chat import View
from ui.text import TextKey, write

_SCRIPT = Path(__file__).parent / "page.js"
# Gradio encrypts what it keeps in the browser with this. It protects nothing from the visitor whose
# browser it is; it stays the same so that a conversation outlives a restart of the server.
_STORAGE_SECRET = "frontdesk"  # noqa: S105

# A component that is left out stays as it is.
Updates = dict[Component, Any]


class PageComponents:
    """Laid out, in this order, in the gr.Blocks in which they are made. `company` names whose page
    it is.
    """

    def __init__(self, company: Callable[[Language], str]) -> None:
        self._company = company
        self.visit = gr.BrowserState(None, storage_key="frontdesk", secret=_STORAGE_SECRET)
        with gr.Row(elem_id="bar"):
            self._brand = gr.HTML("", elem_id="brand", apply_default_css=False, js_on_load=None)
            self.language = gr.Button("", elem_id="language", size="sm")
            self.new = gr.Button("", elem_id="new", size="sm")
            self.person = gr.Button("", elem_id="person", size="sm")
        self.transcript = gr.HTML(
            {"turns": []},
            elem_id="transcript",
            html_template='<div class="turns" role="log" aria-live="polite"></div>',
            js_on_load=_SCRIPT.read_text(encoding="utf-8"),
            apply_default_css=False,
        )
        with gr.Column(elem_id="composer"):
            self.notice = gr.HTML("", elem_id="notice", apply_default_css=False, js_on_load=None)
            self.box = gr.Textbox(
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

    def of_the_conversation(self) -> list[Component]:
        """Those that `show` and `say` change."""
        named = [self.visit, self.transcript, self.notice, self.box, self.person, self.language]
        return list[Component](named)

    def all(self) -> list[Component]:
        return [*self.of_the_conversation(), self._brand, self.new, self._disclaimer]

    def surround(self, language: Language) -> Updates:
        """What stands around the conversation; it changes with the language only."""
        return {
            self._brand: _brand(self._company(language), language),
            self.new: gr.update(value=write("new_conversation", language)),
            self._disclaimer: f"<p>{escape(write('disclaimer', language))}</p>",
        }

    def show(self, view: View, *, typed: bool = True) -> Updates:
        """`typed` is whether the message came from the box, which may then forget it."""
        language = view.language
        return {
            self.visit: view.visit.stored(),
            **self.show_turns(view, typed=typed),
            **self.say(view.notice),
            self.box: gr.update(
                label=write("box_label", language),
                placeholder=write(_placeholder(view), language, name=view.agent),
                submit_btn=False if view.writing else write("send", language),
                stop_btn=write("stop", language) if view.writing else False,
            ),
            self.person: gr.update(
                value=write("talk_to_a_person", language), interactive=not view.waiting
            ),
            # In the middle of an answer the end of it would switch the page back.
            self.language: gr.update(
                value=write("other_language", language), interactive=not view.writing
            ),
        }

    def show_turns(self, view: View, *, typed: bool) -> Updates:
        """The transcript alone: for another piece of the same answer. page.js shows it."""
        language = view.language
        value = {
            "conversation": view.visit.conversation,
            "turns": view.turns,
            "accepted": view.accepted if typed else "",
            "question": view.question,
            "writing": view.writing,
            "state": view.state,
            "language": "zh-CN" if language == "zh" else "en",
            "title": write("page_title", language, company=self._company(language)),
            "label": write("transcript", language),
            "lost": write("connection_lost", language),
        }
        return {self.transcript: value}

    def say(self, sentence: str) -> Updates:
        """The notice above the box; an empty sentence takes it away."""
        html = f'<p role="alert">{escape(sentence)}</p>' if sentence else ""
        return {self.notice: html}


def _placeholder(view: View) -> TextKey:
    if view.agent:
        return "box_placeholder_agent"
    return "box_placeholder_waiting" if view.waiting else "box_placeholder"


def _brand(company: str, language: Language) -> str:
    return (
        f'<div class="brand"><span class="mark" aria-hidden="true">{escape(company[:1])}</span>'
        f"<div><h1>{escape(company)}</h1><p>{escape(write('subtitle', language))}</p></div></div>"
    )
