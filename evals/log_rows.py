"""Rows of an invented log, as one transaction writes them into conversations.db."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

_TURN_COLUMNS = (
    "id", "conversation_id", "reply_to", "role", "text", "status", "created_at", "intent",
    "intent_confidence", "intent_known", "route", "rule", "generator", "knowledge_version",
    "options", "dropped", "timings_ms", "error",
)  # fmt: skip


class LogRows:
    """What one transaction writes."""

    def __init__(self) -> None:
        self.conversations: list[tuple[Any, ...]] = []
        self.turns: list[dict[str, Any]] = []
        self.matches: list[tuple[Any, ...]] = []
        self.feedback: list[tuple[Any, ...]] = []
        self.owners: list[tuple[Any, ...]] = []
        self.surveys: list[tuple[Any, ...]] = []
        self.reviews: list[tuple[Any, ...]] = []

    def turn(
        self, number: int, name: str, role: str, text: str, status: str, at: datetime, **more: Any
    ) -> int:
        row = dict.fromkeys(_TURN_COLUMNS) | {
            "id": number, "conversation_id": name, "role": role, "text": text, "status": status,
            "created_at": iso(at),
        } | more  # fmt: skip
        self.turns.append(row)
        return number

    def review(
        self, turn: int, name: str, reviewer: str, verdict: str, at: datetime, reason: str
    ) -> None:
        reasons = "[]" if verdict == "right" else json.dumps([reason])
        self.reviews.append((turn, name, reviewer, verdict, reasons, iso(at), iso(at)))

    def statements(self) -> Iterator[tuple[str, Sequence[Any]]]:
        marks = ", ".join(f":{column}" for column in _TURN_COLUMNS)
        yield (
            "insert into conversations (id, created_at, updated_at, language, channel, owner) "
            "values (?, ?, ?, ?, ?, ?)",
            self.conversations,
        )
        yield f"insert into turns ({', '.join(_TURN_COLUMNS)}) values ({marks})", self.turns
        yield f"insert into matches values ({', '.join('?' * 10)})", self.matches
        yield "insert into feedback values (?, ?, ?, ?)", self.feedback
        yield "update conversations set owner = ?, updated_at = ? where id = ?", self.owners
        yield "insert into surveys values (?, ?, ?, ?)", self.surveys
        yield (
            "insert into reviews (turn_id, conversation_id, reviewer, verdict, reasons, corrected, "
            "right_passage, tags, note, created_at, updated_at) "
            "values (?, ?, ?, ?, ?, '', '', '[]', '', ?, ?)",
            self.reviews,
        )


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
