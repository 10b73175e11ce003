"""Which messages need the one before them."""

from __future__ import annotations

import pytest

from bot.followups import leans_on_history, with_context


@pytest.mark.parametrize(
    "text",
    [
        "and for shoes?",
        "What about Norway?",
        "Sorry, I meant Italy.",
        "No, not Averhaven.",
        "那鞋子呢？",
        "说错了，我是说意大利",
        "如果超过30天呢",
        "还有运费",
    ],
)
def test_a_message_that_goes_on_or_corrects_is_a_follow_up(text: str) -> None:
    assert leans_on_history(text)


@pytest.mark.parametrize(
    "text",
    [
        "How long do refunds take?",
        "退款要多久？",
        "I want to return my boots",
        "Android app?",
        "How much is it?",
    ],
)
def test_a_question_of_its_own_is_none(text: str) -> None:
    assert not leans_on_history(text)


def test_context_puts_the_earlier_question_first() -> None:
    assert with_context(" How do I return? ", "and shoes?") == "How do I return? and shoes?"
