"""The same question by other customers: what is asked stays, and gaps are those to the original."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import Config
from evals.errors import EvalError
from evals.fairness import measure_fairness
from evals.perturbations import traditional, variants
from knowledge.types import Embedder
from tests.evals.conftest import write_rows

ENGLISH = "Can I return 2 jackets within 30 days, ordered on 5 May?"
CHINESE = "订单里的2件衣服，30天内能退吗？"
REFUND = {
    "query": "How long do refunds take?",
    "relevant": ["shop/faq/en/returns.md#how-long-do-refunds-take"],
}


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_variants_are_the_same_every_run_and_keep_the_numbers(text: str) -> None:
    found = dict(variants(text))
    assert found == dict(variants(text))
    numbers = re.findall(r"\d+", text)
    assert all(re.findall(r"\d+", each) == numbers for each in found.values())
    assert all(each != text for each in found.values())
    assert {"typos", "polite", "rude"} <= set(found)
    assert len([name for name in found if name.startswith("name_")]) == 6


def test_what_does_not_change_a_text_is_no_slice_of_it() -> None:
    assert "lower_case" not in dict(variants("how long does it take"))
    assert "traditional" not in dict(variants(ENGLISH))
    assert traditional("退货运费谁出，发票呢") == "退貨運費誰出，發票呢"


def test_typos_change_letters_and_no_more_than_a_few() -> None:
    changed = dict(variants(ENGLISH))["typos"]
    assert 0 <= abs(len(changed) - len(ENGLISH)) <= 2
    assert changed.split()[0] == "Can"


def test_the_gap_is_that_to_the_original(
    tmp_path: Path, shop: Config, built_in_embedder: Embedder
) -> None:
    queries = write_rows(tmp_path / "queries.jsonl", [REFUND])
    terse = REFUND | {"slice": "terse", "query": "refund duration", "of": REFUND["query"]}
    lost = REFUND | {"slice": "lost", "query": "qwertz", "of": REFUND["query"]}
    written = write_rows(tmp_path / "written.jsonl", [terse, lost])
    result = measure_fairness(shop, [queries], [written], embedder=built_in_embedder)
    assert result.metrics["reached_right.original"].value == 1
    assert result.metrics["gap_reached_right.lost"].value == -1
    assert "gap_reached_right.original" not in result.metrics
    assert {row.groups[0] for row in result.rows} >= {"typos", "rude", "terse", "lower_case"}


def test_a_written_slice_of_no_question_is_named(tmp_path: Path, shop: Config) -> None:
    queries = write_rows(tmp_path / "queries.jsonl", [REFUND])
    stray = REFUND | {"slice": "terse", "of": "What else?"}
    written = write_rows(tmp_path / "written.jsonl", [stray])
    with pytest.raises(EvalError, match=r"written\.jsonl, line 1, has an \"of\" that is no"):
        measure_fairness(shop, [queries], [written])
