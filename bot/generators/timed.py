"""Time limits for a generator: pulls it in its own thread, gives up when words stay away."""

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
    check: Callable[[], None] | None = None,
) -> Generator[str, None, None]:
    """The pieces as they come, each waited for at most `first_word_seconds`.

    Raises GeneratorError when a piece stays away for longer, or when the whole takes longer than
    `answer_seconds`; what the iterator itself raises comes through, and so does what `check`
    raises, which is called at each piece and every CHECK_SECONDS while none comes. However this
    ends, `pieces` is closed from the thread that pulled it: at its next piece, which may be an
    empty one.
    """
    worker = _Worker(pieces)
    deadline = time.monotonic() + answer_seconds
    word_deadline = min(deadline, time.monotonic() + first_word_seconds)
    try:
        while True:
            piece = _next(worker, word_deadline, check)
            if piece is None:
                return
            if time.monotonic() >= deadline:
                raise _LateError
            if piece:
                yield piece
            word_deadline = min(deadline, time.monotonic() + first_word_seconds)
    except _LateError:
        raise GeneratorError(_reason(deadline, first_word_seconds, answer_seconds)) from None
    finally:
        worker.close()


def _next(worker: _Worker, deadline: float, check: Callable[[], None] | None) -> str | None:
    while check is not None:
        check()
        try:
            return worker.next_before(min(deadline, time.monotonic() + CHECK_SECONDS))
        except _LateError:
            if time.monotonic() >= deadline:
                raise
    return worker.next_before(deadline)


def _reason(deadline: float, first_word_seconds: float, answer_seconds: float) -> str:
    if time.monotonic() >= deadline:
        return (
            f"The answer was not finished after {answer_seconds:g} s. "
            "Use a faster model, or raise answer_timeout_seconds."
        )
    return (
        f"The model wrote nothing for {first_word_seconds:g} s. "
        "Check whether it is overloaded, or raise first_word_timeout_seconds."
    )


class _LateError(Exception):
    """No piece came in time."""


class _Worker:
    """Pulls an iterator in a daemon thread and hands its pieces over through a bounded queue."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._queue: Queue[str | BaseException | None] = Queue(maxsize=_AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="frontdesk-generator", daemon=True)
        self._thread.start()

    def next_before(self, deadline: float) -> str | None:
        """The next piece, None at the end. Raises _LateError, or what the iterator raised."""
        try:
            item = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise _LateError from None
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
