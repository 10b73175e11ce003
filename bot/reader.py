"""Who waits for what is being written, and whether it should be written on.

Knows the log, to see who has the conversation; what is written it does not know.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator

from bot.errors import OwnershipError, ReaderLeft
from bot.generators.timed import CHECK_SECONDS
from bot.line import Ticket
from bot.log import ConversationLog
from bot.types import Owner

# How often who waits in line is looked after: told a new place, or found to have left.
_LINE_SECONDS = 0.25


class Reader:
    """A customer with a place in line, or an agent for whom replies are suggested."""

    def __init__(self, ticket: Ticket, left: threading.Event, owner: OwnershipWatch) -> None:
        self.ticket = ticket
        self._left = left
        self._owner = owner

    def check(self) -> None:
        """Raises ReaderLeft, and OwnershipError once the conversation is somebody else's."""
        if self._left.is_set():
            raise ReaderLeft("Nobody reads this any more.")
        self._owner()

    def places(self) -> Iterator[int]:
        """Each place in line, until it is the reader's turn. Raises Busy, and what `check` does."""
        told = 0
        while place := self.ticket.wait(_LINE_SECONDS):
            self.check()
            if place != told:
                yield place
                told = place


class OwnershipWatch:
    """Called while something is written: raises OwnershipError once it is none of `owners` who has
    the conversation.

    The log is asked at most every CHECK_SECONDS, and not at all in between.
    """

    def __init__(
        self, log: ConversationLog, conversation_id: str, owners: Collection[Owner]
    ) -> None:
        self._log = log
        self._conversation_id = conversation_id
        self._owners = owners
        self._next = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + CHECK_SECONDS
        if self._log.owner(self._conversation_id) not in self._owners:
            raise OwnershipError("This conversation has changed hands.")
