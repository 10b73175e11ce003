"""Which parts of a message may each ask something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.several import LONGEST, MOST_QUESTIONS, asks, questions_in


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (
            "Do you ship to Norway, and can I pay with Alipay?",
            ("Do you ship to Norway", "can I pay with Alipay?"),
        ),
        ("Do you rent tents? And for how long?", ("Do you rent tents?", "And for how long?")),
        (
            "I want to return my boots. How long does it take? Also, who pays for it?",
            ("I want to return my boots. How long does it take?", "who pays for it?"),
        ),
        (
            "When are you open? Do you rent tents? I come on Friday.",
            ("When are you open?", "Do you rent tents? I come on Friday."),
        ),
        ("退款要多久？可以用支付宝吗？", ("退款要多久？", "可以用支付宝吗？")),
        ("你们几点开门，可以租帐篷吗", ("你们几点开门", "可以租帐篷吗")),
        ("会员怎么升级，另外礼品卡有效期多久", ("会员怎么升级", "礼品卡有效期多久")),
    ],
)
def test_questions_are_told_apart(text: str, questions: tuple[str, ...]) -> None:
    assert questions_in(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        "How long do refunds take?",
        "When I come back from my trip, is there a fee?",
        "My parcel has not come. It should have been here on Monday. What now?",
        "包裹还没到怎么办，急",
        "哦？多少钱？",
        "hello",
        "Do you ship to Norway? " * 3 + "and " * LONGEST + "can I pay by card?",
        "1. How? 2. What? 3. Where? 4. When? 5. Who is it? What is it? Why is it? Is it? Was it?",
    ],
)
def test_one_question_stays_whole(text: str) -> None:
    assert questions_in(text) == (text,)


@given(st.text(max_size=200) | st.text("ab cd?.,，？。and 吗多少", max_size=200))
def test_a_part_is_never_empty_and_no_word_is_invented(text: str) -> None:
    parts = questions_in(text)
    assert 1 <= len(parts) <= MOST_QUESTIONS
    if parts != (text,):
        assert all(any(c.isalnum() for c in part) for part in parts)
        assert {word for part in parts for word in part.split()} <= {
            piece for word in text.split() for piece in _pieces(word)
        }


def _pieces(word: str) -> set[str]:
    """A word, and what is left of it where it is cut: Chinese has no spaces."""
    return {word[a:b] for a in range(len(word)) for b in range(a + 1, len(word) + 1)}


@pytest.mark.parametrize("text", ["how much is it", "多少钱", "can I?", "tell me when you open"])
def test_a_question_is_told_by_its_form(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text", ["哦？", "?!", "my parcel is late", "we would love to", "包裹没到"]
)
def test_a_statement_asks_nothing(text: str) -> None:
    assert not asks(text)
