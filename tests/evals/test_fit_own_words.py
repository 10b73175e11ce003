"""The matrix is learned from what customers asked, for companies that it has not seen."""

from __future__ import annotations

import numpy as np

from evals.fit_own_words import Company, learned
from knowledge.types import Vectors

_SIZE = 16


def _company(dice: np.random.Generator, way: Vectors, *, entries: int = 12) -> Company:
    """Whose customers' words lie a rotation away from the entry; the words say nothing of it. The
    last three questions are answered by none."""
    said = dice.normal(size=(entries, _SIZE)).astype(np.float32)
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    known = entries - 3
    return Company(
        language="en",
        kinds=("near",) * known + ("near_miss",) * 3,
        queries=said @ way.T,
        entries=said,
        log_odds=np.zeros((entries, entries), dtype=np.float32),
        right=np.eye(entries, dtype=np.bool_) & (np.arange(entries) < known)[:, None],
    )


def test_the_way_from_words_to_entries_is_learned_for_other_companies() -> None:
    dice = np.random.default_rng(3)
    way = np.linalg.qr(dice.normal(size=(_SIZE, _SIZE)))[0].astype(np.float32)
    axes = learned([_company(dice, way) for _ in range(40)])
    other = _company(dice, way, entries=30)
    rows = other.right.any(axis=1)
    first = other.with_matrix(axes).argmax(axis=1)
    assert (first[rows] == np.flatnonzero(rows)).mean() > 0.9


def test_the_same_questions_give_the_same_matrix() -> None:
    way = np.eye(_SIZE, dtype=np.float32)
    companies = [_company(np.random.default_rng(n), way) for n in range(9)]
    assert np.array_equal(learned(companies), learned(companies))
