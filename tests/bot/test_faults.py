"""A model server that is killed, stalls or talks nonsense: the customer gets an answer all the
same, and the log tells what happened.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.config import Config
from bot.generators.chat_model import ChatModelGenerator
from bot.generators.transformers import TransformersGenerator
from bot.log import ConversationLog
from bot.types import Route
from tests.bot.test_chat_model import free_port
from tests.bot.test_manager import REFUND, Desk


class ModelServer:
    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, mode: str) -> None:
        script = Path(__file__).parent / "model_server.py"
        self._process = subprocess.Popen([sys.executable, script, str(self.port), mode])
        give_up = time.monotonic() + 30
        while not self._listens():
            assert time.monotonic() < give_up, "the model server did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        import socket

        with closing(socket.socket()) as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def server() -> Iterator[ModelServer]:
    opened = ModelServer()
    yield opened
    opened.kill()


@pytest.fixture
def desk(log: ConversationLog, tmp_path: Path, server: ModelServer) -> Desk:
    config = Config(home=tmp_path, first_word_timeout_seconds=2, answer_timeout_seconds=30)
    generator = ChatModelGenerator("openai:m", base_url=f"http://127.0.0.1:{server.port}/v1")
    return Desk(log, config, generator)


def logged(tmp_path: Path) -> list[tuple[str, str | None]]:
    """Generator and error of each of the bot's turns."""
    with closing(sqlite3.connect(tmp_path / "conversations.db")) as db:
        return db.execute("select generator, error from turns where role = 'bot'").fetchall()


def test_a_model_server_killed_in_the_middle_costs_no_answer_and_may_come_back(
    desk: Desk, server: ModelServer, tmp_path: Path
) -> None:
    server.start("endless")
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    next(reply)
    server.kill()
    *_, answer = reply
    assert REFUND.passage.text in answer.text
    server.start("good")
    assert desk.ask("refund?").route is Route.ANSWER
    (first, problem), second = logged(tmp_path)
    assert first == "quote"
    assert problem is not None
    assert f"The model server at http://127.0.0.1:{server.port}/v1 failed" in problem
    assert second == ("chat_model", None)


@pytest.mark.parametrize(
    ("mode", "problem"), [("stall", "wrote nothing for 2 s"), ("garbage", "failed")]
)
def test_a_model_server_that_stalls_or_talks_nonsense_costs_no_answer(
    desk: Desk, server: ModelServer, tmp_path: Path, mode: str, problem: str
) -> None:
    server.start(mode)
    since = time.monotonic()
    answer = desk.ask("refund?")
    assert time.monotonic() - since < 20  # and not the minute for which it stalls
    assert answer.text == REFUND.passage.text
    ((generator, error),) = logged(tmp_path)
    assert generator == "quote"
    assert error is not None
    assert problem in error


def test_a_model_of_our_own_whose_thread_fails_costs_no_answer_and_goes_on(
    log: ConversationLog, tmp_path: Path, tiny_chat_model: Path
) -> None:
    generator = TransformersGenerator(str(tiny_chat_model), device="cpu", max_new_tokens=8)
    desk = Desk(log, Config(home=tmp_path), generator)

    def fail(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    hook = generator._checkpoint.model.register_forward_pre_hook(fail)
    assert desk.ask("refund?").text == REFUND.passage.text
    hook.remove()
    assert desk.ask("refund?").text == REFUND.passage.text  # its words are no answer, but it writes
    generator.close()
    (_, failed), (_, unsupported) = logged(tmp_path)
    assert failed is not None
    assert "CUDA out of memory" in failed
    assert unsupported == "transformers: no supported sentence"
