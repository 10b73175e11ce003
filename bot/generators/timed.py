"""Time limits for a generator: by the clock, at each of its pieces and while it has none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from queue import Empty, Queue

from bot.errors import GeneratorError

# Pieces that the thread may be ahead of the reader; then it waits.
_AHEAD = 16
# How soon it is noticed that nobody wants the answer any more.
CHECK_SECONDS = 0.1
# How long closing waits for the thread. It ends within one piece, or when its own work lets go.
_CLOSE_SECONDS = 1.0


def timed(
    pieces: Iterator[str],
    *,
    first_word_seconds: float,
    answer_seconds: float,
    check: Callable[[], None] = lambda: None,
) -> Generator[str, None, None]:
    """The pieces as they come, each waited for at most `first_word_seconds`.

    `pieces` gives control back every CHECK_SECONDS or so, with an empty piece where it has no
    word; `in_a_thread` makes it so of any iterator. Raises GeneratorError when words stay away for
    longer, or when the whole takes longer than `answer_seconds`; what the iterator itself raises
    comes through, and so does what `check` raises, which is called at each piece, empty or not.
    However this ends, `pieces` is closed.
    """
    deadline = time.monotonic() + answer_seconds
    word_deadline = time.monotonic() + first_word_seconds
    try:
        for piece in pieces:
            check()
            now = time.monotonic()
            if now >= deadline:
                raise GeneratorError(
                    f"The answer was not finished after {answer_seconds:g} s. "
                    "Use a faster model, or raise answer_timeout_seconds."
                )
            if piece:
                yield piece
                word_deadline = time.monotonic() + first_word_seconds
            elif now >= word_deadline:
                raise GeneratorError(
                    f"The model wrote nothing for {first_word_seconds:g} s. "
                    "Check whether it is overloaded, or raise first_word_timeout_seconds."
                )
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


def in_a_thread(pieces: Iterator[str]) -> Generator[str, None, None]:
    """The pieces as they come, and an empty one every CHECK_SECONDS while there is none.

    For iterators that may be stuck: only the thread that pulls them is then stuck, and closing
    waits for it a second at most. That thread closes `pieces` at its next piece, which may be an
    empty one.
    """
    worker = _Worker(pieces)
    try:
        while (piece := worker.next()) is not None:
            yield piece
    finally:
        worker.close()


class _Worker:
    """Pulls an iterator in a daemon thread and hands its pieces over through a bounded queue."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._queue: Queue[str | BaseException | None] = Queue(maxsize=_AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="frontdesk-generator", daemon=True)
        self._thread.start()

    def next(self) -> str | None:
        """The next piece, empty where none has come, None at the end. Raises what the iterator
        raised.
        """
        try:
            item = self._queue.get(timeout=CHECK_SECONDS)
        except Empty:
            return ""
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self) -> None:
        """Lets the thread go: it stops at its next piece, for which the empty queue has room."""
        self._stop.set()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._thread.join(timeout=_CLOSE_SECONDS)

    def _run(self) -> None:
        end: BaseException | None = None
        try:
            self._pull()
        except BaseException as error:  # noqa: BLE001 - raised again where the pieces are read
            end = error
        self._queue.put(end)

    def _pull(self) -> None:
        try:
            for piece in self._pieces:
                if self._stop.is_set():
                    return
                if piece:
                    self._queue.put(piece)
        finally:
            if isinstance(self._pieces, Generator):
                self._pieces.close()
