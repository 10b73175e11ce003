"""A tiny model in a process of its own: what it writes, who leaves, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from bot.build import build_generator
from bot.config import Config
from bot.errors import GeneratorError
from bot.generators.model_process import ModelProcess
from bot.generators.transformers import TransformersGenerator
from bot.log import ConversationLog
from bot.types import LocalGenerator, Prompt, Turn
from tests.bot.test_manager import REFUND, Desk
from tests.conftest import make_passage

PROMPT = Prompt(
    "How long do refunds take?",
    (make_passage("Refunds take 5 days. 退款需要五天。"),),
    "en",
    (Turn(1, "c", "customer", "Hello", "done", ""),),
)
_PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def process(tiny_chat_model: Path) -> Iterator[ModelProcess]:
    with closing(ModelProcess(str(tiny_chat_model), device="cpu", max_new_tokens=400)) as opened:
        yield opened


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def workers() -> list[psutil.Process]:
    return psutil.Process().children()


def test_it_writes_what_the_generator_in_it_writes(
    process: ModelProcess, tiny_chat_model: Path
) -> None:
    here = TransformersGenerator(str(tiny_chat_model), device="cpu", max_new_tokens=400)
    with closing(here):
        assert "".join(process.generate(PROMPT)) == "".join(here.generate(PROMPT))


def test_words_come_one_after_the_other_and_who_leaves_frees_the_batch(
    process: ModelProcess,
) -> None:
    written = process.load().tokens
    pieces = process.generate(PROMPT)
    assert any(pieces)  # the first that holds a word
    until(lambda: process.load().writing == 1)
    pieces.close()
    until(lambda: process.load().writing == 0)
    assert process.load().tokens < written + 400


def test_what_the_generator_refuses_is_raised_here(process: ModelProcess) -> None:
    prompt = Prompt("Why?", (make_passage("word " * 10_000),), "en")
    with pytest.raises(GeneratorError, match=r"the model takes \d+"):
        list(process.generate(prompt))


def test_a_model_that_cannot_be_loaded_is_named_and_leaves_no_process() -> None:
    before = len(workers())
    with pytest.raises(GeneratorError, match=r"No model folder at \./no-such-model"):
        ModelProcess("./no-such-model")
    until(lambda: len(workers()) == before)


def test_a_process_that_is_killed_costs_one_answer_and_is_started_again(
    log: ConversationLog, tmp_path: Path, tiny_chat_model: Path
) -> None:
    config = Config(
        home=tmp_path, generator="transformers", model=str(tiny_chat_model), max_new_tokens=400
    )
    before = {child.pid for child in workers()}
    generator = build_generator(config)
    assert isinstance(generator, LocalGenerator)
    (worker,) = (child for child in workers() if child.pid not in before)
    desk = Desk(log, config, generator)
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    started = generator.generate(PROMPT)
    assert any(started)
    worker.kill()
    *_, answer = reply
    assert answer.text == REFUND.passage.text
    with pytest.raises(GeneratorError, match="killed by signal 9"):
        list(started)
    with pytest.raises(GeneratorError, match="being loaded again"):
        next(generator.generate(PROMPT))
    assert generator.healthy
    until(lambda: any(child.pid not in before for child in workers()))
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            assert "".join(generator.generate(PROMPT))
            break
        except GeneratorError:
            assert time.monotonic() < give_up
            time.sleep(0.2)
    generator.close()
    until(lambda: {child.pid for child in workers()} <= before)


def test_it_ends_with_the_process_that_started_it(tiny_chat_model: Path) -> None:
    script = (
        "import sys, time, psutil; from bot.generators.model_process import ModelProcess;"
        "model = ModelProcess(sys.argv[1], device='cpu');"
        "print(psutil.Process().children()[0].pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tiny_chat_model)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        worker = int(owner.stdout.readline())
        os.kill(worker, signal.SIGINT)  # as Ctrl-C in their terminal, which is not for it
        assert psutil.pid_exists(worker)
        owner.kill()
    until(lambda: not psutil.pid_exists(worker))
