"""Time limits: late words, endless answers, and threads that must not stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import pytest

from bot.errors import GeneratorError
from bot.generators.timed import in_a_thread, timed


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


def limited(
    pieces: Iterator[str], *, first_word_seconds: float = 5, answer_seconds: float = 5
) -> Generator[str, None, None]:
    """Of an iterator that may be stuck."""
    return timed(
        in_a_thread(pieces), first_word_seconds=first_word_seconds, answer_seconds=answer_seconds
    )


def test_pieces_come_through_in_order_and_the_thread_ends() -> None:
    script = Script("a", 0.01, "b", "", "c")
    assert list(limited(iter(script))) == ["a", "b", "c"]
    assert not threads()


def test_a_first_word_that_stays_away_raises_in_time() -> None:
    since = time.monotonic()
    with pytest.raises(GeneratorError, match=r"wrote nothing for 0\.1 s"):
        list(limited(iter(Script(0.5, "late")), first_word_seconds=0.1))
    assert time.monotonic() - since < 2
    assert not threads()


def test_a_word_that_stalls_in_the_middle_raises_after_what_came() -> None:
    pieces = limited(iter(Script("a", 0.5, "late")), first_word_seconds=0.1)
    assert next(pieces) == "a"
    with pytest.raises(GeneratorError, match="wrote nothing"):
        next(pieces)


def test_an_answer_without_end_is_ended() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "word "

    with pytest.raises(GeneratorError, match=r"not finished after 0\.2 s"):
        for _ in limited(endless(), answer_seconds=0.2):
            pass
    assert not threads()


def test_a_slow_drip_does_not_outlive_the_whole_limit() -> None:
    steps: list[str | float] = ["word", 0.05]
    script = Script(*steps * 100)
    with pytest.raises(GeneratorError, match="not finished"):
        list(limited(iter(script), first_word_seconds=0.1, answer_seconds=0.3))
    assert script.yielded < 20


@pytest.mark.parametrize("error", [GeneratorError("down"), TimeoutError("socket"), KeyError("x")])
def test_what_the_generator_raises_comes_through(error: Exception) -> None:
    pieces = limited(iter(Script("a", error)))
    assert next(pieces) == "a"
    with pytest.raises(type(error)) as caught:
        next(pieces)
    assert caught.value is error
    assert not threads()


def test_closing_closes_the_generator_from_the_thread_that_pulled_it() -> None:
    script = Script(*(["word"] * 1000))
    pieces = limited(iter(script))
    next(pieces)
    pieces.close()
    assert script.closed_by == "frontdesk-generator"
    assert script.yielded < 40
    assert not threads()


def test_a_generator_that_is_stuck_does_not_hold_up_closing() -> None:
    pieces = limited(iter(Script("a", 2.0, "b")))
    next(pieces)
    since = time.monotonic()
    pieces.close()
    assert time.monotonic() - since < 1.5
    deadline = time.monotonic() + 5
    while threads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not threads()


def test_a_reader_who_pauses_is_not_a_stall() -> None:
    pieces = limited(iter(Script("a", "b")), first_word_seconds=0.2)
    assert next(pieces) == "a"
    time.sleep(0.4)
    assert list(pieces) == ["b"]


def beats(*pieces: str, seconds: float = 0.02) -> Generator[str, None, None]:
    """Gives control back often."""
    for piece in pieces:
        time.sleep(seconds)
        yield piece


def test_what_gives_control_back_is_pulled_by_its_reader() -> None:
    script = Script("a", "", "b")
    pieces = timed(iter(script), first_word_seconds=5, answer_seconds=5)
    assert next(pieces) == "a"
    assert not threads()
    pieces.close()
    assert script.closed_by == threading.current_thread().name


@pytest.mark.parametrize(
    ("pieces", "problem"),
    [
        ([""] * 50, r"wrote nothing for 0\.1 s"),
        (["a", *[""] * 50], r"wrote nothing for 0\.1 s"),
        (["a", "", "b", ""] * 50, r"not finished after 0\.3 s"),
    ],
)
def test_its_words_have_the_same_limits(pieces: list[str], problem: str) -> None:
    source = beats(*pieces)
    since = time.monotonic()
    with pytest.raises(GeneratorError, match=problem):
        list(timed(source, first_word_seconds=0.1, answer_seconds=0.3))
    assert time.monotonic() - since < 0.9
    with pytest.raises(StopIteration):  # it is closed
        next(source)


@pytest.mark.parametrize("threaded", [False, True])
def test_what_the_check_raises_ends_the_work_while_there_is_no_word(threaded: bool) -> None:
    def leave() -> None:
        if time.monotonic() > since + 0.1:
            raise KeyError("left")

    source = beats(*[""] * 100)
    pieces = in_a_thread(source) if threaded else source
    since = time.monotonic()
    with pytest.raises(KeyError, match="left"):
        list(timed(pieces, first_word_seconds=5, answer_seconds=5, check=leave))
    assert time.monotonic() - since < 1
    assert not threads()
