"""What `frontdesk eval` prints: the figures of a result, its worst rows, and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.figures import written

if TYPE_CHECKING:
    from evals.compare import Change, Comparison
    from evals.result import Result, Row

_ROWS_SHOWN = 5
_LONGEST = 160


def print_result(result: Result) -> None:
    console = Console()
    table = Table(title=result.title, title_justify="left", box=None, pad_edge=False)
    for name in ("", "value", "95 % interval", "n"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figure in result.metrics.items():
        low_high = f"{written(name, figure.low)} – {written(name, figure.high)}"
        label = f"  {name}" if "." in name else name
        table.add_row(label, written(name, figure.value), low_high, f"{figure.n:,}")
    console.print(table)
    wrong = [row for row in result.rows if row.right is False]
    if wrong:
        console.print(f"{len(wrong):,} of {len(result.rows):,} rows went wrong; some of them:")
    for row in wrong[:: max(1, len(wrong) // _ROWS_SHOWN)][:_ROWS_SHOWN]:
        console.print(Text(f"  {row_text(row)}", style="dim"), soft_wrap=True)
    console.print()


def print_changes(result: Result) -> None:
    """Of a replay: the questions that are answered otherwise today."""
    console = Console()
    changed = [row for row in result.rows if row.shown.get("changed")]
    console.print(f"{len(changed):,} of {len(result.rows):,} answers changed.")
    for row in changed:
        console.print(Text(f"  {row_text(row)}", style="dim"), soft_wrap=True)


def print_comparison(comparison: Comparison, *, rows: int = _ROWS_SHOWN) -> None:
    console = Console()
    moved = [change for change in comparison.changes if change.difference.value]
    same = len(comparison.changes) - len(moved)
    console.print(f"[bold]{comparison.title}[/]  {len(moved)} figures moved, {same} did not")
    for change in moved:
        console.print(Text(_change_line(change), style=_STYLES[change.verdict]), soft_wrap=True)
    for title, found in (("broken", comparison.broken), ("fixed", comparison.fixed)):
        if found:
            console.print(f"  {len(found)} rows {title}; some of them:")
        for row in found[:rows]:
            console.print(Text(f"    {row_text(row)}", style="dim"), soft_wrap=True)
    if comparison.lost:
        console.print(f"  {len(comparison.lost)} rows are missing in the new result.")
    if comparison.added:
        console.print(f"  {len(comparison.added)} rows are new and were not compared.")


def print_fallen(comparisons: Sequence[Comparison]) -> None:
    """One line for each figure that fell for real, or one that says that none did."""
    console = Console()
    fell = [(each.title, change) for each in comparisons for change in each.fell]
    if not fell:
        console.print("No figure fell for real.")
    for title, change in fell:
        console.print(
            Text(f"FELL {title}: {_change_line(change).strip()}", style="bold red"), soft_wrap=True
        )


_STYLES: Mapping[str, str] = {"better": "green", "worse": "bold red", "same": ""}


def _change_line(change: Change) -> str:
    name, moved = change.metric, change.difference
    return (
        f"  {name}: {written(name, change.old)} -> {written(name, change.new)} "
        f"({written(name, moved.value, signed=True)}, 95 % "
        f"{written(name, moved.low, signed=True)} to {written(name, moved.high, signed=True)}, "
        f"n {moved.n:,}) {change.verdict}"
    )


def row_text(row: Row) -> str:
    """One line: what a person needs to recognise the row."""
    parts = [f"{key}: {_short(value)}" for key, value in row.shown.items() if key != "dialogue"]
    return f"{row.id}  " + "  ".join(parts)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
