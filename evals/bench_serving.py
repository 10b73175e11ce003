"""`make bench-serving`: many customers at the real HTTP server, and what becomes of their answers.

Every customer asks for a code that stands in one document only, reads the answer as a browser does,
and every tenth leaves half-way. An answer with another code, or with other words of the model, than
the same question got when it was asked alone is one that was mixed up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.generators.bench import SHAPES
from evals.tiny_model import write_tiny_model

_COLOURS = ("amber", "azure", "coral", "ebony", "ivory", "lilac", "olive", "pearl")
_ANIMALS = ("badger", "camel", "ferret", "gecko", "heron", "otter", "puffin", "walrus")
_READ_SECONDS = 300.0
_SAMPLE_SECONDS = 0.5
_QUIET_SECONDS = 30.0


@dataclass(frozen=True)
class Topic:
    """`marker` is in no other document."""

    question: str
    marker: str
    document: str


@dataclass
class Tally:
    """What became of the questions of a run. Times in seconds."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0
    lost: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def answers_per_second(self) -> float:
        return len(self.whole) / self.seconds


@dataclass(frozen=True)
class Server:
    url: str
    process: int
    home: Path

    def metric(self, name: str) -> float:
        text = httpx.get(f"{self.url}/metrics", timeout=_READ_SECONDS).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def memory_bytes(self) -> int:
        import psutil

        return int(psutil.Process(self.process).memory_info().rss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=64, help="at once")
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--leaving", type=float, default=0.1, help="share that leaves half-way")
    parser.add_argument("--pause", type=float, default=0.2, help="mean seconds between questions")
    parser.add_argument("--generator", default="transformers")
    parser.add_argument("--model", default="", help="instead of a tiny one with random weights")
    parser.add_argument("--shape", choices=SHAPES, default="tiny", help="of the tiny one")
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--one-by-one", type=int, default=40, help="answers, to compare with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(_run(Path(folder), options))


def _run(folder: Path, options: argparse.Namespace) -> int:
    topics = _topics()
    home, model = folder / "home", options.model
    _ingest(folder / "docs", home, topics)
    if options.generator == "transformers" and not model:
        model = str(folder / "model")
        texts = [topic.document for topic in topics]
        write_tiny_model(Path(model), SHAPES[options.shape], texts)
    settings = {"GENERATOR": options.generator, "MODEL": model}
    settings["MAX_NEW_TOKENS"] = str(options.new_tokens)
    with _serving(home, settings | {"ANSWERS_AT_ONCE": str(options.customers)}) as server:
        alone = _ask_alone(server, topics)
        memory = Memory(server)
        tally = asyncio.run(_crowd(server, topics, options, memory))
        gone = asyncio.run(_all_leave(server, topics, options.customers))
    tally.mixed_up += _not_as_alone(tally, alone) + _other_words(home)
    unsettled = _unsettled(home)
    _print(tally, memory, gone, unsettled)
    _print_alone(topics, alone)
    _print_writers(home)
    bare = _bare(home, settings, topics, options.customers)
    print(f"the model with nothing around it {bare:5.1f} answers/s", flush=True)
    print(f"the server's share of that  {tally.answers_per_second / bare:8.0%}", flush=True)
    if options.one_by_one:
        _compare(home, settings, topics, tally, options)
    return 1 if tally.lost or tally.mixed_up or unsettled else 0


def _topics() -> list[Topic]:
    rng = random.Random(7)
    codes = rng.sample(range(10_000, 99_999), len(_COLOURS) * len(_ANIMALS))
    pairs = [f"{colour} {animal}" for colour in _COLOURS for animal in _ANIMALS]
    return [
        Topic(
            f"What is the code of the {pair} locker?",
            f"K{code}",
            f"# What is the code of the {pair} locker?\n\n"
            f"The {pair} locker opens with the code K{code}.\n",
        )
        for pair, code in zip(pairs, codes, strict=True)
    ]


def _ingest(docs: Path, home: Path, topics: Sequence[Topic]) -> None:
    docs.mkdir()
    for topic in topics:
        (docs / f"{topic.marker}.md").write_text(topic.document, encoding="utf-8")
    command = [sys.executable, "-c", "from ui.cli import main; main()", "ingest", str(docs)]
    subprocess.run([*command, "--home", str(home)], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _serving(home: Path, settings: dict[str, str]) -> Iterator[Server]:
    """The command that an owner runs, on a free port."""
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
            yield Server(url, process.pid, home)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _ask_alone(server: Server, topics: Sequence[Topic]) -> dict[str, str]:
    """Each question once with nobody else there: what its answer in the crowd must equal."""

    async def ask() -> dict[str, str]:
        async with _client(server) as http:
            return {t.question: await _answer(http, t.question, None, Tally()) for t in topics}

    return asyncio.run(ask())


class Memory:
    """The server's resident memory while a run goes on, in MiB."""

    def __init__(self, server: Server) -> None:
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


async def _crowd(
    server: Server, topics: Sequence[Topic], options: argparse.Namespace, memory: Memory
) -> Tally:
    """Customers who ask, read and ask again after pauses of random length (a Poisson process)."""
    tally, rng = Tally(), random.Random(11)
    questions = iter(range(options.answers))
    async with _client(server) as http:

        async def customer() -> None:
            for number in questions:
                await asyncio.sleep(rng.expovariate(1 / options.pause))
                leaves = rng.random() < options.leaving
                topic = topics[number % len(topics)]
                # Half-way, as far as anybody can know: within the time of the answers so far.
                patience = rng.uniform(0, _mean(tally.whole)) if leaves else None
                await _ask(http, topic, patience, tally)

        watching = asyncio.create_task(memory.watch())
        since = time.perf_counter()
        await asyncio.gather(*(customer() for _ in range(options.customers)))
        tally.seconds = time.perf_counter() - since
        watching.cancel()
    return tally


async def _ask(http: httpx.AsyncClient, topic: Topic, patience: float | None, tally: Tally) -> None:
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


async def _all_leave(server: Server, topics: Sequence[Topic], customers: int) -> float:
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


def _client(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url,
        timeout=_READ_SECONDS,
        headers={"accept": "text/event-stream"},
        limits=httpx.Limits(max_connections=None),
    )


def _not_as_alone(tally: Tally, alone: dict[str, str]) -> list[str]:
    return [
        f"{question} {answer}"
        for question, answer in tally.answers
        if _codes(answer) != _codes(alone[question])
    ]


def _codes(answer: str) -> list[str]:
    return re.findall(r"K\d{5}", answer)


def _other_words(home: Path) -> list[str]:
    """Questions for which the model wrote different words at different times: greedy decoding gives
    one answer to one prompt, alone or in the crowd.
    """
    query = """
        select question.text, count(distinct bot.dropped || coalesce(bot.error, '')), min(bot.error)
        from turns bot join turns question on question.id = bot.reply_to
        where bot.role = 'bot' group by question.text having count(distinct bot.dropped) > 1
    """
    with closing(sqlite3.connect(home / "conversations.db")) as db:
        return [f"{row[0]} has {row[1]} answers ({row[2]})" for row in db.execute(query)]


def _unsettled(home: Path) -> int:
    """Messages of which the log does not know what became of them."""
    with closing(sqlite3.connect(home / "conversations.db")) as db:
        return int(db.execute("select count(*) from turns where status = 'accepted'").fetchone()[0])


def _print_alone(topics: Sequence[Topic], alone: dict[str, str]) -> None:
    """A generator may answer wrongly with nobody else there, which is no mixing up."""
    wrong = [t.question for t in topics if _codes(alone[t.question]) != [t.marker]]
    print(f"wrong when asked alone{len(wrong):8} of {len(topics)}", *wrong[:3])


def _print_writers(home: Path) -> None:
    """Whose words were shown: the model's own, or the quotation's in their place."""
    query = "select generator, count(*) from turns where role = 'bot' group by generator"
    with closing(sqlite3.connect(home / "conversations.db")) as db:
        print("shown                ", *(f"{count} by {name}" for name, count in db.execute(query)))


def _bare(home: Path, settings: dict[str, str], topics: Sequence[Topic], customers: int) -> float:
    """Answers a second of the same model to the same prompts in a process of its own."""
    variables = {f"FRONTDESK_{name}": value for name, value in settings.items()}
    measured = subprocess.run(
        [sys.executable, "-m", "evals.bench_bare", str(home), str(customers)],
        input="\n".join(topic.question for topic in topics),
        env=os.environ | variables | {"FRONTDESK_ANSWERS_AT_ONCE": str(customers)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(measured.stdout)


def _compare(
    home: Path,
    settings: dict[str, str],
    topics: Sequence[Topic],
    tally: Tally,
    options: argparse.Namespace,
) -> None:
    """The same server and the same customers, with one answer at a time by plain `generate`."""
    few = argparse.Namespace(**vars(options) | {"answers": options.one_by_one, "leaving": 0.0})
    with _serving(home, settings | {"ANSWERS_AT_ONCE": "1"}) as server:
        _ask_alone(server, topics[:2])
        plain = asyncio.run(_crowd(server, topics, few, Memory(server)))
    ratio = tally.answers_per_second / plain.answers_per_second
    print(f"one by one            {plain.answers_per_second:8.1f} answers/s")
    print(f"in one batch          {ratio:8.1f} times that")


def _print(tally: Tally, memory: Memory, gone: float, unsettled: int) -> None:
    first, whole = sorted(tally.first), sorted(tally.whole)
    print(f"answers               {len(whole):8} in {tally.seconds:.1f} s")
    print(f"left half-way         {tally.left:8}")
    print(f"lost                  {len(tally.lost):8}", *tally.lost[:3])
    print(f"mixed up              {len(tally.mixed_up):8}", *tally.mixed_up[:3])
    print(f"not settled in the log{unsettled:8}")
    print(f"first word p50 / p95  {_share(first, 0.5):8.2f} / {_share(first, 0.95):.2f} s")
    print(f"answer p50 / p95      {_share(whole, 0.5):8.2f} / {_share(whole, 0.95):.2f} s")
    print(f"answers a second      {tally.answers_per_second:8.1f}")
    print(f"all gone after leaving{gone:8.2f} s")
    quarters = " ".join(f"{memory.quarter(number):.0f}" for number in range(1, 5))
    print(f"memory, by quarters   {quarters} MiB", flush=True)


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


def _mean(values: Sequence[Any]) -> float:
    return sum(values) / len(values) if values else 1.0


if __name__ == "__main__":
    main()
