"""`python -m bot.generators.model_worker`: a chat model in a process of its own, for ModelProcess.

JSON lines both ways, over standard input and output: its first line in holds the options of the
TransformersGenerator, its first line out says that the model is loaded, or why it is not. It ends
with its input: when the server that started it has ended, however that ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from typing import Any, TextIO

from pydantic import TypeAdapter

from bot.errors import BotError, first_line
from bot.generators.transformers import TransformersGenerator
from bot.process import let_cores_rest, settle
from bot.types import Prompt

# How often it says how busy it is, where that has changed.
_REPORT_SECONDS = 0.1
_PROMPTS = TypeAdapter(Prompt)


def main() -> None:
    lines, answers = sys.stdin, _take_over_output()
    # Ctrl-C, and a stop of the whole service, reach this process, too. The server then finishes
    # what is being written, and closes this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    let_cores_rest()
    try:
        generator = TransformersGenerator(**json.loads(next(lines)))
    except BotError as error:
        answers.write(json.dumps({"failed": str(error)}) + "\n")
        return
    settle()
    Worker(generator, answers).serve(lines)
    generator.close()


class Worker:
    """Writes many answers at once, each in a thread of its own."""

    def __init__(self, generator: TransformersGenerator, answers: TextIO) -> None:
        self._generator = generator
        self._answers = answers
        self._saying = threading.Lock()
        self._left: dict[int, threading.Event] = {}
        self._over = threading.Event()

    def serve(self, lines: Iterable[str]) -> None:
        """Until there are no more lines."""
        self._say({"at_once": self._generator.at_once})
        threading.Thread(target=self._report, name="frontdesk-load", daemon=True).start()
        for line in lines:
            message = json.loads(line)
            number = message["id"]
            if "prompt" not in message:
                if left := self._left.get(number):
                    left.set()
                continue
            left = self._left[number] = threading.Event()
            arguments = number, message["prompt"], left
            threading.Thread(target=self._write, args=arguments, daemon=True).start()
        self._over.set()

    def _write(self, number: int, prompt: object, left: threading.Event) -> None:
        error = ""
        try:
            with closing(self._generator.generate(_PROMPTS.validate_python(prompt))) as pieces:
                for piece in pieces:
                    if left.is_set():
                        break
                    if piece:
                        self._say({"id": number, "text": piece})
        except Exception as failure:  # noqa: BLE001 - raised where the answer is read
            error = str(failure) if isinstance(failure, BotError) else first_line(failure)
        del self._left[number]
        self._say({"id": number, "end": error})

    def _report(self) -> None:
        said: dict[str, Any] = {}
        while not self._over.wait(_REPORT_SECONDS):
            now = {"load": asdict(self._generator.load()), "healthy": self._generator.healthy}
            if now != said:
                self._say(now)
                said = now

    def _say(self, message: dict[str, Any]) -> None:
        with self._saying:
            self._answers.write(json.dumps(message) + "\n")
            self._answers.flush()


def _take_over_output() -> TextIO:
    """What a library prints goes to the server's log, and is no message."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
