"""Time limits: late words, endless answers, and threads that must not stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bot.errors import GeneratorError
from bot.generators.timed import timed


class Script:
    """Yields words and sleeps in between; notes which thread closed it."""

    def __init__(self, *steps: str | float | BaseException) -> None:
        self.steps = steps
        self.yielded = 0
        self.closed_by = ""

    def __iter__(self) -> Iterator[str]:
        try:
            for step in self.steps:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, float):
                    time.sleep(step)
                else:
                    self.yielded += 1
                    yield step
        finally:
            self.closed_by = threading.current_thread().name


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "frontdesk-generator"]


def test_pieces_come_through_in_order_and_the_thread_ends() -> None:
    script = Script("a", 0.01, "b", "", "c")
    assert list(timed(iter(script), first_word_seconds=5, answer_seconds=5)) == ["a", "b", "c"]
    assert not threads()


def test_a_first_word_that_stays_away_raises_in_time() -> None:
    since = time.monotonic()
    with pytest.raises(GeneratorError, match=r"wrote nothing for 0\.1 s"):
        list(timed(iter(Script(0.5, "late")), first_word_seconds=0.1, answer_seconds=5))
    assert time.monotonic() - since < 2
    assert not threads()


def test_a_word_that_stalls_in_the_middle_raises_after_what_came() -> None:
    pieces = timed(iter(Script("a", 0.5, "late")), first_word_seconds=0.1, answer_seconds=5)
    assert next(pieces) == "a"
    with pytest.raises(GeneratorError, match="wrote nothing"):
        next(pieces)


def test_an_answer_without_end_is_ended() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "word "

    with pytest.raises(GeneratorError, match=r"not finished after 0\.2 s"):
        for _ in timed(endless(), first_word_seconds=5, answer_seconds=0.2):
            pass
    assert not threads()


def test_a_slow_drip_does_not_outlive_the_whole_limit() -> None:
    steps: list[str | float] = ["word", 0.05]
    script = Script(*steps * 100)
    with pytest.raises(GeneratorError, match="not finished"):
        list(timed(iter(script), first_word_seconds=0.1, answer_seconds=0.3))
    assert script.yielded < 20


@pytest.mark.parametrize("error", [GeneratorError("down"), TimeoutError("socket"), KeyError("x")])
def test_what_the_generator_raises_comes_through(error: Exception) -> None:
    pieces = timed(iter(Script("a", error)), first_word_seconds=5, answer_seconds=5)
    assert next(pieces) == "a"
    with pytest.raises(type(error)) as caught:
        next(pieces)
    assert caught.value is error
    assert not threads()


def test_closing_closes_the_generator_from_the_thread_that_pulled_it() -> None:
    script = Script(*(["word"] * 1000))
    pieces = timed(iter(script), first_word_seconds=5, answer_seconds=5)
    next(pieces)
    pieces.close()
    assert script.closed_by == "frontdesk-generator"
    assert script.yielded < 40
    assert not threads()


def test_a_generator_that_is_stuck_does_not_hold_up_closing() -> None:
    pieces = timed(iter(Script("a", 2.0, "b")), first_word_seconds=5, answer_seconds=5)
    next(pieces)
    since = time.monotonic()
    pieces.close()
    assert time.monotonic() - since < 1.5
    deadline = time.monotonic() + 5
    while threads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not threads()


def test_a_reader_who_pauses_is_not_a_stall() -> None:
    pieces = timed(iter(Script("a", "b")), first_word_seconds=0.2, answer_seconds=5)
    assert next(pieces) == "a"
    time.sleep(0.4)
    assert list(pieces) == ["b"]
