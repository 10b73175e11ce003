"""Minimal pairs: the same words with another meaning are never shown, and true ones are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.contrast import mixes, turns_round
from bot.grounding import Grounding
from knowledge.language import language_of
from knowledge.types import Passage
from tests.conftest import make_passage

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "evals/data/grounding/minimal_pairs.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def is_shown(sentence: str, passage: Passage) -> bool:
    return Grounding([passage], coverage=0.7).support(sentence) is not None


def passage_of(pair: dict[str, str]) -> Passage:
    return make_passage(pair["passage"], language=language_of(pair["passage"]))


def test_there_are_enough_pairs() -> None:
    assert len(PAIRS) >= 200


def test_what_a_passage_says_is_shown() -> None:
    refused = [pair for pair in PAIRS if not is_shown(pair["says"], passage_of(pair))]
    assert refused == []


def test_a_changed_meaning_is_not_shown() -> None:
    """Five of 215 still get through: see the README of the data."""
    shown = [pair for pair in PAIRS if is_shown(pair["changed"], passage_of(pair))]
    assert len(shown) <= 5, shown


@pytest.mark.parametrize(
    ("clause", "source"),
    [
        ("The buyer refunds the seller.", "The seller refunds the buyer."),
        ("Parking is 5 pounds per day.", "Parking is 5 pounds per hour."),
        ("Members can book only online.", "Only members can book online."),
        ("Alcohol is served to guests.", "Alcohol is served to guests over 21."),
        ("Guests must leave bags here.", "Guests may leave bags here."),
        ("We pay the postage.", "The customer pays the postage."),
    ],
)
def test_a_clause_that_turns_another_round_is_found(clause: str, source: str) -> None:
    assert turns_round(clause, source)
    assert not turns_round(source, source)


@pytest.mark.parametrize(
    ("clause", "source"),
    [
        ("At the till you pay in cash.", "You pay in cash at the till."),
        ("Parking at the inn is free.", "Parking is free at the inn."),
        ("Refunds take up to 7 days.", "Refunds are paid within up to 7 days."),
        ("Free wifi is available.", "Free wifi is available for guests."),
    ],
)
def test_other_words_for_the_same_are_left_alone(clause: str, source: str) -> None:
    assert not turns_round(clause, source)


def test_what_one_part_says_is_not_given_to_another() -> None:
    source = "Adults pay €12 and children pay €6."
    assert mixes("Adults pay €6.", source)
    assert not mixes("Children pay €6.", source)
    assert not mixes(source, source)
