"""A passage behind the question, as arrays that the network reads. Knows no weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.generators.writer.source import QUESTION_WORDS, Source
from bot.generators.writer.words import words_of
from bot.terms import terms
from knowledge.word_states import States


@dataclass(frozen=True)
class Page:
    """A passage behind the question. `states` are those of the question and of the passage.

    `text_at` is where the passage's text starts; `kinds` and `shared` are as in Reading.
    """

    states: tuple[States, States]
    kinds: NDArray[np.int32]
    shared: NDArray[np.int32]
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
    kinds = np.repeat(np.array([1, 2, 3], dtype=np.int32), sizes)
    return Page(states, kinds, np.array(shared, dtype=np.int32), sizes[0] + sizes[1])
