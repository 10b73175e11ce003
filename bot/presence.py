"""Signs of life, which bot/live.py reads: who is typing, and which customers have the page open."""

from __future__ import annotations

from bot.database import now
from bot.log import ConversationLog
from bot.types import Owner


def agent_types(log: ConversationLog, conversation_id: str, agent: str) -> None:
    """Nothing where the agent does not own the conversation: the box may be a little late."""
    with log.database.transaction():
        log.database.db.execute(
            "update conversations set typing_at = ? where id = ? and agent = ?",
            [now(), conversation_id, agent],
        )


def customer_types(log: ConversationLog, conversation_id: str) -> None:
    """Nothing where no person reads along. Raises UnknownConversation."""
    with log.database.transaction():
        if log.owner(conversation_id) in (Owner.WAITING, Owner.AGENT):
            log.database.db.execute(
                "update conversations set customer_typing_at = ? where id = ?",
                [now(), conversation_id],
            )


def customer_is_here(log: ConversationLog, conversation_id: str) -> None:
    """A heartbeat of the customer's page."""
    with log.database.transaction():
        log.database.db.execute(
            "update conversations set here_at = ? where id = ?", [now(), conversation_id]
        )
