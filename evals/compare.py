"""Two results over the same rows: what rose, what fell for real, which rows broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evals.errors import EvalError
from evals.figures import difference, measure_of, rows_of
from evals.result import Figure, Result, Row

Verdict = Literal["better", "worse", "same"]


@dataclass(frozen=True)
class Change:
    """`difference` is new minus old over the rows that both have.

    The verdict is better or worse only where its 95 % interval lies wholly on one side of 0.
    """

    metric: str
    title: str
    old: float
    new: float
    difference: Figure
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """One set. `fixed` and `broken` hold the new rows; `lost` and `added` ids of one side only."""

    title: str
    changes: tuple[Change, ...]
    fixed: tuple[Row, ...]
    broken: tuple[Row, ...]
    lost: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def fell(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.verdict == "worse")


def compare(old: Sequence[Result], new: Sequence[Result]) -> list[Comparison]:
    """Each set of `new` with the one of its name in `old`.

    Raises EvalError where a set of `old` is missing in `new`, or two have no row in common: what
    was not measured cannot have passed.
    """
    after = {result.title: result for result in new}
    missing = [result.title for result in old if result.title not in after]
    if missing:
        raise EvalError(
            f"The new result does not have {', '.join(missing)}. Measure the same sets in both."
        )
    return [_compare(result, after[result.title]) for result in old]


def _compare(old: Result, new: Result) -> Comparison:
    before = {row.id: row for row in old.rows}
    after = {row.id: row for row in new.rows}
    shared = [name for name in before if name in after]
    if not shared:
        raise EvalError(f"The results of {old.title} have no row in common. Compare the same set.")
    changes = [
        change
        for metric in old.metrics
        if metric in new.metrics
        and (change := _change(metric, [(before[n], after[n]) for n in shared]))
    ]
    return Comparison(
        title=old.title,
        changes=tuple(changes),
        fixed=tuple(after[n] for n in shared if after[n].right and before[n].right is False),
        broken=tuple(after[n] for n in shared if before[n].right and after[n].right is False),
        lost=tuple(name for name in before if name not in after),
        added=tuple(name for name in after if name not in before),
    )


def _change(metric: str, pairs: Sequence[tuple[Row, Row]]) -> Change | None:
    both = [pair for pair in pairs if all(rows_of(metric, [row]) for row in pair)]
    if not both:
        return None
    measure = measure_of(metric)
    old, new = [before for before, _ in both], [after for _, after in both]
    found = difference(metric, old, new)
    return Change(
        metric=metric,
        title=measure.title,
        old=found.old,
        new=found.new,
        difference=found.change,
        verdict=_verdict(found.change, measure.better),
    )


def _verdict(change: Figure, better: str) -> Verdict:
    if better == "neither" or change.low <= 0 <= change.high:
        return "same"
    return "better" if (change.low > 0) == (better == "higher") else "worse"
