"""`python -m evals.crossing`: questions in one language against the documents of the other alone.

The demo pack's test questions, Chinese on its English entries and English on its Chinese ones, with
the phrasings that the pack lists and without; beside them the same language's own documents. Then
customers' turns, whose intents are told apart by examples in one language alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import get_args

import numpy as np

from bot.build import DESK_INTENTS
from bot.config import Config
from bot.intents import fit
from bot.types import IntentClassifier
from evals.calibrate import DATA, read_rows, shop_in
from knowledge.embedder import load_embedder
from knowledge.pack import read_intents
from knowledge.passages import entry_of
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder, Language, deep_vectors


def main() -> None:
    embedder = load_embedder("built-in")
    answer_score = Config().answer_score
    print("questions  documents  phrasings  right entry first  answered  right of those  kept out")
    for several in (True, False):
        for documents in get_args(Language):
            with tempfile.TemporaryDirectory() as folder:
                base = shop_in(documents, Path(folder), embedder, several=several)
                for language in get_args(Language):
                    first, answered, right = _answered(base, language, documents, answer_score)
                    kept_out = _kept_out(base, language, answer_score)
                    print(
                        f"{language:9}  {documents:9}  {several!s:9}  {first:17.3f}  "
                        f"{answered:8.3f}  {right:14.3f}  {kept_out:8.3f}"
                    )
                base.close()
    print("turns      examples   right intent")
    for examples in get_args(Language):
        classifier = intents_in(examples, embedder)
        for language in get_args(Language):
            share = _right_intent(classifier, embedder, language)
            print(f"{language:9}  {examples:9}  {share:.3f}")


def intents_in(language: Language, embedder: Embedder) -> IntentClassifier:
    """All that a demo shop tells apart, its own intents and every desk's, by examples in one
    language."""
    examples = [*read_intents(DEMO_PACK / "intents"), *read_intents(DESK_INTENTS)]
    return fit([example for example in examples if example.language == language], embedder)


def _right_intent(classifier: IntentClassifier, embedder: Embedder, language: Language) -> float:
    rows = read_rows(DATA / f"intents_test_{language}.jsonl")
    vectors = deep_vectors(embedder, [row["text"] for row in rows])
    right: int = sum(
        classifier.classify(row["text"], vector).name == row["intent"]
        for row, vector in zip(rows, vectors, strict=True)
    )
    return right / len(rows)


def _answered(
    base: KnowledgeBase, asked: Language, documents: Language, answer_score: float
) -> tuple[float, float, float]:
    """The shares of questions that find the right entry first, and that score enough to be answered
    by what comes first; and of the latter those that find the right one."""
    rows = read_rows(DATA / f"test_{asked}.jsonl")
    best = [base.search(row["query"], k=1)[0] for row in rows]
    field = "relevant" if asked == documents else "twins"
    right = np.array(
        [entry_of(match.passage.id) in row[field] for row, match in zip(rows, best, strict=True)]
    )
    answered = np.array([match.score for match in best]) >= answer_score
    return right.mean(), answered.mean(), right[answered].mean() if answered.any() else 1.0


def _kept_out(base: KnowledgeBase, asked: Language, answer_score: float) -> float:
    """The share of unanswerable questions that nothing is found for."""
    rows = [row for row in read_rows(DATA / "test_unanswerable.jsonl") if row["language"] == asked]
    scores = [base.search(row["query"], k=1)[0].score for row in rows]
    return float((np.array(scores) < answer_score).mean())


if __name__ == "__main__":
    main()
