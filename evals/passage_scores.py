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
from knowledge.search import Evidence, fused_score
from knowledge.store import KnowledgeStore
from knowledge.types import Match, Passage


@dataclass(frozen=True)
class PassageScores:
    """Full text over all passages of the test, and their vectors."""

    store: KnowledgeStore
    embedder: Remembering
    numbers: dict[str, int]

    def matches(self, question: str, passages: Sequence[Passage]) -> list[Match]:
        """The passages as search would return them, best first."""
        numbers = [self.numbers[passage.id] for passage in passages]
        words = self.store.full_text(question, k=1, among=numbers)
        found = [
            self._match(question, passage, words.scores.get(number, 0.0), words.unknown)
            for passage, number in zip(passages, numbers, strict=True)
        ]
        return sorted(found, key=lambda match: -match.score)

    def _match(self, question: str, passage: Passage, lexical: float, unknown: float) -> Match:
        query, text = self.embedder.embed([question, _text(passage)])
        cosine = asked = float(query @ text)
        if passage.question:
            asked = float(query @ self.embedder.embed([passage.question])[0])
        evidence = Evidence(asked, centre=None, text=cosine, lexical=lexical, unknown=unknown)
        score = fused_score(language_of(question), evidence)
        return Match(passage, score, max(asked, cosine), lexical)


@contextmanager
def passage_scores(
    passages: Sequence[Passage], embedder: Remembering, progress: Progress
) -> Iterator[PassageScores]:
    distinct = list({passage.id: passage for passage in passages}.values())
    embedder.warm([_text(passage) for passage in distinct], progress)
    embedder.warm([passage.question for passage in distinct if passage.question], progress)
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as folder:
        store = KnowledgeStore(Path(folder) / "passages.db")
        try:
            store.create()
            store.write([], distinct, [], {}, twins={})
            numbers = {passage.id: n for n, passage in enumerate(distinct, start=1)}
            yield PassageScores(store, embedder, numbers)
        finally:
            store.close()


def _text(passage: Passage) -> str:
    """As Ingest embeds it."""
    heading = passage.question or " / ".join(passage.path) or passage.title
    return f"{heading}\n{passage.text}"
