"""A whole Frontdesk for the tests of page and API: real manager, real log, fakes at the seams.

A word in the message decides what happens: refund is answered from two passages, return asks which
one was meant, slow takes its time, explode fails, human wants a person; anything else is unknown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

from bot.build import Frontdesk, build
from bot.config import Config
from bot.generators.quote import QuoteGenerator
from bot.line import Line
from bot.log import ConversationLog
from bot.manager import DialogManager
from bot.suggestions import Suggestions
from bot.types import Parts, Prompt
from knowledge.ingest import Ingest
from knowledge.pack import Pack
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Language, LookUp, Match, Reading
from tests.conftest import BagEmbedder, FixedIntents, FixedRetriever, make_match
from ui.server import create_app

REFUND = make_match(
    "Refunds take **five working days**. We send them to https://shop.example/wallet.",
    question="How long do refunds take?",
    name="refund",
)
CARD = make_match(
    "Card refunds need two days more. <script>document.title = 'broken in'</script>",
    score=0.7,
    question="And with a <b>card</b>?",
    name="card",
)
HOW = make_match("Print the label first.", question="How do I send it back?", name="how")
WHEN = make_match("You have thirty days.", question="When must it be back?", name="when")
SLOW = make_match(
    " ".join(f"Step {number} is easy." for number in range(1, 101)),
    question="What is slow?",
    name="slow",
)
_ZH = make_match("退款需要五个工作日。", question="退款要多久？", name="refund-zh")
REFUND_ZH = replace(_ZH, passage=replace(_ZH.passage, language="zh"))

STARTERS: dict[Language, tuple[str, ...]] = {
    "en": ("How long do refunds take?", "What is <i>slow</i>?"),
    "zh": ("退款要多久？",),
}


@dataclass
class KeyedRetriever(FixedRetriever):
    """Fails where the message says explode."""

    pack: Pack = field(
        default_factory=lambda: Pack({"en": "Larkfell & Sons", "zh": "岚山户外"}, STARTERS)
    )

    def search(
        self,
        text: str,
        reading: Reading,
        *,
        looked_up: LookUp | None = None,
        k: int,
        language: Language | None = None,
    ) -> list[Match]:
        if "explode" in text:
            raise RuntimeError("the index is gone")
        return super().search(text, reading, k=k, language=language)


@dataclass
class ReadingGenerator:
    """Reads the passages out, a sentence a piece; slowly where that was asked for."""

    name: str = "reading"
    model: str = "voice"
    pause_seconds: float = 0.15
    writing: set[object] = field(default_factory=set)
    closed: threading.Event = field(default_factory=threading.Event)

    def generate(self, prompt: Prompt) -> Iterator[str]:
        slow = "slow" in prompt.question
        answer = object()
        self.writing.add(answer)
        try:
            for passage in prompt.passages:
                for sentence in passage.text.split(". "):
                    if slow:
                        time.sleep(self.pause_seconds)
                    yield sentence.rstrip(".") + ". " if "。" not in sentence else sentence
        finally:
            self.writing.discard(answer)
            self.closed.set()


@dataclass
class Desk:
    frontdesk: Frontdesk
    generator: ReadingGenerator

    @property
    def log(self) -> ConversationLog:
        return self.frontdesk.log


def make_desk(home: Path, **settings: Any) -> Desk:
    """Tests are quicker than customers: without `settings`, their messages are as good as free."""
    free = {"messages_per_minute": 10_000, "address_messages_per_minute": 10_000}
    config = Config(home=home, max_message_chars=4000, **(free | settings))
    log = ConversationLog(home / "conversations.db")
    generator = ReadingGenerator()
    retriever = KeyedRetriever(
        {
            "explode": [],
            "refund": [REFUND, CARD],
            "退款": [REFUND_ZH],
            "return": [HOW, WHEN],
            "send it back": [HOW],
            "must it be": [WHEN],
            "slow": [SLOW],
        }
    )
    intents = FixedIntents({"human": "ask_for_person", "hello": "greeting"})
    parts = Parts(BagEmbedder(), intents, retriever, generator, QuoteGenerator())
    line = Line(at_once=config.answers_at_once, length=config.line_length)
    manager = DialogManager(log, parts, config, line)
    suggestions = Suggestions(log, parts, config, line)
    knowledge = cast(KnowledgeBase, retriever)
    return Desk(Frontdesk(config, log, knowledge, manager, suggestions), generator)


def make_app(desk: Desk) -> FastAPI:
    return _app(desk.frontdesk)


def ingested_app(folder: Path, faq: str, embedder: Embedder) -> FastAPI:
    """Nothing is fake in it: the FAQ is written to docs/faq.md in the folder, and its home is built
    from that.
    """
    (folder / "docs").mkdir()
    (folder / "docs" / "faq.md").write_text(faq, encoding="utf-8")
    Ingest(folder / "home", embedder).run([folder / "docs"])
    return _app(build(Config(home=folder / "home")))


def _app(frontdesk: Frontdesk) -> FastAPI:
    """In a thread of its own: Playwright leaves an event loop running in that of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(create_app, frontdesk).result()


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
