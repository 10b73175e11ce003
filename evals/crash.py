"""`python -m evals.crash`: kill -9 at random moments of an ingest and of a chat.

After each kill the old knowledge or the new one must answer, no accepted customer's turn may be
missing, and every database must pass its integrity check. Exits with 1 otherwise.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot.config import Config
from knowledge.embedder import load_embedder
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK

_COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]
_PRICES = ("11.11", "22.22")
_QUESTION = "What does the answer to everything cost?"
# Talks until it is killed, and prints the id of each message once it is accepted.
_CHAT = """
import sys
from pathlib import Path
from bot.build import build
from bot.config import Config
desk = build(Config(home=Path(sys.argv[1])))
conversation = desk.log.start("en")
for number in range(10**9):
    reply = desk.manager.reply(conversation.id, f"message {number}: how long do refunds take?")
    print(number, flush=True)
    list(reply)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        failures = [
            *_kill_ingests(Path(folder), options.kills, chance),
            *_kill_chats(Path(folder), options.kills, chance),
        ]
    print(f"{2 * options.kills} kills, {len(failures)} failures")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


def _kill_ingests(folder: Path, kills: int, chance: random.Random) -> Iterator[str]:
    """The folder changes between two states; each run is killed somewhere in its usual time."""
    home, docs = folder / "home", folder / "docs"
    shutil.copytree(DEMO_PACK / "faq", docs)
    _write_price(docs, _PRICES[0])
    usual = _seconds_of_ingest(home, docs)
    embedder = load_embedder("built-in")
    for number in range(kills):
        _write_price(docs, _PRICES[(number + 1) % 2])
        process = subprocess.Popen(_ingest_command(home, docs), stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, usual))
        process.send_signal(signal.SIGKILL)
        process.wait()
        base = KnowledgeBase(home, embedder)
        answer = base.search(_QUESTION)[0].passage.text
        base.close()
        if not any(price in answer for price in _PRICES):
            yield f"ingest {number}: neither the old nor the new knowledge answers: {answer!r}"
        yield from _broken_databases(home, f"ingest {number}")
    subprocess.run(_ingest_command(home, docs), check=True, capture_output=True)


def _kill_chats(folder: Path, kills: int, chance: random.Random) -> Iterator[str]:
    home = folder / "home"
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", _CHAT, str(home)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None  # noqa: S101
        accepted = [process.stdout.readline()]
        deadline = time.monotonic() + chance.uniform(0, 0.5)
        while time.monotonic() < deadline:
            accepted.append(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        accepted += process.stdout.readlines()
        process.wait()
        promised = len([line for line in accepted if line.endswith("\n")])
        stored = _turns_of_last_conversation(home)
        if stored < promised:
            yield f"chat {number}: {promised} messages accepted, {stored} stored"
        yield from _broken_databases(home, f"chat {number}")


def _write_price(docs: Path, price: str) -> None:
    (docs / "price.md").write_text(
        f"# Prices\n\n## {_QUESTION}\n\nIt costs {price} euros.\n", encoding="utf-8"
    )


def _ingest_command(home: Path, docs: Path) -> list[str]:
    return [*_COMMAND, "ingest", str(docs), "--home", str(home)]


def _seconds_of_ingest(home: Path, docs: Path) -> float:
    """Of a run in which one document has changed, the interpreter's start included."""
    subprocess.run(_ingest_command(home, docs), check=True, capture_output=True)
    _write_price(docs, _PRICES[1])
    since = time.perf_counter()
    subprocess.run(_ingest_command(home, docs), check=True, capture_output=True)
    return time.perf_counter() - since


def _turns_of_last_conversation(home: Path) -> int:
    with sqlite3.connect(Config(home=home).home / "conversations.db") as db:
        (count,) = db.execute(
            "select count(*) from turns where role = 'customer' and conversation_id = "
            "(select id from conversations order by created_at desc limit 1)"
        ).fetchone()
    db.close()
    return int(count)


def _broken_databases(home: Path, where: str) -> Iterator[str]:
    for path in home.rglob("*.db"):
        if "building" in path.parts:
            continue
        db = sqlite3.connect(path)
        (verdict,) = db.execute("pragma integrity_check").fetchone()
        db.close()
        if verdict != "ok":
            yield f"{where}: {path.name}: {verdict}"


if __name__ == "__main__":
    main()
