"""Yes and no: negations are counted where they deny something."""

from __future__ import annotations

import pytest

from bot.polarity import clauses, drops_restriction, negations, opening, segments, without_opener


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("We don't ship there, and never will.", 2),
        ("Returns without a receipt cannot be taken.", 2),
        ("Not only here; no problem, whether or not you pay.", 0),
        ("不能退，没有发票也不行", 3),
        ("能不能退？非常好，除非打开，无障碍，是否", 0),
        ("Shipping is free.", 0),
    ],
)
def test_negations_are_counted(text: str, count: int) -> None:
    assert negations(text) == count


@pytest.mark.parametrize(
    ("text", "says_yes"),
    [
        ("Yes, you can.", True),
        ("No: never.", False),
        ("No it does not.", False),
        ("No returns on Sundays.", None),
        ("Yes vegetarian options are available.", True),
        ("Yes Bank accepts Visa.", None),
        ("Yes or no?", None),
        ("Only if unworn.", None),
        ("可以，三十天内。", True),
        ("不开，都休息。", False),
        ("不同的国家不同。", None),
        ("**No.**", False),
    ],
)
def test_an_opening_yes_or_no_is_heard(text: str, says_yes: bool | None) -> None:
    assert opening(text) is says_yes


def test_an_opening_is_taken_off() -> None:
    assert without_opener("Yes, you can.") == "you can."
    assert without_opener("Yes pets are welcome.") == "pets are welcome."
    assert without_opener("Yes Bank accepts Visa.") == "yes bank accepts visa."


def test_clauses_end_at_but() -> None:
    assert clauses("Cards are taken, but cash is not.") == ["cards are taken", " cash is not."]


def test_segments_keep_a_negation_with_all_that_it_denies() -> None:
    assert segments("There is no express on Saturdays, for gas or for tents") == [
        "there is no express on saturdays, for gas, or for tents"
    ]
    assert segments("PO boxes: no, the carrier needs a street")[0] == "po boxes, no"
    assert segments("The hotel has wifi and does not have parking") == [
        "the hotel has wifi",
        "and does not have parking",
    ]


@pytest.mark.parametrize(
    ("clause", "source", "drops"),
    [
        ("You can return it", "you can return it unless it was worn", True),
        ("You can return it if it wasn't worn", "you can return it unless it was worn", False),
        ("Returns are possible", "returns are only possible within 30 days", True),
        ("Returns are possible within 30 days", "only possible within 30 days", False),
        ("可以寄", "只能寄到德国", True),
        ("可以寄到德国", "只能寄到德国", False),
        ("Returns are free", "returns are free", False),
    ],
)
def test_a_restriction_must_not_be_dropped(clause: str, source: str, drops: bool) -> None:
    assert drops_restriction(clause, source) is drops
