"""Which messages need the one before them."""

from __future__ import annotations

import pytest

from bot.followups import leans_on_history, said_before, with_context
from bot.types import Turn


@pytest.mark.parametrize(
    "text",
    [
        "and for shoes?",
        "What about Norway?",
        "Sorry, I meant Italy.",
        "No, not Averhaven.",
        "Wait, I can only come on Saturday.",
        "All right, and how long does that take?",
        "行吧，那我自己去店里拿还收吗",
        "那鞋子呢？",
        "说错了，我是说意大利",
        "如果超过30天呢",
        "还有运费",
        "五一那天呢，有没有人值班？",
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
        "No, thanks.",
        "Waiting for my parcel, what now?",
        "How much is it?",
    ],
)
def test_a_question_of_its_own_is_none(text: str) -> None:
    assert not leans_on_history(text)


def test_context_puts_the_earlier_question_first() -> None:
    assert with_context(" How do I return? ", "and shoes?") == "How do I return? and shoes?"


def test_a_chain_of_follow_ups_is_read_back_to_what_it_began_with() -> None:
    said = ["What does a parcel to Austria cost?", "Sorry, I meant Italy.", "and only four kilos"]
    history = [_said(text) for text in said]
    assert said_before(history) == " ".join(said)
    assert said_before(history[:1]) == said[0]
    assert said_before([*history, _said("Do you repair tents?")]) == "Do you repair tents?"
    assert said_before([]) == ""


def _said(text: str) -> Turn:
    return Turn(id=1, conversation_id="c", role="customer", text=text, created_at="", status="done")
