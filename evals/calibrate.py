"""`python -m evals.calibrate`: finds the weights of search and the thresholds of routing.

Reads evals/data/shop/dev_* and the demo pack, prints what to write into knowledge/search.py and
bot/config.py, and how well it does. Never reads the test files.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import load_embedder
from knowledge.ingest import DEMO_PACK, Ingest
from knowledge.search import Evidence, KnowledgeBase
from knowledge.types import Embedder, Language

DATA = Path(__file__).parent / "data" / "shop"
_FEATURES = ("question", "centre", "text", "lexical")
# Strength of the pull towards equal weights: 60 questions cannot tell four weights apart exactly.
_RIDGE = 0.02


@dataclass(frozen=True)
class Candidates:
    """One query's candidates: evidence (candidates, 4) and whether each one is the right entry."""

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]


def main() -> None:
    embedder = load_embedder("built-in")
    with tempfile.TemporaryDirectory() as folder:
        Ingest(Path(folder), embedder).run([DEMO_PACK])
        base = KnowledgeBase(Path(folder), embedder)
        for language in get_args(Language):
            _calibrate(base, embedder, language)
        base.close()


def _calibrate(base: KnowledgeBase, embedder: Embedder, language: Language) -> None:
    asked = read_rows(DATA / f"dev_{language}.jsonl")
    beyond = [
        row for row in read_rows(DATA / "dev_unanswerable.jsonl") if row["language"] == language
    ]
    answerable = collect(base, embedder, asked)
    unanswerable = collect(base, embedder, beyond)
    weights = fit_weights(answerable)
    first = [int(np.argmax(c.evidence @ weights)) for c in answerable]
    right = np.array([bool(c.right[n]) for c, n in zip(answerable, first, strict=True)])
    sums = np.array([(c.evidence @ weights).max() for c in [*answerable, *unanswerable]])
    labels = np.concatenate([right, np.zeros(len(unanswerable), dtype=bool)])
    slope, offset = fit_logistic(sums, labels)
    named = ", ".join(f"{n}={w:.2f}" for n, w in zip(_FEATURES, weights, strict=True))
    print(f'"{language}": Fusion({named}, slope={slope:.1f}, offset={offset:.1f})')
    print(f"   right entry first: {right.mean():.3f} of {len(right)}")
    scores = 1 / (1 + np.exp(-(slope * sums + offset)))
    inside, outside = scores[: len(asked)], scores[len(asked) :]
    print("   threshold   reached by answerable   right among those   kept out of unanswerable")
    for threshold in np.arange(0.1, 0.8, 0.05):
        above = inside >= threshold
        print(
            f"   {threshold:9.2f}   {above.mean():21.3f}   {right[above].mean():17.3f}   "
            f"{(outside < threshold).mean():24.3f}"
        )


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def collect(
    base: KnowledgeBase, embedder: Embedder, rows: Sequence[dict[str, Any]]
) -> list[Candidates]:
    vectors = embedder.embed([row["query"] for row in rows])
    collected = []
    for row, vector in zip(rows, vectors, strict=True):
        found = base.evidence(row["query"], vector)
        collected.append(
            Candidates(
                evidence=np.array([_features(evidence) for _, evidence in found]),
                right=np.array([p.id in row.get("relevant", ()) for p, _ in found]),
            )
        )
    return collected


def fit_weights(queries: Sequence[Candidates]) -> NDArray[np.float64]:
    """The conditional logit model (McFadden 1974): how likely the right entry wins; weights >= 0.

    Returned with sum 1: only their ratios matter to the ranking.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    usable = [query for query in queries if query.right.any()]

    def loss(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for query in usable:
            sums = query.evidence @ weights
            total += float(logsumexp(sums) - logsumexp(sums[query.right]))
        spread = weights - weights.mean()
        return total / len(usable) + _RIDGE * float(spread @ spread) / 10

    start = np.full(len(_FEATURES), 5.0)
    found = minimize(loss, start, bounds=[(0, None)] * len(_FEATURES)).x
    return np.asarray(found / found.sum())


def fit_logistic(sums: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Platt scaling (1999): slope and offset of the probability that the first match answers."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0).fit(sums[:, None], labels)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _features(evidence: Evidence) -> tuple[float, ...]:
    return astuple(evidence)


if __name__ == "__main__":
    main()
