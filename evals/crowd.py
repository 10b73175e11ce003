"""Customers at the HTTP API of a server: they ask, read the answer as a browser does, and leave."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import httpx

from evals.lockers import Locker
from evals.server_process import Memory, ServerProcess

_READ_SECONDS = 300.0
_QUIET_SECONDS = 30.0
# Until the first answer has come, nobody knows how long half-way is.
_UNKNOWN_SECONDS = 1.0


@dataclass(frozen=True)
class Habits:
    """`customers` at once ask `answers` questions in all, each again after a pause of random length
    (a Poisson process, its mean in seconds); the share `leaving` goes away half-way.
    """

    customers: int
    answers: int
    leaving: float
    pause: float


@dataclass
class Tally:
    """What became of the questions of a run. Times in seconds; `cpu` is computing time."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0
    lost: list[str] = field(default_factory=list)
    seconds: float = 0.0
    server_cpu: float = 0.0
    customers_cpu: float = 0.0

    def extend(self, other: Tally) -> None:
        """By a run before or after it."""
        for own in fields(self):
            setattr(self, own.name, getattr(self, own.name) + getattr(other, own.name))

    @property
    def asked(self) -> int:
        return len(self.whole) + self.left + len(self.lost)

    @property
    def answers_per_second(self) -> float:
        return len(self.whole) / self.seconds


async def ask_alone(server: ServerProcess, topics: Sequence[Locker]) -> dict[str, str]:
    """Each question once with nobody else there: what its answer in the crowd must equal."""
    async with _client(server) as http:
        return {t.question: await _answer(http, t.question, None, Tally()) for t in topics}


async def crowd(
    server: ServerProcess, topics: Sequence[Locker], habits: Habits, memory: Memory
) -> Tally:
    tally, rng = Tally(), random.Random(11)
    questions = iter(range(habits.answers))
    async with _client(server) as http:

        async def customer() -> None:
            for number in questions:
                await asyncio.sleep(rng.expovariate(1 / habits.pause))
                leaves = rng.random() < habits.leaving
                # Half-way, as far as anybody can know: within the time of the answers so far.
                patience = rng.uniform(0, _usual(tally.whole)) if leaves else None
                await _ask(http, topics[number % len(topics)], patience, tally)

        watching = asyncio.create_task(memory.watch())
        since, server_cpu, own_cpu = time.perf_counter(), server.cpu_seconds(), time.process_time()
        await asyncio.gather(*(customer() for _ in range(habits.customers)))
        tally.seconds = time.perf_counter() - since
        tally.server_cpu = server.cpu_seconds() - server_cpu
        tally.customers_cpu = time.process_time() - own_cpu
        watching.cancel()
    return tally


async def all_leave(server: ServerProcess, topics: Sequence[Locker], customers: int) -> float:
    """Seconds until nothing is written any more, after everybody has left at once."""
    async with _client(server) as http:
        asked = [
            asyncio.create_task(_answer(http, topic.question, None, Tally()))
            for topic in topics[:customers]
        ]
        while not any(task.done() for task in asked):
            if server.metric("frontdesk_answering") >= 8:
                break
            await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    since = time.perf_counter()
    while server.metric("frontdesk_answering") + server.metric("frontdesk_batch"):
        if time.perf_counter() - since > _QUIET_SECONDS:
            break
    return time.perf_counter() - since


async def _ask(
    http: httpx.AsyncClient, topic: Locker, patience: float | None, tally: Tally
) -> None:
    try:
        answer = await _answer(http, topic.question, patience, tally)
    except TimeoutError:
        tally.left += 1
        return
    except (httpx.HTTPError, ValueError) as error:
        tally.lost.append(f"{topic.question} {type(error).__name__} {error}")
        return
    tally.answers.append((topic.question, answer))


async def _answer(
    http: httpx.AsyncClient, question: str, patience: float | None, tally: Tally
) -> str:
    """In a conversation of its own. Raises TimeoutError when the customer's patience is over, and
    ValueError where no answer comes.
    """
    created = await http.post("/api/conversations", json={"language": "en"})
    path = f"/api/conversations/{created.json()['id']}/messages"
    since = time.perf_counter()
    async with asyncio.timeout(patience):
        async with http.stream("POST", path, json={"text": question}) as response:
            if response.status_code != 200:
                raise ValueError(f"status {response.status_code}")
            return await _read(response, since, tally)


async def _read(response: httpx.Response, since: float, tally: Tally) -> str:
    event, first = "", 0.0
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
            first = first or (time.perf_counter() - since if event == "piece" else 0.0)
        elif line.startswith("data: ") and event == "answer":
            tally.first.append(first)
            tally.whole.append(time.perf_counter() - since)
            return str(json.loads(line.removeprefix("data: "))["answer"])
    raise ValueError(f"the stream ended after {event or 'nothing'}")


def _client(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url,
        timeout=_READ_SECONDS,
        headers={"accept": "text/event-stream"},
        limits=httpx.Limits(max_connections=None),
    )


def _usual(seconds: Sequence[float]) -> float:
    return sum(seconds) / len(seconds) if seconds else _UNKNOWN_SECONDS
