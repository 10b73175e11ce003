"""The nouns of the knowledge base: documents, passages, matches, and the seam for embedders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Language = Literal["en", "zh"]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """One question of a tabular FAQ with its answer, and other ways in which it is asked."""

    question: str
    answer: str
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """One file as text: Markdown, or the entries of a tabular FAQ (then `markdown` is empty).

    `id` is the path below the ingested folder's parent: `shop/faq/en/returns.md`.
    """

    id: str
    title: str
    markdown: str = ""
    entries: tuple[Entry, ...] = ()


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
    information (inverse document frequency) that the passage's words hold.
    """

    passage: Passage
    score: float
    cosine: float
    lexical: float


@dataclass(frozen=True)
class IntentExample:
    """One customer's sentence that shows an intent, as a pack gives it."""

    intent: str
    text: str
    language: Language


class Embedder(Protocol):
    """Text to unit vectors. `name` identifies the weights: a store re-embeds when it changes."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns float32 of shape (len(texts), dimensions), each row of length 1."""
        ...


@runtime_checkable
class DeepEmbedder(Embedder, Protocol):
    """One that also shows, from the same pass, what its network holds of a text halfway through.

    The last layers bring together what means the same, those below still tell words apart.
    """

    def embed_deep(self, texts: Sequence[str]) -> Vectors:
        """Returns `embed`'s vectors with the others, each of length 1, in the columns behind."""
        ...


def deep_vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """(len(texts), dimensions or more): the vectors, with what is deeper where there is that."""
    return (
        embedder.embed_deep(texts) if isinstance(embedder, DeepEmbedder) else embedder.embed(texts)
    )
