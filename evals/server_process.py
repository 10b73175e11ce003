"""`frontdesk serve` as a process of its own: its address, its metrics, and what it costs."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

_READ_SECONDS = 300.0
_SAMPLE_SECONDS = 0.5
_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class ServerProcess:
    url: str
    id: int

    def metric(self, name: str) -> float:
        """0 where /metrics does not have it."""
        text = httpx.get(f"{self.url}/metrics", timeout=_READ_SECONDS).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def memory_bytes(self) -> int:
        """Resident, with that of a model in a process beside it."""
        return sum(int(process.memory_info().rss) for process in self._processes())

    def cpu_seconds(self) -> float:
        """Of all its threads, since it started, and of those of its model."""
        times = [process.cpu_times() for process in self._processes()]
        return sum(float(time.user + time.system) for time in times)

    def _processes(self) -> list[psutil.Process]:
        server = psutil.Process(self.id)
        return [server, *server.children()]


@contextmanager
def serving(home: Path, settings: dict[str, str]) -> Iterator[ServerProcess]:
    """The command that an owner runs, on a free port. `settings` are FRONTDESK_ variables without
    that prefix; nobody is refused or timed out in a line that a test makes long.
    """
    limits = {"LINE_LENGTH": "1000", "FIRST_WORD_TIMEOUT_SECONDS": "120"}
    limits |= {"ANSWER_TIMEOUT_SECONDS": "240"}
    variables = {f"FRONTDESK_{name}": value for name, value in (limits | settings).items()}
    command = [sys.executable, "-c", "from ui.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--home", str(home)],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output = process.stdout or ()
        try:
            url = next(word for line in output for word in line.split() if word[:4] == "http")
            yield ServerProcess(url, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=_STOP_SECONDS)


class Memory:
    """The server's resident memory while a run goes on, in MiB."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.samples: list[float] = []

    async def watch(self) -> None:
        while True:
            self.samples.append(self._server.memory_bytes() / 2**20)
            await asyncio.sleep(_SAMPLE_SECONDS)

    def quarter(self, number: int) -> float:
        """Mean of the first, second, ... quarter of the run."""
        size = max(1, len(self.samples) // 4)
        part = self.samples[(number - 1) * size : number * size]
        return sum(part) / len(part)
