"""Turns as rows of conversations.db, and back again. Runs no query."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.types import BotTurn, Citation, Route, Span, Turn


def turn_of(row: Mapping[str, Any], citations: tuple[Citation, ...]) -> Turn:
    return Turn(
        id=row["id"],
        conversation_id=row["conversation_id"],
        role=row["role"],
        text=row["text"],
        status=row["status"],
        created_at=row["created_at"],
        route=Route(row["route"]) if row["route"] else None,
        citations=citations,
        options=tuple(json.loads(row["options"] or "[]")),
        rating=row.get("rating"),
        agent=row["agent"] or "",
        spans=tuple(Span(**span) for span in json.loads(row["spans"] or "[]")),
    )


def citation_of(row: Mapping[str, Any]) -> Citation:
    return Citation(row["passage_id"], row["document"], row["title"], row["text"], row["score"])


def columns_of(reply: BotTurn) -> dict[str, Any]:
    intent = reply.intent
    return {
        "intent": intent.name if intent else None,
        "intent_confidence": intent.confidence if intent else None,
        "intent_known": int(intent.known) if intent else None,
        "route": reply.route.value,
        "rule": reply.rule,
        "generator": reply.generator or None,
        "model": reply.model or None,
        "knowledge_version": reply.knowledge_version or None,
        "options": json.dumps(reply.options, ensure_ascii=False),
        "dropped": json.dumps(reply.dropped, ensure_ascii=False),
        "spans": json.dumps([asdict(span) for span in reply.spans]),
        "timings_ms": json.dumps({k: round(v, 2) for k, v in reply.timings_ms.items()}),
        "error": reply.error or None,
    }


def match_rows(turn_id: int, reply: BotTurn) -> list[dict[str, Any]]:
    return [
        {
            "turn_id": turn_id,
            "rank": rank,
            "passage_id": match.passage.id,
            "document": match.passage.document,
            "title": match.passage.heading,
            "text": match.passage.text,
            "score": match.score,
            "cosine": match.cosine,
            "lexical": match.lexical,
            "cited": int(match.passage.id in reply.cited),
        }
        for rank, match in enumerate(reply.matches, start=1)
    ]


def citations_of(reply: BotTurn) -> tuple[Citation, ...]:
    return tuple(
        Citation(p.id, p.document, p.heading, p.text, match.score)
        for match in reply.matches
        if (p := match.passage).id in reply.cited
    )
