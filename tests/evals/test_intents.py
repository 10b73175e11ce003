"""The intents suite: its tables against scikit-learn and by hand, and a whole run from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from evals.intents import OUT_OF_SCOPE, confusions, measure_intents, per_intent
from evals.result import Row
from tests.conftest import BagEmbedder
from tests.evals.conftest import write_rows

PAIRS = [("a", "a"), ("a", "b"), ("a", "b"), ("b", "b"), ("b", "b"), ("c", "b"), ("c", "c")]


def rows() -> list[Row]:
    return [
        Row(
            str(n),
            {},
            wanted == got,
            labels={"intent": wanted, "got": got},
            shown={"query": f"message {n}", "wanted": wanted, "got": got},
        )
        for n, (wanted, got) in enumerate(PAIRS)
    ]


def test_precision_recall_and_f1_of_each_intent_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    wanted, got = zip(*PAIRS, strict=True)
    expected = precision_recall_fscore_support(wanted, got, labels=["a", "b", "c"])
    table = sorted(per_intent(rows()), key=lambda each: str(each["intent"]))
    for key, values in zip(("precision", "recall", "f1", "n"), expected, strict=True):
        assert [each[key] for each in table] == pytest.approx(list(values), abs=1e-4)


def test_the_worst_intent_and_the_most_frequent_confusion_come_first() -> None:
    assert per_intent(rows())[0]["intent"] == "a"
    first, second = confusions(rows())
    assert first == {
        "wanted": "a", "got": "b", "count": 2, "examples": ["message 1", "message 2"],
    }  # fmt: skip
    assert (second["wanted"], second["got"], second["count"]) == ("c", "b", 1)


def test_a_set_is_fitted_and_measured_from_its_files(tmp_path: Path) -> None:
    words = {"refund": ["money back", "give money", "money please"], "hours": ["open today"]}
    words["hours"] += ["open now", "when open"]
    train = write_rows(
        tmp_path / "train.jsonl",
        [{"text": text, "intent": name} for name, texts in words.items() for text in texts],
    )
    test = write_rows(
        tmp_path / "test.jsonl",
        [{"text": "money", "intent": "refund"}, {"text": "open", "intent": "refund"}],
    )
    oos = write_rows(tmp_path / "oos.jsonl", [{"text": "完全 不同"}])
    found = measure_intents(Config(), [test], train=[train], oos=[oos], embedder=BagEmbedder())
    assert found.metrics["accuracy"].value == 0.5
    assert (found.metrics["accuracy"].n, found.metrics["oos_auroc"].n) == (2, 3)
    assert found.metrics["accuracy.en"].n == 2
    assert [row.shown["wanted"] for row in found.rows] == ["refund", "refund", OUT_OF_SCOPE]
    assert found.details["confusions"][0]["examples"] == ["open"]
    assert found.measured_on["knowledge"] is None
