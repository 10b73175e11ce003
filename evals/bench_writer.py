"""What an answer of the built-in writer costs, alone and among eight; a part of `make bench`.

The passages are the demo shop's, three to a question. Knows no search: "first word" is counted from
the moment at which the passages were found.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.generators.writer.generator import MOST_AT_ONCE, Thresholds, WriterGenerator
from bot.types import Prompt
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.passages import cut
from knowledge.reading import document_paths, read_document
from knowledge.sources import DEMO_PACK
from knowledge.types import Passage

_PASSAGES = 3
_ROUNDS = 60
# So often all prompts are asked to measure the throughput.
_TIMES = 5
_WORDS = 40
# Whatever it is sure of: what is measured is time.
_ALL = Thresholds(sure=0, here=0, clear=0)

Row = tuple[str, float, str]


def writer_rows() -> Iterator[Row]:
    """Names, values and units."""
    yield "load in a process of its own", float(_said(_LOADS)), "s"
    writer = WriterGenerator(thresholds=_ALL)
    writer.warm_up()
    with contextlib.closing(writer):
        prompts = list(_prompts())
        list(writer.generate(prompts[0]))
        yield from _alone(writer, prompts)
        yield from _throughput(writer, prompts)
    yield "resident memory of a server that has answered", _resident_mib(), "MiB"


def _prompts() -> Iterator[Prompt]:
    """Each asks a passage's own question, of it and the two passages behind it."""
    passages: list[Passage] = []
    for path in document_paths(DEMO_PACK / "faq" / "en"):
        passages += [p for p in cut(read_document(path, path.name)) if p.question]
    for first in range(_ROUNDS):
        given = [passages[(first + n) % len(passages)] for n in range(_PASSAGES)]
        yield Prompt(given[0].question, tuple(given), "en")


def _alone(writer: WriterGenerator, prompts: Sequence[Prompt]) -> Iterator[Row]:
    """The passages are new to it the first time, and are remembered the second."""
    for name in ("passages not read before", "passages read before"):
        firsts: list[float] = []
        wholes: list[float] = []
        for prompt in prompts:
            since = time.perf_counter()
            pieces = writer.generate(prompt)
            text = next(pieces, "")
            firsts.append((time.perf_counter() - since) * 1000)
            text += "".join(pieces)
            if len(text.split()) >= _WORDS:
                wholes.append((time.perf_counter() - since) * 1000)
        yield f"first word p50, {name}", statistics.median(firsts), "ms"
        yield (
            f"answer of {_WORDS} words and more p50, {name} ({len(wholes)})",
            statistics.median(wholes),
            "ms",
        )


def _throughput(writer: WriterGenerator, prompts: Sequence[Prompt]) -> Iterator[Row]:
    """One by one and at once, the passages known. Their processor time says what no batch could
    make faster: so much work there is to an answer, and the cores have so much time."""

    def answer(prompt: Prompt) -> str:
        return "".join(writer.generate(prompt))

    asked = [*prompts] * _TIMES
    since, worked = time.perf_counter(), time.process_time()
    for prompt in asked:
        answer(prompt)
    one = len(asked) / (time.perf_counter() - since)
    work = (time.process_time() - worked) / len(asked)
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        since = time.perf_counter()
        list(pool.map(answer, asked))
        eight = len(asked) / (time.perf_counter() - since)
    yield "processor time of an answer, passages read before", work * 1000, "ms"
    yield "answers a second, one by one", one, ""
    yield f"answers a second, {MOST_AT_ONCE} at once", eight, ""
    yield "... of one by one", eight / one, "x"
    yield "... of what the cores could do", eight * work / (os.cpu_count() or 1), "x"


_LOADS = """
import time
since = time.perf_counter()
from bot.generators.writer.generator import Thresholds, WriterGenerator
writer = WriterGenerator(thresholds=Thresholds(sure=0, here=0, clear=0))
writer.warm_up()
print(time.perf_counter() - since)
writer.close()
"""

_SERVER = """
import sys
from pathlib import Path
from bot.build import build
from bot.config import Config
from ui.server import create_app

desk = build(Config(home=Path(sys.argv[1]), generator="writer"))
desk.manager.warm_up()
create_app(desk)
conversation = desk.log.start("en")
list(desk.manager.reply(conversation.id, "how long do refunds take?"))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
desk.close()
"""


def _resident_mib() -> float:
    """Of a process of its own, which only serves: this one has ingested, too."""
    with tempfile.TemporaryDirectory() as folder:
        Ingest(Path(folder), load_embedder("built-in")).run([DEMO_PACK])
        return int(_said(_SERVER, folder)) / 1024


def _said(script: str, *arguments: str) -> str:
    """The last word that a process of its own prints."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]
