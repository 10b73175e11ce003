"""What a process that answers customers asks of its libraries, so that they share the cores."""

from __future__ import annotations

import gc
import os


def let_cores_rest() -> None:
    """Torch's threads sleep between two steps of a model, where they would spin: on two cores with
    64 customers they took 24 of the 68 ms of computing that an answer cost. Read when torch is
    loaded, so called before.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def settle() -> None:
    """Called once everything is loaded.

    The collector never looks again at the objects that are there before the first customer, those
    of the libraries. Every few hundred answers a look at them all took half a second of computing,
    in which nobody's answer went on.

    And numpy multiplies on one core: the matrices of a question are small, and the threads of
    OpenBLAS spin for a while after each product, just when the next step needs the cores. With them
    an embedding in PyTorch that followed a turn took 47 ms in place of 20.
    """
    from threadpoolctl import threadpool_limits

    gc.collect()
    gc.freeze()
    threadpool_limits(1, user_api="blas")
