"""Fakes at the four seams, and real parts in temporary folders, shared by all tests."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bot.config import Config
from bot.log import ConversationLog
from bot.types import Intent, Prompt
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder, Language, LookUp, Match, Passage, Reading, Vectors
from knowledge.words import words


def _buckets(text: str) -> list[int]:
    return [hashlib.sha256(word.encode()).digest()[0] % 64 for word in words(text)]


class BagEmbedder:
    """Words hashed into 64 buckets: equal words, near vectors. Counts the texts it embedded."""

    def __init__(self, name: str = "bag-of-words") -> None:
        self.name = name
        self.dimensions = 64
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return self._bags(texts)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        vectors = self.embed(texts)
        return [
            Reading(vector, self._bags(words(text)), np.array(_buckets(text), dtype=np.int32))
            for vector, text in zip(vectors, texts, strict=True)
        ]

    def _bags(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for bucket in _buckets(text):
                vectors[row, bucket] += 1.0
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


@dataclass
class FixedIntents:
    """The intent whose key is in the message, else an unknown one."""

    by_word: dict[str, str] = field(default_factory=dict)

    def classify(self, text: str, vector: Vectors) -> Intent:
        for word, name in self.by_word.items():
            if word in text.lower():
                return Intent(name, 0.9, known=True)
        return Intent("nothing", 0.1, known=False)


@dataclass
class FixedRetriever:
    """The matches whose key is in the message, else none. Keeps what it was asked."""

    by_word: dict[str, list[Match]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    version: str = "0001"

    def corrected(self, text: str) -> str:
        return text

    def look_up(self, text: str) -> LookUp:
        return LookUp(self.version, Future())

    def search(
        self,
        text: str,
        reading: Reading,
        *,
        looked_up: LookUp | None = None,
        k: int,
        language: Language | None = None,
    ) -> list[Match]:
        self.asked.append(text)
        for word, matches in self.by_word.items():
            if word in text.lower():
                return matches[:k]
        return []


@dataclass
class ScriptedGenerator:
    """Yields its pieces; an exception among them is raised. Remembers prompts and closing."""

    pieces: Sequence[str | BaseException]
    name: str = "scripted"
    model: str = "script"
    prompts: list[Prompt] = field(default_factory=list)
    closed: int = 0

    def generate(self, prompt: Prompt) -> Iterator[str]:
        self.prompts.append(prompt)
        try:
            for piece in self.pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            self.closed += 1


def make_passage(
    text: str, *, question: str = "", name: str = "a", language: Language = "en"
) -> Passage:
    path = (question,) if question else ()
    return Passage(f"doc.md#{name}", "doc.md", "Doc", path, question, text, language)


def make_match(text: str, *, score: float = 0.9, question: str = "", name: str = "a") -> Match:
    return Match(make_passage(text, question=question, name=name), score, score, score)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ConversationLog]:
    opened = ConversationLog(tmp_path / "conversations.db")
    yield opened
    opened.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path)


@pytest.fixture(scope="session")
def built_in_embedder() -> Embedder:
    return load_embedder("built-in")


@pytest.fixture(scope="session")
def shop_home(tmp_path_factory: pytest.TempPathFactory, built_in_embedder: Embedder) -> Path:
    """A home with the demo pack, ingested once. Tests must not change it."""
    home = tmp_path_factory.mktemp("shop")
    Ingest(home, built_in_embedder).run([DEMO_PACK])
    return home


@pytest.fixture
def permissions_hold() -> Iterator[None]:
    """Root, too, is refused what a file's permissions refuse: the thread gives up its privilege."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    without = (ctypes.c_uint32 * 6)(*before)
    without[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH are not in effect
    assert libc.capset(header, without) == 0
    yield
    assert libc.capset(header, before) == 0
