"""What the customer says at the end, once asked: was it solved, and are they satisfied."""

from __future__ import annotations

from dataclasses import dataclass

from bot.database import ConversationDatabase, now
from bot.errors import UnknownConversation


@dataclass(frozen=True)
class Survey:
    """`satisfaction` is 1..5; None is not said yet."""

    solved: bool | None = None
    satisfaction: int | None = None


def add_survey(
    database: ConversationDatabase,
    conversation_id: str,
    *,
    solved: bool | None = None,
    satisfaction: int | None = None,
) -> None:
    """What is None keeps what was said before. Raises UnknownConversation."""
    with database.transaction():
        sql = "select 1 from conversations where id = ?"
        if database.db.execute(sql, [conversation_id]).fetchone() is None:
            raise UnknownConversation(f"No conversation {conversation_id!r}. Start a new one.")
        database.db.execute(
            "insert into surveys values (?, ?, ?, ?) on conflict do update set "
            "solved = coalesce(excluded.solved, solved), "
            "satisfaction = coalesce(excluded.satisfaction, satisfaction)",
            [conversation_id, solved, satisfaction, now()],
        )


def read_survey(database: ConversationDatabase, conversation_id: str) -> Survey:
    with database.lock:
        row = database.db.execute(
            "select solved, satisfaction from surveys where conversation_id = ?",
            [conversation_id],
        ).fetchone()
    return Survey(None if row[0] is None else bool(row[0]), row[1]) if row else Survey()
