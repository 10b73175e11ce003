"""Stacked bars as SVG shapes that can be clicked: geometry and links, no colours.

The desk's pages allow no styles within their HTML and follow light and dark, which a picture that a
plotting library has drawn cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.numbers import Bar, Series
from bot.period import Period
from bot.waits import Timing

# The size of the drawing's own coordinates; the page stretches it to its width.
WIDTH, HEIGHT = 1000, 100
_GAP = 0.18  # of a bar's place


@dataclass(frozen=True)
class Segment:
    """One rectangle. `place` is its name's colour; `label` what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    place: int
    label: str
    link: str


@dataclass(frozen=True)
class LegendEntry:
    name: str
    place: int
    total: int
    share: float
    link: str


@dataclass(frozen=True)
class Chart:
    segments: tuple[Segment, ...]
    legend: tuple[LegendEntry, ...]
    most: float
    first: str
    last: str


# From a period and a name to what it is called, and to the conversations behind it.
Label = Callable[[str], str]
Link = Callable[[Period, str], str]


def bars(series: Series, whole: Period, *, label: Label, link: Link) -> Chart:
    most = max((bar.total for bar in series.bars), default=0)
    step = WIDTH / max(1, len(series.bars))
    segments = [
        segment
        for number, bar in enumerate(series.bars)
        for segment in _stack(bar, _Place(number * step, step, most), series.names, label, link)
    ]
    total = sum(series.totals.values())
    legend = tuple(
        LegendEntry(label(name), place, n, n / total if total else 0.0, link(whole, name))
        for place, (name, n) in enumerate(series.totals.items())
    )
    return Chart(tuple(segments), legend, most, _day(whole.since), _day(whole.until))


def timing_bars(timings: Sequence[Timing], whole: Period, *, link: Link) -> Chart:
    """The median before the 95th percentile of whole answers, in milliseconds."""
    known = [timing.whole.p95 for timing in timings if timing.whole]
    most = max(known, default=0.0)
    step = WIDTH / max(1, len(timings))
    segments = []
    for number, timing in enumerate(timings):
        if timing.whole is None:
            continue
        said = f"{_dates(timing.period)}: p50 {timing.whole.p50:.0f} ms, "
        said += f"p95 {timing.whole.p95:.0f} ms ({timing.whole.n})"
        where = _Place(number * step, step, most)
        for place, value in ((1, timing.whole.p95), (0, timing.whole.p50)):
            height = where.height(value)
            shape = where.rectangle(HEIGHT - height, height)
            segments.append(Segment(*shape, place, said, link(timing.period, "")))
    return Chart(tuple(segments), (), most, _day(whole.since), _day(whole.until))


@dataclass(frozen=True)
class _Place:
    """Where a bar stands, and the count that would fill the whole height."""

    x: float
    step: float
    most: float

    def rectangle(self, top: float, height: float) -> tuple[float, float, float, float]:
        return self.x + self.step * _GAP / 2, top, self.step * (1 - _GAP), height

    def height(self, value: float) -> float:
        return HEIGHT * value / self.most if self.most else 0.0


def _stack(
    bar: Bar, where: _Place, names: Sequence[str], label: Label, link: Link
) -> list[Segment]:
    found: list[Segment] = []
    top = float(HEIGHT)
    for place, name in enumerate(names):
        count = bar.counts.get(name, 0)
        if not count:
            continue
        height = where.height(count)
        top -= height
        said = f"{_dates(bar.period)}: {label(name)} {count:,}"
        shape = where.rectangle(top, height)
        found.append(Segment(*shape, place, said, link(bar.period, name)))
    return found


def widths(counts: Mapping[str, int]) -> dict[str, float]:
    """Name -> the share of the largest one, in 0..100."""
    most = max(counts.values(), default=0)
    return {name: 100 * count / most for name, count in counts.items()} if most else {}


def _dates(period: Period) -> str:
    first, last = _day(period.since), _day(period.until)
    return first if first == last else f"{first} – {last}"


def _day(day: object) -> str:
    return str(day)
