"""The nouns of a conversation, and the three seams of the bot: classifier, retriever, generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from knowledge.types import Embedder, Language, LookUp, Match, Passage, Reading, Vectors

Role = Literal["customer", "bot", "agent", "system"]
Status = Literal["accepted", "done", "failed", "cancelled"]
Rating = Literal["up", "down"]


class Owner(StrEnum):
    """Who answers the customer now."""

    BOT = "bot"
    WAITING = "waiting"  # the customer asked for a person
    AGENT = "agent"
    CLOSED = "closed"


class Route(StrEnum):
    """What the bot does with a message."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    DECLINE = "decline"
    HAND_OFF = "hand_off"
    SMALL_TALK = "small_talk"
    SILENT = "silent"  # a person owns the conversation


@dataclass(frozen=True)
class Intent:
    """What the customer wants. `known` is false where the message fits no intent."""

    name: str
    confidence: float
    known: bool


@dataclass(frozen=True)
class Citation:
    """A passage that an answer rests on, with its text as it was then."""

    passage_id: str
    document: str
    title: str
    text: str
    score: float


@dataclass(frozen=True)
class Span:
    """Where words of an answer come from: `start` to `end` of its text, and of the passage's."""

    start: int
    end: int
    passage_id: str
    source_start: int
    source_end: int


@dataclass(frozen=True)
class Told:
    """An answer that was written by copying: `spans` say where its words come from."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Turn:
    id: int
    conversation_id: str
    role: Role
    text: str
    status: Status
    created_at: str
    route: Route | None = None
    citations: tuple[Citation, ...] = ()
    options: tuple[str, ...] = ()
    rating: Rating | None = None
    agent: str = ""  # who wrote it, or whom it tells of
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class BotTurn:
    """All that is stored of one turn of the bot. `cited` holds the ids of the passages cited."""

    text: str
    route: Route
    rule: str
    intent: Intent | None = None
    matches: tuple[Match, ...] = ()
    cited: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()
    options: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    generator: str = ""
    model: str = ""
    knowledge_version: str = ""
    error: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    owner: Owner = Owner.BOT


@dataclass(frozen=True)
class Conversation:
    """`id` is unguessable: it is the customer's key to it. `agent` is who serves it, if any."""

    id: str
    language: Language
    owner: Owner
    created_at: str
    turns: tuple[Turn, ...] = ()
    agent: str = ""


@dataclass(frozen=True)
class Prompt:
    """All that a generator may know: the question, what was said before, and the passages."""

    question: str
    passages: tuple[Passage, ...]
    language: Language
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A part of an answer that may be shown at once; the pieces in order make up the text.

    Where the answer has to wait for others, pieces without text say its `place` in line.
    """

    text: str
    place: int = 0


@dataclass(frozen=True)
class Answer:
    """The end of a bot's turn. `options` are the questions to choose from when it clarifies."""

    conversation_id: str
    turn_id: int
    text: str
    route: Route
    language: Language
    owner: Owner
    intent: Intent | None = None
    citations: tuple[Citation, ...] = ()
    spans: tuple[Span, ...] = ()
    options: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """How busy a model is: answers, the share of its cache in use, all tokens written so far."""

    writing: int
    waiting: int
    cache_use: float
    tokens: int


class IntentClassifier(Protocol):
    def classify(self, text: str, vector: Vectors) -> Intent:
        """`vector` is a Reading's `deep` one."""
        ...


class Retriever(Protocol):
    @property
    def version(self) -> str: ...

    def corrected(self, text: str) -> str:
        """The text with misspelt words put right, as far as the knowledge would know them."""
        ...

    def look_up(self, text: str) -> LookUp:
        """Begins to look up the words of `text`, for a search that follows."""
        ...

    def search(
        self,
        text: str,
        reading: Reading,
        *,
        looked_up: LookUp | None = None,
        k: int,
        language: Language | None = None,
    ) -> list[Match]:
        """The best k matches, best first. `language` is preferred where scores are close."""
        ...


class Generator(Protocol):
    """Writes an answer. Closing the iterator cancels the work behind it."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    def generate(self, prompt: Prompt) -> Iterator[str]: ...


@runtime_checkable
class OfferingGenerator(Generator, Protocol):
    """A generator that knows several answers to one prompt: agents may choose among them."""

    def candidates(
        self, prompt: Prompt, n: int, *, check: Callable[[], None] = ...
    ) -> Sequence[Told]:
        """At most `n` that differ, the likeliest first; empty where it has none. `check` is called
        while they are made: what it raises ends the work.
        """
        ...


@runtime_checkable
class LocalGenerator(Generator, Protocol):
    """A generator whose model runs on this machine, and who therefore knows how busy it is.

    What `generate` returns gives control back every 0.1 s or so, with an empty piece where there
    is no word, and closes within a second.
    """

    @property
    def at_once(self) -> int:
        """How many answers it writes at the same moment."""
        ...

    @property
    def healthy(self) -> bool:
        """False where its model fails again and again: the process should be started anew."""
        ...

    def load(self) -> Load: ...

    def warm_up(self) -> None:
        """Loads what else the first customer would wait for."""
        ...

    def close(self) -> None:
        """Ends what is being written."""
        ...


@dataclass(frozen=True)
class Parts:
    """What stands at the seams; `bot/build.py` chooses it from the Config. `quote` writes where
    `generator` cannot.
    """

    embedder: Embedder
    intents: IntentClassifier
    knowledge: Retriever
    generator: Generator
    quote: Generator
