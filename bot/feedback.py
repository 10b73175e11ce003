"""What customers say of the service: a rating of an answer, and a survey at the end, once asked."""

from __future__ import annotations

from dataclasses import dataclass

from bot.database import now
from bot.errors import UnknownTurn
from bot.log import ConversationLog
from bot.types import Rating


@dataclass(frozen=True)
class Survey:
    """Was it solved, and are they satisfied, 1..5; None is not said yet."""

    solved: bool | None = None
    satisfaction: int | None = None


def add_feedback(
    log: ConversationLog,
    conversation_id: str,
    turn_id: int,
    rating: Rating,
    comment: str | None = None,
) -> None:
    """Stores or replaces the rating of a bot's turn; without a comment, the one before stays.

    Raises UnknownTurn.
    """
    with log.database.transaction():
        found = log.database.db.execute(
            "select 1 from turns where id = ? and conversation_id = ? and role = 'bot'",
            [turn_id, conversation_id],
        ).fetchone()
        if found is None:
            raise UnknownTurn(f"No answer {turn_id} in this conversation.")
        log.database.db.execute(
            "insert into feedback (turn_id, rating, comment, created_at) "
            "values (:turn, :rating, coalesce(:comment, ''), :now) on conflict do update set "
            "rating = :rating, comment = coalesce(:comment, comment), created_at = :now",
            {"turn": turn_id, "rating": rating, "comment": comment, "now": now()},
        )


def add_survey(log: ConversationLog, conversation_id: str, said: Survey) -> None:
    """What is None keeps what was said before. Raises UnknownConversation."""
    with log.database.transaction():
        log.owner(conversation_id)
        log.database.db.execute(
            "insert into surveys values (?, ?, ?, ?) on conflict do update set "
            "solved = coalesce(excluded.solved, solved), "
            "satisfaction = coalesce(excluded.satisfaction, satisfaction)",
            [conversation_id, said.solved, said.satisfaction, now()],
        )


def read_survey(log: ConversationLog, conversation_id: str) -> Survey:
    with log.database.lock:
        row = log.database.db.execute(
            "select solved, satisfaction from surveys where conversation_id = ?",
            [conversation_id],
        ).fetchone()
    return Survey(None if row[0] is None else bool(row[0]), row[1]) if row else Survey()
