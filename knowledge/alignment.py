"""Which English words a Chinese token stands for, learnt from translations alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# After eight rounds the likeliest words hardly change.
_ROUNDS = 8
# Longer sentences have many times more links, and each says less.
_LONGEST = 45
# Makes the likely translations of a token count for more than the long tail of unlikely ones.
_SHARPNESS = 1.5


@dataclass(frozen=True)
class Alignment:
    """`shares` (Chinese tokens, English tokens): rows add up to 1, or to 0 where none was found.
    `counts` (Chinese tokens,): how often each was linked to any English word."""

    shares: csr_matrix
    counts: NDArray[np.float64]


def align(
    pairs: Iterable[tuple[Sequence[int], Sequence[int]]], *, chinese: int, english: int, null: int
) -> Alignment:
    """IBM model 1 (Brown et al. 1993) over pairs of Chinese and English token ids.

    A Chinese token comes from one English token of the sentence or from `null`, an id of no word,
    which takes what has no counterpart. `chinese` and `english` are the sizes of the vocabularies.
    """
    words, sources, slots = _links(pairs, null)
    keys, link = np.unique(words * english + sources, return_inverse=True)
    word, source = np.divmod(keys, english)
    likely: NDArray[np.float64] = np.ones(len(keys))
    expected = likely
    for _ in range(_ROUNDS):
        weights = likely[link]
        weights /= _sums(slots, weights)[slots]
        expected = _sums(link, weights)
        likely = expected / _sums(source, expected)[source]
    expected[source == null] = 0.0
    counts = _sums(word, expected, size=chinese)
    shares = _sharpened(expected, word, chinese)
    return Alignment(csr_matrix((shares, (word, source)), shape=(chinese, english)), counts)


def _links(
    pairs: Iterable[tuple[Sequence[int], Sequence[int]]], null: int
) -> tuple[NDArray[np.int64], ...]:
    """Every Chinese token beside every English one of its sentence; the tokens are numbered."""
    words, sources, slots, count = [], [], [], 0
    for chinese, english in pairs:
        if max(len(chinese), len(english)) <= _LONGEST:
            row = [null, *english]
            words.append(np.repeat(np.array(chinese, dtype=np.int64), len(row)))
            sources.append(np.tile(np.array(row, dtype=np.int64), len(chinese)))
            slots.append(np.repeat(np.arange(count, count + len(chinese)), len(row)))
            count += len(chinese)
    return np.concatenate(words), np.concatenate(sources), np.concatenate(slots)


def _sharpened(
    expected: NDArray[np.float64], word: NDArray[np.int64], size: int
) -> NDArray[np.float64]:
    """Shares of each word's row; a word that is linked to nothing has none."""
    shares = (expected / np.maximum(_sums(word, expected, size=size)[word], 1e-9)) ** _SHARPNESS
    sharpened: NDArray[np.float64] = shares / np.maximum(_sums(word, shares, size=size)[word], 1e-9)
    return sharpened


def _sums(
    groups: NDArray[np.int64], values: NDArray[np.float64], *, size: int = 0
) -> NDArray[np.float64]:
    """The values of each group added up."""
    return np.bincount(groups, values, minlength=size).astype(np.float64, copy=False)
