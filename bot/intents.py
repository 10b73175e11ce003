"""LinearIntentClassifier: which intent a message has, how sure that is, or that it fits none.

A linear support vector machine over the sentence vector beside hashed character n-grams: the vector
brings meaning, the n-grams spelling. Knows nothing of routing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import BotError
from bot.types import Intent
from knowledge.types import Embedder, IntentExample, Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Part of every model's key: raise it when the features or the fit below change.
_METHOD = "svm 3"
# Hash buckets of the character n-grams.
_BUCKETS = 2**15
# How much the n-grams weigh beside the vector (both are of length 1 before).
_NGRAM_WEIGHT = 0.7
_NEIGHBOURS = 3
# The share of in-scope messages, in cross-validation, that may be taken for unknown.
_LOST_IN_SCOPE = 0.05
_FOLDS = 5


def examples_key(examples: Sequence[IntentExample], embedder_name: str) -> str:
    """Identifies what a classifier was fitted on: fit again when it changes."""
    rows = sorted((example.intent, example.text) for example in examples)
    content = json.dumps([_METHOD, embedder_name, rows], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class LinearIntentClassifier:
    """`weights` (dimensions + buckets, intents), `bias` (intents,), `vectors` of the examples.

    Confidence is the softmax of the scaled margins times the mean cosine to the nearest examples:
    the first says which intent, the second whether the message is like any of them at all.
    """

    key: str
    names: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    vectors: Vectors
    scale: float
    threshold: float

    def classify(self, text: str, vector: Vectors) -> Intent:
        margins = vector @ self.weights[: len(vector)] + self.bias
        margins += (_ngrams([text]) @ self.weights[len(vector) :])[0]
        confidence = _confidence(margins[None, :], vector[None, :], self.vectors, self.scale)
        return Intent(
            name=self.names[int(np.argmax(margins))],
            confidence=round(float(confidence[0]), 4),
            known=bool(confidence[0] >= self.threshold),
        )

    def save(self, folder: Path) -> None:
        """Writes intents.safetensors, in one step: a reader sees the old model or the new one."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        settings = {"key": self.key, "names": self.names, "threshold": self.threshold}
        draft = folder / "intents.new"
        save_file(
            {"weights": self.weights, "bias": self.bias, "vectors": self.vectors},
            draft,
            metadata={"settings": json.dumps(settings | {"scale": self.scale})},
        )
        draft.replace(folder / "intents.safetensors")

    @staticmethod
    def load(folder: Path) -> LinearIntentClassifier:
        """Raises BotError where there is no model."""
        from safetensors import safe_open

        path = folder / "intents.safetensors"
        if not path.is_file():
            raise BotError(f"No intent classifier at {path}. Run: frontdesk train intents")
        with safe_open(path, framework="numpy") as file:
            settings: dict[str, Any] = json.loads(file.metadata()["settings"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return LinearIntentClassifier(**settings | {"names": tuple(settings["names"])}, **tensors)


def fit(examples: Sequence[IntentExample], embedder: Embedder) -> LinearIntentClassifier:
    """Fits the margins on all examples, and scale and threshold on held-out fifths of them.

    Raises BotError where there are fewer than two intents, or an intent has one example only.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.svm import LinearSVC

    texts = [example.text for example in examples]
    names, labels, counts = np.unique(
        [example.intent for example in examples], return_inverse=True, return_counts=True
    )
    if len(names) < 2 or counts.min() < 2:
        raise BotError("A classifier needs two intents or more, with two examples or more of each.")
    vectors = embedder.embed(texts)
    features = _features(texts, vectors)
    machine = LinearSVC(C=1.0, class_weight="balanced")
    folds = StratifiedKFold(min(_FOLDS, int(counts.min())), shuffle=True, random_state=0)
    held_out = cross_val_predict(machine, features, labels, cv=folds, method="decision_function")
    held_out = _two_columns(held_out)
    scale = _fit_scale(held_out, labels)
    machine.fit(features, labels)
    confidence = _confidence(held_out, vectors, vectors, scale, skip_self=True)
    return LinearIntentClassifier(
        key=examples_key(examples, embedder.name),
        names=tuple(str(name) for name in names),
        # In C order: safetensors writes the memory as it lies.
        weights=np.ascontiguousarray(_two_rows(machine.coef_).T, dtype=np.float32),
        bias=_two_rows(machine.intercept_[:, None])[:, 0].astype(np.float32),
        vectors=vectors,
        scale=scale,
        threshold=float(np.quantile(confidence, _LOST_IN_SCOPE)),
    )


def _features(texts: Sequence[str], vectors: Vectors) -> csr_matrix:
    from scipy.sparse import csr_matrix, hstack

    return csr_matrix(hstack([csr_matrix(vectors), _ngrams(texts)]), dtype=np.float32)


def _ngrams(texts: Sequence[str]) -> csr_matrix:
    """(texts, buckets), each row of length _NGRAM_WEIGHT."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), n_features=_BUCKETS, dtype=np.float32
    )
    return csr_matrix(vectorizer.transform(texts) * _NGRAM_WEIGHT)


def _confidence(
    margins: NDArray[Any],
    vectors: Vectors,
    known: Vectors,
    scale: float,
    *,
    skip_self: bool = False,
) -> NDArray[np.float64]:
    """Shape (rows,). `skip_self` leaves out the nearest neighbour, where a row is its own."""
    from scipy.special import softmax

    probability = softmax(margins * scale, axis=1).max(axis=1)
    first = 1 if skip_self else 0
    cosines = np.sort(vectors @ known.T, axis=1)[:, ::-1][:, first : first + _NEIGHBOURS]
    result: NDArray[np.float64] = probability * cosines.mean(axis=1)
    return result


def _fit_scale(margins: NDArray[Any], labels: NDArray[Any]) -> float:
    """Temperature scaling (Guo et al. 2017): the scale with the least held-out log loss."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_scale: float) -> float:
        rows = np.arange(len(labels))
        return float(-log_softmax(margins * np.exp(log_scale), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 4.0), method="bounded").x))


def _two_columns(margins: NDArray[Any]) -> NDArray[Any]:
    """scikit-learn gives one column for two classes."""
    return np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins


def _two_rows(weights: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([-weights, weights]) if len(weights) == 1 else weights
