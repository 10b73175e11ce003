"""What is offered can be picked in words, too, and nothing else is taken for a pick."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.choices import meant, picked, refuses
from bot.types import Turn

THREE = ("How do I pay?", "How do I pay later?", "怎么付款？")


def offering(*options: str, role: str = "bot") -> list[Turn]:
    asked = Turn(1, "c", "customer", "pay", "done", "")
    return [asked, Turn(2, "c", role, "Which?", "done", "", options=options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes please!",
        "ok",
        "that's it",
        "That one.",
        "yes, that's what I mean",
        "exactly",
        "1",
        "是",
        "是的",
        "对",
        "对的，就是这个",
        "嗯嗯",
        "可以",
        "没错",
        "好的",
        "第一个",
    ],
)
def test_one_entry_is_picked_by_a_yes(text: str) -> None:
    assert meant(text, offering(THREE[0])) == THREE[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 1),
        ("2.", 1),
        ("the second one", 1),
        ("option 3", 2),
        ("#1", 0),
        ("first", 0),
        ("The last one!", 2),
        ("第二个", 1),
        ("第3个", 2),
        ("最后一个", 2),
        ("二", 1),
    ],
)
def test_one_of_several_is_picked_by_its_place(text: str, place: int) -> None:
    assert meant(text, offering(*THREE)) == THREE[place]


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "ok",
        "4",
        "no",
        "not that one",
        "the second parcel",
        "2 parcels",
        "好的",
        "不是",
        "",
        "yes but for shoes",
        "第二个包裹",
        "first class?",
        "...",
        "对了，运费多少",
    ],
)
def test_what_picks_none_of_three_stays_as_it_is(text: str) -> None:
    assert meant(text, offering(*THREE)) == text


@pytest.mark.parametrize("text", ["no", "不是", "yes but for shoes", "对了，运费多少", "好的谢谢"])
def test_a_no_or_more_than_a_yes_picks_not_even_the_only_one(text: str) -> None:
    assert meant(text, offering(THREE[0])) == text


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No, none of these.",
        "neither",
        "none of them",
        "not that one",
        "nope, something else",
        "不是",
        "都不是",
        "不对",
        "没有",
    ],
)
def test_a_no_refuses_what_is_offered_and_nothing_else(text: str) -> None:
    assert refuses(text, offering(*THREE))
    assert meant(text, offering(THREE[0])) == text
    assert not refuses(text, offering())


@pytest.mark.parametrize(
    "text", ["no refund yet?", "not delivered", "none arrived", "没有收到", "yes", "..."]
)
def test_a_question_that_begins_with_a_no_is_read(text: str) -> None:
    assert not refuses(text, offering(*THREE))


def test_an_entry_that_is_pressed_is_picked() -> None:
    assert picked(THREE[2], offering(*THREE)) == THREE[2]
    assert picked(THREE[2], offering(*THREE[:2])) is None


def test_nothing_is_picked_where_nothing_is_offered() -> None:
    assert meant("yes", []) == "yes"
    assert meant("yes", offering()) == "yes"
    assert meant("yes", offering(THREE[0], role="agent")) == "yes"


@given(text=st.text(max_size=20), count=st.integers(0, 3))
def test_a_text_is_itself_or_one_of_the_options(text: str, count: int) -> None:
    assert meant(text, offering(*THREE[:count])) in (text, *THREE[:count])
