"""How well two sets of vectors find translations in each other: the tower's validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.parallel import POOL, Pair
from knowledge.types import Vectors


@dataclass(frozen=True)
class Found:
    """The shares of a group's texts whose translation came first among POOL, in both directions."""

    group: str
    pairs: int
    english_from_chinese: float
    chinese_from_english: float


def check_translations(
    pairs: Sequence[Pair], chinese: Vectors, english: Vectors, *, by: Callable[[Pair], str]
) -> list[Found]:
    """Both kinds of vectors are (len(pairs), dimensions), their rows in the order of `pairs`.

    At most POOL texts of a group are looked for. A smaller group is searched for among pairs of its
    own kind, too, and then among all others. Of two pairs that share a text, each one's other text
    translates it.
    """
    groups = defaultdict(list)
    for row, pair in enumerate(pairs):
        groups[by(pair)].append(row)
    found = []
    for group, rows in sorted(groups.items()):
        wanted, pool = rows[:POOL], _pool(pairs, rows)
        to_english = np.argmax(chinese[wanted] @ english[pool].T, axis=1)
        to_chinese = np.argmax(english[wanted] @ chinese[pool].T, axis=1)
        shares = [
            sum(
                _same(pairs[row], pairs[pool[best]]) for row, best in zip(wanted, hits, strict=True)
            )
            / len(wanted)
            for hits in (to_english, to_chinese)
        ]
        found.append(Found(group, len(wanted), *shares))
    return found


def _same(one: Pair, other: Pair) -> bool:
    return one.english == other.english or one.chinese == other.chinese


def _pool(pairs: Sequence[Pair], rows: list[int]) -> list[int]:
    own, kind = set(rows), pairs[rows[0]].kind
    others = [row for row in range(len(pairs)) if row not in own]
    others.sort(key=lambda row: pairs[row].kind != kind)
    return [*rows, *others][:POOL]
