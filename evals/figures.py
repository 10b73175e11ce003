"""From rows to figures: values with their bootstrap intervals, and paired differences.

A measure is a pure function of the rows' numbers, so that a figure can be computed again from a
result file, over any group of rows, and over resampled rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.measures import MEASURES, Columns, Measure
from evals.result import Figure, Row

RESAMPLES = 1000
SEED = 0
# Rounded so that the last digits of another processor's arithmetic do not show up as a change.
DIGITS = 6


def figures(
    rows: Sequence[Row], measures: Iterable[str], *, groups: Iterable[str] = ()
) -> dict[str, Figure]:
    """Of all rows, and as `measure.group` of each group; those without any row are left out."""
    found: dict[str, Figure] = {}
    for name in measures:
        if figure := figure_of(name, rows):
            found[name] = figure
        for group in groups:
            if figure := figure_of(f"{name}.{group}", rows):
                found[f"{name}.{group}"] = figure
    return found


def figure_of(name: str, rows: Sequence[Row]) -> Figure | None:
    """The percentile bootstrap over rows (Efron 1979). None where no row counts, or too few."""
    measure, chosen = measure_of(name), rows_of(name, rows)
    if not chosen:
        return None
    columns = columns_of(measure, chosen)
    value = measure.compute(columns)
    if math.isnan(value):
        return None
    low, high = interval(len(chosen), lambda taken: measure.compute(_take(columns, taken)))
    return Figure(_rounded(value), _rounded(low), _rounded(high), len(chosen))


@dataclass(frozen=True)
class Difference:
    """Both values over the same rows, and new minus old with its paired interval."""

    old: float
    new: float
    change: Figure


def difference(name: str, old: Sequence[Row], new: Sequence[Row]) -> Difference:
    """`old` and `new` hold the same rows in the same order."""
    measure = measure_of(name)
    before, after = columns_of(measure, old), columns_of(measure, new)
    values = measure.compute(before), measure.compute(after)
    low = high = value = values[1] - values[0]
    if any(not np.array_equal(before[key], after[key]) for key in before):
        low, high = interval(
            len(old),
            lambda taken: (
                measure.compute(_take(after, taken)) - measure.compute(_take(before, taken))
            ),
        )
    change = Figure(_rounded(value), _rounded(low), _rounded(high), len(old))
    return Difference(_rounded(values[0]), _rounded(values[1]), change)


def measure_of(name: str) -> Measure:
    return MEASURES[name.partition(".")[0]]


def title_of(name: str) -> str:
    """For people: `recall_at_1.zh` is "Right entry first: zh"."""
    measure, group = measure_of(name), name.partition(".")[2]
    title = f"{measure.title}: {group.replace('_', ' ')}" if group else measure.title
    return f"{title} (less is better)" if measure.better == "lower" else title


def written(name: str, value: float, *, signed: bool = False) -> str:
    """The value as its measure is read: 91.7 %, 35.2 or 0.949."""
    sign = "+" if signed else ""
    unit = measure_of(name).unit
    if unit == "share":
        return f"{100 * value:{sign}.1f} %"
    return f"{value:{sign}.1f}" if unit == "points" else f"{value:{sign}.3f}"


def rows_of(name: str, rows: Sequence[Row]) -> list[Row]:
    """The rows that count for `measure` or `measure.group`."""
    measure, group = measure_of(name), name.partition(".")[2]
    return [
        row
        for row in rows
        if (not group or group in row.groups)
        and all(need in row.scores or need in row.labels for need in measure.needs)
    ]


def columns_of(measure: Measure, rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    """Scores as floats; labels as numbers that are the same in all columns."""
    names = [need for need in measure.needs if need in rows[0].labels]
    used = sorted({row.labels[name] for row in rows for name in names})
    codes = {label: code for code, label in enumerate(used)}
    return {
        need: np.array([codes[row.labels[need]] for row in rows])
        if need in names
        else np.array([row.scores[need] for row in rows], dtype=np.float64)
        for need in measure.needs
    }


def interval(count: int, statistic: Callable[[NDArray[np.intp]], float]) -> tuple[float, float]:
    """95 % of `statistic` over RESAMPLES draws of `count` rows, the same draws on every run."""
    random = np.random.default_rng(SEED)
    drawn = [statistic(random.integers(count, size=count)) for _ in range(RESAMPLES)]
    values = [value for value in drawn if not math.isnan(value)]
    if not values:
        return math.nan, math.nan
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _take(columns: Columns, taken: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {name: column[taken] for name, column in columns.items()}


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
