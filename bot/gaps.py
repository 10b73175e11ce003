"""Gaps: what customers asked and the bot could not answer, grouped by meaning.

A gap is closed where today's knowledge would answer its questions.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.choices import REFUSAL
from bot.config import Config
from bot.courtesy import without_courtesy
from bot.types import Retriever
from knowledge.embedding_cache import EmbeddingCache
from knowledge.language import language_of
from knowledge.types import Embedder, Language, Progress, Reading, Vectors

# So many different questions, the newest, are grouped: the distances of all pairs are held.
MOST_QUESTIONS = 2000
_EXAMPLES = 5
# Of a gap's questions, those nearest to its middle are asked again.
_ASKED_AGAIN = 3
# The vectors of questions, in the home: each is embedded once.
_CACHE = "questions.db"


@dataclass(frozen=True)
class Unanswered:
    """One question, with the bot's turn that did not answer it."""

    turn_id: int
    conversation_id: str
    question: str
    asked_at: str


@dataclass(frozen=True)
class Gap:
    """`question` is the one nearest to the middle of all. `examples` are the newest, each wording
    once. Of `asked_again` questions today's knowledge would answer `answered_now`.
    """

    question: str
    language: Language
    count: int
    newest: str
    turn_id: int
    examples: tuple[Unanswered, ...]
    asked_again: int
    answered_now: int

    @property
    def closed(self) -> bool:
        return self.answered_now == self.asked_again


@dataclass(frozen=True)
class FoundGaps:
    """What was found on the state of log and knowledge that `made_of` names."""

    made_of: tuple[str, ...]
    gaps: tuple[Gap, ...]


def read_unanswered(connection: sqlite3.Connection, *, since: str) -> list[Unanswered]:
    """The newest first: what was declined, what was offered several entries of which none was
    meant, and what a reviewer says should have been answered.

    Who refuses what was offered ("none of these") asks nothing by that.
    """
    cursor = connection.execute(_UNANSWERED, {"since": since, "refusal": REFUSAL})
    return [Unanswered(*row) for row in cursor]


_UNANSWERED = """
select reply.id, reply.conversation_id, question.text, question.created_at
from answer_facts fact
join turns reply on reply.id = fact.turn_id
join turns question on question.id = reply.reply_to
where fact.created_at >= :since and fact.intent is not :refusal and (
    reply.route = 'decline' or reply.rule = 'second_decline'
    or reply.route = 'clarify' and exists (
        select 1 from turns said join turns told on told.reply_to = said.id
        where told.intent = :refusal and said.id = (
            select min(id) from turns
            where conversation_id = reply.conversation_id and role = 'customer' and id > reply.id
        )
    )
    or exists (select 1 from reviews where turn_id = reply.id and verdict = 'should_answer')
)
order by fact.created_at desc
"""


class GapFinder:
    """Groups by average linkage over cosine distances (Sokal & Michener 1958)."""

    def __init__(self, config: Config, embedder: Embedder, knowledge: Retriever) -> None:
        self._config = config
        self._embedder = embedder
        self._knowledge = knowledge

    def find(self, unanswered: Sequence[Unanswered], *, progress: Progress) -> list[Gap]:
        """The most frequent first. Raises EmbedderError."""
        plain = {each: without_courtesy(each.question) for each in unanswered}
        texts = list(dict.fromkeys(plain.values()))[:MOST_QUESTIONS]
        if not texts:
            return []
        readings = self._read(texts, progress)
        vectors = np.stack([reading.vector for reading in readings])
        groups: dict[int, list[int]] = {}
        for place, group in enumerate(grouped(vectors, self._config.gap_distance)):
            groups.setdefault(group, []).append(place)
        by_text: dict[str, list[Unanswered]] = {}
        for each in unanswered:
            by_text.setdefault(plain[each], []).append(each)
        gaps = []
        for places in groups.values():
            members = [each for place in places for each in by_text[texts[place]]]
            gaps.append(self._gap(places, texts, readings, members))
            progress("ask", len(gaps), len(groups))
        return sorted(gaps, key=lambda gap: (gap.count, gap.newest), reverse=True)

    def _read(self, texts: Sequence[str], progress: Progress) -> list[Reading]:
        path = self._config.home / _CACHE
        cache = EmbeddingCache(path, self._embedder)
        try:
            return cache.read(texts, progress=lambda done, all_: progress("embed", done, all_))
        finally:
            cache.close()

    def _gap(
        self,
        places: list[int],
        texts: Sequence[str],
        readings: Sequence[Reading],
        members: Sequence[Unanswered],
    ) -> Gap:
        middle = np.mean([readings[place].vector for place in places], axis=0)
        nearest = sorted(places, key=lambda place: -float(readings[place].vector @ middle))
        near = nearest[:_ASKED_AGAIN]
        newest_first = sorted(members, key=lambda each: each.turn_id, reverse=True)
        wordings = {each.question: each for each in reversed(newest_first)}
        examples = sorted(wordings.values(), key=lambda each: each.turn_id, reverse=True)
        question = texts[near[0]]
        languages = Counter(language_of(each.question) for each in members)
        return Gap(
            question=question,
            language=languages.most_common(1)[0][0],
            count=len(members),
            newest=newest_first[0].asked_at,
            turn_id=newest_first[0].turn_id,
            examples=tuple(examples[:_EXAMPLES]),
            asked_again=len(near),
            answered_now=sum(self._answered(texts[place], readings[place]) for place in near),
        )

    def _answered(self, text: str, reading: Reading) -> bool:
        found = self._knowledge.search(text, reading, k=1, language=language_of(text))
        return bool(found) and found[0].score >= self._config.answer_score


def grouped(vectors: Vectors, distance: float) -> list[int]:
    """The number of each row's group. `vectors` has the shape (questions, dimensions)."""
    if len(vectors) < 2:
        return [0] * len(vectors)
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=distance
    )
    return [int(group) for group in np.asarray(clustering.fit_predict(vectors))]
