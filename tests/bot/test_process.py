"""What a process that answers asks of its libraries."""

from __future__ import annotations

import gc
import os

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from bot.process import let_cores_rest, settle


def test_torchs_threads_sleep_while_they_wait_unless_the_owner_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    let_cores_rest()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    let_cores_rest()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_once_settled_numpy_multiplies_on_one_core_and_what_is_there_is_not_collected() -> None:
    # Leaving the block puts the numbers of threads back.
    with threadpool_limits(2, user_api="blas"):
        settle()
        try:
            blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
            assert blas
            assert all(pool["num_threads"] == 1 for pool in blas)
            assert gc.get_freeze_count() > 0
        finally:
            gc.unfreeze()
