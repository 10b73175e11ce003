"""Customers, the bot and agents at the same time, on the real log: chance decides who is first.

Each run draws its moves from its own seed and lets four threads race on two connections.
"""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import OwnershipError
from bot.generators.quote import QuoteGenerator
from bot.handoff import HandOff
from bot.log import ConversationLog
from bot.manager import DialogManager
from bot.ownership import Move, Ownership, after
from bot.types import Owner, Parts
from tests.conftest import BagEmbedder, FixedIntents, FixedRetriever, ScriptedGenerator, make_match

RUNS = 200
REFUND = make_match("Five days. To your card. No fee.", question="How long do refunds take?")
AGENTS = ("Mei", "Tom")


class Run:
    """One conversation, with a customer and two agents who do what the seed says."""

    def __init__(self, path: Path, seed: int, config: Config) -> None:
        self._random = random.Random(seed)
        self._logs = [ConversationLog(path), ConversationLog(path)]
        generator = ScriptedGenerator(["Five days. ", "To your card. ", "No fee."])
        parts = Parts(
            BagEmbedder(),
            FixedIntents({"human": "ask_for_person"}),
            FixedRetriever({"refund": [REFUND]}),
            generator,
            QuoteGenerator(),
        )
        self._manager = DialogManager(self._logs[0], parts, config)
        self.conversation = self._logs[0].start("en").id
        self.sent: list[str] = []
        self.said: list[str] = []
        self.failures: list[BaseException] = []

    def race(self) -> None:
        desks = [HandOff(log) for log in self._logs]
        works = [self._customer(), self._asker(desks[0])]
        works += [self._agent(HandOff(self._logs[n % 2]), name) for n, name in enumerate(AGENTS)]
        threads = [threading.Thread(target=self._safely, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for log in self._logs:
            log.close()

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by the test
            self.failures.append(error)

    def _customer(self) -> Callable[[], None]:
        leaves = [self._random.random() < 0.3 for _ in range(4)]

        def work() -> None:
            for number, leave in enumerate(leaves):
                text = f"refund {number}?" if number != 2 else "a human, please"
                reply = self._manager.reply(self.conversation, text)
                self.sent.append(text)
                if leave:
                    next(reply)
                    reply.close()  # type: ignore[attr-defined]
                else:
                    list(reply)

        return work

    def _asker(self, desk: HandOff) -> Callable[[], None]:
        moves = self._random.choices([desk.ask, desk.return_to_bot], k=3)
        return lambda: self._try([partial(move, self.conversation) for move in moves])

    def _agent(self, desk: HandOff, name: str) -> Callable[[], None]:
        def say() -> None:
            text = f"{name} {len(self.said)}"
            desk.say(self.conversation, name, text)
            self.said.append(text)

        moves: list[Callable[[], object]] = [
            lambda: desk.take(self.conversation, name),
            say,
            lambda: desk.hand_back(self.conversation, name),
            lambda: desk.close(self.conversation, name),
            lambda: desk.release(self.conversation, name),
        ]
        chosen = [moves[0], *self._random.choices(moves, weights=[3, 4, 1, 1, 1], k=6)]
        return lambda: self._try(chosen)

    @staticmethod
    def _try(moves: list[Callable[[], object]]) -> None:
        for move in moves:
            try:
                move()
            except OwnershipError:
                continue


def rows(path: Path, sql: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql).fetchall()


def check_story(turns: list[sqlite3.Row], owner: str, agent: str) -> None:
    """Walks the log through the state machine: it raises where somebody spoke out of turn."""
    held = Ownership()
    for turn in turns:
        if turn["role"] == "customer":
            held = after(held, Move.WRITE)
        elif turn["role"] == "agent":
            held = after(held, Move.SAY, turn["agent"])
        elif turn["role"] == "bot" and turn["status"] == "done":
            held = after(held, Move.ANSWER)
            if turn["route"] == "hand_off":
                held = after(held, Move.ASK)
        elif turn["role"] == "system":
            held = after(held, Move(turn["rule"]), turn["agent"] or "")
    assert held == Ownership(Owner(owner), agent or "")


@pytest.mark.parametrize("seed", range(RUNS))
def test_nobody_speaks_out_of_turn_and_nothing_is_lost(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "conversations.db"
    run = Run(path, seed, Config(home=tmp_path))
    run.race()
    assert run.failures == []
    turns = rows(path, "select * from turns order by id")
    (conversation,) = rows(path, "select owner, agent from conversations")
    check_story(turns, conversation["owner"], conversation["agent"])
    assert [t["text"] for t in turns if t["role"] == "customer"] == run.sent
    assert sorted(t["text"] for t in turns if t["role"] == "agent") == sorted(run.said)
    assert {t["status"] for t in turns if t["role"] == "customer"} <= {"done", "cancelled"}
