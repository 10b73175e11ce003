"""`make bench-serving`: many customers at the real HTTP server, and what becomes of their answers.

Every customer asks for a code that stands in one document only, reads the answer as a browser does,
and every tenth leaves half-way. In turn with it, the same server with one answer at a time, and in
the end the same model with no server around it. All of it shares this machine's cores, the
customers included.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.generators.bench import SHAPES
from evals.aftermath import mixed_up, unsettled, writers
from evals.crowd import Habits, Tally, all_leave, ask_alone, crowd
from evals.lockers import Locker, codes_in, ingest, lockers
from evals.server_process import Memory, serving
from evals.tiny_model import write_tiny_model

# A shared machine is now faster and now slower: what is compared goes by turns, so often.
_ROUNDS = 4


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
    parser.add_argument("--one-by-one", type=int, default=120, help="answers, to compare with")
    options = parser.parse_args()
    if min(options.one_by_one, options.answers) < _ROUNDS:
        parser.error(f"--one-by-one and --answers go in {_ROUNDS} rounds, so as many or more")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(_run(Path(folder), options))


def _run(folder: Path, options: argparse.Namespace) -> int:
    topics, home, single_home = lockers(), folder / "home", folder / "single"
    ingest(folder / "docs", home, topics)
    shutil.copytree(home, single_home)
    habits = Habits(options.customers, options.answers // _ROUNDS, options.leaving, options.pause)
    few = replace(habits, answers=options.one_by_one // _ROUNDS, leaving=0.0)
    settings = {
        "GENERATOR": options.generator,
        "MODEL": options.model or _tiny_model(folder / "model", topics, options),
        "MAX_NEW_TOKENS": str(options.new_tokens),
    }
    plain, tally = Tally(), Tally()
    with (
        serving(single_home, settings | {"ANSWERS_AT_ONCE": "1"}) as single,
        serving(home, settings | {"ANSWERS_AT_ONCE": str(habits.customers)}) as server,
    ):
        asyncio.run(ask_alone(single, topics[:2]))
        alone = asyncio.run(ask_alone(server, topics))
        memory = Memory(server)
        for _ in range(_ROUNDS):
            plain.extend(asyncio.run(crowd(single, topics, few, Memory(single))))
            tally.extend(asyncio.run(crowd(server, topics, habits, memory)))
        gone = asyncio.run(all_leave(server, topics, habits.customers))
    wrong, open_ = mixed_up(home, tally, alone), unsettled(home)
    _print_answers(tally, wrong, open_)
    _print_times(tally, memory, gone)
    _print_writers(home, topics, alone)
    bare = _bare(home, settings, topics, habits.customers)
    print(f"the model with nothing around it {bare:5.1f} answers/s")
    print(f"the server's share of that  {tally.answers_per_second / bare:8.0%}", flush=True)
    ratio = tally.answers_per_second / plain.answers_per_second
    print(f"one by one            {plain.answers_per_second:8.1f} answers/s")
    print(f"  computing an answer {_cpu(plain)}")
    print(f"in one batch          {ratio:8.1f} times that")
    return 1 if tally.lost or wrong or open_ else 0


def _tiny_model(folder: Path, topics: Sequence[Locker], options: argparse.Namespace) -> str:
    """Its folder; nothing where the generator needs none."""
    if options.generator != "transformers":
        return ""
    write_tiny_model(folder, SHAPES[options.shape], [topic.document for topic in topics])
    return str(folder)


def _bare(home: Path, settings: Mapping[str, str], topics: Sequence[Locker], at_once: int) -> float:
    """Answers a second of the same model to the same prompts in a process of its own."""
    variables = {f"FRONTDESK_{name}": value for name, value in settings.items()}
    measured = subprocess.run(
        [sys.executable, "-m", "evals.bench_bare", str(home), str(at_once)],
        input="\n".join(topic.question for topic in topics),
        env=os.environ | variables | {"FRONTDESK_ANSWERS_AT_ONCE": str(at_once)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(measured.stdout)


def _print_answers(tally: Tally, wrong: Sequence[str], open_: int) -> None:
    print(f"answers               {len(tally.whole):8} in {tally.seconds:.1f} s")
    print(f"left half-way         {tally.left:8}")
    print(f"lost                  {len(tally.lost):8}", *tally.lost[:3])
    print(f"mixed up              {len(wrong):8}", *wrong[:3])
    print(f"not settled in the log{open_:8}")


def _print_times(tally: Tally, memory: Memory, gone: float) -> None:
    first, whole = sorted(tally.first), sorted(tally.whole)
    print(f"first word p50 / p95  {_share(first, 0.5):8.2f} / {_share(first, 0.95):.2f} s")
    print(f"answer p50 / p95      {_share(whole, 0.5):8.2f} / {_share(whole, 0.95):.2f} s")
    print(f"answers a second      {tally.answers_per_second:8.1f}")
    print(f"computing an answer   {_cpu(tally)}")
    print(f"all gone after leaving{gone:8.2f} s")
    quarters = " ".join(f"{memory.quarter(number):.0f}" for number in range(1, 5))
    print(f"memory, by quarters   {quarters} MiB")


def _print_writers(home: Path, topics: Sequence[Locker], alone: Mapping[str, str]) -> None:
    """A generator may answer wrongly with nobody else there, which is no mixing up."""
    wrong = [t.question for t in topics if codes_in(alone[t.question]) != [t.code]]
    print(f"wrong when asked alone{len(wrong):8} of {len(topics)}", *wrong[:3])
    print("shown                ", *writers(home), flush=True)


def _cpu(tally: Tally) -> str:
    """Computing time of both sides, and how much of the cores it took."""
    server, customers = tally.server_cpu / tally.asked, tally.customers_cpu / tally.asked
    cores = (tally.server_cpu + tally.customers_cpu) / tally.seconds
    return (
        f"{server * 1000:8.1f} ms in the server, {customers * 1000:.1f} ms of its customers: "
        f"{cores:.2f} of {os.cpu_count()} cores"
    )


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


if __name__ == "__main__":
    main()
