"""Token ids on their way from the thread that writes them to the one that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, SimpleQueue

# How often a reader without a new token gets control, so that it can leave.
WAIT_SECONDS = 0.1


class Outbox:
    def __init__(self) -> None:
        self._items: SimpleQueue[int | Exception | None] = SimpleQueue()

    def put(self, token: int) -> None:
        self._items.put(token)

    def end(self, error: Exception | None = None) -> None:
        self._items.put(error)

    def __iter__(self) -> Iterator[int | None]:
        """Every token, and None now and then while there is none. Raises the error of the end."""
        while True:
            try:
                item = self._items.get(timeout=WAIT_SECONDS)
            except Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
