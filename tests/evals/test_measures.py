"""Measures against cases worked out by hand, and against a second implementation."""

from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from scipy.stats import bootstrap
from sklearn.metrics import f1_score, ndcg_score, roc_auc_score

from evals.figures import difference, figure_of, figures, title_of, written
from evals.measures import MEASURES
from evals.result import Row
from evals.retrieval import ranking_scores
from evals.text_scores import text_scores


def rows(name: str, values: list[float]) -> list[Row]:
    return [Row(str(n), {name: value}) for n, value in enumerate(values)]


def test_macro_f1_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    wanted = random.choice(list("abcdef"), 300)
    got = np.where(random.random(300) < 0.7, wanted, random.choice(list("abcxyz"), 300))
    pairs = zip(wanted, got, strict=True)
    table = [Row(str(n), {}, labels={"intent": w, "got": g}) for n, (w, g) in enumerate(pairs)]
    figure = figure_of("macro_f1", table)
    assert figure is not None
    assert figure.value == pytest.approx(f1_score(wanted, got, average="macro"), abs=1e-6)
    assert figure.low < figure.value < figure.high


def test_auroc_is_that_of_scikit_learn_ties_included() -> None:
    random = np.random.default_rng(2)
    inside = random.random(200) < 0.6
    confidence = np.round(random.random(200) + 0.2 * inside, 1)
    columns = {"confidence": confidence, "in_scope": inside.astype(float)}
    assert MEASURES["oos_auroc"].compute(columns) == pytest.approx(
        roc_auc_score(inside, confidence)
    )


def test_calibration_error_of_a_case_by_hand() -> None:
    # Two bins: 0.95 sure and half right (0.45 off), 0.55 sure and all right (0.45 off).
    columns = {
        "confidence": np.array([0.95, 0.95, 0.55, 0.55]),
        "accuracy": np.array([1.0, 0.0, 1.0, 1.0]),
    }
    assert MEASURES["ece"].compute(columns) == pytest.approx(0.45)


def test_out_of_scope_recall_at_five_percent_lost_by_hand() -> None:
    inside = np.arange(1, 101) / 100
    outside = np.array([0.01, 0.05, 0.5, 0.9])
    columns = {
        "confidence": np.concatenate([inside, outside]),
        "in_scope": np.array([1.0] * 100 + [0.0] * 4),
    }
    # The 5 % quantile of 0.01 ... 1.00 is 0.0595: below it lie two of the four.
    assert MEASURES["oos_recall_at_5_lost"].compute(columns) == 0.5


def test_risk_coverage_area_by_hand() -> None:
    columns = {"confidence": np.array([0.9, 0.2, 0.5]), "risk": np.array([0.0, 1.0, 1.0])}
    assert MEASURES["aurc"].compute(columns) == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)


def test_bleu_of_the_rows_counts_is_that_of_sacrebleu_over_the_corpus() -> None:
    answers = ["Refunds take five working days.", "You can pay by card or invoice here.", "No."]
    references = [
        "A refund takes five working days.",
        "You can pay by card, invoice or gift card.",
        "No, you cannot.",
    ]
    table = [
        Row(answer, text_scores(answer, [reference]))
        for answer, reference in zip(answers, references, strict=True)
    ]
    figure = figure_of("bleu", table)
    assert figure is not None
    assert figure.value == pytest.approx(BLEU().corpus_score(answers, [references]).score, abs=1e-5)


def test_ranking_scores_are_those_of_scikit_learn_and_of_a_case_by_hand() -> None:
    ranked = list("abcdefghij")
    scores = ranking_scores(ranked, frozenset("cx"))
    assert scores["recall_at_1"] == 0
    assert scores["recall_at_5"] == 1
    assert scores["mrr"] == pytest.approx(1 / 3)
    gains = [[float(entry == "c") for entry in ranked] + [1.0]]
    places = [[*range(11, 1, -1), 0]]  # x was not found: last of all
    assert scores["ndcg_at_10"] == pytest.approx(ndcg_score(gains, places, k=10))
    assert ranking_scores([], frozenset("a"))["mrr"] == 0


def test_intervals_are_the_same_on_every_run_and_near_those_of_scipy() -> None:
    values = [1.0] * 80 + [0.0] * 20
    figure = figure_of("accuracy", rows("accuracy", values))
    assert figure == figure_of("accuracy", rows("accuracy", values))
    theirs = bootstrap((np.array(values),), np.mean, method="percentile", rng=1).confidence_interval
    assert figure is not None
    assert figure.low == pytest.approx(theirs.low, abs=0.02)
    assert figure.high == pytest.approx(theirs.high, abs=0.02)
    assert (figure.value, figure.n) == (0.8, 100)


def test_a_group_is_measured_by_itself_and_an_empty_one_left_out() -> None:
    table = [Row("1", {"accuracy": 1.0}, groups=("en",)), Row("2", {"accuracy": 0.0})]
    found = figures(table, ["accuracy", "oos_auroc"], groups=["en", "zh"])
    assert set(found) == {"accuracy", "accuracy.en"}
    assert found["accuracy.en"].value == 1


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    old, new = [1.0] * 50 + [0.0] * 50, [1.0] * 42 + [0.0] * 58
    found = difference("accuracy", rows("accuracy", old), rows("accuracy", new))
    assert (found.old, found.new) == (0.5, 0.42)
    assert found.change.value == pytest.approx(-0.08)
    assert found.change.high < 0


def test_figures_are_written_in_their_unit() -> None:
    assert written("accuracy.en", 0.9167) == "91.7 %"
    assert written("bleu", 12.34) == "12.3"
    assert written("mrr", 0.5, signed=True) == "+0.500"
    assert (
        title_of("got_through.role_play") == "Attacks that got through: role play (less is better)"
    )
