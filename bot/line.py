"""The line of customers who wait for an answer: how many are answered at once, and who is next.

Knows no conversations and no models.
"""

from __future__ import annotations

import itertools
import threading
from weakref import WeakValueDictionary

from bot.errors import Busy


class Ticket:
    """A place in line. It is given back by `leave`, or by being forgotten.

    One that is `behind` lets everybody pass until its turn has come.
    """

    def __init__(self, line: Line, number: int, *, behind: bool) -> None:
        self._line = line
        self.number = number
        self.behind = behind

    def wait(self, seconds: float) -> int:
        """The place in line after at most so long: 0 is this customer's turn. Raises Busy where the
        line was closed.
        """
        return self._line._wait(self, seconds)

    def leave(self) -> None:
        """Twice is once."""
        self._line._leave(self)


class Line:
    """`at_once` are answered, in the order in which they came, and `length` may wait for that."""

    def __init__(self, *, at_once: int, length: int) -> None:
        self._at_once = at_once
        self._length = length
        self._numbers = itertools.count()
        # Weak: a reply that nobody ever asked for its first piece holds no place.
        self._tickets: WeakValueDictionary[int, Ticket] = WeakValueDictionary()
        self._closed = False
        self._moved = threading.Condition()

    def enter(self, *, behind: bool = False) -> Ticket:
        """Raises Busy where nobody may wait any more. What is `behind`, because no customer waits
        for it, takes no place in line from one, and begins where a place is free.
        """
        with self._moved:
            if self._closed:
                raise Busy("The server is stopping. Ask again in a moment.")
            if not behind and self._standing() >= self._at_once + self._length:
                raise Busy(
                    f"{self._standing()} customers are being answered or wait already. "
                    "Ask again in a moment, or raise line_length."
                )
            ticket = Ticket(self, next(self._numbers), behind=behind)
            self._tickets[ticket.number] = ticket
            return ticket

    def close(self) -> None:
        """Refuses who comes and who waits; whose turn it is may finish."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def answering(self) -> int:
        return min(self._standing(), self._at_once)

    @property
    def waiting(self) -> int:
        return max(0, self._standing() - self._at_once)

    def _wait(self, ticket: Ticket, seconds: float) -> int:
        with self._moved:
            if self._place(ticket) > 0 and not self._closed:
                self._moved.wait(seconds)
            place = self._place(ticket)
            if place > 0 and self._closed:
                raise Busy("The server is stopping. Ask again in a moment.")
            if place == 0:
                ticket.behind = False
            return place

    def _standing(self) -> int:
        """Customers, and who was behind them and has begun."""
        return sum(1 for ticket in list(self._tickets.values()) if not ticket.behind)

    def _place(self, ticket: Ticket) -> int:
        mine = (ticket.behind, ticket.number)
        others = list(self._tickets.values())
        before = sum(1 for other in others if (other.behind, other.number) < mine)
        return max(0, before - self._at_once + 1)

    def _leave(self, ticket: Ticket) -> None:
        with self._moved:
            self._tickets.pop(ticket.number, None)
            self._moved.notify_all()
