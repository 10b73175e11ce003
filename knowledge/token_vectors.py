"""How much of a query a passage holds, token by token: late interaction."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.passage_vectors import passage_number
from knowledge.types import Reading, Vectors

# A coordinate of a unit vector in a byte.
_SCALE = 127.0
# What a token that nearly every passage holds still weighs.
_LEAST_WEIGHT = 0.05


@dataclass(frozen=True)
class Tokens:
    """A text's tokens as they are kept: `ids` (tokens,), `vectors` (tokens, dimensions)."""

    ids: NDArray[np.int32]
    vectors: NDArray[np.int8]

    @staticmethod
    def of(reading: Reading) -> Tokens:
        """The vectors in a quarter of their room."""
        return Tokens(reading.ids, np.rint(reading.tokens * _SCALE).astype(np.int8))

    @staticmethod
    def from_bytes(ids: bytes, vectors: bytes) -> Tokens:
        numbers = np.frombuffer(ids, dtype=np.int32)
        shape = (len(numbers), len(vectors) // max(1, len(numbers)))
        return Tokens(numbers, np.frombuffer(vectors, dtype=np.int8).reshape(shape))

    def reading(self, vector: Vectors, *middle: Vectors) -> Reading:
        tokens = self.vectors.astype(np.float32) / np.float32(_SCALE)
        return Reading(vector, tokens, self.ids, *middle)


class TokenVectors:
    """The tokens of what every passage says and of all ways in which it is asked, in three files.

    They lie in the order of the passages; a search touches those of its candidates and no others.
    """

    def __init__(self, folder: Path) -> None:
        self._starts: NDArray[np.int64] = np.load(folder / _STARTS, allow_pickle=False)
        load = np.memmap if self._starts[-1] else np.fromfile
        # As a plain array of the mapped bytes: a slice of a memmap takes eight times as long.
        flat: NDArray[np.int8] = np.asarray(load(folder / _VECTORS, dtype=np.int8))
        self._vectors = flat.reshape(int(self._starts[-1]), -1) if flat.size else flat
        counts: NDArray[np.int64] = np.load(folder / _COUNTS, allow_pickle=False)
        self._counts: dict[int, int] = dict(counts.tolist())

    @staticmethod
    def save(folder: Path, count: int, keys: Sequence[str], tokens: Iterable[Tokens]) -> None:
        """`tokens` has those of each key of knowledge/passage_vectors.py, where the keys of one
        passage follow each other; passages are numbered 1 to `count`.
        """
        lengths = np.zeros(count + 1, dtype=np.int64)
        held: dict[int, set[int]] = {}
        with (folder / _VECTORS).open("wb") as file:
            for key, of_text in zip(keys, tokens, strict=True):
                n = passage_number(key)
                lengths[n] += len(of_text.ids)
                held.setdefault(n, set()).update(of_text.ids.tolist())
                file.write(of_text.vectors.tobytes())
        counts = Counter(number for ids in held.values() for number in ids)
        pairs = np.array(sorted(counts.items()), dtype=np.int64).reshape(-1, 2)
        np.save(folder / _STARTS, np.cumsum(lengths), allow_pickle=False)
        np.save(folder / _COUNTS, pairs, allow_pickle=False)

    def within(self, numbers: NDArray[np.intp], *, most: int, least: int) -> int:
        """How many of the passages, from the first one on, have at most `most` tokens together; at
        least `least`.
        """
        together = np.cumsum(self._starts[numbers] - self._starts[numbers - 1])
        return max(least, int(np.searchsorted(together, most, side="right")))

    def coverage(self, query: Reading, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        """(passages,), at most 1: of each of these. A token counts by how few passages hold it."""
        total = len(self._starts) - 1
        held = (self._counts.get(number, 0) for number in query.ids.tolist())
        idf = [max(_LEAST_WEIGHT, math.log((total + 1) / (n + 0.5))) for n in held]
        weights = np.array(idf, dtype=np.float32)
        starts, ends = self._starts[numbers - 1], self._starts[numbers]
        # Converted while they are brought together: the bytes are read once.
        size = int((ends - starts).sum())
        tokens = np.empty((size, *self._vectors.shape[1:]), dtype=np.float32)
        place = 0
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            tokens[place : place + end - start] = self._vectors[start:end]
            place += end - start
        return _coverage(query.tokens, tokens, ends - starts, weights)


def _coverage(
    query: Vectors, tokens: Vectors, lengths: NDArray[np.int64], weights: Vectors
) -> NDArray[np.float64]:
    """(passages,): the mean over the query's tokens of the cosine to that token of the passage
    which says the most like it; 0 where one of the two has no tokens. `tokens` are those of all
    passages, of which each has `lengths` (passages,).

    This is ColBERT's MaxSim (Khattab & Zaharia 2020) with an encoder that was not trained for it.
    The vector of a whole text can be near though half of the question is about something else; here
    every token of the question has to find its like.
    """
    covered = np.zeros(len(lengths))
    filled = np.flatnonzero(lengths)
    if query.size and filled.size:
        starts = np.cumsum(lengths[filled]) - lengths[filled]
        # The long side first: query @ tokens.T takes twice as long.
        best = np.maximum.reduceat(tokens @ query.T, starts, axis=0)
        # Without BLAS: in a benchmark its product once warned of an invalid value.
        covered[filled] = np.einsum("pt,t->p", best, weights) / (weights.sum() * _SCALE)
    return covered


_VECTORS, _STARTS, _COUNTS = "tokens.bin", "token_starts.npy", "token_counts.npy"
