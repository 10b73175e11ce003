"""The tally of a load test."""

from __future__ import annotations

import pytest

from evals.crowd import Tally


def test_two_runs_are_tallied_as_one() -> None:
    before = Tally(whole=[1.0, 2.0], left=1, lost=["where"], seconds=4.0, server_cpu=0.5)
    after = Tally(whole=[3.0], seconds=1.0, server_cpu=0.25, answers=[("q", "K12345")])
    before.extend(after)
    assert before.whole == [1.0, 2.0, 3.0]
    assert before.answers == [("q", "K12345")]
    assert (before.asked, before.lost, before.server_cpu) == (5, ["where"], 0.75)
    assert before.answers_per_second == pytest.approx(3 / 5)
