"""`python -m evals.calibrate`: the weights of search, and what routing's thresholds should be.

Reads evals/data/shop/dev_*, seen_* and own_words_* and the demo pack, prints what to write into
knowledge/fusion.py and bot/config.py, and how well it does. Never reads the test files.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from bot.courtesy import without_courtesy
from knowledge.embedder import load_embedder
from knowledge.fusion import Fusion
from knowledge.ingest import Ingest
from knowledge.passages import entry_of
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder, Language

DATA = Path(__file__).parent / "data" / "shop"
# `seen_*` were the test files until somebody looked at what the bot did with them; `own_words_*`
# are harder, so that the weights are not those of questions in the documents' own words alone.
_SETS = ("dev", "seen", "own_words")
# The fields of Evidence; the last two speak against a passage, the others for it.
_FEATURES = ("question", "centre", "text", "lexical", "own_words", "coverage", "unknown", "rival")
# Two languages share names and numbers at most: too few questions hold any to say what they weigh.
_WORDS = ("lexical", "unknown")
# Keeps a weight that so few questions say little about from growing without bounds.
_RIDGE = 1e-2
# The share of unanswerable questions that score less than 0.5.
_KEPT_OUT = 0.92


@dataclass(frozen=True)
class Candidates:
    """One query's candidates: evidence (candidates, kinds) and whether each is the right entry."""

    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Model:
    """`weights` in the order of the evidence."""

    weights: NDArray[np.float64]
    offset: float

    def sums(self, query: Candidates) -> NDArray[np.float64]:
        return np.asarray(query.evidence @ self.weights + self.offset)


def main() -> None:
    embedder = load_embedder("built-in")
    for documents in (None, *get_args(Language)):
        print("FUSION" if documents is None else f"ACROSS, on documents in {documents}")
        for several in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                base = shop_in(documents, Path(folder), embedder, several=several)
                for language in get_args(Language):
                    if language != documents:
                        across = documents is not None
                        _calibrate(base, embedder, language, several=several, across=across)
                base.close()


def shop_in(
    language: Language | None, folder: Path, embedder: Embedder, *, several: bool
) -> KnowledgeBase:
    """The demo pack's documents in one language, or all of them, with the phrasings that they list
    or without; kept in `folder`."""
    pack = folder / "pack" / "shop"
    shutil.copytree(DEMO_PACK, pack)
    if language is not None:
        for other in set(get_args(Language)) - {language}:
            shutil.rmtree(pack / "faq" / other)
    if not several:
        strip_phrasings(pack)
    Ingest(folder / "home", embedder).run([pack])
    return KnowledgeBase(folder / "home", embedder)


def strip_phrasings(pack: Path) -> None:
    for path in pack.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"<!-- asked.*?-->", "", text, flags=re.DOTALL), encoding="utf-8")


def _calibrate(
    base: KnowledgeBase,
    embedder: Embedder,
    language: Language,
    *,
    several: bool,
    across: bool,
) -> None:
    asked = _read(language)
    beyond = [row for row in _read("unanswerable") if row["language"] == language]
    answerable = collect(base, embedder, asked, across=across)
    unanswerable = collect(base, embedder, beyond, across=across)
    model = at_even_odds(fit(answerable, unanswerable), unanswerable)
    weights = dict(zip(_FEATURES, model.weights, strict=True)) | {"offset": model.offset}
    fusion = ", ".join(f"{field.name}={weights[field.name]:.1f}" for field in fields(Fusion))
    print(f'("{language}", {several}): Fusion({fusion}),')
    _print_thresholds(model, answerable, unanswerable)


def _print_thresholds(
    model: Model, answerable: Sequence[Candidates], unanswerable: Sequence[Candidates]
) -> None:
    sums = [model.sums(query) for query in answerable]
    right = np.array([q.right[np.argmax(s)] for q, s in zip(answerable, sums, strict=True)])
    inside = _sigmoid(np.array([s.max() for s in sums]))
    outside = _sigmoid(np.array([model.sums(query).max() for query in unanswerable]))
    print(f"   right entry first: {right.mean():.3f} of {len(right)}")
    print("   threshold   reached by answerable   right among those   kept out of unanswerable")
    for threshold in np.arange(0.2, 0.75, 0.05):
        above = inside >= threshold
        print(
            f"   {threshold:9.2f}   {above.mean():21.3f}   {right[above].mean():17.3f}   "
            f"{(outside < threshold).mean():24.3f}"
        )


def _read(name: str) -> list[dict[str, Any]]:
    return [row for part in _SETS for row in read_rows(DATA / f"{part}_{name}.jsonl")]


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def collect(
    base: KnowledgeBase,
    embedder: Embedder,
    rows: Sequence[dict[str, Any]],
    *,
    across: bool = False,
) -> list[Candidates]:
    """`across`: the documents are in the other language, and right is a question's twin."""
    field = "twins" if across else "relevant"
    shared = [not (across and name in _WORDS) for name in _FEATURES]
    texts = [base.corrected(without_courtesy(row["query"])) for row in rows]
    collected = []
    for row, text, reading in zip(rows, texts, embedder.read(texts), strict=True):
        passages, evidence = base.evidence(text, reading)
        columns = (getattr(evidence, name) for name in _FEATURES)
        collected.append(
            Candidates(
                evidence=np.nan_to_num(np.column_stack(np.broadcast_arrays(*columns))) * shared,
                right=np.array([entry_of(p.id) in row.get(field, ()) for p in passages]),
            )
        )
    return collected


def fit(
    answerable: Sequence[Candidates], unanswerable: Sequence[Candidates], *, against: int = 2
) -> Model:
    """Weights that put the right entry first and the best entry on the right side of 0. All kinds
    of evidence speak for a passage but the last `against`, which do not.

    The first is the conditional logit model (McFadden 1974) over each query's candidates, the
    second a logistic loss on the right entry of answerable and the best one of unanswerable ones.
    """
    from scipy.optimize import minimize
    from scipy.special import expit, softmax

    queries = [query for query in answerable if query.right.any()]
    usable = len(queries)
    evidence, there, right = _padded([*queries, *unanswerable])
    right[usable:] = False
    spread = evidence[:usable][there[:usable]].std(axis=0)
    rows = np.arange(len(evidence))
    sign = np.where(rows < usable, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """And its gradient."""
        sums = np.where(there, evidence @ parameters[:-1] + parameters[-1], -np.inf)
        of_right = np.where(right, sums, -np.inf)
        best = np.where(rows < usable, of_right.argmax(axis=1), sums.argmax(axis=1))
        margin = sign * sums[rows, best]
        chosen = softmax(sums[:usable], axis=1)
        wanted = softmax(of_right[:usable], axis=1)
        likely = np.sum(chosen, axis=1, where=right[:usable])
        shrunk = parameters[:-1] * spread
        total = _RIDGE * usable * np.sum(shrunk**2)
        total += np.logaddexp(0, -margin).sum() - np.log(likely).sum()
        by_sum = np.zeros_like(sums)
        by_sum[:usable] = chosen - wanted
        by_sum[rows, best] -= sign * expit(-margin)
        gradient = np.append(np.einsum("qc,qck->k", by_sum, evidence), by_sum.sum())
        gradient[:-1] += 2 * _RIDGE * usable * shrunk * spread
        return float(total), gradient

    speak_for = len(spread) - against
    start = np.array([*[5.0] * speak_for, *[0.0] * against, -8.0])
    bounds = [*[(0.0, None)] * speak_for, *[(None, 0.0)] * against, (None, None)]
    found = minimize(loss, start, jac=True, bounds=bounds).x
    # What no query has (a centre, where passages are asked in one way) weighs nothing.
    return Model(found[:-1] * (spread > 0), float(found[-1]))


def _padded(
    queries: Sequence[Candidates],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """All queries in one: their evidence (queries, candidates, kinds), and where a candidate is
    there and where it is the right entry (queries, candidates)."""
    sizes = [len(query.right) for query in queries]
    evidence = np.zeros((len(queries), max(sizes), queries[0].evidence.shape[1]))
    there = np.zeros(evidence.shape[:2], dtype=bool)
    right = np.zeros_like(there)
    for row, (query, size) in enumerate(zip(queries, sizes, strict=True)):
        evidence[row, :size], right[row, :size] = query.evidence, query.right
        there[row, :size] = True
    return evidence, there, right


def at_even_odds(
    model: Model, unanswerable: Sequence[Candidates], *, kept_out: float = _KEPT_OUT
) -> Model:
    """The model with the offset at which a score of 0.5 is where routing draws its line: one line
    for all models, above the share `kept_out` of the unanswerable questions.
    """
    outside = np.array([model.sums(query).max() for query in unanswerable])
    return Model(model.weights, model.offset - float(np.quantile(outside, kept_out)))


def _sigmoid(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-sums)))


if __name__ == "__main__":
    main()
