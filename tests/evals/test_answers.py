"""Answers from given passages: every shape is read, and lies are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.errors import GeneratorError
from evals.answer_cases import read_cases
from evals.answers import measure_answers
from evals.errors import EvalError
from tests.conftest import BagEmbedder, ScriptedGenerator
from tests.evals.conftest import write_rows

REFUND = {
    "question": "How long do refunds take?",
    "answer": "Refunds take 5 working days.",
    "response": "It takes 5 working days.",
}
SHAPES: list[dict[str, Any]] = [
    REFUND,
    {"question": "When was it?", "passage": "It was in 1990.", "answers": ["1990"]},
    {
        "question": "who is he",
        "passages": ["Smith\nHe is a smith."],
        "answers": [""],
        "answerable": False,
    },
    {
        "history": [["U", "Is it clean?"], ["S", "Yes."], ["U", "And quiet?"]],
        "passages": [{"kind": "review", "entity": "HOTEL", "text": "It was a quiet room."}],
        "response": "Guests found it quiet.",
    },
]


def test_every_shape_is_read(tmp_path: Path) -> None:
    blank = {"question": "", "passage": "It was in 1990.", "answers": ["1990"]}
    cases = read_cases([write_rows(tmp_path / "rows.jsonl", [blank, *SHAPES])])
    assert [case.question for case in cases][-1] == "And quiet?"
    assert [turn.role for turn in cases[-1].history] == ["customer", "bot"]
    assert [case.answerable for case in cases] == [True, True, False, True]
    assert cases[0].passages[0].question == "How long do refunds take?"
    assert cases[1].references == ("1990",)
    assert cases[3].passages[0].title == "HOTEL"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "x", "passages": [3], "answers": ["a"]}, "neither text nor an object"),
        ({"question": "x", "passage": "y"}, 'needs "response" or "answers"'),
        ({"passage": "y", "answers": ["a"]}, 'needs "question"'),
        ({"question": "x", "passage": "y", "answers": []}, 'has no "answers"'),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [REFUND, row])
    with pytest.raises(EvalError, match=f"line 2, .*{message}"):
        read_cases([path])


def test_the_quotation_invents_nothing(tmp_path: Path, config: Config) -> None:
    data = write_rows(tmp_path / "rows.jsonl", SHAPES)
    result = measure_answers(config, [data], embedder=BagEmbedder())
    assert result.metrics["grounded_sentences"].value == 1
    assert result.metrics["invented_numbers"].value == 0
    assert result.metrics["citation_precision"].value == 1
    assert result.metrics["bleu"].n == 3
    assert "declined_unanswerable" in result.metrics
    assert result.details["words"]["median"] > 0


def test_a_generator_that_lies_is_seen_in_its_draft_and_not_in_its_answer(
    tmp_path: Path, config: Config
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [REFUND])
    liar = ScriptedGenerator(["Refunds take 5 working days. ", "Mr Miller sends 90 euros more."])
    result = measure_answers(config, [data], embedder=BagEmbedder(), generator=liar)
    assert result.metrics["draft_invented_numbers"].value == 1
    assert result.metrics["draft_invented_names"].value == 1
    assert result.metrics["invented_numbers"].value == 0
    assert result.metrics["grounded_sentences"].value == 0.5
    assert result.rows[0].shown["dropped"] == ["Mr Miller sends 90 euros more."]
    mute = measure_answers(
        config, [data], embedder=BagEmbedder(), generator=ScriptedGenerator(["I don't know."])
    )
    assert mute.metrics["answered_answerable"].value == 0
    broken = ScriptedGenerator([GeneratorError("It is down.")])
    fallen = measure_answers(config, [data], embedder=BagEmbedder(), generator=broken)
    assert fallen.metrics["quoted_instead"].value == 1


def test_citing_a_distractor_costs_precision(tmp_path: Path, config: Config) -> None:
    rows = [
        REFUND,
        {"question": "Are dogs allowed?", "answer": "Dogs are welcome in the garden."},
    ]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    both = ScriptedGenerator(["Refunds take 5 working days. ", "Dogs are welcome in the garden."])
    result = measure_answers(config, [data], distractors=1, embedder=BagEmbedder(), generator=both)
    assert result.metrics["citation_precision"].value == 0.5
    assert result.metrics["citation_recall"].value == 1
