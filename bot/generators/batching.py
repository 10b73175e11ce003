"""Many answers at once in one batch that outlives the failures of its model.

Token ids in, token ids out; knows no text and no customers.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import GeneratorError, first_line
from bot.generators.checkpoint import process_rank
from bot.generators.engine import Engine
from bot.generators.outbox import WAIT_SECONDS, Outbox
from bot.types import Load

logger = logging.getLogger(__name__)

# A request that was in the batch at this many crashes is given up, whoever's fault they were.
_CRASHES = 3
# Crashes in a row, with no token between them, from which the batch calls itself broken.
_BROKEN = 3
_START_SECONDS = 120.0
_CLOSE_SECONDS = 10.0
_OVER = "the batch has ended"


@dataclass(eq=False)
class _Request:
    """`begun` is how many of the tokens written so far are part of the current submission."""

    number: int
    prompt: list[int]
    limit: int
    written: list[int] = field(default_factory=list)
    begun: int = 0
    crashes: int = 0
    outbox: Outbox = field(default_factory=Outbox)

    @property
    def id(self) -> str:
        return f"{self.number}.{self.crashes}"


class Batch:
    """`generation` is the model's GenerationConfig with the sampling that was asked for.

    A step of the model that fails takes the library's thread and every answer in the batch with it.
    The thread is then started again, and the answers go on where they were, let in one after the
    other until each has a new token: the one whose turn it is when the model fails again was the
    cause, and it alone is given up. Raises GeneratorError where the model cannot be batched.
    """

    def __init__(
        self, model: Any, generation: Any, *, at_once: int, context_tokens: int, seed: int = 0
    ) -> None:
        self.at_once = at_once
        self._engine = Engine(
            model, generation, at_once=at_once, context_tokens=context_tokens, seed=seed
        )
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._submitted: dict[str, _Request] = {}
        self._waiting: deque[_Request] = deque()
        self._trial: _Request | None = None
        self._tokens = 0
        self._crashes_in_a_row = 0
        self._over = False
        self._down = False
        self._closed = threading.Event()
        self._ready = threading.Event()
        self._failure: Exception | None = None
        # The library's thread inherits from this one that the process need not wait for it.
        self._thread = threading.Thread(target=self._run, name="frontdesk-batch", daemon=True)
        self._thread.start()
        self._wait_until_ready()

    @property
    def healthy(self) -> bool:
        return self._crashes_in_a_row < _BROKEN and self._thread.is_alive()

    def write(self, prompt: Sequence[int], limit: int) -> Generator[list[int]]:
        """At most `limit` token ids, those that are new every WAIT_SECONDS, be it none.

        Closing takes the request out of the batch and frees its cache. Raises GeneratorError.
        """
        request = _Request(next(self._numbers), list(prompt), limit)
        with self._lock:
            if self._over:
                raise GeneratorError(_OVER)
            self._waiting.append(request)
            self._let_in()
        try:
            yield from request.outbox
        finally:
            self._leave(request)

    def load(self) -> Load:
        with self._lock:
            return Load(
                len(self._submitted), len(self._waiting), self._engine.cache_use, self._tokens
            )

    def close(self) -> None:
        """Ends every answer that is being written, and both threads."""
        self._closed.set()
        self._thread.join(timeout=_CLOSE_SECONDS)

    def follow(self) -> None:
        """Returns when the batch is over: what a process of torchrun does that is not the first."""
        self._thread.join()

    def _wait_until_ready(self) -> None:
        """Has a token written, except where another process leads: a model that only seems to be
        supported fails here, and the first customer does not wait for what is done once.
        """
        if not self._ready.wait(_START_SECONDS):
            raise GeneratorError(f"the batch did not start in {_START_SECONDS:g} s")
        if self._failure is not None:
            raise GeneratorError(first_line(self._failure)) from self._failure
        if process_rank()[0] > 0:
            return
        try:
            for _ in self.write([0], 1):
                pass
        except GeneratorError:
            self.close()
            raise

    def _run(self) -> None:
        try:
            self._engine.start()
        except Exception as error:  # noqa: BLE001 - raised in __init__
            self._engine.stop()
            self._failure = error
            return
        finally:
            self._ready.set()
        while not self._closed.is_set():
            output = self._engine.output()
            if output is not None:
                self._hand_over(output)
            elif self._engine.running:
                continue
            elif process_rank()[1] > 1:  # the threads of the other processes have ended, too
                break
            else:
                self._recover()
        self._engine.stop()
        with self._lock:
            self._over = True
            for request in [*self._submitted.values(), *self._waiting]:
                request.outbox.end(GeneratorError(_OVER))

    def _let_in(self) -> None:
        """Submits who waits; after a crash one by one. Called with the lock held."""
        while self._waiting and self._trial is None and not self._down:
            request = self._waiting.popleft()
            if request.crashes:
                self._trial = request
            request.begun = len(request.written)
            self._submitted[request.id] = request
            self._engine.submit(
                request.id,
                request.prompt + request.written,
                request.limit - len(request.written),
            )

    def _hand_over(self, output: Any) -> None:
        with self._lock:
            request = self._submitted.get(output.request_id)
            if request is None:  # its reader has left
                return
            if output.error is not None:
                self._refuse(request, output.error)
                return
            new = output.generated_tokens[len(request.written) - request.begun :]
            request.written += new
            self._tokens += len(new)
            self._crashes_in_a_row = 0
            request.outbox.put(new)
            if output.is_finished():
                self._end(request, None)
            elif request is self._trial:
                self._trial = None
                self._let_in()

    def _refuse(self, request: _Request, problem: str) -> None:
        """A request that the library itself refused; where its thread has crashed, it is not meant
        for this request, and _recover() sees to all of them.
        """
        if self._engine.accepting:
            self._end(request, GeneratorError(problem))

    def _end(self, request: _Request, outcome: Exception | None) -> None:
        self._submitted.pop(request.id, None)
        request.outbox.end(outcome)
        if request is self._trial:
            self._trial = None
        self._let_in()

    def _leave(self, request: _Request) -> None:
        with self._lock:
            if request in self._waiting:
                self._waiting.remove(request)
            elif self._submitted.pop(request.id, None) is not None:
                self._engine.cancel(request.id)
                if request is self._trial:
                    self._trial = None
                    self._let_in()

    def _recover(self) -> None:
        """The library's thread has ended: starts another one, and goes on with who was in it."""
        problem = self._engine.problem
        logger.error("The model failed (%s) with %d answers in it", problem, len(self._submitted))
        self._engine.clear()
        with self._lock:
            self._crashes_in_a_row += 1
            fallen = list(self._submitted.values())
            self._submitted.clear()
            self._blame(fallen, problem)
            self._down = True
        try:
            # Without the lock: it takes seconds on a GPU, in which readers come and leave.
            self._engine.start()
        except Exception as failure:  # noqa: BLE001 - tried again at the next turn of the loop
            logger.error("The batch could not be started again: %s", first_line(failure))
            self._closed.wait(WAIT_SECONDS)
            return
        with self._lock:
            self._down = False
            self._let_in()

    def _blame(self, fallen: list[_Request], problem: str) -> None:
        """Gives up whose fault it was; the others wait, before those who have come since."""
        culprit = self._trial or (fallen[0] if len(fallen) == 1 else None)
        self._trial = None
        for request in reversed(fallen):
            request.crashes += 1
            if request is culprit or request.crashes >= _CRASHES:
                request.outbox.end(GeneratorError(problem))
            else:
                self._waiting.appendleft(request)
