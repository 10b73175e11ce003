"""The generator that runs a chat model of the Hugging Face library in a process beside the server.

In one process they would share one interpreter: the model's next step would wait for pages that are
served, and pages for the step. And a model that takes its process with it, out of memory or by a
fault of a driver, would take the server.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TextIO, cast

from pydantic import TypeAdapter

from bot.errors import GeneratorError
from bot.generators.timed import CHECK_SECONDS
from bot.types import Load, Prompt

logger = logging.getLogger(__name__)

# Ends in a row, with no word between them, from which the process calls itself broken.
_BROKEN = 3
# Between an end and the next start: a model that cannot be loaded must not keep the machine busy.
_PAUSE_SECONDS = 1.0
_CLOSE_SECONDS = 10.0
_PROMPTS = TypeAdapter(Prompt)


class ModelProcess:
    """`options` are those of TransformersGenerator, which does the work in the other process.

    That process is started anew when it ends by itself: what was being written fails, and so does
    what is asked before the model is loaded again. Raises GeneratorError where the model cannot be
    loaded the first time.
    """

    name = "transformers"

    def __init__(self, model: str, **options: Any) -> None:
        self.model = model
        self._options = {"model": model, **options}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._inboxes: dict[int, SimpleQueue[Mapping[str, str]]] = {}
        self._load = Load(0, 0, 0.0, 0)
        self._worker_healthy = True
        self._ends_in_a_row = 0
        self._closed = threading.Event()
        self._worker: _Worker | None = _Worker(self._options)
        self.at_once = self._worker.at_once
        self._thread = threading.Thread(target=self._run, name="frontdesk-model", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """False where the model, or its process, fails again and again."""
        return self._worker_healthy and self._ends_in_a_row < _BROKEN

    def generate(self, prompt: Prompt) -> Generator[str]:
        """Words ten times a second as they are written, be it none. Closing ends the work."""
        number, inbox = next(self._numbers), SimpleQueue[Mapping[str, str]]()
        with self._lock:
            worker = self._worker
            if worker is None:
                raise GeneratorError(f"Model {self.model} is being loaded again. Wait a minute.")
            self._inboxes[number] = inbox
        try:
            worker.say({"id": number, "prompt": _PROMPTS.dump_python(prompt, mode="json")})
            yield from _words(inbox)
        finally:
            if self._inboxes.pop(number, None) is not None:
                worker.say({"id": number})

    def load(self) -> Load:
        return self._load

    def warm_up(self) -> None:
        """The model was loaded when this was made."""

    def close(self) -> None:
        """Ends what is being written, and the process."""
        self._closed.set()
        if worker := self._worker:
            worker.close()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closed.is_set():
            if (worker := self._worker) is None:
                self._start_again()
                continue
            for message in worker.messages():
                self._take(message)
            self._end_all(worker.end())

    def _take(self, message: Mapping[str, Any]) -> None:
        if "load" in message:
            self._load = Load(**message["load"])
            self._worker_healthy = message["healthy"]
            return
        self._ends_in_a_row = 0
        ended = "end" in message
        inbox = (self._inboxes.pop if ended else self._inboxes.get)(message["id"], None)
        if inbox is not None:  # else its reader has left
            inbox.put(message)

    def _end_all(self, outcome: str) -> None:
        """Nobody gets another word from a process that has ended."""
        with self._lock:
            self._worker = None
            for number in list(self._inboxes):
                if inbox := self._inboxes.pop(number, None):  # else its reader has just left
                    inbox.put({"end": f"Model {self.model} failed: {outcome}"})
        self._load = Load(0, 0, 0.0, 0)
        if not self._closed.is_set():
            self._ends_in_a_row += 1
            logger.error("Model %s: %s. It is being loaded again.", self.model, outcome)

    def _start_again(self) -> None:
        self._closed.wait(_PAUSE_SECONDS)
        try:
            worker = _Worker(self._options)
        except GeneratorError as error:
            self._ends_in_a_row += 1
            logger.error("%s", error)
            return
        with self._lock:
            self._worker = worker
        if self._closed.is_set():
            worker.close()


class _Worker:
    """The other process. Raises GeneratorError where it does not get as far as a loaded model."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._saying = threading.Lock()
        command = [sys.executable, "-m", "bot.generators.model_worker"]
        self._process = subprocess.Popen(  # noqa: S603 - a module of ours
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"HF_HUB_DISABLE_TELEMETRY": "1"},
        )
        self._input = cast("TextIO", self._process.stdin)
        self._output = cast("TextIO", self._process.stdout)
        try:
            self.say(options)
            first = next(self.messages(), {"failed": ""})
        except BaseException:  # Ctrl-C while a large model is loaded
            self._process.kill()
            self.end()
            raise
        if "failed" in first:
            how = self.end()
            raise GeneratorError(first["failed"] or f"Model {options['model']}: {how}.")
        self.at_once = int(first["at_once"])

    def say(self, message: Mapping[str, Any]) -> None:
        """To a process that has ended, nothing."""
        with self._saying, suppress(BrokenPipeError):
            if not self._input.closed:
                self._input.write(json.dumps(message) + "\n")
                self._input.flush()

    def messages(self) -> Iterator[Mapping[str, Any]]:
        """Until the process ends."""
        for line in self._output:
            if line.endswith("\n"):  # else it was killed in the middle of it
                yield json.loads(line)

    def end(self) -> str:
        """How it has ended."""
        code = self._process.wait()
        self._hang_up()
        self._output.close()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"its process {how}; a smaller model needs less memory"

    def close(self) -> None:
        self._hang_up()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _hang_up(self) -> None:
        with self._saying, suppress(BrokenPipeError):
            self._input.close()


def _words(inbox: SimpleQueue[Mapping[str, str]]) -> Iterator[str]:
    """Raises GeneratorError where the answer ends with one."""
    while True:
        try:
            message = inbox.get(timeout=CHECK_SECONDS)
        except Empty:
            yield ""
            continue
        if "end" not in message:
            yield message["text"]
        elif message["end"]:
            raise GeneratorError(message["end"])
        else:
            return
