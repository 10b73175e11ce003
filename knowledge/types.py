"""The nouns of the knowledge base: documents, passages, matches, and the seam for embedders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Language = Literal["en", "zh"]
Vectors = NDArray[np.float32]
# Told the name of a stage, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]

# How many of a token's dimensions are kept. They have no order: the first are as good as any.
TOKEN_DIMENSIONS = 128


@dataclass(frozen=True)
class Entry:
    """One question of a tabular FAQ with its answer, and other ways in which it is asked."""

    question: str
    answer: str
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """One file as text: Markdown, or the entries of a tabular FAQ (then `markdown` is empty).

    `id` is the path below the ingested folder's parent: `shop/faq/en/returns.md`. `unanswered` are
    the questions of rows without an answer, `unasked` the answers of rows without a question.
    """

    id: str
    title: str
    markdown: str = ""
    entries: tuple[Entry, ...] = ()
    unanswered: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """What is found and cited: an FAQ entry, or a heading with its text.

    `id` is `document#slug-of-the-heading`; `path` holds the headings above the text, the outermost
    first; `question` is empty unless the passage is an FAQ entry, and `asked` holds other ways in
    which customers ask it.
    """

    id: str
    document: str
    title: str
    path: tuple[str, ...]
    question: str
    text: str
    language: Language
    asked: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The innermost heading, or the document's title where there is none."""
        return self.question or (self.path[-1] if self.path else self.title)


@dataclass(frozen=True)
class Match:
    """A passage that was found. `score` is in 0..1 and comparable across queries.

    `cosine` is the better one of the vectors' similarities, `lexical` the share of the query's
    information (inverse document frequency) that the passage's words hold, `coverage` how much of
    what the query's tokens say its own do.
    """

    passage: Passage
    score: float
    cosine: float
    lexical: float
    coverage: float = 0.0


@dataclass(frozen=True)
class FullText:
    """What the words of a query say: `scores` by passage number, and `unknown`, both in 0..1.

    A score is BM25 (Robertson & Zaragoza 2009) divided by the most that a passage could reach for
    the query, so it is the share of the query's information that the passage's words hold, and
    comparable across queries. `unknown` is the share of the words that no passage holds at all.
    """

    scores: dict[int, float]
    unknown: float


@dataclass(frozen=True)
class LookUp:
    """The words of a query while they are looked up in a `version` of the knowledge."""

    version: str
    words: Future[FullText]


@dataclass(frozen=True)
class IntentExample:
    """One customer's sentence that shows an intent, as a pack gives it."""

    intent: str
    text: str
    language: Language


@dataclass(frozen=True)
class Reading:
    """What an encoder makes of a text: one `vector` (dimensions,) of all that it says, and `tokens`
    (tokens, TOKEN_DIMENSIONS), what each token says in it; all of length 1. `ids` (tokens,) has the
    tokens' numbers in the encoder's vocabulary.

    `middle` (dimensions,) is the vector halfway through the network: the last layers bring together
    what means the same, those below still tell words apart. It is empty where that is not shown.
    """

    vector: Vectors
    tokens: Vectors
    ids: NDArray[np.int32]
    middle: Vectors = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    @property
    def deep(self) -> Vectors:
        """The vector and the middle, one behind the other."""
        return np.concatenate([self.vector, self.middle])


class Embedder(Protocol):
    """Text to unit vectors. `name` identifies the weights: a store re-embeds when it changes."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns float32 of shape (len(texts), dimensions), each row of length 1."""
        ...

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """The same vectors, with those of the tokens and the middle."""
        ...


def deep_vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """(len(texts), dimensions or more)."""
    return np.stack([reading.deep for reading in embedder.read(texts)])
