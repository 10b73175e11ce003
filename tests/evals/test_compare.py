"""What is broken on purpose makes the comparison fail, and is named."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result as Ran

from bot.config import Config
from evals.compare import compare
from evals.desk import temporary_home
from evals.errors import EvalError
from evals.figures import figures
from evals.questions import measure_questions
from evals.result import Result, Row, write_results
from evals.retrieval import measure_retrieval
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder
from tests.conftest import BagEmbedder
from tests.evals.conftest import SHOP
from ui.eval_commands import evaluate

_SECTION = re.compile(r"(?m)^## .*$")


def a_result(values: list[float], name: str = "intents") -> Result:
    rows = [
        Row(f"row {n}", {"accuracy": value}, value > 0, shown={"query": f"question {n}"})
        for n, value in enumerate(values)
    ]
    return Result("intents", figures(rows, ["accuracy"]), {}, rows, name=name)


def run_compare(folder: Path, old: Result, new: Result) -> Ran:
    write_results([old], folder / "old.json")
    write_results([new], folder / "new.json")
    return CliRunner().invoke(
        evaluate, ["compare", str(folder / "old.json"), str(folder / "new.json")]
    )


def found_in(pack: Path, config: Config) -> Result:
    """Retrieval over the English part of a pack, with words for vectors."""
    with temporary_home(config, [pack], embedder=BagEmbedder()) as at:
        return measure_retrieval(at, [SHOP / "seen_en.jsonl"], embedder=BagEmbedder())


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "shop"
    shutil.copytree(DEMO_PACK / "faq" / "en", folder / "faq" / "en")
    return folder


@pytest.fixture(scope="module")
def whole(pack: Path) -> Result:
    return found_in(pack, Config())


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack, tmp_path / "shop"))


def test_nothing_changed_is_no_fall(tmp_path: Path, whole: Result) -> None:
    ran = run_compare(tmp_path, whole, whole)
    assert ran.exit_code == 0
    assert "No figure fell for real." in ran.output


def test_a_dropped_document_is_noticed(
    tmp_path: Path, copy: Path, whole: Result, config: Config
) -> None:
    (copy / "faq" / "en" / "returns.md").unlink()
    ran = run_compare(tmp_path, whole, found_in(copy, config))
    assert ran.exit_code == 1
    assert "FELL retrieval: recall_at_1" in ran.output
    assert "returns.md" in ran.output


def test_shuffled_knowledge_is_noticed(
    tmp_path: Path, copy: Path, whole: Result, config: Config
) -> None:
    for document in (copy / "faq" / "en").glob("*.md"):
        text = document.read_text(encoding="utf-8")
        heads, bodies = _SECTION.findall(text), _SECTION.split(text)
        moved = [bodies[0], *(h + b for h, b in zip(heads, bodies[2:] + bodies[1:2], strict=True))]
        document.write_text("".join(moved), encoding="utf-8")
    ran = run_compare(tmp_path, whole, found_in(copy, config))
    assert ran.exit_code == 1
    assert "FELL retrieval: mrr" in ran.output
    assert "rows broken" in ran.output


def test_a_lowered_threshold_is_noticed(
    tmp_path: Path, shop: Config, built_in_embedder: Embedder
) -> None:
    low = shop.model_copy(update={"answer_score": 0.01, "clarify_score": 0.0})
    unanswerable = [SHOP / "seen_unanswerable.jsonl"]
    before, after = (
        measure_questions(
            config,
            [SHOP / "seen_en.jsonl"],
            unanswerable,
            limit=16,
            embedder=built_in_embedder,
        )
        for config in (shop, low)
    )
    ran = run_compare(tmp_path, before, after)
    assert ran.exit_code == 1
    assert "FELL questions: declined_unanswerable" in ran.output
    assert after.measured_on["config"]["answer_score"] == 0.01


def test_a_fall_that_may_be_chance_is_shown_and_no_failure(tmp_path: Path) -> None:
    old, new = a_result([1.0] * 40), a_result([0.0] + [1.0] * 39)
    ran = run_compare(tmp_path, old, new)
    assert ran.exit_code == 0
    assert "1 rows broken" in ran.output
    assert "question 0" in ran.output


def test_rows_are_paired_by_id_whatever_their_order() -> None:
    old = a_result([1.0] * 10 + [0.0] * 10)
    new = replace(old, rows=list(reversed(a_result([0.0] * 10 + [1.0] * 10).rows))[:19])
    (found,) = compare([old], [new])
    assert (len(found.fixed), len(found.broken), found.lost) == (10, 9, ("row 0",))
    assert found.changes[0].verdict == "same"


def test_for_figures_that_should_be_low_a_rise_is_worse() -> None:
    rows = [[Row(str(n), {"got_through": v}) for n in range(30)] for v in (0.0, 1.0)]
    old, new = (Result("robustness", figures(r, ["got_through"]), {}, r) for r in rows)
    assert compare([old], [new])[0].changes[0].verdict == "worse"
    assert compare([new], [old])[0].changes[0].verdict == "better"


def test_what_was_not_measured_cannot_have_passed() -> None:
    with pytest.raises(EvalError, match="does not have intents zh"):
        compare([a_result([1.0]), a_result([1.0], "intents zh")], [a_result([1.0])])
    other = replace(a_result([1.0]), rows=[Row("else", {"accuracy": 1.0})])
    with pytest.raises(EvalError, match="no row in common"):
        compare([a_result([1.0])], [other])
