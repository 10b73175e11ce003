"""Which messages need the one before them."""

from __future__ import annotations

import pytest

from bot.followups import is_short, leans_on_history, with_context


@pytest.mark.parametrize(
    "text",
    [
        "and for shoes?",
        "What about Norway?",
        "how much is it?",
        "那鞋子呢？",
        "如果超过30天呢",
        "还有运费",
    ],
)
def test_a_follow_up_is_seen_by_its_opening_or_its_end(text: str) -> None:
    assert leans_on_history(text)


@pytest.mark.parametrize(
    "text",
    ["How long do refunds take?", "退款要多久？", "I want to return my boots", "Android app?"],
)
def test_a_question_of_its_own_is_none(text: str) -> None:
    assert not leans_on_history(text)


def test_short_is_counted_in_words_or_characters() -> None:
    assert is_short("to Norway?")
    assert is_short("去挪威？")
    assert not is_short("I would like to know what shipping to Norway costs")
    assert not is_short("我想知道寄到挪威的运费是多少")


def test_context_puts_the_earlier_question_first() -> None:
    assert with_context(" How do I return? ", "and shoes?") == "How do I return? and shoes?"
