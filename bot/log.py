"""ConversationLog: every turn, and who owns the conversation. A turn is here before work starts on
it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.database import ConversationDatabase, now
from bot.errors import UnknownConversation, UnknownSuggestion, UnknownTurn
from bot.ownership import Move, Ownership, after
from bot.turn_rows import citation_of, citations_of, columns_of, match_rows, turn_of
from bot.types import BotTurn, Citation, Conversation, Owner, Role, Status, Turn
from knowledge.types import Language

# All turns but the half answers of a bot that was interrupted.
_WHOLE = "not (role = 'bot' and turns.status = 'cancelled')"


class ConversationLog:
    """Turns and their owner; `database` may be shared with others that keep something in it."""

    def __init__(self, path: Path | None = None) -> None:
        self.database = ConversationDatabase(path)
        self._db = self.database.db
        self._lock = self.database.lock
        self._transaction = self.database.transaction

    def close(self) -> None:
        self.database.close()

    def check(self) -> None:
        """Raises sqlite3.Error where nothing can be written now."""
        with self._transaction():
            self._db.execute("select 1 from conversations limit 1")

    def start(self, language: Language, *, channel: str = "web", follows: str = "") -> Conversation:
        """A new conversation that the bot owns. Its id has 128 random bits.

        `follows` is the conversation that the same browser had before.
        """
        moment = now()
        row = {
            "id": secrets.token_urlsafe(16),
            "created_at": moment,
            "updated_at": moment,
            "language": language,
            "channel": channel,
            "owner": Owner.BOT.value,
        }
        with self._transaction():
            if self._knows(follows):
                row["follows"] = follows
            self._db.table("conversations").insert(row)
        return Conversation(id=row["id"], language=language, owner=Owner.BOT, created_at=moment)

    def add_customer_turn(self, conversation_id: str, text: str) -> Turn:
        """Stores the message as `accepted`. Raises UnknownConversation."""
        with self._transaction():
            self._move(conversation_id, Move.WRITE)
            self._db.execute(
                "update conversations set customer_typing_at = null where id = ?", [conversation_id]
            )
            return self._insert(conversation_id, "customer", text, "accepted")

    def add_bot_turn(self, question: Turn, reply: BotTurn) -> Turn:
        """Stores the reply, settles the question, and hands the conversation to `reply.owner`.

        Raises OwnershipError, and stores nothing, where the bot no longer owns the conversation:
        the check and the write are one transaction, so a person who takes over wins every race.
        """
        with self._transaction():
            self._move(question.conversation_id, Move.ANSWER)
            turn = self._insert(
                question.conversation_id,
                "bot",
                reply.text,
                "done",
                reply_to=question.id,
                **columns_of(reply),
            )
            self.database.insert("matches", match_rows(turn.id, reply))
            self._settle(question.id, "done")
            if reply.owner is Owner.WAITING:
                self._move(question.conversation_id, Move.ASK, why=reply.rule)
        return replace(
            turn,
            route=reply.route,
            citations=citations_of(reply),
            options=reply.options,
            spans=reply.spans,
        )

    def interrupt(self, question: Turn, text: str) -> None:
        """Settles a question that a person will answer, and keeps the half of the bot's answer."""
        with self._transaction():
            self._settle(question.id, "done")
            if text:
                self._insert(
                    question.conversation_id,
                    "bot",
                    text,
                    "cancelled",
                    reply_to=question.id,
                    rule="interrupted",
                )

    def settle(self, question: Turn, status: Status, *, error: str = "") -> None:
        """Closes a customer's turn that gets no reply: failed, cancelled, or read by a person."""
        with self._transaction():
            self._settle(question.id, status, error=error)

    def move(
        self, conversation_id: str, move: Move, text: str, *, agent: str = "", why: str = ""
    ) -> Turn:
        """Makes the move, and stores `text`, which tells of it: one transaction.

        Raises OwnershipError, and changes nothing, where the move is not allowed.
        """
        with self._transaction():
            self._move(conversation_id, move, agent=agent, why=why)
            columns = {"agent": agent or None, "rule": move.value}
            return self._insert(conversation_id, "system", text, "done", **columns)

    def add_agent_turn(
        self, conversation_id: str, agent: str, text: str, *, suggestion_id: int | None = None
    ) -> Turn:
        """Raises OwnershipError where the agent does not own the conversation, and
        UnknownSuggestion where that was not suggested in it.
        """
        with self._transaction():
            self._move(conversation_id, Move.SAY, agent=agent)
            if suggestion_id is not None:
                self._check_suggested(conversation_id, suggestion_id)
            self._db.execute(
                "update conversations set typing_at = null where id = ?", [conversation_id]
            )
            columns = {"agent": agent, "suggestion_id": suggestion_id}
            return self._insert(conversation_id, "agent", text, "done", **columns)

    def add_contact(self, conversation_id: str, email: str) -> None:
        with self._transaction():
            self._held(conversation_id)
            self._db.table("contacts").insert(
                {"conversation_id": conversation_id, "email": email, "created_at": now()}
            )

    def head(self, conversation_id: str) -> Conversation:
        """The conversation without its turns. Raises UnknownConversation."""
        with self._lock:
            rows = list(
                self._db.query("select * from conversations where id = ?", [conversation_id])
            )
        if not rows:
            raise UnknownConversation(conversation_id)
        row = rows[0]
        return Conversation(
            row["id"],
            row["language"],
            Owner(row["owner"]),
            row["created_at"],
            agent=row["agent"] or "",
        )

    def owner(self, conversation_id: str) -> Owner:
        """What is asked ten times a second of each answer. Raises UnknownConversation."""
        with self._lock:
            return self._held(conversation_id).owner

    def conversation(self, conversation_id: str, *, half_answers: bool = False) -> Conversation:
        """The conversation with all its turns, the oldest first. Raises UnknownConversation.

        The half answers of a bot that was interrupted are for agents only.
        """
        where = "turns.conversation_id = ?" + ("" if half_answers else f" and {_WHOLE}")
        with self._lock:
            head = self.head(conversation_id)
            turns = self._turns(where, [conversation_id])
        return replace(head, turns=tuple(turns))

    def recent_turns(self, conversation_id: str, *, before: int, limit: int) -> list[Turn]:
        """The last `limit` turns before the turn `before`, the oldest first."""
        with self._lock:
            rows = self._db.execute(
                f"select id from turns where conversation_id = ? and id < ? and {_WHOLE} "
                "order by id desc limit ?",
                [conversation_id, before, limit],
            ).fetchall()
            marks = ",".join("?" * len(rows))
            return self._turns(f"turns.id in ({marks})", [n for (n,) in rows]) if rows else []

    def turn(self, turn_id: int) -> Turn:
        """Raises UnknownTurn."""
        with self._lock:
            turns = self._turns("turns.id = ?", [turn_id])
        if not turns:
            raise UnknownTurn(f"No turn {turn_id}.")
        return turns[0]

    def _check_suggested(self, conversation_id: str, suggestion_id: int) -> None:
        found = self._db.execute(
            "select 1 from suggestions join turns on turns.id = question_id "
            "where suggestions.id = ? and conversation_id = ?",
            [suggestion_id, conversation_id],
        ).fetchone()
        if found is None:
            raise UnknownSuggestion(f"No reply {suggestion_id} was suggested in this conversation.")

    def _knows(self, conversation_id: str) -> bool:
        sql = "select 1 from conversations where id = ?"
        return self._db.execute(sql, [conversation_id]).fetchone() is not None

    def _held(self, conversation_id: str) -> Ownership:
        row = self._db.execute(
            "select owner, agent from conversations where id = ?", [conversation_id]
        ).fetchone()
        if row is None:
            raise UnknownConversation(conversation_id)
        return Ownership(Owner(row[0]), row[1] or "")

    def _move(self, conversation_id: str, move: Move, *, agent: str = "", why: str = "") -> None:
        """Raises UnknownConversation, and OwnershipError where the move is not allowed."""
        held = self._held(conversation_id)
        then = after(held, move, agent)
        if then == held:
            return
        self._db.execute(
            "update conversations set owner = ?, agent = ?, typing_at = null, updated_at = ? "
            "where id = ?",
            [then.owner.value, then.agent or None, now(), conversation_id],
        )
        self._keep_place(conversation_id, then.owner, why or move.value)

    def _keep_place(self, conversation_id: str, owner: Owner, why: str) -> None:
        """Who was served, and waits again, keeps the place in the line that they had before."""
        if owner is Owner.WAITING:
            self._db.execute(
                "update conversations set asked_at = coalesce(asked_at, ?), asked_why = ? "
                "where id = ?",
                # Two who ask in one millisecond have their places, too.
                [now(timespec="microseconds"), why, conversation_id],
            )
        elif owner is not Owner.AGENT:
            self._db.execute(
                "update conversations set asked_at = null, asked_why = null where id = ?",
                [conversation_id],
            )

    def _settle(self, turn_id: int, status: Status, *, error: str = "") -> None:
        self._db.execute(
            "update turns set status = ?, error = ? where id = ?", [status, error or None, turn_id]
        )

    def _insert(
        self, conversation_id: str, role: Role, text: str, status: Status, **columns: Any
    ) -> Turn:
        moment = now()
        row = {
            "conversation_id": conversation_id,
            "role": role,
            "text": text,
            "status": status,
            "created_at": moment,
        }
        turn_id = self.database.insert("turns", [row | columns])
        self._db.execute(
            "update conversations set updated_at = ? where id = ?", [moment, conversation_id]
        )
        return Turn(turn_id, conversation_id, role, text, status, moment)

    def _turns(self, where: str, arguments: Sequence[Any]) -> list[Turn]:
        rows = list(
            self._db.query(
                "select turns.*, feedback.rating from turns "
                "left join feedback on feedback.turn_id = turns.id "
                f"where {where} order by turns.id",
                arguments,
            )
        )
        cited = self._db.query(
            "select matches.* from matches join turns on turns.id = matches.turn_id "
            f"where {where} and cited order by turn_id, rank",
            arguments,
        )
        citations: dict[int, list[Citation]] = {}
        for row in cited:
            citations.setdefault(row["turn_id"], []).append(citation_of(row))
        return [turn_of(row, tuple(citations.get(row["id"], ()))) for row in rows]
