"""One thread that owns the network: whoever asks joins the batch that is being written."""

from __future__ import annotations

import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bot.errors import GeneratorError
from bot.generators.writer.batch import Page, batch, page, question_words, source_words
from bot.generators.writer.search import Search, Start, Trail
from bot.generators.writer.walk import Walk
from bot.types import Load
from knowledge.word_states import States, WordStates

if TYPE_CHECKING:
    from bot.generators.writer.network import Writer

logger = logging.getLogger(__name__)

# Passages whose states are remembered: the same ones are read again and again.
_REMEMBERED = 2000
# Failures in a row from which the network calls itself broken.
_BROKEN = 3
_STOP_SECONDS = 5.0

# All paths of the latest step that are still alive or have ended, the best first, and the
# probability of each passage that it holds the answer.
Update = tuple[list[Trail], list[float]]
Focus = Callable[[Walk, list[float]], Walk]


class Request:
    """One answer that is asked for. `focus` narrows the walk once the passages are read."""

    def __init__(self, walk: Walk, *, focus: Focus, beams: int) -> None:
        self.walk = walk
        self.focus = focus
        self.beams = beams
        self.holds: list[float] = []
        self.ended: list[Trail] = []
        self.cancelled = threading.Event()
        self.results: SimpleQueue[Update | Exception | None] = SimpleQueue()

    def cancel(self) -> None:
        self.cancelled.set()

    def update(self, paths: Sequence[Trail]) -> None:
        best = sorted([*self.ended, *paths], key=lambda path: -path.log_probability)
        self.ended += [path for path in paths if path.walk.ended]
        self.results.put((best, self.holds))

    def updates(self) -> Iterator[Update]:
        """Raises GeneratorError."""
        while (result := self.results.get()) is not None:
            if isinstance(result, Exception):
                raise GeneratorError(f"writer: {result}") from result
            yield result


class Requests:
    """At most `at_once` are written in one batch; the others wait until one of them has ended."""

    def __init__(self, folder: Path, *, at_once: int) -> None:
        import torch

        from bot.generators.writer.network import Writer

        self._writer: Writer = Writer.from_pretrained(folder, dtype=torch.float32)
        self._writer.train(False)
        self._encoder = WordStates()
        self._states: OrderedDict[tuple[str, ...], States] = OrderedDict()
        self._at_once = at_once
        self._search = Search(self._writer)
        self._running: dict[int, Request] = {}
        self._waiting: SimpleQueue[Request | None] = SimpleQueue()
        self._closed = threading.Event()
        self._failures = self._tokens = 0
        self._thread = threading.Thread(
            target=self._run, name="frontdesk-built-in-writer", daemon=True
        )
        self._thread.start()
        # A daemon thread inside the network would abort the process at its end.
        self._end = weakref.finalize(self, _end, self._closed, self._waiting, self._thread)

    @property
    def healthy(self) -> bool:
        return self._failures < _BROKEN and self._thread.is_alive()

    def submit(self, walk: Walk, *, focus: Focus, beams: int) -> Request:
        request = Request(walk, focus=focus, beams=beams)
        if self._closed.is_set():
            request.results.put(GeneratorError("it was closed"))
        else:
            self._waiting.put(request)
        return request

    def load(self) -> Load:
        return Load(
            writing=len(self._running),
            waiting=self._waiting.qsize(),
            cache_use=len(self._states) / _REMEMBERED,
            tokens=self._tokens,
        )

    def close(self) -> None:
        """Ends what is being written."""
        self._end()

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            while not self._closed.is_set():
                self._advance(self._come())
        self._give_up([*self._running.values(), *self._come()], GeneratorError("it was closed"))

    def _come(self) -> list[Request]:
        """Those who join now; waits for one where nothing is written."""
        come: list[Request] = []
        while len(self._running) + len(come) < self._at_once:
            try:
                idle = not (self._running or come or self._closed.is_set())
                request = self._waiting.get(block=idle)
            except Empty:
                break
            if request is None:
                break
            come.append(request)
        return come

    def _advance(self, come: Sequence[Request]) -> None:
        try:
            if come:
                self._join(come)
            self._step()
            self._failures = 0
        except Exception as error:
            self._failures += 1
            logger.exception("The writer failed.")
            self._give_up([*self._running.values(), *come], error)
            self._running = {}
            self._search = Search(self._writer)

    def _give_up(self, requests: Sequence[Request], error: Exception) -> None:
        for request in dict.fromkeys(requests):
            request.results.put(error)

    def _join(self, come: Sequence[Request]) -> None:
        made = batch(self._pages(come))
        memory = self._writer.read(made.reading)
        starts: list[Start] = []
        for example, (request, held) in enumerate(
            zip(come, memory.holds.sigmoid().tolist(), strict=True)
        ):
            request.holds = held[: len(request.walk.sources)]
            self._running[id(request)] = request
            walk = request.focus(request.walk, request.holds)
            starts.append(Start(id(request), walk, request.beams, example))
        self._search.join(starts, memory, made)

    def _step(self) -> None:
        """Whoever gets nothing any more has ended."""
        left = {key for key, request in self._running.items() if request.cancelled.is_set()}
        self._search.leave(left)
        found = self._search.step()
        for key, request in list(self._running.items()):
            if key in found:
                request.update(found[key])
            if key in left or not self._search.writes(key):
                del self._running[key]
                self._tokens += max((len(path.tokens) for path in request.ended), default=0)
                request.results.put(None)

    def _pages(self, requests: Sequence[Request]) -> list[list[Page]]:
        asked = [tuple(question_words(request.walk.question)) for request in requests]
        told = [[tuple(source_words(s)) for s in request.walk.sources] for request in requests]
        states = self._encode([*asked, *(words for passages in told for words in passages)])
        return [
            [
                page(request.walk.question, source, (states[question], states[words]))
                for source, words in zip(request.walk.sources, passages, strict=True)
            ]
            for request, question, passages in zip(requests, asked, told, strict=True)
        ]

    def _encode(self, texts: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], States]:
        new = [text for text in dict.fromkeys(texts) if text not in self._states]
        for text, states in zip(new, self._encoder.states(new), strict=True):
            self._states[text] = states
        found = {text: self._states[text] for text in texts}
        for text in found:
            self._states.move_to_end(text)
        while len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        return found


def _end(
    closed: threading.Event, waiting: SimpleQueue[Request | None], thread: threading.Thread
) -> None:
    closed.set()
    waiting.put(None)
    if thread is not threading.current_thread():
        thread.join(timeout=_STOP_SECONDS)
