"""decide(): each rule, and what holds for all inputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config
from bot.routing import MAX_OPTIONS, SMALL_TALK, decide
from bot.types import Intent, Route
from knowledge.types import Match
from tests.conftest import make_match

CONFIG = Config(home=Path("unused"), answer_score=0.5, clarify_score=0.3, clarify_margin=0.5)
NOTHING = Intent("refund_status", 0.1, known=False)


def matches(*scores: float) -> list[Match]:
    return [make_match("x", score=s, question=f"Q{n}?", name=str(n)) for n, s in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "offered"),
    [((0.2, 0.03, 0.0005), 2), ((0.02, 0.002, 0.001), 3), ((0.009, 0.008), 0), ((), 0)],
)
def test_once_an_entry_is_offered_others_are_offered_beside_it(
    scores: tuple[float, ...], offered: int
) -> None:
    decision = decide(NOTHING, matches(*scores), None, CONFIG, own_score=0.0)
    assert decision.route is Route.DECLINE
    assert decision.options == ("Q0?", "Q1?", "Q2?")[:offered]


@pytest.mark.parametrize(
    ("intent", "scores", "last", "route", "rule"),
    [
        (NOTHING, (0.9, 0.8), None, Route.ANSWER, "match"),
        (NOTHING, (0.9, 0.88), None, Route.CLARIFY, "close_matches"),
        (NOTHING, (0.9, 0.88), Route.CLARIFY, Route.ANSWER, "match"),
        (NOTHING, (0.4, 0.2), None, Route.CLARIFY, "weak_match"),
        (NOTHING, (0.4, 0.2), Route.CLARIFY, Route.DECLINE, "no_match"),
        (NOTHING, (0.1,), None, Route.DECLINE, "no_match"),
        (NOTHING, (), None, Route.DECLINE, "no_match"),
        (NOTHING, (0.1,), Route.DECLINE, Route.HAND_OFF, "second_decline"),
        (
            Intent("ask_for_person", 0.9, known=True),
            (0.9,),
            None,
            Route.HAND_OFF,
            "asked_for_person",
        ),
        (Intent("ask_for_person", 0.1, known=False), (0.9,), None, Route.ANSWER, "match"),
        (Intent("ask_for_person", 0.7, known=True), (0.9,), None, Route.ANSWER, "match"),
        (
            Intent("ask_for_person", 0.7, known=True),
            (0.2,),
            None,
            Route.HAND_OFF,
            "asked_for_person",
        ),
        (Intent("complaint", 0.9, known=True), (0.9,), None, Route.HAND_OFF, "complaint"),
        (Intent("complaint", 0.7, known=True), (0.9,), None, Route.ANSWER, "match"),
        (Intent("complaint", 0.7, known=True), (0.2,), None, Route.HAND_OFF, "complaint"),
        (Intent("complaint", 0.5, known=True), (0.2,), None, Route.DECLINE, "no_match"),
        (Intent("greeting", 0.9, known=True), (0.2,), None, Route.SMALL_TALK, "greeting"),
        (Intent("thanks", 0.9, known=True), (0.9,), None, Route.ANSWER, "match"),
    ],
)
def test_each_rule(
    intent: Intent, scores: tuple[float, ...], last: Route | None, route: Route, rule: str
) -> None:
    decision = decide(intent, matches(*scores), last, CONFIG, own_score=max(scores, default=0.0))
    assert (decision.route, decision.rule) == (route, rule)


def test_two_matches_with_one_heading_are_no_choice() -> None:
    twins = [make_match("x", score=0.9, question="Q?", name=n) for n in "ab"]
    assert decide(NOTHING, twins, None, CONFIG, own_score=0.9).route is Route.ANSWER


@pytest.mark.parametrize(
    ("name", "route"), [("goodbye", Route.SMALL_TALK), ("ask_for_person", Route.HAND_OFF)]
)
def test_what_only_the_message_before_would_answer_does_not_hide_a_wish(
    name: str, route: Route
) -> None:
    intent = Intent(name, 0.7, known=True)
    assert decide(intent, matches(0.9), Route.ANSWER, CONFIG, own_score=0.2).route is route
    assert decide(intent, matches(0.9), Route.ANSWER, CONFIG, own_score=0.9).route is Route.ANSWER


@pytest.mark.parametrize(
    ("confidence", "own_score", "route"),
    [(0.9, 0.8, Route.HAND_OFF), (0.9, 0.95, Route.ANSWER), (0.8, 0.7, Route.ANSWER)],
)
def test_half_a_complaint_is_answered_where_the_answer_is_surer(
    confidence: float, own_score: float, route: Route
) -> None:
    intent = Intent("complaint", confidence, known=True)
    assert decide(intent, matches(own_score), None, CONFIG, own_score=own_score).route is route


def test_what_comes_near_is_offered_beside_i_do_not_know() -> None:
    declined = decide(NOTHING, matches(0.25, 0.02, 0.0005), None, CONFIG, own_score=0.25)
    assert (declined.route, declined.options) == (Route.DECLINE, ("Q0?", "Q1?"))
    again = decide(NOTHING, matches(0.25), Route.DECLINE, CONFIG, own_score=0.25)
    assert (again.route, again.options) == (Route.HAND_OFF, ())


@given(
    name=st.sampled_from([*sorted(SMALL_TALK), "ask_for_person", "complaint", "refund_status"]),
    known=st.booleans(),
    scores=st.lists(st.floats(0, 1), max_size=6),
    last=st.sampled_from([None, *Route]),
    own_score=st.floats(0, 1),
)
def test_it_answers_only_from_a_good_match_and_never_offers_too_much(
    name: str, known: bool, scores: list[float], last: Route | None, own_score: float
) -> None:
    found = matches(*sorted(scores, reverse=True))
    decision = decide(Intent(name, 0.5, known=known), found, last, CONFIG, own_score=own_score)
    if decision.route is Route.ANSWER:
        assert found[0].score >= CONFIG.answer_score
    if decision.route is Route.CLARIFY:
        assert 0 < len(decision.options) <= MAX_OPTIONS
        assert last is not Route.CLARIFY
    if last is Route.DECLINE:
        assert decision.route is not Route.DECLINE
