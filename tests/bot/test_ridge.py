"""Kernel ridge regression: the solve is that of scikit-learn, and refuses what is no kernel."""

from __future__ import annotations

import numpy as np
import pytest

from bot.ridge import Matrix, solve


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
    assert np.allclose(solve(kernel.copy(), targets, 0.3), other.dual_coef_, atol=1e-4)


def test_a_kernel_that_is_none_is_refused() -> None:
    kernel, targets = _rows()
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        solve(-kernel, targets, 0.3)
