"""Gaps: unanswered questions by their meaning, and whether today's knowledge closes them."""

from __future__ import annotations

import pytest

from bot.choices import REFUSAL
from bot.config import Config
from bot.gaps import Gap, GapFinder, grouped, read_unanswered
from bot.log import ConversationLog
from bot.reviews import Review, Reviews, Verdict
from bot.types import BotTurn, Intent, Route, Turn
from knowledge.types import Embedder
from tests.conftest import FixedRetriever, make_match


def silent(stage: str, done: int, total: int) -> None:
    pass


def declined(log: ConversationLog, text: str, *, rule: str = "no_match") -> Turn:
    question = log.add_customer_turn(log.start("en").id, text)
    route = Route.HAND_OFF if rule == "second_decline" else Route.DECLINE
    return log.add_bot_turn(question, BotTurn("I don't know.", route, rule))


def found(log: ConversationLog, config: Config, embedder: Embedder, **knows: str) -> list[Gap]:
    knowledge = FixedRetriever({word: [make_match(text)] for word, text in knows.items()})
    with log.database.reading() as connection:
        unanswered = read_unanswered(connection, since="2000")
    return GapFinder(config, embedder, knowledge).find(unanswered, progress=silent)


def test_the_same_question_in_other_words_is_one_gap(
    log: ConversationLog, config: Config, built_in_embedder: Embedder
) -> None:
    declined(log, "Do you have a car park at the store?")
    declined(log, "Can I park my car at your store?", rule="second_decline")
    last = declined(log, "Hello! Is there parking for cars at the store?")
    declined(log, "Which fabric is the tent made of?")
    gaps = found(log, config, built_in_embedder)
    assert [gap.count for gap in gaps] == [3, 1]
    assert gaps[0].examples[0].turn_id == gaps[0].turn_id == last.id
    assert "park" in gaps[0].question
    assert not gaps[0].closed


@pytest.mark.parametrize("rule", ["no_match", "second_decline"])
def test_none_of_these_is_no_gap(log: ConversationLog, rule: str) -> None:
    declined(log, "Is there parking?", rule=rule)
    question = log.add_customer_turn(log.start("en").id, "none of these")
    route = Route.HAND_OFF if rule == "second_decline" else Route.DECLINE
    refusal = Intent(REFUSAL, 1.0, known=True)
    log.add_bot_turn(question, BotTurn("I don't know.", route, rule, intent=refusal))
    with log.database.reading() as connection:
        unanswered = read_unanswered(connection, since="2000")
    assert [each.question for each in unanswered] == ["Is there parking?"]


def test_what_was_offered_and_refused_is_a_gap(log: ConversationLog) -> None:
    conversation = log.start("en").id
    question = log.add_customer_turn(conversation, "Is there parking?")
    log.add_bot_turn(question, BotTurn("Which?", Route.CLARIFY, "close", options=("A?", "B?")))
    for words in ("none of these", "no, none"):
        said = log.add_customer_turn(conversation, words)
        refusal = Intent(REFUSAL, 1.0, known=True)
        log.add_bot_turn(said, BotTurn("I don't know.", Route.DECLINE, "refused", intent=refusal))
    chosen = log.add_customer_turn(log.start("en").id, "Where do I park?")
    log.add_bot_turn(chosen, BotTurn("Which?", Route.CLARIFY, "close", options=("A?", "B?")))
    pick = log.add_customer_turn(chosen.conversation_id, "A?")
    log.add_bot_turn(pick, BotTurn("There.", Route.ANSWER, "match"))
    with log.database.reading() as connection:
        unanswered = read_unanswered(connection, since="2000")
    assert [each.question for each in unanswered] == ["Is there parking?"]


def test_asking_again_counts_and_is_shown_once(
    log: ConversationLog, config: Config, built_in_embedder: Embedder
) -> None:
    for _ in range(3):
        declined(log, "Is there parking?")
    (gap,) = found(log, config, built_in_embedder)
    assert (gap.count, len(gap.examples)) == (3, 1)


def test_a_gap_closes_when_the_knowledge_answers_it(
    log: ConversationLog, config: Config, built_in_embedder: Embedder
) -> None:
    declined(log, "Is there parking?")
    (gap,) = found(log, config, built_in_embedder, parking="Behind the house.")
    assert gap.closed


def test_what_a_reviewer_says_should_have_been_answered_is_a_gap(
    log: ConversationLog, config: Config, built_in_embedder: Embedder
) -> None:
    question = log.add_customer_turn(log.start("en").id, "Is there parking?")
    turn = log.add_bot_turn(question, BotTurn("Which?", Route.CLARIFY, "close"))
    assert found(log, config, built_in_embedder) == []
    Reviews(log.database, unsure_below=0.5).save(Review(turn.id, "mei", Verdict.SHOULD_ANSWER))
    assert len(found(log, config, built_in_embedder)) == 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_questions_are_grouped_too(built_in_embedder: Embedder, count: int) -> None:
    vectors = built_in_embedder.embed(["Is there parking?"] * count)
    assert len(set(grouped(vectors, 0.4))) == min(count, 1)
