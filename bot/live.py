"""What happens now: the state of a conversation, the line of those who wait, and who is there.

Reads only, on a connection of its own, and notices what other processes write.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.database import BUSY_TIMEOUT_SECONDS, ConversationDatabase, now
from bot.errors import UnknownConversation
from bot.types import Owner

# An open page says every 15 s that somebody is there. Browsers slow a page in the background down
# to one call a minute: an agent who reads something else in between is still there.
HEARTBEAT_SECONDS = 15.0
PRESENT_SECONDS = 75.0
# An agent who is silent for this long will not come back by a reload: the customer gets another.
ABSENT_SECONDS = 120.0
# A box says every 3 s that something is typed into it: the agent's, and the customer's.
TYPING_SECONDS = 6.0
# The bot's conversations that the inbox shows: those in which something was said lately.
LIVELY_SECONDS = 15 * 60.0


@dataclass(frozen=True)
class LiveState:
    """What a customer is told at once. `place` is 1 for who is next, 0 for who does not wait;
    `turn` the id of the last turn; `staffed` whether any agent is there.
    """

    owner: Owner
    agent: str
    place: int
    typing: bool
    staffed: bool
    turn: int


@dataclass(frozen=True)
class OpenConversation:
    """One line of the inbox. `said` is the customer's last message, `said_at` when it came;
    `asked_at` is empty, and `why` too, where nobody was asked for; `here_at` when the customer's
    page was last seen open, empty where it never was.
    """

    id: str
    owner: Owner
    agent: str
    language: str
    asked_at: str
    why: str
    said: str
    said_at: str
    here_at: str
    email: str


_OPEN = """
    select conversations.id, owner, conversations.agent, language, coalesce(asked_at, ''),
        coalesce(asked_why, ''), coalesce(turns.text, ''),
        coalesce(turns.created_at, conversations.created_at), coalesce(here_at, ''),
        coalesce((select email from contacts where conversation_id = conversations.id
                  order by contacts.id desc limit 1), '')
    from conversations
    left join turns on turns.id = (
        select max(id) from turns where conversation_id = conversations.id and role = 'customer')
"""


class Live:
    def __init__(
        self, database: ConversationDatabase, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock`: seconds, of a time that goes on while the machine sleeps."""
        self._own: sqlite3.Connection = database.db.conn
        self._lock = database.lock
        if database.path is not None:
            self._lock = threading.RLock()
            self._own = sqlite3.connect(
                database.path,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._own.execute("pragma query_only = on")
        self._in_memory = database.path is None
        self._clock = clock
        self._listens_since = self._listened_at = clock()
        self.stopped = False

    def stop(self) -> None:
        """Whoever follows what happens is let go: the server ends."""
        self.stopped = True

    def version(self) -> int:
        """Another number whenever anybody has written anything. Takes microseconds."""
        if self._in_memory:
            return self._own.total_changes
        return int(self._rows("pragma data_version")[0][0])

    def state(self, conversation_id: str) -> LiveState:
        """Raises UnknownConversation."""
        rows = self._rows(
            "select owner, coalesce(agent, ''), asked_at, coalesce(typing_at, '') > ?, "
            "(select coalesce(max(id), 0) from turns where conversation_id = conversations.id "
            "and not (role = 'bot' and status = 'cancelled')) from conversations where id = ?",
            [now(ago_seconds=TYPING_SECONDS), conversation_id],
        )
        if not rows:
            raise UnknownConversation(conversation_id)
        owner, agent, asked_at, typing, turn = rows[0]
        place = self._place(asked_at, conversation_id) if owner == Owner.WAITING else 0
        return LiveState(Owner(owner), agent, place, bool(typing), self.is_staffed(), turn)

    def customer_types(self, conversation_id: str) -> bool:
        """Nobody types in a conversation that is not there."""
        return bool(
            self._rows(
                "select 1 from conversations where id = ? and customer_typing_at > ?",
                [conversation_id, now(ago_seconds=TYPING_SECONDS)],
            )
        )

    def present(self) -> list[str]:
        """The names of the agents who have the desk open."""
        rows = self._rows(
            "select distinct user from sessions where seen_at > ? and expires_at > ? order by user",
            [now(ago_seconds=PRESENT_SECONDS), now()],
        )
        return [row[0] for row in rows]

    def is_staffed(self) -> bool:
        return bool(self.present())

    def absent(self) -> list[str]:
        """The agents who have conversations, but have not been there for ABSENT_SECONDS.

        Nobody, before they had so long to be heard by this server: its own silence is not theirs.
        """
        if not self._has_listened():
            return []
        rows = self._rows(
            "select distinct agent from conversations where owner = 'agent' and agent not in "
            "(select user from sessions where seen_at > ?)",
            [now(ago_seconds=ABSENT_SECONDS)],
        )
        return [row[0] for row in rows]

    def waiting(self) -> list[OpenConversation]:
        """The line: who has waited longest comes first."""
        return self._open(
            "where owner = 'waiting' order by asked_at, conversations.rowid limit 200"
        )

    def with_agents(self) -> list[OpenConversation]:
        return self._open("where owner = 'agent' order by updated_at desc limit 200")

    def with_the_bot(self) -> list[OpenConversation]:
        """What customers and the bot talk about now, the latest first: agents may step in."""
        return self._open(
            "where owner = 'bot' and updated_at > ? and turns.id is not null "
            "order by updated_at desc limit 20",
            [now(ago_seconds=LIVELY_SECONDS)],
        )

    def open(self, conversation_id: str) -> OpenConversation:
        """Whoever owns it. Raises UnknownConversation."""
        found = self._open("where conversations.id = ?", [conversation_id])
        if not found:
            raise UnknownConversation(conversation_id)
        return found[0]

    def marks(self, conversation_id: str) -> list[tuple[int, str, str]]:
        """The status and the rating of the last turns: what changes without a new turn."""
        return self._rows(
            "select turns.id, status, rating from turns left join feedback on turn_id = turns.id "
            "where conversation_id = ? order by turns.id desc limit 50",
            [conversation_id],
        )

    def _has_listened(self) -> bool:
        """For ABSENT_SECONDS without a gap. Every open page asks at its heartbeat: where that has
        not been for long, the machine was asleep, or nobody could reach the server.
        """
        with self._lock:
            moment = self._clock()
            if moment - self._listened_at > PRESENT_SECONDS:
                self._listens_since = moment
            self._listened_at = moment
            return moment - self._listens_since >= ABSENT_SECONDS

    def _place(self, asked_at: str, conversation_id: str) -> int:
        before = self._rows(
            "select count(*) from conversations where owner = 'waiting' and (asked_at < ? or "
            "(asked_at = ? and rowid <= (select rowid from conversations where id = ?)))",
            [asked_at, asked_at, conversation_id],
        )
        return int(before[0][0])

    def _open(self, where: str, arguments: Sequence[Any] = ()) -> list[OpenConversation]:
        return [
            OpenConversation(row[0], Owner(row[1]), row[2] or "", *row[3:])
            for row in self._rows(_OPEN + where, arguments)
        ]

    def _rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._own.execute(sql, arguments).fetchall()

    def close(self) -> None:
        if not self._in_memory:
            self._own.close()
