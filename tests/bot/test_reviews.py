"""Reviews: what comes first, that no two reviewers get the same, and how far they agree."""

from __future__ import annotations

import pytest

from bot.errors import UnknownTurn
from bot.feedback import add_feedback
from bot.log import ConversationLog
from bot.reviews import LEASE_MINUTES, Review, Reviews, Verdict, Why, agreement, reviews_of
from bot.types import BotTurn, Route
from tests.conftest import make_match


@pytest.fixture
def reviews(log: ConversationLog) -> Reviews:
    return Reviews(log.database, unsure_below=0.65)


def answered(log: ConversationLog, *, score: float = 0.9, route: Route = Route.ANSWER) -> str:
    conversation = log.start("en").id
    question = log.add_customer_turn(conversation, "How long?")
    log.add_bot_turn(
        question, BotTurn("Five.", route, "match", matches=(make_match("Five.", score=score),))
    )
    return conversation


def bot_turn(log: ConversationLog, conversation: str) -> int:
    return next(t.id for t in log.conversation(conversation).turns if t.role == "bot")


def judge(log: ConversationLog, reviews: Reviews, name: str, who: str, verdict: str) -> None:
    reviews.save(Review(bot_turn(log, name), who, Verdict(verdict)))


def order(log: ConversationLog, reviews: Reviews) -> list[Why]:
    found = []
    while queued := reviews.next("mei"):
        found.append(queued.why)
        judge(log, reviews, queued.conversation_id, "mei", "right")
    return found


def test_what_is_most_worth_a_look_comes_first(log: ConversationLog, reviews: Reviews) -> None:
    answered(log)
    unsure = answered(log, score=0.6)
    answered(log, route=Route.DECLINE)
    bad = answered(log)
    add_feedback(log, bad, bot_turn(log, bad), "down")
    long = answered(log)
    for _ in range(5):
        log.settle(log.add_customer_turn(long, "More?"), "done")
    assert order(log, reviews) == [
        Why.THUMBS_DOWN,
        Why.DECLINED,
        Why.LOW_CONFIDENCE,
        Why.LONG,
        Why.SAMPLE,
    ]
    assert unsure


def test_two_reviewers_are_never_given_the_same(log: ConversationLog, reviews: Reviews) -> None:
    for _ in range(6):
        answered(log)
    given: dict[str, set[str]] = {"mei": set(), "tom": set()}
    for _ in range(3):
        for who in given:
            queued = reviews.next(who)
            assert queued is not None
            given[who].add(queued.conversation_id)
            judge(log, reviews, queued.conversation_id, who, "right")
    assert not given["mei"] & given["tom"]
    assert reviews.next("mei") is None


def test_what_was_taken_and_not_judged_comes_again_unless_it_is_skipped(
    log: ConversationLog, reviews: Reviews
) -> None:
    answered(log)
    answered(log)
    first = reviews.next("mei")
    assert reviews.next("mei") == first
    other = reviews.next("mei", skip=True)
    assert other != first
    assert reviews.next("mei") == other
    assert reviews.next("tom") == first


def test_a_lease_ends(log: ConversationLog, reviews: Reviews) -> None:
    conversation = answered(log)
    assert reviews.next("mei") is not None
    assert reviews.open(conversation, "tom") == "mei"
    with log.database.transaction():
        log.database.db.execute("update review_leases set until = '2000-01-01'")
    queued = reviews.next("tom")
    assert queued is not None
    assert LEASE_MINUTES > 1


def test_a_second_review_is_offered_to_everybody_else(
    log: ConversationLog, reviews: Reviews
) -> None:
    conversation = answered(log)
    judge(log, reviews, conversation, "mei", "right")
    assert reviews.next("tom") is None
    reviews.ask_for_second(conversation, "mei")
    assert reviews.next("mei") is None
    queued = reviews.next("tom")
    assert queued is not None
    assert queued.conversation_id == conversation


def test_both_reviews_of_a_turn_are_kept_and_ones_own_is_replaced(
    log: ConversationLog, reviews: Reviews
) -> None:
    conversation = answered(log)
    turn = bot_turn(log, conversation)
    reviews.save(Review(turn, "mei", Verdict.RIGHT))
    reviews.save(Review(turn, "tom", Verdict.WRONG, ("outdated",), "Six.", "doc#b", ("vip",), "No"))
    reviews.save(Review(turn, "mei", Verdict.PARTLY))
    with log.database.reading() as connection:
        found = reviews_of(connection, conversation)[turn]
    assert [(one.reviewer, one.verdict) for one in found] == [("mei", "partly"), ("tom", "wrong")]
    assert (found[1].reasons, found[1].tags, found[1].note) == (("outdated",), ("vip",), "No")
    sql = "select reviews from conversation_facts"
    assert log.database.db.execute(sql).fetchone() == (2,)


def test_agreement_counts_pairs_and_takes_chance_off(
    log: ConversationLog, reviews: Reviews
) -> None:
    with log.database.reading() as connection:
        assert agreement(connection) is None
    for first, second in (
        ("right", "right"),
        ("wrong", "wrong"),
        ("right", "wrong"),
        ("right",) * 2,
    ):
        conversation = answered(log)
        judge(log, reviews, conversation, "mei", first)
        judge(log, reviews, conversation, "tom", second)
    with log.database.reading() as connection:
        found = agreement(connection)
    assert found is not None
    assert (found.same.hits, found.same.total) == (3, 4)
    assert found.same.low < 0.75 < found.same.high
    # Expected by chance with 5 of 8 "right": (5/8)**2 + (3/8)**2 = 0.53125.
    assert found.kappa == pytest.approx((0.75 - 0.53125) / (1 - 0.53125))


def test_only_answers_can_be_reviewed(log: ConversationLog, reviews: Reviews) -> None:
    question = log.add_customer_turn(log.start("en").id, "Hello?")
    for turn in (question.id, 999):
        with pytest.raises(UnknownTurn):
            reviews.save(Review(turn, "mei", Verdict.RIGHT))
