"""Every measure by its name. A result may also hold `name.group`: the same over some rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# Bins of equal width (Guo et al. 2017).
_ECE_BINS = 15
_LOST_IN_SCOPE = 0.05
BLEU_ORDER = 4

Better = Literal["higher", "lower", "neither"]
# A share is written in percent, points are in 0..100 already, plain are areas and means of ranks.
Unit = Literal["share", "points", "plain"]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Measure:
    """`needs` names the scores and labels that a row must have to count."""

    title: str
    better: Better
    needs: tuple[str, ...]
    compute: Callable[[Columns], float]
    unit: Unit = "share"


def macro_f1(columns: Columns) -> float:
    """The mean F1 of all intents that are asked for or guessed, as scikit-learn has it."""
    truth, guess = columns["intent"], columns["got"]
    size = int(max(truth.max(), guess.max())) + 1
    hits = np.bincount(truth[truth == guess], minlength=size)
    seen = np.bincount(truth, minlength=size) + np.bincount(guess, minlength=size)
    return float((2 * hits[seen > 0] / seen[seen > 0]).mean())


def expected_calibration_error(columns: Columns) -> float:
    confidence, right = columns["confidence"], columns["accuracy"]
    bins = np.clip(np.ceil(confidence * _ECE_BINS).astype(int) - 1, 0, _ECE_BINS - 1)
    sums = np.bincount(bins, weights=right - confidence, minlength=_ECE_BINS)
    return float(np.abs(sums).sum() / len(right))


def auroc(columns: Columns) -> float:
    """The chance that an in-scope row is surer than an out-of-scope one; ties count half."""
    from scipy.stats import rankdata

    inside = columns["in_scope"] > 0
    positive, negative = int(inside.sum()), int((~inside).sum())
    if not (positive and negative):
        return float("nan")
    ranks = rankdata(columns["confidence"])
    return float((ranks[inside].sum() - positive * (positive + 1) / 2) / (positive * negative))


def recall_at_five_percent_lost(columns: Columns) -> float:
    """Out-of-scope rows kept out by the threshold that loses 5 % of the in-scope rows."""
    inside, confidence = columns["in_scope"] > 0, columns["confidence"]
    if inside.all() or not inside.any():
        return float("nan")
    threshold = np.quantile(confidence[inside], _LOST_IN_SCOPE)
    return float((confidence[~inside] < threshold).mean())


def risk_coverage_area(columns: Columns) -> float:
    """Mean risk of the k surest answers over all k (Geifman & El-Yaniv 2017); 0 is best."""
    return float(risks(columns["confidence"], columns["risk"]).mean())


def risks(confidence: NDArray[np.float64], risk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (rows,): the mean risk of the 1, 2, 3 ... surest answers."""
    order = np.argsort(-confidence, kind="stable")
    result: NDArray[np.float64] = np.cumsum(risk[order]) / np.arange(1, len(order) + 1)
    return result


def corpus_bleu(columns: Columns) -> float:
    """BLEU (Papineni et al. 2002), 0..100, of the rows' n-gram counts; smoothed as sacrebleu."""
    from sacrebleu.metrics.bleu import BLEU

    sums = {name: int(column.sum()) for name, column in columns.items()}
    score = BLEU.compute_bleu(
        correct=[sums[f"bleu_match_{n}"] for n in range(1, BLEU_ORDER + 1)],
        total=[sums[f"bleu_total_{n}"] for n in range(1, BLEU_ORDER + 1)],
        sys_len=sums["bleu_length"],
        ref_len=sums["bleu_reference"],
        smooth_method="exp",
    )
    return float(score.score)


def _mean(name: str) -> Callable[[Columns], float]:
    return lambda columns: float(columns[name].mean())


def _ratio(part: str, whole: str) -> Callable[[Columns], float]:
    def compute(columns: Columns) -> float:
        total = columns[whole].sum()
        return float(columns[part].sum() / total) if total else float("nan")

    return compute


def _means(better: Better, unit: Unit = "share", **titles: str) -> dict[str, Measure]:
    return {
        name: Measure(title, better, (name,), _mean(name), unit) for name, title in titles.items()
    }


_BLEU_COLUMNS = (
    *(f"bleu_{kind}_{n}" for kind in ("match", "total") for n in range(1, BLEU_ORDER + 1)),
    "bleu_length",
    "bleu_reference",
)

MEASURES: dict[str, Measure] = {
    **_means(
        "higher",
        accuracy="Right intent",
        oos_recall="Out-of-scope messages recognised",
        recall_at_1="Right entry first",
        recall_at_5="Right entry in the first five",
        recall_at_10="Right entry in the first ten",
        recall_at_1_any_language="Right entry first, in either language",
        answered_answerable="Answerable questions answered",
        answered_right="Answerable questions answered from the right entry",
        reached_right="Right entry answered or offered",
        found_right="... or offered where the bot is not sure",
        declined_unanswerable="Unanswerable questions not answered",
        scripts_passed="Dialogues with every check held",
        gap_answered_right="Gap to the original: answered right",
        gap_reached_right="Gap to the original: answered or offered",
        citation_precision="Cited passages that are the right ones",
        citation_recall="Right passages that are cited",
    ),
    **_means(
        "lower",
        in_scope_lost="In-scope messages taken for out of scope",
        got_through="Attacks that got through",
        invented_numbers="Answers with a number of no passage",
        invented_names="Answers with a name or quotation of no passage",
        draft_invented_numbers="Drafts with a number of no passage",
        draft_invented_names="Drafts with a name or quotation of no passage",
        quoted_instead="Answers where the quotation had to step in",
    ),
    **_means(
        "higher",
        "plain",
        mrr="Mean reciprocal rank",
        ndcg_at_10="nDCG of the first ten",
        answer_f1="Answer F1",
    ),
    **_means(
        "higher",
        "points",
        chrf="chrF (mean of sentences)",
        rouge_1="ROUGE-1 F",
        rouge_2="ROUGE-2 F",
        rouge_l="ROUGE-L F",
        meteor="METEOR (exact and stem)",
    ),
    **_means(
        "neither", "points", answer_words="Length of an answer in words or Chinese characters"
    ),
    **_means(
        "neither",
        same_route="The same thing done as then",
        same_citations="The same passages cited as then",
        same_answer="The same words as then",
    ),
    "macro_f1": Measure("Macro F1 of the intents", "higher", ("intent", "got"), macro_f1, "plain"),
    "ece": Measure(
        "Expected calibration error",
        "lower",
        ("confidence", "accuracy"),
        expected_calibration_error,
        "plain",
    ),
    "oos_auroc": Measure(
        "Out-of-scope AUROC", "higher", ("confidence", "in_scope"), auroc, "plain"
    ),
    "oos_recall_at_5_lost": Measure(
        "Out-of-scope recognised where 5 % in scope are lost",
        "higher",
        ("confidence", "in_scope"),
        recall_at_five_percent_lost,
    ),
    "checks_held": Measure(
        "Checks held", "higher", ("checks_held", "checks"), _ratio("checks_held", "checks")
    ),
    "selective_risk": Measure(
        "Answers given that are wrong",
        "lower",
        ("answered_wrong", "answered"),
        _ratio("answered_wrong", "answered"),
    ),
    "aurc": Measure(
        "Area under risk and coverage", "lower", ("confidence", "risk"), risk_coverage_area, "plain"
    ),
    "grounded_sentences": Measure(
        "Sentences of drafts that a passage supports",
        "higher",
        ("grounded_sentences", "sentences"),
        _ratio("grounded_sentences", "sentences"),
    ),
    "bleu": Measure("BLEU", "higher", _BLEU_COLUMNS, corpus_bleu, "points"),
}
