"""Kernel ridge regression (Saunders et al. 1998). Knows nothing of intents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def solve(kernel: Matrix, targets: Matrix, penalty: float) -> Matrix:
    """The dual weights, of the shape (rows, targets): a new row's prediction is its kernel to the
    rows times these.

    `kernel` (rows, rows) is symmetric and is overwritten: it may be most of the memory.
    """
    from scipy.linalg.lapack import spotrf, spotrs

    kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
    # The transpose is the same matrix in LAPACK's order: nothing is copied.
    factor, failed = spotrf(kernel.T, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError(f"The kernel of {len(kernel)} rows is not positive definite.")
    dual, _ = spotrs(factor, targets, lower=1)
    # In C order: safetensors writes the memory as it lies.
    return np.ascontiguousarray(dual)
