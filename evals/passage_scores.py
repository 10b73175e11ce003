"""The score that the search would give to passages that a test brings along."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.desk import Remembering
from knowledge.ingest import Progress
from knowledge.language import language_of
from knowledge.passage_vectors import vector_texts
from knowledge.search import Evidence, fused_score
from knowledge.store import KnowledgeStore
from knowledge.token_vectors import TokenVectors
from knowledge.types import Match, Passage


@dataclass(frozen=True)
class PassageScores:
    """Full text over all passages of the test, and what the encoder reads in them."""

    store: KnowledgeStore
    tokens: TokenVectors
    embedder: Remembering
    numbers: dict[str, int]

    def matches(self, question: str, passages: Sequence[Passage]) -> list[Match]:
        """The passages as search would return them, best first."""
        numbers = [self.numbers[passage.id] for passage in passages]
        words = self.store.full_text(question, k=1, among=numbers)
        query = self.embedder.read([question])[0]
        coverage = self.tokens.coverage(query, numbers)
        found = []
        for passage, number, covered in zip(passages, numbers, coverage, strict=True):
            text, *asked = self.embedder.embed(vector_texts([passage])[1]) @ query.vector
            evidence = Evidence(
                question=float(asked[0] if asked else text),
                centre=None,
                text=float(text),
                lexical=words.scores.get(number, 0.0),
                unknown=words.unknown,
                coverage=covered,
                rival=max(coverage),
            )
            score = fused_score(language_of(question), evidence)
            cosine = max(evidence.question, evidence.text)
            found.append(Match(passage, score, cosine, evidence.lexical))
        return sorted(found, key=lambda match: -match.score)


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
            store.create()
            store.write([], distinct, [], {}, twins={})
            tokens = (embedder.tokens(text) for text in texts)
            TokenVectors.save(Path(folder), len(distinct), keys, tokens)
            numbers = {passage.id: n for n, passage in enumerate(distinct, start=1)}
            yield PassageScores(store, TokenVectors(Path(folder)), embedder, numbers)
        finally:
            store.close()
