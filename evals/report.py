"""Results as one self-contained HTML file: plots for a manager, rows for an engineer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.figures import measure_of, title_of, written
from evals.plots import confusion_plot, figures_plot, risk_plot
from evals.result import Figure, Result, Row

_TEMPLATE = Path(__file__).parent / "report.html"
_ROWS_SHOWN = 200

_LEADS: Mapping[str, str] = {
    "intents": "Does the bot understand what a customer wants, and notice when it is none of the "
    "things it knows?",
    "retrieval": "Does it find the entry of the help pages that answers?",
    "questions": "Does it answer what the help pages answer, and keep quiet about the rest?",
    "answers": "Are its answers near to a person's, and does every sentence stand in a passage?",
    "dialogues": "Does a whole conversation go as it should, turn by turn?",
    "fairness": "Are customers who write otherwise served as well? Left of the line: worse than "
    "the same question in its original words.",
    "robustness": "How many attempts to trick it got through? Fewer is better.",
    "replay": "What would the bot of today answer otherwise?",
}


def write_report(results: Sequence[Result], path: Path) -> None:
    """All text is escaped; nothing is loaded from anywhere."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    first = results[0].measured_on
    page = template.render(
        sections=[_section(result) for result in results],
        at=first.get("at", ""),
        commit=first.get("commit", ""),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _section(result: Result) -> dict[str, Any]:
    wrong = [row for row in result.rows if row.right is False]
    left_out = len(wrong) - _ROWS_SHOWN
    figures = [_figure(name, figure) for name, figure in result.metrics.items()]
    return {
        "title": result.title,
        "lead": _LEADS.get(result.suite, ""),
        "headline": figures[0],
        "figures": figures,
        "plots": list(_plots(result)),
        "pairs": result.details.get("confusions", []),
        "intents": result.details.get("intents", []),
        "notes": list(_notes(result)),
        "rows": [_row(row) for row in wrong[:_ROWS_SHOWN]],
        "wrong": f"{len(wrong):,}",
        "total": f"{len(result.rows):,}",
        "left_out": f", {left_out:,} of them only in the result file" if left_out > 0 else "",
        "measured_on": json.dumps(result.measured_on, ensure_ascii=False, indent=2),
    }


def _notes(result: Result) -> Iterator[str]:
    """What is measured beside the figures: it differs from machine to machine, or is a remark."""
    if seconds := result.details.get("seconds"):
        yield (
            f"An answer took {seconds['median']:.2g} s; 95 of 100 took less than "
            f"{seconds['p95']:.2g} s."
        )
    if words := result.details.get("words"):
        yield (
            f"An answer has {words['median']:.0f} words or Chinese characters; 95 of 100 have "
            f"fewer than {words['p95']:.0f}."
        )
    if (milliseconds := result.details.get("classify_ms")) is not None:
        yield f"Telling the intent took {milliseconds:.2g} ms a message, beside its vector."
    if meteor := result.details.get("meteor"):
        yield f"METEOR: {meteor}."


def _figure(name: str, figure: Figure) -> dict[str, str]:
    return {
        "name": name,
        "title": title_of(name),
        "value": written(name, figure.value),
        "interval": f"{written(name, figure.low)} – {written(name, figure.high)}",
        "n": f"{figure.n:,}",
    }


def _plots(result: Result) -> Iterator[dict[str, Any]]:
    from markupsafe import Markup

    for title, svg in _pictures(result):
        # What matplotlib wrote: it escapes the texts that it is given.
        yield {"title": title, "svg": Markup(svg)}  # noqa: S704


def _pictures(result: Result) -> Iterator[tuple[str, str]]:
    shares = [
        (name, figure)
        for name, figure in result.metrics.items()
        if measure_of(name).unit != "points" and not name.startswith("gap_")
    ]
    if result.suite == "fairness":
        gaps = [(n, f) for n, f in result.metrics.items() if n.startswith("gap_reached_right.")]
        gaps.sort(key=lambda item: item[1].value)
        yield "Gap to the original words: answered, or offered as a choice", _gaps(gaps)
        shares = [(n, f) for n, f in shares if n.startswith("reached_right.")]
    if shares:
        yield "Figures with their intervals", figures_plot(shares)
    if result.suite == "intents" and any(row.right is False and row.labels for row in result.rows):
        yield "What is taken for what", confusion_plot(result.rows)
    if result.details.get("risk_coverage") and any(row.scores.get("risk") for row in result.rows):
        yield (
            "The more it answers, the more of it is wrong",
            risk_plot(result.details["risk_coverage"], result.details["today"]),
        )


def _gaps(gaps: Sequence[tuple[str, Figure]]) -> str:
    return figures_plot(gaps, zero=True)


def _row(row: Row) -> dict[str, Any]:
    return {"id": row.id, "fields": [(key, _text(value)) for key, value in row.shown.items()]}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text(each) for each in value)
    if isinstance(value, dict):
        return " · ".join(f"{key}: {each}" for key, each in value.items())
    return str(value)
