"""Kernel ridge regression: what it says of a row left out is what a fit without it says."""

from __future__ import annotations

import numpy as np
import pytest

from bot.ridge import Matrix, share_right, solve


def _rows(seed: int = 0, count: int = 30) -> tuple[Matrix, Matrix]:
    """A kernel of unit vectors in two clouds, and which cloud each row is of."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    vectors = dice.standard_normal((count, 8)) + 2.0 * labels[:, None]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kernel = np.exp(4.0 * (vectors @ vectors.T - 1.0)).astype(np.float32)
    return kernel, np.eye(2, dtype=np.float32)[labels]


def test_the_fit_is_that_of_scikit_learn() -> None:
    from sklearn.kernel_ridge import KernelRidge

    kernel, targets = _rows()
    other = KernelRidge(alpha=0.3, kernel="precomputed").fit(kernel, targets)
    assert np.allclose(solve(kernel.copy(), targets, 0.3).dual, other.dual_coef_, atol=1e-4)


def test_a_row_left_out_is_predicted_as_by_a_fit_without_it() -> None:
    kernel, targets = _rows()
    left_out = solve(kernel.copy(), targets, 0.3).left_out
    for row in (0, 7, 29):
        rest = np.delete(np.arange(len(kernel)), row)
        without = solve(kernel[np.ix_(rest, rest)].copy(), targets[rest], 0.3)
        assert np.allclose(left_out[row], kernel[row, rest] @ without.dual, atol=1e-4)


def test_rows_with_wrong_labels_ask_for_a_higher_penalty() -> None:
    kernel, targets = _rows(count=200)
    targets[::4] = targets[::4, ::-1]
    low, high = (share_right(kernel, targets, penalty, judged=200) for penalty in (1e-4, 3.0))
    assert low < high


def test_a_kernel_that_is_none_is_refused() -> None:
    kernel, targets = _rows()
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        solve(-kernel, targets, 0.3)
