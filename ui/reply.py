"""Replies of the DialogManager as async iterators that can be closed at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator

    from bot.types import Answer, Piece

_ACCEPTED = object()
_END = object()


class Reply:
    """Runs `start`, and the iterator that it returns, in one thread of its own.

    The event loop is never blocked, and every call into the iterator, its closing included, comes
    from that thread, because a generator at work cannot be closed from another one. `start` is
    given an event by which `close`, from any thread and without waiting, tells it to end.
    """

    def __init__(self, start: Callable[[threading.Event], Iterator[Piece | Answer]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[object] = asyncio.Queue()
        self._closed = threading.Event()
        self.abandoned = False
        threading.Thread(target=self._pump, args=(start,), name="reply", daemon=True).start()

    async def accepted(self) -> None:
        """Returns once `start` has: the message is stored. Raises what `start` raises."""
        item = await self._items.get()
        if isinstance(item, BaseException):
            raise item

    def __aiter__(self) -> Reply:
        return self

    async def __anext__(self) -> Piece | Answer:
        item = await self._items.get()
        if self._closed.is_set() or item is _END:
            raise StopAsyncIteration
        if isinstance(item, BaseException):
            raise item
        return cast("Piece | Answer", item)

    def close(self) -> None:
        """Ends the iteration and the work. Twice is once."""
        self._closed.set()
        self._put(_END)

    def abandon(self) -> None:
        """Ends the work, and tells who shows it that nobody looks any more."""
        self.abandoned = True
        self.close()

    def _pump(self, start: Callable[[threading.Event], Iterator[Piece | Answer]]) -> None:
        try:
            items = start(self._closed)
            self._put(_ACCEPTED)
            for item in items:
                if self._closed.is_set():
                    cast("Generator[Piece | Answer]", items).close()
                    break
                self._put(item)
        except BaseException as error:  # noqa: BLE001 - it is raised where the reply is read
            self._put(error)
        else:
            self._put(_END)

    def _put(self, item: object) -> None:
        # The loop is closed where the server stops while a reply is being written.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)


class Replies:
    """Those that are being written, by conversation."""

    def __init__(self) -> None:
        self._open: dict[str, set[Reply]] = {}

    def of(self, conversation_id: str) -> tuple[Reply, ...]:
        return tuple(self._open.get(conversation_id, ()))

    @contextmanager
    def holding(self, conversation_id: str, reply: Reply) -> Iterator[None]:
        """Closes the reply at the end."""
        replies = self._open.setdefault(conversation_id, set())
        replies.add(reply)
        try:
            yield
        finally:
            reply.close()
            replies.discard(reply)
            if not replies:
                self._open.pop(conversation_id, None)
