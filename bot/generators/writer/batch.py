"""Questions with their passages as the tensors that the network reads, tokens as its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bot.generators.writer.network import Reading
from bot.generators.writer.source import QUESTION_WORDS, Source
from bot.generators.writer.walk import COPY, copied
from bot.generators.writer.words import words_of
from bot.terms import terms
from knowledge.word_states import WIDTH, States


@dataclass(frozen=True)
class Page:
    """A passage behind the question. `states` are those of the question and of the passage.

    `text_at` is where the passage's text starts; `kinds` and `shared` are as in Reading.
    """

    states: tuple[States, States]
    kinds: NDArray[np.int8]
    shared: NDArray[np.int8]
    text_at: int

    def __len__(self) -> int:
        return len(self.kinds)


@lru_cache(maxsize=65536)
def _stems(word: str) -> frozenset[str]:
    return frozenset(terms(word))


def question_words(question: str) -> list[str]:
    return [word.text for word in words_of(question)][:QUESTION_WORDS] or ["?"]


def source_words(source: Source) -> list[str]:
    return [*source.heading, *(word.text for word in source.text)]


def page(question: str, source: Source, states: tuple[States, States]) -> Page:
    asked = question_words(question)
    sizes = [len(asked), len(source.heading), len(source.text)]
    stems = [_stems(word) for word in (*asked, *source_words(source))]
    sides = frozenset().union(*stems[: sizes[0]]), frozenset().union(*stems[sizes[0] :])
    shared = [bool(stem & sides[number < sizes[0]]) for number, stem in enumerate(stems)]
    kinds = np.repeat(np.array([1, 2, 3], dtype=np.int8), sizes)
    return Page(states, kinds, np.array(shared, dtype=np.int8), sizes[0] + sizes[1])


@dataclass(frozen=True)
class Batch:
    """`offsets[example][passage]` is where the text of a passage starts in the memory."""

    reading: Reading
    offsets: tuple[tuple[int, ...], ...]

    @property
    def size(self) -> int:
        """How many numbers the network tells apart: joints and words of the memory."""
        return COPY + self.reading.kinds.shape[1] * self.reading.kinds.shape[2]

    def place(self, example: int, token: int) -> int:
        """The network's number of a token of walk.py."""
        copy = copied(token)
        return token if copy is None else COPY + self.offsets[example][copy[0]] + copy[1]

    def mask(self, example: int, allowed: Sequence[int]) -> Tensor:
        """Which of the `size` numbers may come next."""
        mask = torch.zeros(self.size, dtype=torch.bool)
        mask[[self.place(example, token) for token in allowed]] = True
        return mask


def batch(examples: Sequence[Sequence[Page]]) -> Batch:
    """Pads the pages of all examples to one size."""
    passages = max(map(len, examples))
    length = max(len(page) for pages in examples for page in pages)
    shape = (len(examples), passages, length)
    states = np.zeros((*shape, WIDTH), dtype=np.float32)
    kinds = np.zeros(shape, dtype=np.int64)
    shared = np.zeros(shape, dtype=np.int64)
    for row, pages in enumerate(examples):
        for column, page in enumerate(pages):
            end = len(page)
            np.concatenate(page.states, out=states[row, column, :end], casting="same_kind")
            kinds[row, column, :end] = page.kinds
            shared[row, column, :end] = page.shared
    offsets = tuple(
        tuple(column * length + page.text_at for column, page in enumerate(pages))
        for pages in examples
    )
    reading = Reading(*(torch.from_numpy(array) for array in (states, kinds, shared)))
    return Batch(reading, offsets)
