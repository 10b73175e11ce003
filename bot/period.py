"""A period of days, cut into as many parts as can be looked at. Days are UTC's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

# So many bars can be told apart, and hit with a finger.
_MOST_BARS = 45


@dataclass(frozen=True)
class Period:
    """Both days are included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> Period:
        """As many days, up to the day before this one."""
        length = timedelta(days=self.days)
        return Period(self.since - length, self.until - length)

    def bounds(self) -> tuple[str, str]:
        """As times of the log are compared: from the first, and before the second."""
        return self.since.isoformat(), (self.until + timedelta(days=1)).isoformat()

    def days_of_log(self) -> tuple[str, str]:
        """Its first and last day, as the counts by day name them."""
        return self.since.isoformat(), self.until.isoformat()

    def parts(self) -> list[Period]:
        """Days, or weeks from Monday, or months: at most so many as can be looked at."""
        if self.days <= _MOST_BARS:
            starts = [self.since + timedelta(days=n) for n in range(self.days)]
        elif self.days <= 7 * _MOST_BARS:
            starts = list(_starts(self, lambda day: day.weekday() == 0))
        else:
            starts = list(_starts(self, lambda day: day.day == 1))
        ends = [start - timedelta(days=1) for start in starts[1:]] + [self.until]
        return [Period(start, end) for start, end in zip(starts, ends, strict=True)]


def _starts(period: Period, begins: Callable[[date], bool]) -> Iterator[date]:
    for n in range(period.days):
        day = period.since + timedelta(days=n)
        if n == 0 or begins(day):
            yield day
