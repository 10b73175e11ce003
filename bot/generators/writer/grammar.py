"""Whether a sentence is good English, and the small change that makes it so. Knows no passage.

Two convolutions over the states of its words tag each word with what is wrong with it; the tags
were learnt from sentences that slips.py spoilt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.generators.writer.mends import Tag, mended
from bot.generators.writer.words import words_of
from knowledge.graph import Array
from knowledge.word_states import States

# A sentence that needs more changes than this is not mended.
_MOST_MENDS = 2
# From this probability of a mistake on, a change is tried.
_SLIP = 0.5
_MOST_JUDGED = 4096
# What is read has no apostrophes at the end of words, so the tags cannot see this one.
_ITS = re.compile(r"\bits'(?=\s)")


class Grammar:
    """`weights` are those of train_grammar.py; `states` gives the states (words, width) of words.

    `doubt` is the probability of a mistake from which a sentence that no change puts right is not
    told.
    """

    def __init__(
        self,
        weights: Mapping[str, Array],
        states: Callable[[Sequence[str]], States],
        *,
        doubt: float,
    ) -> None:
        self._weights = {name: values.astype(np.float32) for name, values in weights.items()}
        self._states = states
        self._doubt = doubt
        # The same questions get the same answers, and reading one takes as long as writing it.
        self._judged = lru_cache(maxsize=_MOST_JUDGED)(self._judge)

    def right(self, sentence: str) -> str | None:
        """The sentence, changed where that puts it right; None where it is too doubtful to tell."""
        return self._judged(sentence)

    def _judge(self, sentence: str) -> str | None:
        text = _ITS.sub("its", sentence)
        better = self._mended(text)
        return better or (text if self._wrong(text)[0] < self._doubt else None)

    def _mended(self, text: str) -> str | None:
        """None where the changes leave a slip, or none fits."""
        for _ in range(_MOST_MENDS):
            doubt, number, tag = self._wrong(text)
            if doubt < _SLIP:
                return text
            if (change := mended(text, words_of(text), number, tag)) is None:
                return None
            text = change
        return text if self._wrong(text)[0] < _SLIP else None

    def _wrong(self, text: str) -> tuple[float, int, Tag]:
        """The greatest doubt, at which word, and what is likeliest wrong with it."""
        words = [word.text for word in words_of(text)]
        if not words:
            return 0.0, 0, Tag.KEEP
        chances = self.tags(words)
        worst = int(chances[:, Tag.KEEP].argmin())
        tag = Tag(1 + int(chances[worst, 1:].argmax()))
        return 1 - float(chances[worst, Tag.KEEP]), worst, tag

    def tags(self, words: Sequence[str]) -> Array:
        """The probability of each tag at each word: (words, tags)."""
        x = _gelu(self._linear("bring_in", self._states(words)))
        for name in ("near", "far"):
            x = x + _gelu(self._convolution(name, x))
        odds = self._linear("judge", x)
        chances = np.exp(odds - odds.max(1, keepdims=True))
        found: Array = chances / chances.sum(1, keepdims=True)
        return found

    def _linear(self, name: str, x: Array) -> Array:
        product: Array = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _convolution(self, name: str, x: Array) -> Array:
        """Over a word and its two neighbours; PyTorch's weights are (out, in, 3)."""
        kernel, blank = self._weights[f"{name}.weight"], np.zeros((1, x.shape[1]), x.dtype)
        beside = (np.vstack([blank, x[:-1]]), x, np.vstack([x[1:], blank]))
        parts = [part @ kernel[:, :, at].T for at, part in enumerate(beside)]
        total: Array = parts[0] + parts[1] + parts[2] + self._weights[f"{name}.bias"]
        return total


def _gelu(x: Array) -> Array:
    from scipy.special import erf

    found: Array = x * 0.5 * (1 + erf(x / np.sqrt(2)))
    return found.astype(np.float32)


def read_grammar(folder: Path) -> dict[str, Array]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "grammar.safetensors"))
