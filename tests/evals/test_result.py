"""Results as JSON, there and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.errors import EvalError
from evals.result import Figure, Result, Row, read_results, unique_ids, write_results

RESULT = Result(
    suite="retrieval",
    name="retrieval zh",
    metrics={"recall_at_1": Figure(0.5, 0.0, 1.0, 2)},
    measured_on={"seed": 0},
    rows=[
        Row("a", {"recall_at_1": 1.0}, True, ("zh",), {"intent": "x"}, {"query": "退款"}),
        Row("b", {"recall_at_1": 0.0}, False),
    ],
    details={"curve": [[0.5, 0.1]]},
)


def test_a_result_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "result.json"
    write_results([RESULT], path)
    assert read_results(path) == [RESULT]


def test_a_result_is_one_object_with_figures_and_denominators(tmp_path: Path) -> None:
    write_results([RESULT], tmp_path / "one.json")
    content = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert list(content)[:2] == ["suite", "metrics"]
    assert content["metrics"]["recall_at_1"] == {"value": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert len(content["rows"]) == 2


def test_several_results_share_a_file(tmp_path: Path) -> None:
    other = Result("intents", {"accuracy": Figure(1, 1, 1, 1)}, {}, [Row("a", {"accuracy": 1.0})])
    write_results([RESULT, other], tmp_path / "all.json")
    content = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert content["suite"] == "all"
    assert set(content["metrics"]) == {"retrieval zh/recall_at_1", "intents/accuracy"}
    assert read_results(tmp_path / "all.json") == [RESULT, other]


@pytest.mark.parametrize("text", ["", "[]", '{"suite": "x"}', '{"suite": "all", "results": 3}'])
def test_what_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError, match=r"broken\.json is no result"):
        read_results(path)
    with pytest.raises(EvalError, match="frontdesk eval all"):
        read_results(tmp_path / "missing.json")


def test_the_second_row_of_an_id_gets_a_number() -> None:
    assert unique_ids(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]
