"""Result: the figures of one suite, what they were measured on, and the rows behind them; as JSON.

Knows nothing of how a figure is computed (figures.py) or shown (report.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evals.errors import EvalError

# The suite of a file that holds the results of several sets.
ALL = "all"


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % bootstrap interval over `n` rows."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Row:
    """One measured case. `id` comes from its content, so that results of changed files still pair.

    `scores` and `labels` are what figures are computed from, `groups` the slices that it belongs
    to, `right` whether the bot did well (None where that cannot be said of one row), and `shown`
    what a person reads.
    """

    id: str
    scores: Mapping[str, float]
    right: bool | None = None
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """`name` tells apart several sets of one suite; `details` holds curves and tables."""

    suite: str
    metrics: Mapping[str, Figure]
    measured_on: Mapping[str, Any]
    rows: Sequence[Row]
    details: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or self.suite


def row_id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def unique_ids(ids: Sequence[str]) -> list[str]:
    """The same ids; the second row of one id becomes `id-2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in ids:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return unique


def write_results(results: Sequence[Result], path: Path) -> None:
    """One object: of the result itself, or of several under `results`. One row a line."""
    text = _text(results[0]) if len(results) == 1 else _text_of_all(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def read_results(path: Path) -> list[Result]:
    """Raises EvalError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        objects = content["results"] if content["suite"] == ALL else [content]
        return [_result(each) for each in objects]
    except FileNotFoundError:
        raise EvalError(
            f"No result at {path}. Write one: frontdesk eval all --json {path}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvalError(
            f"{path} is no result of frontdesk eval ({type(error).__name__}: {error}). "
            f"Write it again: frontdesk eval all --json {path}"
        ) from error


def _text_of_all(results: Sequence[Result]) -> str:
    metrics = {
        f"{result.title}/{name}": asdict(figure)
        for result in results
        for name, figure in result.metrics.items()
    }
    head = {"suite": ALL, "metrics": metrics, "measured_on": results[0].measured_on, "rows": []}
    bodies = ",\n".join(_text(result) for result in results)
    return f'{_json(head)[:-1]}, "results": [\n{bodies}\n]}}'


def _text(result: Result) -> str:
    head = {
        "suite": result.suite,
        "metrics": {name: asdict(figure) for name, figure in result.metrics.items()},
        "name": result.name,
        "measured_on": result.measured_on,
        "details": result.details,
    }
    rows = ",\n".join(_json(_row_object(row)) for row in result.rows)
    return f'{_json(head)[:-1]}, "rows": [\n{rows}\n]}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _row_object(row: Row) -> dict[str, Any]:
    """Without what is empty: a suite has thousands of rows."""
    scores = {name: _short(score) for name, score in row.scores.items()}
    fields = {**vars(row), "scores": scores}
    return {name: value for name, value in fields.items() if value not in (None, (), {})}


def _short(score: float) -> float:
    return int(score) if float(score).is_integer() else round(score, 6)


def _result(content: Mapping[str, Any]) -> Result:
    return Result(
        suite=content["suite"],
        name=content.get("name", ""),
        metrics={name: Figure(**figure) for name, figure in content["metrics"].items()},
        measured_on=content["measured_on"],
        details=content.get("details", {}),
        rows=[_row(each) for each in content["rows"]],
    )


def _row(content: Mapping[str, Any]) -> Row:
    groups = tuple(content.get("groups", ()))
    return Row(**{"scores": {}, **content, "groups": groups})
