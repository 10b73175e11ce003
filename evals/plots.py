"""The pictures of the report, as SVG: figures with intervals, confusions, risk and coverage."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from evals.figures import title_of, written
from evals.result import Figure, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_BLUE, _RED, _GREY = "#2a5f8f", "#b3372f", "#8a8f98"
# The intents that are confused most: more do not fit a page.
_INTENTS_SHOWN = 30


def figures_plot(figures: Sequence[tuple[str, Figure]], *, zero: bool = False) -> str:
    """One dot with its interval a row; `zero` marks where there is no gap."""
    with _canvas(7.0, 0.5 + 0.27 * len(figures)) as (canvas, axes):
        places = range(len(figures))[::-1]
        for place, (name, figure) in zip(places, figures, strict=True):
            color = _RED if zero and figure.high < 0 else _BLUE
            axes.plot([figure.low, figure.high], [place, place], color=color, linewidth=2)
            axes.plot([figure.value], [place], "o", color=color, markersize=5)
            label = written(name, figure.value, signed=zero)
            axes.annotate(
                label, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8
            )
        axes.set_yticks(list(places), [title_of(name) for name, _ in figures], fontsize=8)
        axes.set_ylim(-0.7, len(figures) - 0.3)
        if zero:
            axes.axvline(0, color=_GREY, linewidth=1)
        else:
            axes.set_xlim(-0.02, 1.02)
        return _svg(canvas)


def confusion_plot(rows: Sequence[Row]) -> str:
    """Share of each wanted intent that was taken for another; the most confused ones."""
    wrong = [row for row in rows if row.labels and row.labels["intent"] != row.labels["got"]]
    counts: dict[str, int] = {}
    for row in wrong:
        for label in (row.labels["intent"], row.labels["got"]):
            counts[label] = counts.get(label, 0) + 1
    names = sorted(sorted(counts, key=lambda name: (-counts[name], name))[:_INTENTS_SHOWN])
    place = {name: n for n, name in enumerate(names)}
    grid = np.zeros((len(names), len(names)))
    for row in rows:
        if row.labels and row.labels["intent"] in place and row.labels["got"] in place:
            grid[place[row.labels["intent"]], place[row.labels["got"]]] += 1
    grid /= np.maximum(1, grid.sum(axis=1, keepdims=True))
    size = 2.2 + 0.22 * len(names)
    with _canvas(size + 1, size) as (canvas, axes):
        axes.imshow(grid, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_xlabel("recognised as", fontsize=8)
        axes.set_ylabel("meant", fontsize=8)
        return _svg(canvas)


def risk_plot(curve: Sequence[Sequence[float]], today: dict[str, float]) -> str:
    """How much is answered, and how much of that is wrong, for every threshold."""
    with _canvas(6.0, 3.2) as (canvas, axes):
        axes.plot([point[0] for point in curve], [point[1] for point in curve], color=_BLUE)
        axes.plot([today["coverage"]], [today["risk"]], "o", color=_RED)
        axes.annotate(
            f"today: threshold {today['threshold']:g}",
            (today["coverage"], today["risk"]),
            xytext=(8, -10),
            textcoords="offset points",
            fontsize=8,
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, None)
        axes.set_xlabel("share of questions answered", fontsize=8)
        axes.set_ylabel("share of those wrong", fontsize=8)
        return _svg(canvas)


@contextmanager
def _canvas(width: float, height: float) -> Iterator[tuple[Canvas, Axes]]:
    """Without pyplot: no global state, no window. Text stays text, for the browser's fonts."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    settings = matplotlib.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": "frontdesk", "text.parse_math": False}
    )
    with settings, warnings.catch_warnings():
        # The browser has the Chinese characters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = Canvas(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(canvas)
        axes = canvas.add_subplot()
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        yield canvas, axes


def _svg(canvas: Canvas) -> str:
    """The picture alone, without the XML head and without links to schemes of metadata."""
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return _METADATA.sub("", text[text.index("<svg") :])
