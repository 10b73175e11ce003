"""A period and its parts: nothing is left out, nothing counted twice."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.period import Period


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 1500))
def test_the_parts_of_a_period_are_all_of_it_without_an_overlap(since: date, length: int) -> None:
    period = Period(since, since + timedelta(days=length))
    parts = period.parts()
    assert (parts[0].since, parts[-1].until) == (period.since, period.until)
    assert sum(part.days for part in parts) == period.days
    assert all(part.days > 0 for part in parts)
    assert len(parts) <= 62
    assert period.before().days == period.days
    assert period.before().until < period.since
