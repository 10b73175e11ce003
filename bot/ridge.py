"""Kernel ridge regression: one solve gives the fit, and what it would say of each row without it.

Knows nothing of intents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Ridge:
    """`dual` and `left_out` have the shape (rows, targets).

    A new row's prediction is its kernel to the rows @ dual; `left_out` is what each row would be
    predicted by a fit on all others.
    """

    dual: Matrix
    left_out: Matrix


def solve(kernel: Matrix, targets: Matrix, penalty: float) -> Ridge:
    """`kernel` (rows, rows) is symmetric and is overwritten: it may be most of the memory.

    The rows left out come from the inverse's diagonal: Rifkin & Lippert 2007, Notes on Regularized
    Least Squares, section 3.
    """
    from scipy.linalg.lapack import spotrf, spotri, spotrs

    kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
    # The transpose is the same matrix in LAPACK's order: nothing is copied.
    factor, failed = spotrf(kernel.T, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError(f"The kernel of {len(kernel)} rows is not positive definite.")
    dual, _ = spotrs(factor, targets, lower=1)
    inverse, _ = spotri(factor, lower=1, overwrite_c=1)
    left_out = targets - dual / np.diagonal(inverse)[:, None]
    # In C order: safetensors writes the memory as it lies.
    return Ridge(np.ascontiguousarray(dual), np.ascontiguousarray(left_out))


def share_right(kernel: Matrix, targets: Matrix, penalty: float, *, judged: int) -> float:
    """How many of the first `judged` rows, each left out, get their target. Keeps `kernel`."""
    left_out = solve(kernel.copy(), targets, penalty).left_out[:judged]
    return float((left_out.argmax(axis=1) == targets[:judged].argmax(axis=1)).mean())
