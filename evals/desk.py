"""The bot under test: the parts that the Config names, on a log that is thrown away.

The owner's conversations.db is never written by a measurement.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.build import build_generator, build_quote, intent_classifier
from bot.config import Config
from bot.log import ConversationLog
from bot.manager import DialogManager
from bot.types import Answer, Generator, Parts, Retriever
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.language import language_of
from knowledge.search import KnowledgeBase
from knowledge.token_vectors import Tokens
from knowledge.types import Embedder, Language, Progress, Reading, Vectors

# Texts that are embedded between two steps of the progress bar.
_CHUNK = 128


def silent(stage: str, done: int, total: int) -> None:
    """The Progress of who does not look."""


class Remembering:
    """An Embedder that keeps every reading, so that a whole set can be read at once before."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, tuple[Vectors, Vectors]] = {}
        self._tokens: dict[str, Tokens] = {}
        self.name = embedder.name
        self.dimensions = embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        self.warm(texts)
        return np.stack([self._vectors[text][0] for text in texts])

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.warm(texts)
        return [self._tokens[text].reading(*self._vectors[text]) for text in texts]

    def tokens(self, text: str) -> Tokens:
        """Raises KeyError for a text that was not read before."""
        return self._tokens[text]

    def warm(self, texts: Sequence[str], progress: Progress = silent) -> None:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            for text, reading in zip(chunk, self._embedder.read(chunk), strict=True):
                self._vectors[text] = reading.vector, reading.middle
                self._tokens[text] = Tokens.of(reading)
            progress("embed", min(start + _CHUNK, len(missing)), len(missing))


@dataclass(frozen=True)
class Desk:
    """`knowledge` is the knowledge base itself, whatever stands before it in `parts`."""

    config: Config
    parts: Parts
    embedder: Remembering
    knowledge: KnowledgeBase
    log: ConversationLog
    manager: DialogManager

    def ask(self, text: str, *, language: Language | None = None) -> Answer:
        """In a conversation of its own."""
        conversation = self.log.start(language or language_of(text), channel="eval")
        return self.say(conversation.id, text)

    def say(self, conversation_id: str, text: str) -> Answer:
        answer = list(self.manager.reply(conversation_id, text))[-1]
        if not isinstance(answer, Answer):
            raise TypeError(f"The reply ended with {answer!r} instead of an Answer.")
        return answer

    @property
    def models(self) -> dict[str, str]:
        return {"embedder": self.embedder.name, "generator": described(self.parts.generator)}


def described(generator: Generator) -> str:
    """Its name, with its model where it has one."""
    return " ".join(filter(None, (generator.name, generator.model)))


@contextmanager
def open_desk(
    config: Config,
    *,
    embedder: Embedder | None = None,
    generator: Generator | None = None,
    before_knowledge: Callable[[Retriever], Retriever] = lambda base: base,
) -> Iterator[Desk]:
    """Raises KnowledgeMissing, and the errors of what the Config names."""
    remembering = Remembering(embedder or load_embedder(config.embedder))
    base = KnowledgeBase(config.home, remembering, chroma_url=config.chroma_url)
    quote = build_quote()
    parts = Parts(
        embedder=remembering,
        intents=intent_classifier(config.home, base, remembering),
        knowledge=before_knowledge(base),
        generator=generator or build_generator(config) or quote,
        quote=quote,
    )
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as folder:
        log = ConversationLog(Path(folder) / "conversations.db")
        try:
            manager = DialogManager(log, parts, config)
            yield Desk(config, parts, remembering, base, log, manager)
        finally:
            log.close()
            base.close()


@contextmanager
def temporary_home(
    config: Config,
    paths: Sequence[Path],
    *,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Iterator[Config]:
    """The Config with a home that holds nothing but `paths`, ingested, and goes away afterwards.

    Raises the errors of Ingest.
    """
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as folder:
        chosen = embedder or load_embedder(config.embedder)
        Ingest(Path(folder), chosen, progress=progress).run(paths)
        yield config.model_copy(update={"home": Path(folder), "chroma_url": ""})
