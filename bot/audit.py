"""The audit table: what was done at the desk, by whom, and when. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.database import ConversationDatabase, now

Action = Literal[
    "logged_in",
    "logged_out",
    "login_refused",
    "user_added",
    "user_removed",
    "password_changed",
    "viewed",
    "took_over",
    "answered",
    "handed_back",
    "closed",
    "released",
    "reviewed",
    "asked_for_second_review",
    "made_test",
    "drafted",
    "rejected",
    "published",
    "undone",
    "taught",
    "exported",
]


@dataclass(frozen=True)
class AuditEntry:
    at: str
    agent: str
    action: str
    conversation_id: str
    detail: str


def write_audit(
    database: ConversationDatabase,
    agent: str,
    action: Action,
    *,
    conversation_id: str = "",
    detail: str = "",
) -> None:
    """Part of the transaction that it is called in. An empty `agent` is the command line."""
    with database.transaction():
        database.db.table("audit").insert(
            {
                "at": now(),
                "agent": agent,
                "action": action,
                "conversation_id": conversation_id or None,
                "detail": detail,
            }
        )


def audit_entries(database: ConversationDatabase, *, limit: int = 200) -> list[AuditEntry]:
    """The newest first."""
    with database.lock:
        rows = list(database.db.query("select * from audit order by id desc limit ?", [limit]))
    return [
        AuditEntry(
            row["at"], row["agent"], row["action"], row["conversation_id"] or "", row["detail"]
        )
        for row in rows
    ]
