"""Passages that say the same in both languages: an entry and its translation. Knows no text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.types import Language, Vectors

# In the demo shop's documents translations have a cosine of 0.79 at least, and of the passages of
# the other language that are none, 95 % have less than 0.74. An encoder of one language gives less.
_LEAST_COSINE = 0.7
# Rows that are compared with all of the other language at once.
_BLOCK = 1000


def find_twins(languages: Sequence[Language], meanings: Vectors) -> dict[int, int]:
    """Passage number (from 1) -> number of its twin in the other language, both ways.

    `meanings` (passages, dimensions) are unit vectors. Twins are mutual nearest neighbours, which
    is how translations are mined from text (Schwenk 2018).
    """
    english, chinese = (
        np.flatnonzero([language == wanted for language in languages]) for wanted in ("en", "zh")
    )
    if not len(english) or not len(chinese):
        return {}
    nearest, cosines = _nearest(meanings[english], meanings[chinese])
    back, _ = _nearest(meanings[chinese], meanings[english])
    twins: dict[int, int] = {}
    for row, (column, cosine) in enumerate(zip(nearest, cosines, strict=True)):
        if back[column] == row and cosine >= _LEAST_COSINE:
            one, other = int(english[row]) + 1, int(chinese[column]) + 1
            twins |= {one: other, other: one}
    return twins


def _nearest(rows: Vectors, columns: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    """Of each row, the column with the greatest cosine, and that cosine. The cosines of one block
    are in memory at a time.
    """
    nearest = np.empty(len(rows), dtype=np.int64)
    cosines = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK] @ columns.T
        nearest[start : start + _BLOCK] = block.argmax(axis=1)
        cosines[start : start + _BLOCK] = block.max(axis=1)
    return nearest, cosines
