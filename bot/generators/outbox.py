"""Token ids on their way from the thread that writes them to the one that reads them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

# How often a reader gets control, with what has been written since, so that it can leave. Waking
# it for every token, in a thread that woke another one, cost 1,240 switches of threads an answer
# with 64 readers of a tiny model, where there are 740 now.
WAIT_SECONDS = 0.1


class Outbox:
    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._ended = threading.Event()
        self._error: Exception | None = None

    def put(self, tokens: Sequence[int]) -> None:
        self._tokens += tokens

    def end(self, error: Exception | None = None) -> None:
        self._error = error
        self._ended.set()

    def __iter__(self) -> Iterator[list[int]]:
        """What is new, every WAIT_SECONDS and at the end. Raises the error of the end."""
        read, ended = 0, False
        while not ended:
            ended = self._ended.wait(WAIT_SECONDS)
            new = self._tokens[read:]
            read += len(new)
            yield new
        if self._error is not None:
            raise self._error
