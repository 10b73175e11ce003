"""What happened in a conversation, told to whoever takes it over; and suggestions as plain text."""

from __future__ import annotations

from bot.config import Config
from bot.feedback import add_feedback
from bot.generators.quote import QuoteGenerator
from bot.handoff import HandOff
from bot.log import ConversationLog
from bot.prompt import build_prompt
from bot.suggestions import suggest
from bot.summary import summarize
from bot.types import BotTurn, Owner, Route
from tests.conftest import make_match


def test_each_question_is_told_with_what_became_of_it(log: ConversationLog) -> None:
    conversation_id = log.start("en").id

    def ask(text: str, route: Route, **values: object) -> int:
        question = log.add_customer_turn(conversation_id, text)
        reply = BotTurn("…", route, "rule", **values)  # type: ignore[arg-type]
        return log.add_bot_turn(question, reply).id

    ask("Hello", Route.SMALL_TALK)
    match = make_match("Five days.", question="How long?")
    answer = ask("Refund?", Route.ANSWER, matches=(match,), cited=frozenset({"doc.md#a"}))
    add_feedback(log, conversation_id, answer, "down")
    ask("Return?", Route.CLARIFY, options=("How?", "When?"))
    ask("Boats?", Route.DECLINE)
    failed = log.add_customer_turn(conversation_id, "Explode?")
    log.settle(failed, "failed", error="RuntimeError")
    ask("A human", Route.HAND_OFF, owner=Owner.WAITING)
    log.add_customer_turn(conversation_id, "Anybody?")
    HandOff(log).take(conversation_id, "Mei")
    HandOff(log).say(conversation_id, "Mei", "Here.")
    log.add_customer_turn(conversation_id, "Good.")
    told = summarize(log.conversation(conversation_id).turns)
    assert [(asked.text, asked.outcome) for asked in told] == [
        ("Refund?", "answered"),
        ("Return?", "clarified"),
        ("Boats?", "declined"),
        ("Explode?", "failed"),
        ("A human", "handed_over"),
        ("Anybody?", "by_agent"),
        ("Good.", "open"),
    ]
    assert (told[0].titles, told[0].unhelpful) == (("How long?",), True)
    assert told[1].titles == ("How?", "When?")


def test_an_interrupted_answer_is_none(log: ConversationLog) -> None:
    conversation_id = log.start("en").id
    question = log.add_customer_turn(conversation_id, "Refund?")
    log.interrupt(question, "Refunds take")
    turns = log.conversation(conversation_id, half_answers=True).turns
    assert [asked.outcome for asked in summarize(turns)] == ["open"]


def test_a_suggestion_is_written_as_a_person_would_type_it() -> None:
    match = make_match("**Five days**, see [the form](https://shop.example/f). 2 ** 3 is `eight`.")
    quote = QuoteGenerator()
    prompt = build_prompt("How long?", [match], language="en")
    (one,) = suggest(prompt, quote, quote, Config())
    assert one.text == "Five days, see the form (https://shop.example/f). 2 ** 3 is eight."


def test_a_table_is_suggested_as_lines() -> None:
    match = make_match(
        "Prices:\n\n| Repair | Price |\n|---|---|\n| Zip | **€35** |\n| Patch | €18 |\n\n"
        "| Country | Days | Price |\n|---|---|---|\n| Norway | 5 | €9 |\n"
    )
    quote = QuoteGenerator()
    prompt = build_prompt("What does a repair cost?", [match], language="en")
    (one,) = suggest(prompt, quote, quote, Config())
    assert one.text == "Prices:\n\nZip: €35\nPatch: €18\n\nNorway: Days 5, Price €9"


def test_there_are_never_more_than_five_suggestions() -> None:
    matches = [make_match(f"Answer number {n}.", name=str(n)) for n in range(9)]
    quote = QuoteGenerator()
    found = suggest(build_prompt("What?", matches, language="en"), quote, quote, Config())
    assert len(found) == 5
    assert suggest(build_prompt("What?", [], language="en"), quote, quote, Config()) == []
