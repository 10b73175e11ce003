"""Which messages need the one before them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.followups import (
    in_conversation,
    leans_on_history,
    question_before,
    said_before,
    with_context,
)
from bot.types import Citation, Route, Turn
from knowledge.types import Language, Match, Passage


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


def test_small_talk_in_between_is_no_subject() -> None:
    polite = Turn(2, "c", "bot", "You're welcome.", "done", "", route=Route.SMALL_TALK)
    history = [_said("How long do refunds take?"), _said("thanks"), polite]
    assert said_before(history[1:]) == ""
    answered = Turn(3, "c", "bot", "5 days", "done", "", route=Route.ANSWER)
    assert said_before([history[0], answered, *history[1:]]) == history[0].text


def test_the_question_before_is_that_of_the_latest_answer() -> None:
    cited = Citation("faq#refunds", "faq", "How long do refunds take?", "", 0.9)
    answered = Turn(2, "c", "bot", "", "done", "", citations=(cited,))
    declined = Turn(4, "c", "bot", "", "done", "")
    assert question_before([_said("refund?"), answered, _said("???"), declined]) == cited.title
    assert question_before([_said("refund?"), declined]) == ""


def test_what_goes_on_about_the_last_answer_is_answered_by_it_again() -> None:
    """The message alone hardly finds it; behind what was asked and answered nothing else comes."""
    alone = [_match("hours", 0.2, coverage=0.5), _match("refunds", 0.1, coverage=0.5)]
    behind = [_match("refunds", 0.999), _match("hours", 0.01)]
    found = in_conversation(alone, behind, behind, leans=True, language="en")
    assert [match.passage.id for match in found] == ["refunds", "hours"]
    assert found[0].score > 0.55 > found[1].score


def test_an_entry_in_the_customers_language_comes_before_one_as_good_in_the_other() -> None:
    """As good to the search, and a little worse: both passages are of documents without twins."""
    english, chinese = _match("en", 0.6, coverage=0.5), _match("zh", 0.7, coverage=0.5)
    chinese = replace(chinese, passage=replace(chinese.passage, language="zh"))
    both = [chinese, english]
    languages: list[Language] = ["en", "zh"]
    for language in languages:
        found = in_conversation(both, both, both, leans=False, language=language)
        assert found[0].passage.id == language


def test_small_talk_belongs_to_the_message_right_before_it() -> None:
    """The answer to the first message failed."""
    polite = Turn(3, "c", "bot", "You're welcome.", "done", "", route=Route.SMALL_TALK)
    assert said_before([_said("Do you repair tents?"), _said("thanks"), polite]) == (
        "Do you repair tents?"
    )


def test_what_no_search_finds_by_the_messages_own_words_is_no_answer() -> None:
    behind = [_match("refunds", 0.999)]
    (found,) = in_conversation([], behind, behind, leans=False, language="en")
    assert found.score < 0.5


_SCORES = st.floats(0, 1)


@given(_SCORES, _SCORES, _SCORES, _SCORES, st.booleans(), st.sampled_from(("en", "zh")))
def test_more_of_a_messages_own_words_never_speaks_against_a_passage(
    said: float, answered: float, less: float, more: float, leans: bool, language: Language
) -> None:
    less, more = sorted((less, more))
    scores = [
        in_conversation(
            [_match("a", 0.5, coverage=coverage)],
            [_match("a", said)],
            [_match("a", answered)],
            leans=leans,
            language=language,
        )[0].score
        for coverage in (less, more)
    ]
    assert 0.0 <= scores[0] <= scores[1] <= 1.0


def _match(name: str, score: float, *, coverage: float = 0.0) -> Match:
    passage = Passage(name, "faq", "FAQ", (), name, "", "en")
    return Match(passage, score, cosine=0.5, lexical=0.5, coverage=coverage)


def _said(text: str) -> Turn:
    return Turn(id=1, conversation_id="c", role="customer", text=text, created_at="", status="done")
