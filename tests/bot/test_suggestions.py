"""What is suggested to agents: other ways of a generator, in whose turn, and until when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from bot.config import Config
from bot.errors import (
    GeneratorError,
    OwnershipError,
    ReaderLeft,
    UnknownSuggestion,
)
from bot.generators.quote import QuoteGenerator
from bot.handoff import HandOff
from bot.line import Line
from bot.log import ConversationLog
from bot.prompt import build_prompt
from bot.suggestions import Suggestion, Suggestions, suggest
from bot.types import Owner, Prompt, Span, Told
from tests.bot.test_manager import Desk
from tests.conftest import ScriptedGenerator, make_match

REFUND = make_match("Refunds take five days. They go to your card.", question="How long?")
CARD = make_match("Card refunds need two days more.", question="And by card?", name="card")


@dataclass
class OfferingScript(ScriptedGenerator):
    """Offers whole answers, too, each said to be copied from one passage; or raises."""

    offers: Sequence[tuple[str, str]] = ()
    failure: Exception | None = None
    asked_for: int = 0

    def candidates(
        self, prompt: Prompt, n: int, *, check: Callable[[], None] = lambda: None
    ) -> list[Told]:
        check()
        if self.failure:
            raise self.failure
        self.asked_for = n
        return [Told(text, (Span(0, len(text), source, 0, 9),)) for text, source in self.offers]


def suggested(generator: ScriptedGenerator) -> list[Suggestion]:
    prompt = build_prompt("How long?", [REFUND, CARD], language="en")
    return suggest(prompt, generator, QuoteGenerator(), Config())


def test_other_ways_of_the_generator_are_offered_with_the_passages_they_copy() -> None:
    offers = [
        ("Refunds take five days.", "doc.md#a"),
        ("Card refunds need two days more.", "doc.md#card"),
    ]
    found = suggested(OfferingScript(["They go to your card."], offers=offers))
    assert [(one.text, one.source, one.sources[0][0]) for one in found] == [
        ("They go to your card.", "generator", "How long?"),
        ("Refunds take five days.", "generator", "How long?"),
        ("Card refunds need two days more.", "generator", "And by card?"),
        ("Refunds take five days. They go to your card.", "passage", "How long?"),
    ]


def test_an_offer_that_no_passage_supports_is_not_shown() -> None:
    offers = [("Refunds take nine days.", "doc.md#a"), ("They go to your card.", "doc.md#a")]
    found = suggested(OfferingScript(["Refunds take five days."], offers=offers))
    assert [one.text for one in found if one.source == "generator"] == [
        "Refunds take five days.",
        "They go to your card.",
    ]


def test_a_generator_that_fails_to_offer_costs_its_offers_only() -> None:
    found = suggested(OfferingScript(["Refunds take five days."], failure=GeneratorError("Down.")))
    assert [one.source for one in found] == ["generator", "passage", "passage"]


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator([*[""] * 50, "Refunds take five working days."])


@pytest.fixture
def desk(log: ConversationLog, config: Config, generator: ScriptedGenerator) -> Desk:
    desk = Desk(log, config, generator)
    log.add_customer_turn(desk.conversation.id, "refund?")
    return desk


@pytest.fixture
def line() -> Line:
    return Line(at_once=1, length=1)


@pytest.fixture
def suggestions(desk: Desk, line: Line, config: Config) -> Suggestions:
    return Suggestions(desk.log, desk.parts, config, line)


def test_replies_are_suggested_from_the_generator_and_from_each_passage_once(
    log: ConversationLog, config: Config
) -> None:
    generator = ScriptedGenerator(["They go back to your card."])
    desk = Desk(log, config, generator)
    suggestions = Suggestions(log, desk.parts, config, desk.manager.line)
    (refund,), (shoes,) = (desk.retriever.by_word[word] for word in ("refund", "shoes"))
    copy = make_match(refund.passage.text, question="The same again", name="copy")
    desk.retriever.by_word["refund"] = [refund, shoes, copy]
    log.add_customer_turn(desk.conversation.id, "refund?")
    found = suggestions.of(desk.conversation.id)
    assert [(one.source, one.text) for one in found] == [
        ("generator", "They go back to your card."),
        ("passage", "Refunds take five working days. They go back to your card."),
        ("passage", "Shoes must be unworn."),
    ]
    assert found[0].sources == (("How long do refunds take?", "doc.md"),)
    assert suggestions.of(desk.conversation.id) == found
    assert len(generator.prompts) == 1
    turn = log.add_customer_turn(desk.conversation.id, "boats?")
    assert suggestions.of(desk.conversation.id) == []
    HandOff(log).take(desk.conversation.id, "Mei")
    sent = HandOff(log).say(
        desk.conversation.id, "Mei", "To your card, Anna.", suggestion_id=found[0].id
    )
    stored = log.database.db.execute("select suggestion_id from turns where id = ?", [sent.id])
    assert stored.fetchone()[0] == found[0].id
    assert sent.id > turn.id


def test_suggestions_wait_until_no_customer_does(
    suggestions: Suggestions, desk: Desk, line: Line, generator: ScriptedGenerator
) -> None:
    customers = [line.enter(), line.enter()]
    found: list[Suggestion] = []
    thread = threading.Thread(target=lambda: found.extend(suggestions.of(desk.conversation.id)))
    thread.start()
    customers[0].leave()
    assert customers[1].wait(10) == 0
    assert generator.prompts == []
    customers[1].leave()
    thread.join(10)
    assert [one.source for one in found][:1] == ["generator"]
    assert line.answering == 0


def test_an_agent_who_leaves_ends_the_work_and_nothing_half_is_kept(
    suggestions: Suggestions, desk: Desk, line: Line
) -> None:
    left = threading.Event()
    left.set()
    with pytest.raises(ReaderLeft):
        suggestions.of(desk.conversation.id, left=left)
    assert line.answering == 0
    assert suggestions.of(desk.conversation.id)[0].text == "Refunds take five working days."


def test_a_conversation_that_goes_back_to_the_bot_ends_the_work(
    suggestions: Suggestions,
    desk: Desk,
    log: ConversationLog,
    line: Line,
    generator: ScriptedGenerator,
) -> None:
    hand_off = HandOff(log)
    hand_off.take(desk.conversation.id, "Mei")
    customer = line.enter()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            suggestions.of(desk.conversation.id)
        except OwnershipError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    hand_off.hand_back(desk.conversation.id, "Mei")
    thread.join(10)
    assert len(failed) == 1
    assert generator.prompts == []
    customer.leave()


def test_a_reply_names_only_what_was_suggested_in_its_conversation(
    suggestions: Suggestions, desk: Desk, log: ConversationLog
) -> None:
    (suggestion, *_) = suggestions.of(desk.conversation.id)
    other = log.start("en").id
    hand_off = HandOff(log)
    hand_off.take(other, "Mei")
    for wrong in (suggestion.id, 10_000):
        with pytest.raises(UnknownSuggestion, match="in this conversation"):
            hand_off.say(other, "Mei", "Five days.", suggestion_id=wrong)
    assert [turn.role for turn in log.conversation(other).turns] == ["system"]
    hand_off.take(desk.conversation.id, "Mei")
    hand_off.say(desk.conversation.id, "Mei", "Five days.", suggestion_id=suggestion.id)
    assert log.head(desk.conversation.id).owner is Owner.AGENT


def test_each_of_two_questions_has_its_passage_among_the_suggestions(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    log.add_customer_turn(desk.conversation.id, "Can I return shoes? And how long is a refund?")
    found = Suggestions(log, desk.parts, config, desk.manager.line).of(desk.conversation.id)
    assert [one.text for one in found] == [
        "Shoes must be unworn.",
        "Refunds take five working days. They go back to your card.",
    ]
