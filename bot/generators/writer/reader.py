"""What the writer has read: questions and passages as words, and the words as states."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from bot.generators.writer.page import Page, page, question_words, source_words
from bot.generators.writer.walk import Walk
from knowledge.word_states import States, WordStates

# The words whose states are remembered: the same passages are read again and again. 60 MiB.
MOST_WORDS = 40_000


class Reader:
    """Safe for several threads."""

    def __init__(self, *, most_words: int = MOST_WORDS) -> None:
        self._encoder = WordStates()
        self._states: OrderedDict[tuple[str, ...], States] = OrderedDict()
        self._words, self._most_words = 0, most_words
        self._lock = threading.Lock()

    @property
    def use(self) -> float:
        """The share of what can be remembered that is."""
        return self._words / self._most_words

    def pages(self, walk: Walk) -> list[Page]:
        """The walk's sources, each behind its question."""
        asked = tuple(question_words(walk.question))
        told = [tuple(source_words(source)) for source in walk.sources]
        first, *rest = self._encode([asked, *told])
        return [
            page(walk.question, source, (first, states))
            for source, states in zip(walk.sources, rest, strict=True)
        ]

    def deep_states(self, words: Sequence[str]) -> States:
        """What grammar.py reads of a sentence: (words, 2 * WIDTH)."""
        return self._encoder.deep_states([words])[0]

    def _encode(self, texts: Sequence[tuple[str, ...]]) -> list[States]:
        with self._lock:
            known = {text: self._states[text] for text in texts if text in self._states}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known |= zip(new, self._encoder.states(new), strict=True)
        with self._lock:
            for text in dict.fromkeys(texts):
                self._remember(text, known[text])
        return [known[text] for text in texts]

    def _remember(self, text: tuple[str, ...], states: States) -> None:
        if text not in self._states:
            self._words += len(text)
        self._states[text] = states
        self._states.move_to_end(text)
        while self._words > self._most_words:
            oldest, _ = self._states.popitem(last=False)
            self._words -= len(oldest)
