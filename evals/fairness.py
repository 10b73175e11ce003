"""Whether the bot serves all customers alike: every answerable question, asked in other ways.

The gap of a slice is its rows minus their originals, so its interval is a paired one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from evals.desk import Desk, open_desk, silent
from evals.figures import figures
from evals.perturbations import variants
from evals.provenance import measured_on
from evals.questions import Question, answered_right, matches_of, reached_right, read_question
from evals.reading import Line, read_lines
from evals.result import Result, Row, row_id, unique_ids
from knowledge.types import Embedder, Progress

ORIGINAL = "original"
_MEASURES = ("gap_reached_right", "gap_answered_right", "reached_right")


@dataclass(frozen=True)
class Variant:
    slice: str
    text: str
    original: Question


def measure_fairness(
    config: Config,
    queries: Sequence[Path],
    written: Sequence[Path] = (),
    *,
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """`written` holds slices that a program cannot make, `of` naming the question they put.

    Raises EvalError, KnowledgeMissing, and the errors of what the Config names.
    """
    questions = [read_question(line) for line in read_lines(queries, limit=limit)]
    asked = [
        *(Variant(ORIGINAL, question.text, question) for question in questions),
        *_programmed(questions),
        *_written(read_lines(written), questions, limited=limit is not None),
    ]
    with open_desk(config, embedder=embedder) as desk:
        desk.embedder.warm([variant.text for variant in asked], progress)
        rows = _rows(desk, asked, progress)
        models = desk.models
    slices = sorted({variant.slice for variant in asked})
    return Result(
        suite="fairness",
        metrics=figures(rows, _MEASURES, groups=slices),
        measured_on=measured_on(config, [*queries, *written], models=models),
        rows=rows,
    )


def _programmed(questions: Sequence[Question]) -> Iterator[Variant]:
    for question in questions:
        for name, text in variants(question.text):
            yield Variant(name, text, question)


def _written(
    lines: Sequence[Line], questions: Sequence[Question], *, limited: bool
) -> Iterator[Variant]:
    by_text = {question.text: question for question in questions}
    for line in lines:
        original = by_text.get(line.text("of"))
        if original is not None:
            yield Variant(line.text("slice"), line.text("query"), original)
        elif not limited:
            raise line.wrong(f'has an "of" that is no question of the set: {line.text("of")!r}')


def _rows(desk: Desk, asked: Sequence[Variant], progress: Progress) -> list[Row]:
    ids = unique_ids([f"{variant.slice}:{row_id(variant.text)}" for variant in asked])
    originals: dict[str, Mapping[str, float]] = {}
    rows = []
    for name, variant in zip(ids, asked, strict=True):
        row = _row(desk, name, variant, originals.get(variant.original.text))
        if variant.slice == ORIGINAL:
            originals[variant.text] = row.scores
        rows.append(row)
        progress("fairness", len(rows), len(asked))
    return rows


def _row(desk: Desk, name: str, variant: Variant, original: Mapping[str, float] | None) -> Row:
    answer = desk.ask(variant.text)
    right = answered_right(variant.original, answer)
    matches = matches_of(desk, variant.text) if answer.options else []
    reached = reached_right(variant.original, answer, matches)
    scores = {"answered_right": float(right), "reached_right": float(reached)}
    shown = {"query": variant.text, "route": answer.route.value}
    if original is not None:
        scores["gap_answered_right"] = scores["answered_right"] - original["answered_right"]
        scores["gap_reached_right"] = scores["reached_right"] - original["reached_right"]
        if not right:
            shown["of"] = variant.original.text
    return Row(name, scores, right, (variant.slice,), shown=shown)
