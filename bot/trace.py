"""Why each turn of a conversation came out as it did: all that was stored of it, for reviewers.

Reads only. What each sentence of an answer rests on is worked out again, by the same check that
released it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import UnknownConversation
from bot.evidence import without_marker
from bot.grounding import Grounding
from bot.sentences import split
from bot.terms import terms
from knowledge.language import language_of
from knowledge.types import Passage


@dataclass(frozen=True)
class FoundPassage:
    """What the search brought, with its text as it was then. `used` are the spans (start, end) of
    the text that the answer's sentences rest on, each with the sentence's number.
    """

    rank: int
    passage_id: str
    document: str
    title: str
    text: str
    score: float
    cosine: float
    lexical: float
    cited: bool
    used: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class Sentence:
    """`rank` is the passage's that it rests on; 0 where none supports it by itself."""

    number: int
    text: str
    rank: int


@dataclass(frozen=True)
class TracedTurn:
    """One turn; what follows `error` is there for the bot's turns only."""

    id: int
    role: str
    text: str
    status: str
    created_at: str
    error: str
    route: str
    rule: str
    intent: str
    confidence: float
    known: bool
    generator: str
    model: str
    knowledge_version: str
    options: tuple[str, ...]
    dropped: tuple[str, ...]
    timings_ms: Mapping[str, float]
    rating: str
    comment: str
    matches: tuple[FoundPassage, ...] = ()
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Trace:
    id: str
    started_at: str
    language: str
    channel: str
    owner: str
    outcome: str
    turns: tuple[TracedTurn, ...]

    @property
    def answers(self) -> list[TracedTurn]:
        """What can be reviewed."""
        return [turn for turn in self.turns if turn.role == "bot" and turn.status == "done"]


def read_trace(connection: sqlite3.Connection, conversation_id: str, *, coverage: float) -> Trace:
    """`coverage` is Config.grounding_coverage. Raises UnknownConversation."""
    head = connection.execute(
        "select conversation_id, started_at, language, channel, owner, outcome from outcomes "
        "where conversation_id = ?",
        [conversation_id],
    ).fetchone()
    if head is None:
        raise UnknownConversation(conversation_id)
    cursor = connection.execute(
        "select turns.*, feedback.rating, feedback.comment from turns "
        "left join feedback on turn_id = turns.id where conversation_id = ? order by turns.id",
        [conversation_id],
    )
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    found = _matches(connection, conversation_id)
    turns = (_turn(row, found.get(row["id"], ()), coverage=coverage) for row in rows)
    values: list[Any] = [*head, tuple(turns)]
    return Trace(*values)


def _matches(
    connection: sqlite3.Connection, conversation_id: str
) -> dict[int, tuple[FoundPassage, ...]]:
    found: dict[int, tuple[FoundPassage, ...]] = {}
    cursor = connection.execute(
        "select turn_id, rank, passage_id, document, title, matches.text, score, cosine, lexical, "
        "cited from matches join turns on turns.id = turn_id where conversation_id = ? "
        "order by turn_id, rank",
        [conversation_id],
    )
    for turn_id, *values in cursor:
        found[turn_id] = (*found.get(turn_id, ()), FoundPassage(*values))
    return found


def _turn(
    row: Mapping[str, Any], matches: tuple[FoundPassage, ...], *, coverage: float
) -> TracedTurn:
    sentences: tuple[Sentence, ...] = ()
    if row["route"] == "answer":
        matches, sentences = _rested(row["text"], matches, coverage=coverage)
    return TracedTurn(
        id=row["id"],
        role=row["role"],
        text=row["text"],
        status=row["status"],
        created_at=row["created_at"],
        error=row["error"] or "",
        route=row["route"] or "",
        rule=row["rule"] or "",
        intent=row["intent"] or "",
        confidence=row["intent_confidence"] or 0.0,
        known=bool(row["intent_known"]),
        generator=row["generator"] or "",
        model=row["model"] or "",
        knowledge_version=row["knowledge_version"] or "",
        options=tuple(json.loads(row["options"] or "[]")),
        dropped=tuple(json.loads(row["dropped"] or "[]")),
        timings_ms=json.loads(row["timings_ms"] or "{}"),
        rating=row["rating"] or "",
        comment=row["comment"] or "",
        matches=matches,
        sentences=sentences,
    )


def _rested(
    text: str, matches: Sequence[FoundPassage], *, coverage: float
) -> tuple[tuple[FoundPassage, ...], tuple[Sentence, ...]]:
    """The matches with the spans that are used, and the sentences with what they rest on."""
    passages = {match.rank: _passage(match) for match in matches if match.cited}
    grounding = Grounding(list(passages.values()), coverage=coverage)
    ranks = {passage.id: rank for rank, passage in passages.items()}
    sentences: list[Sentence] = []
    used: dict[int, list[tuple[int, int, int]]] = {rank: [] for rank in passages}
    for number, sentence in enumerate(split(text), start=1):
        support = grounding.support(without_marker(sentence))
        rank = ranks[support.passage.id] if support else 0
        sentences.append(Sentence(number, sentence, rank))
        if support and (span := _best_span(sentence, support.passage.text)):
            used[rank].append((*span, number))
    marked = tuple(
        FoundPassage(**vars(match) | {"used": tuple(sorted(used.get(match.rank, ())))})
        for match in matches
    )
    return marked, tuple(sentences)


def _passage(match: FoundPassage) -> Passage:
    language = language_of(match.text)
    return Passage(
        match.passage_id, match.document, match.title, (match.title,), "", match.text, language
    )


def _best_span(sentence: str, text: str) -> tuple[int, int] | None:
    """Where the sentence of `text` stands that shares most terms (Jaccard) with this one."""
    wanted = set(terms(sentence))
    best, best_likeness, start = None, 0.0, 0
    for known in split(text):
        held = set(terms(known))
        likeness = len(wanted & held) / max(1, len(wanted | held))
        if likeness > best_likeness:
            best, best_likeness = (start, start + len(known.rstrip())), likeness
        start += len(known)
    return best
