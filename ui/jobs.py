"""Background jobs: what takes a minute and must not hold a page up, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from bot.errors import BotError
from knowledge.errors import KnowledgeError
from knowledge.types import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """`problem` is one sentence where it failed; "?" where only the server's log knows why."""

    stage: str = ""
    done: int = 0
    total: int = 0
    running: bool = True
    problem: str = ""


class Jobs:
    """The last job of each name, as long as the server runs. A server that stops ends them: what
    they write is switched to in one step or not at all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start(self, name: str, work: Callable[[Progress], None]) -> bool:
        """False where a job of that name is running already."""
        with self._lock:
            if (known := self._jobs.get(name)) and known.running:
                return False
            self._jobs[name] = Job()
        threading.Thread(target=self._run, args=(name, work), name=name, daemon=True).start()
        return True

    def get(self, name: str) -> Job | None:
        with self._lock:
            return self._jobs.get(name)

    def progress(self, name: str) -> dict[str, object]:
        """For the page's script."""
        job = self.get(name)
        return asdict(job) if job else {"running": False, "problem": ""}

    def _run(self, name: str, work: Callable[[Progress], None]) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            self._change(name, stage=stage, done=done, total=total)

        problem = ""
        try:
            work(progress)
        except (BotError, KnowledgeError) as error:
            problem = str(error)
        except Exception:
            logger.exception("%s failed", name)
            problem = "?"
        self._change(name, running=False, problem=problem)

    def _change(self, name: str, **values: object) -> None:
        with self._lock:
            self._jobs[name] = replace(self._jobs[name], **values)  # type: ignore[arg-type]
