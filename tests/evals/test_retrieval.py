"""Retrieval through the real ingest: rows of an FAQ are found again under their own ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from evals.errors import EvalError
from evals.retrieval import measure_retrieval
from tests.conftest import BagEmbedder
from tests.evals.conftest import write_rows

FAQ = [
    {"id": "refund", "question": "How long do refunds take?", "answer": "Five working days."},
    {"id": "hours", "question": "When are you open?", "answer": "Nine to five."},
    {"id": "shoes", "question": "Can I return shoes?", "answer": "Shoes must be unworn. " * 300},
    {"id": "empty", "question": "When are you open?", "answer": ""},
    {"id": "hours-2", "question": "When are you open?", "answer": "Sundays by appointment."},
]


def test_rows_are_found_under_their_ids_and_long_answers_count_once(
    tmp_path: Path, config: Config
) -> None:
    faq = write_rows(tmp_path / "faq.jsonl", FAQ)
    queries = [
        {"query": "how long do refunds take", "relevant": ["refund"]},
        {"query": "shoes must be unworn", "relevant": ["shoes"]},
        {"query": "are you open on sundays by appointment", "relevant": ["hours-2"]},
        {"query": "can I return shoes", "relevant": ["refund"]},
    ]
    asked = write_rows(tmp_path / "queries.jsonl", queries)
    result = measure_retrieval(config, [asked], faq=faq, embedder=BagEmbedder())
    assert result.metrics["recall_at_1"].value == 0.75
    assert result.metrics["recall_at_10"].n == 4
    missed = next(row for row in result.rows if not row.right)
    assert missed.shown["first"] == "shoes"
    assert missed.shown["first_heading"] == "Can I return shoes?"
    assert set(result.measured_on["data"]) == {str(faq), str(asked)}


def test_an_entry_that_the_faq_does_not_have_is_named(tmp_path: Path, config: Config) -> None:
    faq = write_rows(tmp_path / "faq.jsonl", FAQ)
    asked = write_rows(tmp_path / "queries.jsonl", [{"query": "x", "relevant": ["nothing"]}])
    with pytest.raises(EvalError, match=r"queries\.jsonl, line 1, names the entry 'nothing'"):
        measure_retrieval(config, [asked], faq=faq, embedder=BagEmbedder())
