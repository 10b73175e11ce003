"""Requests that come while others run wait together, and are then read and written as one batch."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

from bot.generators.writer.batch import Page, batch, page, question_words, source_words
from bot.generators.writer.search import Trail, search
from bot.generators.writer.walk import Walk
from knowledge.word_states import States, WordStates

if TYPE_CHECKING:
    from bot.generators.writer.network import Writer

# More at once makes the first of them wait without much gain: see the benchmark.
MOST_AT_ONCE = 8
# Passages whose states are remembered: the same ones are read again and again.
_REMEMBERED = 2000

# All paths of the latest step that are still alive or have ended, the best first, and the
# probability of each passage that it holds the answer.
Update = tuple[list[Trail], list[float]]
Focus = Callable[[Walk, list[float]], Walk]


class Request:
    """One answer that is asked for. Its updates end when it does."""

    def __init__(self, walk: Walk, *, focus: Focus, beams: int) -> None:
        self.walk = walk
        self.focus = focus
        self.beams = beams
        self.cancelled = threading.Event()
        self.results: Queue[Update | BaseException | None] = Queue()

    def cancel(self) -> None:
        self.cancelled.set()

    def holds(self) -> list[float]:
        """Each passage's probability; the answer is given up."""
        for _, holds in self.updates():
            self.cancel()
            return holds
        return []

    def updates(self) -> Iterator[Update]:
        """Raises what the network raised."""
        while (result := self.results.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            yield result


class Requests:
    """One daemon thread that owns the network."""

    def __init__(self, folder: Path) -> None:
        import torch

        from bot.generators.writer.network import Writer

        self._writer: Writer = Writer.from_pretrained(folder, dtype=torch.float32)
        self._writer.train(False)
        self._encoder = WordStates()
        self._states: OrderedDict[tuple[str, ...], States] = OrderedDict()
        self._waiting: Queue[Request] = Queue()
        threading.Thread(target=self._run, name="frontdesk-writer", daemon=True).start()

    def submit(self, walk: Walk, *, focus: Focus, beams: int) -> Request:
        """`focus` narrows the walk once it is known what the passages hold."""
        request = Request(walk, focus=focus, beams=beams)
        self._waiting.put(request)
        return request

    def _run(self) -> None:
        while True:
            requests = [self._waiting.get()]
            while len(requests) < MOST_AT_ONCE:
                try:
                    requests.append(self._waiting.get_nowait())
                except Empty:
                    break
            for beams in sorted({request.beams for request in requests}):
                self._answer([r for r in requests if r.beams == beams], beams)

    def _answer(self, requests: list[Request], beams: int) -> None:
        try:
            self._write(requests, beams)
        except BaseException as error:  # noqa: BLE001 - raised again where the words are read
            for request in requests:
                request.results.put(error)
        for request in requests:
            request.results.put(None)

    def _write(self, requests: Sequence[Request], beams: int) -> None:
        import torch

        with torch.inference_mode():
            made = batch(self._pages(requests))
            memory = self._writer.read(made.reading)
        holds = memory.holds.sigmoid().tolist()
        best: list[list[Trail]] = [[] for _ in requests]
        walks = [
            request.focus(request.walk, own[: len(request.walk.sources)])
            for request, own in zip(requests, holds, strict=True)
        ]
        for paths in search(self._writer, memory, made, walks, beams=beams):
            for number, request in enumerate(requests):
                own = [path for path in paths if path.example == number]
                if not own:
                    continue
                done = [path for path in best[number] if path.walk.ended]
                best[number] = sorted([*done, *own], key=lambda path: -path.log_probability)
                request.results.put((best[number], holds[number][: len(request.walk.sources)]))
            if all(request.cancelled.is_set() for request in requests):
                return

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
