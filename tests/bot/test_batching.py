"""Many answers at once from a real, tiny model; and what a failure of the model costs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.errors import GeneratorError
from bot.generators.batching import Batch
from bot.generators.checkpoint import Checkpoint, load_checkpoint
from bot.generators.one_by_one import OneByOne
from bot.generators.transformers import TransformersGenerator, _generation
from bot.types import Prompt
from tests.conftest import make_passage

NEW_TOKENS = 24
POISON = 99


@pytest.fixture(scope="module")
def checkpoint(tiny_chat_model: Path) -> Checkpoint:
    return load_checkpoint(str(tiny_chat_model), device="cpu")


@pytest.fixture
def another(tiny_chat_model: Path) -> Checkpoint:
    """The same, for what is not read in `batch`: its model reads nothing else."""
    return load_checkpoint(str(tiny_chat_model), device="cpu")


@pytest.fixture(scope="module")
def batch(checkpoint: Checkpoint) -> Iterator[Batch]:
    opened = make_batch(checkpoint)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def one_by_one(tiny_chat_model: Path) -> OneByOne:
    checkpoint = load_checkpoint(str(tiny_chat_model), device="cpu")
    return OneByOne(checkpoint.model, generation(checkpoint), seed=0)


def make_batch(checkpoint: Checkpoint, at_once: int = 64) -> Batch:
    return Batch(
        checkpoint.model,
        generation(checkpoint),
        at_once=at_once,
        context_tokens=checkpoint.context_tokens,
    )


def generation(checkpoint: Checkpoint, temperature: float = 0.0) -> Any:
    return _generation(checkpoint.model, checkpoint.tokenizer, temperature)


def prompt_of(customer: int) -> list[int]:
    """The same beginning for everybody, and then a marker."""
    return [*range(100, 200), *(200 + (customer * 7 + i * 3) % 57 for i in range(40)), 2 + customer]


def read(ids: Iterator[list[int]]) -> list[int]:
    return [token for new in ids for token in new]


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Fault:
    """Fails the model's steps as long as its condition holds for the tokens of the step."""

    def __init__(self, model: Any, condition: Callable[[list[int]], bool]) -> None:
        self.steps: list[list[int]] = []
        self._condition = condition
        self._hook = model.register_forward_pre_hook(self._check, with_kwargs=True)

    def _check(self, model: Any, args: Any, kwargs: Any) -> None:
        ids = kwargs["input_ids"].flatten().tolist()
        self.steps.append(ids)
        if self._condition(ids):
            raise RuntimeError("CUDA out of memory")

    def remove(self) -> None:
        self._hook.remove()


def test_each_of_many_gets_the_answer_that_it_would_get_alone(
    batch: Batch, one_by_one: OneByOne
) -> None:
    alone = [read(one_by_one.write(prompt_of(i), NEW_TOKENS)) for i in range(32)]
    assert len({tuple(answer) for answer in alone}) > 20  # an answer tells whose it is
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda i: read(batch.write(prompt_of(i), NEW_TOKENS)), range(32)))
    assert together == alone


def test_long_and_short_prompts_beside_each_other_change_nothing(
    batch: Batch, one_by_one: OneByOne
) -> None:
    prompts = [prompt_of(i) * (1 + i % 2) for i in range(8)] + [prompt_of(8) * 6]
    alone = [read(one_by_one.write(prompt, NEW_TOKENS)) for prompt in prompts]
    with ThreadPoolExecutor(len(prompts)) as pool:
        together = list(pool.map(lambda prompt: read(batch.write(prompt, NEW_TOKENS)), prompts))
    assert together == alone


def test_those_who_leave_half_way_take_nothing_with_them(
    batch: Batch, one_by_one: OneByOne
) -> None:
    """A small `make bench-serving`: 64 customers, every tenth leaves; none is lost or mixed up."""
    alone = [read(one_by_one.write(prompt_of(i), NEW_TOKENS)) for i in range(16)]

    def ask(number: int) -> bool:
        ids = batch.write(prompt_of(number % 16), NEW_TOKENS)
        if number % 10:
            return read(ids) == alone[number % 16]
        while not next(ids):
            pass
        ids.close()
        return True

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(ask, range(160)))
    scheduler = batch._engine._manager.batch_processor.scheduler
    wait_until(lambda: not scheduler.has_pending_requests(), seconds=1.0)
    assert not batch._submitted


def test_a_batch_on_a_cpu_needs_no_mask_of_all_tokens_by_all_keys(batch: Batch) -> None:
    processor = batch._engine._manager.batch_processor
    assert processor.inputs_and_outputs.attention_mask is None


def test_a_model_whose_batch_has_ended_reads_as_before(another: Checkpoint) -> None:
    inputs = torch.tensor([prompt_of(0)])
    before = another.model(inputs).logits
    make_batch(another).close()
    assert torch.equal(another.model(inputs).logits, before)


def test_a_model_with_windows_is_left_to_the_library(
    another: Checkpoint, one_by_one: OneByOne
) -> None:
    for layer in another.model.model.layers:
        layer.self_attn.sliding_window = 2 * len(prompt_of(0))  # wider than what is read
    windowed = make_batch(another, at_once=2)
    assert windowed._engine._manager.batch_processor.inputs_and_outputs.attention_mask is not None
    written = read(windowed.write(prompt_of(5), NEW_TOKENS))
    windowed.close()
    assert written == read(one_by_one.write(prompt_of(5), NEW_TOKENS))


def test_those_who_wait_come_in_as_others_end(another: Checkpoint, batch: Batch) -> None:
    small = make_batch(another, at_once=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: read(small.write(prompt_of(i), 8)), range(8)))
    assert answers == [read(batch.write(prompt_of(i), 8)) for i in range(8)]
    small.close()


def test_the_shared_beginning_is_computed_once(checkpoint: Checkpoint, batch: Batch) -> None:
    read(batch.write(prompt_of(50), 2))
    steps = Fault(checkpoint.model, lambda ids: False)
    read(batch.write(prompt_of(51), 2))
    steps.remove()
    # 96 of the 100 shared tokens fill pages of 32, and those are not read again.
    assert len(steps.steps[0]) == len(prompt_of(51)) - 96


def test_closing_takes_the_request_out_of_the_batch_within_a_second(batch: Batch) -> None:
    readers = [batch.write(prompt_of(i), 500) for i in range(8)]
    for ids in readers:
        while not next(ids):
            pass
    scheduler = batch._engine._manager.batch_processor.scheduler
    assert len(scheduler.active_requests) == 8
    since = time.monotonic()
    for ids in readers:
        ids.close()
    wait_until(lambda: not scheduler.has_pending_requests(), seconds=1.0)
    assert time.monotonic() - since < 1.0
    assert batch.load().writing == batch.load().waiting == 0


def test_closing_before_the_first_token_does_so_too(another: Checkpoint) -> None:
    batch = make_batch(another, at_once=1)
    busy = batch.write(prompt_of(1), 800)
    while not next(busy):
        pass
    waiting = batch.write(prompt_of(2), 8)
    assert next(waiting) == []  # the reader gets control although nothing came
    waiting.close()
    scheduler = batch._engine._manager.batch_processor.scheduler
    wait_until(lambda: len(scheduler.waiting_requests) == 0, seconds=1.0)
    busy.close()
    batch.close()


def test_a_step_that_fails_once_costs_nobody_an_answer(
    checkpoint: Checkpoint, batch: Batch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = [read(batch.write(prompt_of(i), NEW_TOKENS)) for i in range(8)]
    failed = threading.Event()

    def once(ids: list[int]) -> bool:
        if len(ids) == 8 and not failed.is_set():  # all eight are being written
            failed.set()
            return True
        return False

    fault = Fault(checkpoint.model, once)
    with ThreadPoolExecutor(8) as pool, caplog.at_level(logging.ERROR):
        answers = list(pool.map(lambda i: read(batch.write(prompt_of(i), NEW_TOKENS)), range(8)))
    fault.remove()
    assert failed.is_set()
    assert answers == expected
    assert "CUDA out of memory" in caplog.text
    assert batch.healthy


def test_a_request_that_fails_the_model_costs_its_own_answer_only(
    checkpoint: Checkpoint, batch: Batch
) -> None:
    expected = [read(batch.write(prompt_of(i), NEW_TOKENS)) for i in range(6)]
    fault = Fault(checkpoint.model, lambda ids: POISON in ids)

    def ask(customer: int) -> list[int] | str:
        prompt = [*prompt_of(9), POISON] if customer == 3 else prompt_of(customer)
        try:
            return read(batch.write(prompt, NEW_TOKENS))
        except GeneratorError as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    fault.remove()
    assert answers[3] == "CUDA out of memory"
    assert [a for i, a in enumerate(answers) if i != 3] == [
        e for i, e in enumerate(expected) if i != 3
    ]


def test_a_model_that_always_fails_says_so_and_comes_back(
    checkpoint: Checkpoint, batch: Batch
) -> None:
    fault = Fault(checkpoint.model, lambda ids: True)
    for _ in range(3):
        with pytest.raises(GeneratorError, match="CUDA out of memory"):
            read(batch.write(prompt_of(1), 4))
    wait_until(lambda: not batch.healthy)
    fault.remove()
    assert len(read(batch.write(prompt_of(1), 4))) == 4
    assert batch.healthy


def test_a_model_that_cannot_be_batched_writes_one_by_one_and_says_so_once(
    tiny_chat_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from transformers import LlamaForCausalLM

    monkeypatch.setattr(LlamaForCausalLM, "_supports_attention_backend", False)
    generator = TransformersGenerator(str(tiny_chat_model), device="cpu", max_new_tokens=8)
    assert generator.at_once == 1
    prompt = Prompt("How long?", (make_passage("Five days."),), "en")
    assert list(generator.generate(prompt))
    assert list(generator.generate(prompt))
    assert caplog.text.count("writes one answer at a time") == 1


def test_sampling_one_by_one_leaves_the_random_numbers_of_others_alone(
    another: Checkpoint,
) -> None:
    sampling = OneByOne(another.model, generation(another, temperature=1.0), seed=5)
    torch.manual_seed(3)
    expected = torch.rand(1).item()
    torch.manual_seed(3)
    first = read(sampling.write(prompt_of(1), 8))
    assert torch.rand(1).item() == expected
    assert read(sampling.write(prompt_of(1), 8)) == first


def test_closing_one_by_one_ends_the_work_and_frees_the_turn(one_by_one: OneByOne) -> None:
    first, second = (one_by_one.write(prompt_of(i), 500) for i in range(2))
    while not next(first):
        pass
    assert next(second) == []
    assert (one_by_one.load().writing, one_by_one.load().waiting) == (1, 1)
    second.close()
    first.close()
    assert (one_by_one.load().writing, one_by_one.load().waiting) == (0, 0)
    assert not any(thread.name == "frontdesk-writer" for thread in threading.enumerate())


def test_two_processes_that_share_a_model_write_what_one_would(tiny_chat_model: Path) -> None:
    """Tensor parallelism as on two GPUs, here over gloo; both end when the first one does."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    shared = subprocess.run(
        [*command, root / "tests/bot/share_model.py", tiny_chat_model],
        env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    alone = TransformersGenerator(str(tiny_chat_model), device="cpu", max_new_tokens=12, at_once=1)
    prompt = Prompt("How long?", (make_passage("Five days."),), "en")
    assert shared.stdout.strip() == "".join(alone.generate(prompt))


def test_readers_come_and_leave_while_a_batch_that_failed_is_started_again(
    another: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes seconds on a GPU: who waits is not stuck in it."""
    batch = make_batch(another)
    may_start = threading.Event()
    start = batch._engine.start

    def slowly() -> None:
        may_start.wait(timeout=30)
        start()

    monkeypatch.setattr(batch._engine, "start", slowly)
    fault = Fault(another.model, lambda ids: True)
    with pytest.raises(GeneratorError, match="CUDA out of memory"):
        read(batch.write(prompt_of(1), 4))
    fault.remove()
    since = time.monotonic()
    leaving, staying = (batch.write(prompt_of(i), 4) for i in (2, 3))
    assert next(leaving) == next(staying) == []
    leaving.close()
    assert batch.load().waiting == 1
    assert time.monotonic() - since < 5
    may_start.set()
    assert len(read(staying)) == 4
    batch.close()


def test_a_reader_gets_what_was_written_while_it_was_busy_in_one_go(batch: Batch) -> None:
    ids = batch.write(prompt_of(1), 500)
    parts = [next(ids)]
    wait_until(lambda: batch.load().writing == 0)
    parts += ids
    assert len(parts) <= 2
    assert sum(map(len, parts)) == 500
