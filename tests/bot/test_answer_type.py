"""What kind of fact a question asks for, and which passages tell one."""

from __future__ import annotations

import pytest

from bot.answer_type import asked_kinds, tells
from tests.conftest import make_passage


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How heavy is the Ember 2?", "weight"),
        ("how much does the tent weigh", "weight"),
        ("儿童背架最大能承重多少公斤", "weight"),
        ("How many litres does the pack hold?", "volume"),
        ("防水指数是多少毫米", "length"),
        ("What does shipping to Norway cost?", "money"),
        ("修一下多少钱", "money"),
    ],
)
def test_the_kind_of_fact_is_read_from_the_question(question: str, kind: str) -> None:
    assert asked_kinds(question) == {kind}


@pytest.mark.parametrize(
    "question",
    [
        "How long do refunds take?",
        "How many stores do you have?",
        "店补了我十几欧，会没吗",
        "多少",
        "",
    ],
)
def test_no_kind_is_guessed(question: str) -> None:
    assert asked_kinds(question) == frozenset()
    assert tells(make_passage("No number here."), asked_kinds(question))


def test_a_passage_tells_a_weight_only_where_one_stands_in_it() -> None:
    weight = asked_kinds("How heavy is it?")
    assert tells(make_passage("It weighs 320 g with the bag."), weight)
    assert tells(make_passage("| Stove | Weight (g) |\n|---|---|\n| Ember 2 | 320 |"), weight)
    assert not tells(make_passage("Stoves made before 3 May 2025 are recalled."), weight)


def test_a_price_may_be_told_without_a_number() -> None:
    money = asked_kinds("How much does a return cost?")
    assert tells(make_passage("Returns are free of charge."), money)
    assert tells(make_passage("A return costs 4.90 euros."), money)
    assert not tells(make_passage("Print the label first."), money)
