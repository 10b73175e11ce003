"""The score that the search would give to passages that a test brings along."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.desk import Remembering
from knowledge.fusion import Evidence, fused_scores
from knowledge.language import language_of
from knowledge.own_words import OwnWords
from knowledge.passage_vectors import vector_texts
from knowledge.store import KnowledgeStore
from knowledge.token_vectors import TokenVectors
from knowledge.types import Match, Passage, Progress


@dataclass(frozen=True)
class PassageScores:
    """Full text over all passages of the test, and what the encoder reads in them."""

    store: KnowledgeStore
    tokens: TokenVectors
    embedder: Remembering
    numbers: dict[str, int]
    own_words: OwnWords

    def matches(self, question: str, passages: Sequence[Passage]) -> list[Match]:
        """The passages as search would return them, best first."""
        numbers = np.array([self.numbers[passage.id] for passage in passages], dtype=np.intp)
        words = self.store.full_text(question)
        query = self.embedder.read([question])[0]
        coverage = self.tokens.coverage(query, numbers)
        # Of several ways of asking the first one counts: the passage's own question.
        vectors = np.stack([query.vector, self.own_words.led(query.vector)])
        products = [self.embedder.embed(vector_texts([p])[1])[:2] @ vectors.T for p in passages]
        cosines = [each[:, 0] for each in products]
        evidence = Evidence(
            question=np.array([each[-1] for each in cosines], dtype=np.float64),
            centre=np.full(len(passages), np.nan),
            text=np.array([each[0] for each in cosines], dtype=np.float64),
            own_words=np.array([each[0, 1] + each[-1, 1] for each in products], dtype=np.float64),
            lexical=np.array([words.scores.get(n, 0.0) for n in numbers.tolist()]),
            coverage=coverage,
            unknown=words.unknown,
            rival=float(coverage.max(initial=0.0)),
        )
        language = language_of(question)
        across = np.array([passage.language != language for passage in passages])
        scores = fused_scores(language, evidence, across).tolist()
        nearest = np.maximum(evidence.question, evidence.text).tolist()
        rows = zip(passages, scores, nearest, evidence.lexical.tolist(), strict=True)
        return sorted((Match(*row) for row in rows), key=lambda match: -match.score)


@contextmanager
def passage_scores(
    passages: Sequence[Passage], embedder: Remembering, progress: Progress
) -> Iterator[PassageScores]:
    distinct = list({passage.id: passage for passage in passages}.values())
    keys, texts = vector_texts(distinct)
    embedder.warm(texts, progress)
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as folder:
        store = KnowledgeStore(Path(folder) / "passages.db")
        try:
            store.write([], distinct, [], {})
            tokens = (embedder.tokens(text) for text in texts)
            TokenVectors.save(Path(folder), len(distinct), keys, tokens)
            numbers = {passage.id: n for n, passage in enumerate(distinct, start=1)}
            own_words = OwnWords.of_encoder(embedder.name)
            yield PassageScores(store, TokenVectors(Path(folder)), embedder, numbers, own_words)
        finally:
            store.close()
