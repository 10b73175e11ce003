"""Over HTTP, against a real `transformers serve` of the tiny model that is stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.errors import GeneratorError
from bot.generators.chat_model import ChatModelGenerator
from bot.generators.timed import in_a_thread, timed
from bot.types import Prompt
from tests.bot.conftest import WORDS
from tests.conftest import make_passage

PROMPT = Prompt("How long do refunds take?", (make_passage("Refunds take 5 days."),), "en")
START_SECONDS = 120.0


class Server:
    """`transformers serve` in a process of its own, started when it is needed."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        command = Path(sys.executable).parent / "transformers"
        self.process = subprocess.Popen(
            [command, "serve", self.model, "--port", str(self.port), "--device", "cpu"],
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + START_SECONDS
        while not self._healthy():
            assert self.process.poll() is None, "transformers serve ended"
            assert time.monotonic() < give_up, "transformers serve does not answer"
            time.sleep(0.2)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def any_server(tiny_chat_model: Path) -> Iterator[Server]:
    server = Server(tiny_chat_model)
    yield server
    server.kill()


@pytest.fixture
def server(any_server: Server) -> Server:
    any_server.start()
    return any_server


def generator_for(server: Server, max_new_tokens: int = 16) -> ChatModelGenerator:
    return ChatModelGenerator(
        f"openai:{server.model}",
        base_url=server.url,
        max_new_tokens=max_new_tokens,
        timeout_seconds=30,
    )


def test_a_model_server_answers_word_by_word(server: Server) -> None:
    pieces = list(generator_for(server).generate(PROMPT))
    assert len(pieces) == 16
    assert set("".join(pieces).split()) <= set(WORDS.split())


def test_the_server_and_the_library_say_the_same(server: Server) -> None:
    from bot.generators.transformers import TransformersGenerator

    local = TransformersGenerator(str(server.model), device="cpu", max_new_tokens=16)
    assert "".join(generator_for(server).generate(PROMPT)).split() == (
        "".join(local.generate(PROMPT)).split()
    )


def test_a_server_that_stalls_is_given_up_in_time(server: Server) -> None:
    pieces = timed(
        in_a_thread(generator_for(server, max_new_tokens=500).generate(PROMPT)),
        first_word_seconds=2,
        answer_seconds=60,
    )
    next(pieces)
    server.signal(signal.SIGSTOP)
    try:
        since = time.monotonic()
        with pytest.raises(GeneratorError, match="wrote nothing for 2 s"):
            list(pieces)
        assert time.monotonic() - since < 10
    finally:
        server.signal(signal.SIGCONT)


def test_a_server_that_is_killed_in_the_middle_is_named(server: Server) -> None:
    pieces = generator_for(server, max_new_tokens=500).generate(PROMPT)
    next(pieces)
    server.kill()
    with pytest.raises(GeneratorError, match=rf"The model server at {server.url} failed"):
        list(pieces)


def test_a_server_that_is_not_there_is_named_with_what_to_check() -> None:
    generator = ChatModelGenerator("openai:qwen3", base_url=f"http://127.0.0.1:{free_port()}/v1")
    with pytest.raises(GeneratorError, match="Check that it runs, that it serves qwen3") as caught:
        list(generator.generate(PROMPT))
    assert "\n" not in str(caught.value)


def test_an_unknown_provider_is_refused_at_once() -> None:
    with pytest.raises(GeneratorError, match="PROVIDER:MODEL"):
        ChatModelGenerator("nobody:model")


class SlowServer:
    """One chat completion on one connection, a word at a time; notes when the client leaves."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self.request = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            while not self.request.endswith(b"}"):
                self.request += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            try:
                for _ in range(500):
                    connection.sendall(
                        b'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, '
                        b'"model": "m", "choices": [{"index": 0, "delta": {"content": "word "}}]}'
                        b"\n\n"
                    )
                    time.sleep(0.02)
            except OSError:
                self.left.set()

    def close(self) -> None:
        self._socket.close()
        self._thread.join()


@pytest.fixture
def slow_server() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


def test_closing_an_answer_closes_its_http_stream(slow_server: SlowServer) -> None:
    generator = ChatModelGenerator("openai:m", base_url=slow_server.url)
    pieces = generator.generate(PROMPT)
    assert next(pieces) == "word "
    pieces.close()  # type: ignore[attr-defined]
    assert slow_server.left.wait(timeout=5)


def test_a_server_of_ones_own_is_told_the_limit_in_the_words_that_all_know(
    slow_server: SlowServer,
) -> None:
    generator = ChatModelGenerator("openai:m", base_url=slow_server.url, max_new_tokens=77)
    pieces = generator.generate(PROMPT)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    body = json.loads(slow_server.request.partition(b"\r\n\r\n")[2])
    assert body["max_tokens"] == 77
    assert "max_completion_tokens" not in body


def test_nothing_is_sent_to_langsmith_whatever_the_environment_says(
    slow_server: SlowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain_core.tracers.langchain import LangChainTracer

    traced: list[object] = []
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "key")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(LangChainTracer, "on_chat_model_start", lambda *a, **k: traced.append(a))
    pieces = ChatModelGenerator("openai:m", base_url=slow_server.url).generate(PROMPT)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert not traced
