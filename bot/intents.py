"""KernelIntentClassifier: which intent a message has, how sure that is, or that it fits none.

Kernel ridge regression: the encoder's reading, seen along directions that tell these intents apart,
brings meaning; words and pairs of words say what it leaves out. Knows nothing of routing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import BotError
from bot.intent_rows import (
    WORDS_WEIGHT,
    Array,
    IntentRows,
    likeness,
    nearness,
    word_features_of,
)
from bot.intent_views import View, along
from bot.ridge import solve
from bot.types import Intent
from knowledge.types import Embedder, IntentExample, Progress, Vectors

# What fits none of the others, shown by examples (bot/background_intents).
OTHER = "other"

# Part of every model's key: raise it when the features or the fit below change.
_METHOD = "kernel ridge 5"
# The power of the neighbours' cosine in the score. Of the shop's dev and seen questions 92 % known
# if it answers them, 53 / 49 / 45 / 44 % are if not, for 1, 2, 3 and 4; on clinc150's validation
# rows the out-of-scope AUROC was the same for 1, 2 and 3.
_LIKENESS = 3
# The share of examples, held out, that may be taken for unknown. Examples have near twins
# among the others, customers' messages less so: of those about 5 % are lost. At 0.03 / 0.035 / 0.05
# the shop's dev and seen questions are known in 94 / 92 / 85 % if it answers them, in 48 / 45 /
# 38 % if not.
_LOST_IN_SCOPE = 0.035


def examples_key(examples: Sequence[IntentExample], embedder_name: str) -> str:
    """Identifies what a classifier was fitted on: fit again when it changes."""
    rows = sorted((example.intent, example.text) for example in examples)
    content = json.dumps([_METHOD, embedder_name, rows], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class KernelIntentClassifier:
    """`plain` and `vectors` (rows, dimensions), `middles` (rows, fewer; none where they weigh
    nothing) and `dual` (rows, intents) of the examples and the intents' own names; `meaning` has
    the axes that make `vectors` of what the encoder gives (`plain` has no rows where they leave it
    as it is), `centre` and `axes` are the View that shows its middle; `rarity` (buckets,) and
    `weights` (buckets, intents) of the words.

    A message's score is its best intent's prediction (about 1 for an example) times the cubed
    mean cosine to the nearest rows: whether the message is like any of them at all. That cosine is
    the encoder's own: directions that were learned to tell the intents apart do not know what is
    none of them. `slope` and `offset` make the probability of the score that the name is right.
    """

    key: str
    names: tuple[str, ...]
    plain: Vectors
    vectors: Vectors
    middles: Vectors
    meaning: Array
    centre: Array
    axes: Array
    middle_weight: float
    dual: Array
    rarity: Array
    weights: Array
    slope: float
    offset: float
    threshold: float

    def classify(self, text: str, vector: Vectors) -> Intent:
        size = self.meaning.shape[1]
        cosines = self.vectors @ along(vector, self.meaning)
        middle = View(self.centre, self.axes)(vector[size : size + len(self.centre)])
        near = nearness(cosines, self.middles @ middle, self.middle_weight)
        predicted = near @ self.dual
        buckets, values = word_features_of(text, self.rarity)
        predicted += values @ self.weights[buckets]
        plain = self.plain @ vector[:size] if len(self.plain) else cosines
        score = float(_scores(predicted[None, :], likeness(plain[None, :]))[0])
        name = self.names[int(np.argmax(predicted))]
        return Intent(
            name=name,
            confidence=round(float(1 / (1 + np.exp(-self.slope * score - self.offset))), 4),
            known=score >= self.threshold and name != OTHER,
        )

    def save(self, folder: Path) -> None:
        """Writes intents.safetensors, in one step: a reader sees the old model or the new one."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        settings = {name: getattr(self, name) for name in _SETTINGS}
        tensors = {name: getattr(self, name) for name in _TENSORS}
        draft = folder / "intents.new"
        save_file(tensors, draft, metadata={"settings": json.dumps(settings)})
        draft.replace(folder / "intents.safetensors")

    @staticmethod
    def load(folder: Path) -> KernelIntentClassifier:
        """Raises BotError where there is no model, or one of an earlier method."""
        from safetensors import safe_open

        path = folder / "intents.safetensors"
        if not path.is_file():
            raise BotError(f"No intent classifier at {path}. Run: frontdesk train intents")
        with safe_open(path, framework="numpy") as file:
            settings: dict[str, Any] = json.loads(file.metadata()["settings"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if settings.keys() != set(_SETTINGS) or tensors.keys() != set(_TENSORS):
            raise BotError(f"{path} is of another version. Run: frontdesk train intents")
        return KernelIntentClassifier(**settings | {"names": tuple(settings["names"])}, **tensors)


_SETTINGS = ("key", "names", "middle_weight", "slope", "offset", "threshold")
_TENSORS = ("plain", "vectors", "middles", "meaning", "centre", "axes", "dual", "rarity", "weights")


def fit(
    examples: Sequence[IntentExample],
    embedder: Embedder,
    *,
    progress: Progress = lambda *_: None,
) -> KernelIntentClassifier:
    """One solve over all examples; probability and threshold come from fits on a part of them, by
    what these say of the others. `progress` is told of the latter.

    On one core: the threads of numpy and scipy spin while they wait for each other, which costs
    minutes where another process is at work. Raises BotError where there are fewer than two
    intents, or an intent has one example only.
    """
    import scipy.linalg  # noqa: F401 - what is not loaded yet is not limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return _fit(
            IntentRows.of(examples, embedder), examples_key(examples, embedder.name), progress
        )


def _fit(rows: IntentRows, key: str, progress: Progress) -> KernelIntentClassifier:
    setting, held = rows.chosen(progress)
    seen = rows.seen(np.arange(rows.examples))
    dual = solve(rows.kernel(seen, setting.middle_weight), rows.targets, setting.penalty)
    used = slice(None) if setting.middle_weight else slice(0)
    kept = slice(None) if rows.few else slice(0)
    scores = _scores(held.predicted, held.likeness)
    right = held.predicted.argmax(axis=1) == rows.labels[: rows.examples]
    slope, offset = _fit_probability(scores, right)
    return KernelIntentClassifier(
        key=key,
        names=rows.names,
        plain=np.ascontiguousarray(rows.deep[kept, : rows.dimensions]),
        vectors=seen.vectors,
        middles=np.ascontiguousarray(seen.middles[:, used]),
        meaning=seen.meaning,
        centre=seen.middle.centre[used],
        axes=seen.middle.axes[used, used],
        middle_weight=setting.middle_weight,
        dual=dual,
        rarity=rows.rarity,
        weights=np.ascontiguousarray(WORDS_WEIGHT * (rows.features.T @ dual)),
        slope=slope,
        offset=offset,
        threshold=float(np.quantile(scores, _LOST_IN_SCOPE)),
    )


def _scores(predicted: Array, likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (rows,), at least 0."""
    best = predicted.max(axis=1).clip(0.0)
    scores: NDArray[np.float64] = best * likeness.clip(0.0) ** _LIKENESS
    return scores


def _fit_probability(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of a logistic curve from score to probability, as in Platt (1999).

    Its smoothed targets keep the curve finite where all rows are right.
    """
    from scipy.optimize import minimize

    hits, misses = int(right.sum()), int((~right).sum())
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(parameters: NDArray[np.float64]) -> float:
        logit = parameters[0] * scores + parameters[1]
        return float((np.logaddexp(0, logit) - target * logit).mean())

    # The slope stays positive: a likelier message is never less sure.
    found = minimize(loss, [1.0, 0.0], bounds=[(1e-2, None), (None, None)])
    return float(found.x[0]), float(found.x[1])
