"""ConversationLog: the only owner of conversations.db. A turn is here before work starts on it."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.errors import OwnershipError, UnknownConversation, UnknownTurn
from bot.migrations import migrations
from bot.types import Citation, Conversation, Intent, Owner, Rating, Role, Route, Span, Status, Turn
from knowledge.types import Language, Match

# A second process may be writing: wait this long before "database is locked".
BUSY_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class BotTurn:
    """All that is stored of one turn of the bot. `cited` holds the ids of the passages cited."""

    text: str
    route: Route
    rule: str
    intent: Intent | None = None
    matches: tuple[Match, ...] = ()
    cited: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()
    options: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    generator: str = ""
    model: str = ""
    knowledge_version: str = ""
    error: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    owner: Owner = Owner.BOT


class ConversationLog:
    """One connection, used by one thread at a time. `path` None keeps everything in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path or ":memory:",
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._lock = threading.RLock()
        self._db = Database(connection)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma foreign_keys = on")
        with self._transaction():
            migrations.apply(self._db)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def start(self, language: Language, *, channel: str = "web") -> Conversation:
        """A new conversation that the bot owns. Its id has 128 random bits."""
        now = _now()
        row = {
            "id": secrets.token_urlsafe(16),
            "created_at": now,
            "updated_at": now,
            "language": language,
            "channel": channel,
            "owner": Owner.BOT.value,
        }
        with self._transaction():
            self._db.table("conversations").insert(row)
        return Conversation(id=row["id"], language=language, owner=Owner.BOT, created_at=now)

    def add_customer_turn(self, conversation_id: str, text: str) -> Turn:
        """Stores the message as `accepted`. Raises UnknownConversation."""
        with self._transaction():
            self._owner(conversation_id)
            return self._insert(conversation_id, "customer", text, "accepted")

    def add_bot_turn(self, question: Turn, reply: BotTurn) -> Turn:
        """Stores the reply, settles the question, and hands the conversation to `reply.owner`.

        Raises OwnershipError, and stores nothing, where the bot no longer owns the conversation:
        the check and the write are one transaction, so a person who takes over wins every race.
        """
        with self._transaction():
            if self._owner(question.conversation_id) is not Owner.BOT:
                raise OwnershipError("A person has taken this conversation over.")
            turn = self._insert(
                question.conversation_id,
                "bot",
                reply.text,
                "done",
                reply_to=question.id,
                **_columns(reply),
            )
            self._db.table("matches").insert_all(_match_rows(turn.id, reply))
            self._settle(question.id, "done")
            if reply.owner is not Owner.BOT:
                self._set_owner(question.conversation_id, reply.owner)
        return self.turn(turn.id)

    def settle(self, question: Turn, status: Status, *, error: str = "") -> None:
        """Closes a customer's turn that gets no reply: failed, cancelled, or read by a person."""
        with self._transaction():
            self._settle(question.id, status, error=error)

    def add_event(self, conversation_id: str, text: str, *, owner: Owner) -> Turn:
        """Stores a system turn and hands the conversation to `owner`."""
        with self._transaction():
            self._owner(conversation_id)
            self._set_owner(conversation_id, owner)
            return self._insert(conversation_id, "system", text, "done")

    def add_feedback(
        self, conversation_id: str, turn_id: int, rating: Rating, comment: str = ""
    ) -> None:
        """Stores or replaces the rating of a bot's turn. Raises UnknownTurn."""
        row = {"turn_id": turn_id, "rating": rating, "comment": comment, "created_at": _now()}
        with self._transaction():
            found = self._db.execute(
                "select 1 from turns where id = ? and conversation_id = ? and role = 'bot'",
                [turn_id, conversation_id],
            ).fetchone()
            if found is None:
                raise UnknownTurn(f"No answer {turn_id} in this conversation.")
            self._db.table("feedback").upsert(row, pk="turn_id")

    def add_contact(self, conversation_id: str, email: str) -> None:
        with self._transaction():
            self._owner(conversation_id)
            self._db.table("contacts").insert(
                {"conversation_id": conversation_id, "email": email, "created_at": _now()}
            )

    def head(self, conversation_id: str) -> Conversation:
        """The conversation without its turns. Raises UnknownConversation."""
        with self._lock:
            rows = list(
                self._db.query("select * from conversations where id = ?", [conversation_id])
            )
        if not rows:
            raise _unknown(conversation_id)
        row = rows[0]
        return Conversation(row["id"], row["language"], Owner(row["owner"]), row["created_at"])

    def conversation(self, conversation_id: str) -> Conversation:
        """The conversation with all its turns, the oldest first. Raises UnknownConversation."""
        with self._lock:
            head = self.head(conversation_id)
            turns = self._turns("turns.conversation_id = ?", [conversation_id])
        return replace(head, turns=tuple(turns))

    def recent_turns(self, conversation_id: str, *, before: int, limit: int) -> list[Turn]:
        """The last `limit` turns before the turn `before`, the oldest first, without citations."""
        with self._lock:
            rows = self._db.query(
                "select * from turns where conversation_id = ? and id < ? order by id desc limit ?",
                [conversation_id, before, limit],
            )
            return [_turn(row, ()) for row in rows][::-1]

    def turn(self, turn_id: int) -> Turn:
        """Raises UnknownTurn."""
        with self._lock:
            turns = self._turns("turns.id = ?", [turn_id])
        if not turns:
            raise UnknownTurn(f"No turn {turn_id}.")
        return turns[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """IMMEDIATE: what is read inside cannot change before it is acted upon."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    def _owner(self, conversation_id: str) -> Owner:
        row = self._db.execute(
            "select owner from conversations where id = ?", [conversation_id]
        ).fetchone()
        if row is None:
            raise _unknown(conversation_id)
        return Owner(row[0])

    def _set_owner(self, conversation_id: str, owner: Owner) -> None:
        self._db.execute(
            "update conversations set owner = ?, updated_at = ? where id = ?",
            [owner.value, _now(), conversation_id],
        )

    def _settle(self, turn_id: int, status: Status, *, error: str = "") -> None:
        self._db.execute(
            "update turns set status = ?, error = ? where id = ?", [status, error or None, turn_id]
        )

    def _insert(
        self, conversation_id: str, role: Role, text: str, status: Status, **columns: Any
    ) -> Turn:
        now = _now()
        row = {
            "conversation_id": conversation_id,
            "role": role,
            "text": text,
            "status": status,
            "created_at": now,
        }
        turn_id: Any = self._db.table("turns").insert(row | columns).last_pk
        self._db.execute(
            "update conversations set updated_at = ? where id = ?", [now, conversation_id]
        )
        return Turn(int(turn_id), conversation_id, role, text, status, now)

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
            citations.setdefault(row["turn_id"], []).append(
                Citation(
                    row["passage_id"], row["document"], row["title"], row["text"], row["score"]
                )
            )
        return [_turn(row, tuple(citations.get(row["id"], ()))) for row in rows]


def _turn(row: Mapping[str, Any], citations: tuple[Citation, ...]) -> Turn:
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
        spans=tuple(Span(**span) for span in json.loads(row["spans"] or "[]")),
    )


def _columns(reply: BotTurn) -> dict[str, Any]:
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


def _match_rows(turn_id: int, reply: BotTurn) -> list[dict[str, Any]]:
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


def _unknown(conversation_id: str) -> UnknownConversation:
    return UnknownConversation(f"No conversation {conversation_id!r}. Start a new one.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
