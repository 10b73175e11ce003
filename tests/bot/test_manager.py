"""The whole way of a message, with fakes at the four seams and a real log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import EmptyMessage, GeneratorError, MessageTooLong, UnknownConversation
from bot.generators.quote import QuoteGenerator
from bot.generators.timed import CHECK_SECONDS
from bot.handoff import HandOff
from bot.log import ConversationLog
from bot.manager import DialogManager
from bot.phrases import say
from bot.prompt import UNKNOWN
from bot.types import Answer, Generator, Intent, Owner, Parts, Piece, Prompt, Route
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Language
from tests.conftest import (
    BagEmbedder,
    FixedIntents,
    FixedRetriever,
    ScriptedGenerator,
    make_match,
)

REFUND = make_match(
    "Refunds take five working days. They go back to your card.",
    question="How long do refunds take?",
)
SHOES = make_match("Shoes must be unworn.", question="Can I return shoes?", name="shoes")


class Desk:
    """A manager with its fakes at hand."""

    def __init__(self, log: ConversationLog, config: Config, generator: Generator | None) -> None:
        self.log = log
        self.embedder = BagEmbedder()
        self.intents = FixedIntents(
            {"human": "ask_for_person", "awful": "complaint", "hello": "greeting"}
        )
        self.retriever = FixedRetriever({"shoes": [SHOES], "refund": [REFUND]})
        quote = QuoteGenerator()
        self.parts = Parts(self.embedder, self.intents, self.retriever, generator or quote, quote)
        self.manager = DialogManager(log, self.parts, config)
        self.conversation = log.start("en")

    def ask(self, text: str) -> Answer:
        *pieces, answer = self.manager.reply(self.conversation.id, text)
        assert isinstance(answer, Answer)
        assert "".join(p.text for p in pieces if isinstance(p, Piece)) == answer.text
        return answer


@pytest.fixture
def desk(log: ConversationLog, config: Config) -> Desk:
    return Desk(log, config, None)


def with_generator(log: ConversationLog, config: Config, *pieces: str | BaseException) -> Desk:
    return Desk(log, config, ScriptedGenerator(pieces))


def test_a_question_is_answered_with_its_passage_cited(desk: Desk) -> None:
    answer = desk.ask("How long does a refund take?")
    assert answer.route is Route.ANSWER
    assert "five working days" in answer.text
    assert [citation.passage_id for citation in answer.citations] == ["doc.md#a"]
    assert {"embed", "classify", "search", "generate", "first_word", "total"} <= set(
        answer.timings_ms
    )


def test_the_only_entry_that_is_offered_is_answered_after_a_yes(
    log: ConversationLog, config: Config
) -> None:
    near = replace(REFUND, score=(config.clarify_score + config.answer_score) / 2)
    desk = Desk(log, config, None)
    desk.retriever.by_word = {"bank": [near], near.passage.heading.lower(): [REFUND]}
    asked_back = desk.ask("my bank says nothing")
    assert (asked_back.route, asked_back.options) == (Route.CLARIFY, (near.passage.heading,))
    answer = desk.ask("yes")
    assert answer.route is Route.ANSWER
    assert "five working days" in answer.text
    stored = [t.text for t in log.conversation(desk.conversation.id).turns if t.role == "customer"]
    assert stored == ["my bank says nothing", "yes"]


def test_an_offered_entry_about_danger_is_answered_when_it_is_picked(
    log: ConversationLog, config: Config
) -> None:
    aid = make_match("Lay them on their side.", question="What if somebody is unconscious?")
    desk = Desk(log, config, None)
    desk.retriever.by_word = {"unconscious": [aid], "aid": [replace(aid, score=0.5)]}
    assert desk.ask("first aid course").options == ("What if somebody is unconscious?",)
    answer = desk.ask("What if somebody is unconscious?")
    assert (answer.route, answer.text) == (Route.ANSWER, "Lay them on their side.")


@pytest.mark.parametrize("pick", ["退款要多久？", "yes"])
def test_an_entry_in_another_language_does_not_change_the_customers(
    log: ConversationLog, config: Config, pick: str
) -> None:
    found = make_match("五个工作日。", question="退款要多久？")
    chinese = replace(found, passage=replace(found.passage, language="zh"))
    desk = Desk(log, config, None)
    near = replace(chinese, score=config.clarify_score)
    desk.retriever.by_word = {"bank": [near], "退款": [chinese]}
    assert desk.ask("my bank says nothing").options == ("退款要多久？",)
    answer = desk.ask(pick)
    assert (answer.route, answer.language) == (Route.ANSWER, "en")
    assert answer.text.startswith(say("other_language", "en"))


def test_who_means_nothing_of_what_is_offered_comes_to_a_person(
    log: ConversationLog, config: Config
) -> None:
    near = replace(REFUND, score=(config.clarify_score + config.answer_score) / 2)
    desk = Desk(log, config, None)
    desk.retriever.by_word = {"bank": [near], "no": [SHOES]}
    assert desk.ask("my bank says nothing").options
    assert desk.ask("no, none of these").route is Route.DECLINE
    desk.retriever.by_word = {"bill": [replace(REFUND, score=config.offer_score)]}
    assert desk.ask("my bill").route is Route.HAND_OFF


def test_the_message_is_embedded_once(desk: Desk) -> None:
    desk.ask("How long does it take until a refund is on my card?")
    assert desk.embedder.embedded == ["How long does it take until a refund is on my card?"]


def test_the_customers_words_are_stored_before_anything_can_fail(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("disk on fire")

    desk.retriever.search = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        desk.ask("refund?")
    (turn,) = log.conversation(desk.conversation.id).turns
    assert (turn.text, turn.status) == ("refund?", "failed")


def test_nonsense_is_declined_and_the_second_time_handed_off(desk: Desk) -> None:
    first = desk.ask("qwertz uiop asdf")
    assert (first.route, first.owner) == (Route.DECLINE, Owner.BOT)
    second = desk.ask("yxcv bnm")
    assert (second.route, second.owner) == (Route.HAND_OFF, Owner.WAITING)


@pytest.mark.parametrize("text", ["a human please", "this is awful"])
def test_who_asks_for_a_person_or_is_angry_gets_one_and_the_bot_falls_silent(
    desk: Desk, text: str
) -> None:
    assert desk.ask(text).owner is Owner.WAITING
    silent = desk.ask("How long does a refund take?")
    assert (silent.route, silent.text, silent.owner) == (Route.SILENT, "", Owner.WAITING)
    turns = desk.log.conversation(desk.conversation.id).turns
    assert [turn.role for turn in turns] == ["customer", "bot", "customer"]
    assert turns[-1].status == "done"


def test_a_person_who_takes_over_while_the_bot_writes_wins(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    next(reply)
    HandOff(log).ask(desk.conversation.id)
    *_, last = reply
    assert isinstance(last, Answer)
    assert last.route is Route.SILENT
    roles = [turn.role for turn in log.conversation(desk.conversation.id).turns]
    assert roles == ["customer", "system"]


def test_the_half_answer_of_an_interrupted_bot_is_kept_but_shown_to_no_customer(
    log: ConversationLog, config: Config
) -> None:
    generator = ScriptedGenerator(
        ["Refunds take five working days. ", "They go back to your card."]
    )
    desk = Desk(log, config, generator)
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    shown = next(reply)
    assert isinstance(shown, Piece)
    HandOff(log).take(desk.conversation.id, "Mei")
    time.sleep(CHECK_SECONDS)  # the log is asked no more often than that
    (last,) = reply
    assert isinstance(last, Answer)
    assert (last.route, last.owner, last.text) == (Route.SILENT, Owner.AGENT, "")
    roles = [turn.role for turn in log.conversation(desk.conversation.id).turns]
    assert roles == ["customer", "system"]
    *_, half = log.conversation(desk.conversation.id, half_answers=True).turns
    assert (half.role, half.status, half.text) == ("bot", "cancelled", shown.text)
    assert generator.closed == 1


def test_a_bot_that_has_not_said_a_word_yet_is_interrupted_just_as_soon(
    log: ConversationLog, config: Config
) -> None:
    started, ended = threading.Event(), threading.Event()

    class Stuck(ScriptedGenerator):
        def generate(self, prompt: Prompt) -> Iterator[str]:
            started.set()
            try:
                while not ended.wait(0.01):
                    yield ""
            finally:
                self.closed += 1

    generator = Stuck([])
    desk = Desk(log, config, generator)
    answers: list[Piece | Answer] = []
    question = threading.Thread(
        target=lambda: answers.extend(desk.manager.reply(desk.conversation.id, "refund?"))
    )
    question.start()
    assert started.wait(10)
    HandOff(log).take(desk.conversation.id, "Mei")
    question.join(timeout=10)
    ended.set()
    assert [type(answer) for answer in answers] == [Answer]
    assert generator.closed == 1
    assert [t.role for t in log.conversation(desk.conversation.id).turns] == ["customer", "system"]


def test_small_talk_needs_no_passage(desk: Desk) -> None:
    answer = desk.ask("hello")
    assert (answer.route, answer.text) == (Route.SMALL_TALK, say("greeting", "en"))


def test_a_short_acknowledgement_is_no_goodbye_and_finds_no_passage(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    desk.intents.by_word |= {"ok": "goodbye", "好的": "greeting"}
    desk.retriever.by_word |= {"收到": [SHOES]}
    said: list[tuple[str, Language]] = [("ok", "en"), ("好的", "zh"), ("收到", "zh"), ("ok", "zh")]
    for text, language in said:
        answer = desk.ask(text)
        assert (answer.route, answer.text) == (Route.SMALL_TALK, say("acknowledged", language))
        assert answer.intent == Intent("acknowledgement", 1.0, known=True)


def test_a_call_for_a_person_is_heard_where_an_entry_tells_the_hours(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    desk.retriever.by_word |= {"person": [SHOES]}
    answer = desk.ask("I want to talk to a person")
    assert (answer.route, answer.owner) == (Route.HAND_OFF, Owner.WAITING)


def test_who_writes_another_language_is_told_which_are_read(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    answer = desk.ask("Ich möchte mit einem Menschen sprechen")
    assert (answer.route, answer.text) == (Route.SMALL_TALK, say("foreign_language", "en"))


def test_a_follow_up_is_searched_alone_and_behind_what_was_asked_and_answered(desk: Desk) -> None:
    desk.ask("How do I get a refund?")
    desk.ask("and for boots?")
    assert desk.retriever.asked[-3:] == [
        "and for boots?",
        "How do I get a refund? and for boots?",
        "How long do refunds take? and for boots?",
    ]


def test_the_language_of_the_message_decides_the_language_of_the_answer(desk: Desk) -> None:
    assert desk.ask("你们卖船吗").text == say("decline", "zh")


def test_what_tells_no_language_is_answered_in_that_of_the_conversation(
    log: ConversationLog, config: Config
) -> None:
    desk = Desk(log, config, None)
    desk.conversation = log.start("zh")
    assert desk.ask("asdf LF-2041").text == say("decline", "zh")
    desk.conversation = log.start("zh")
    assert desk.ask("do you sell whole ships").text == say("decline", "en")
    desk.conversation = log.start("en")
    desk.ask("你们卖船吗")
    assert desk.ask("asdf").text == say("hand_off_declined_twice", "zh")


def test_an_answer_in_the_other_language_says_so(desk: Desk) -> None:
    answer = desk.ask("refund 要多久")
    assert answer.text.startswith(say("other_language", "zh"))
    assert "five working days" in answer.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("orders 12\u00a034\u202f56?", "orders 12\u00a034\u202f56?"),
        ("\u3000退款\u3000要多久", "退款\u3000要多久"),
        ("one\u2028two\r\nthree", "one\ntwo\nthree"),
    ],
)
def test_spaces_and_lines_of_other_kinds_stay_between_the_words(
    desk: Desk, text: str, kept: str
) -> None:
    desk.ask(text)
    assert desk.log.conversation(desk.conversation.id).turns[0].text == kept


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07", "\u200d"])
def test_an_empty_message_is_refused_before_it_is_stored(desk: Desk, text: str) -> None:
    with pytest.raises(EmptyMessage):
        desk.manager.reply(desk.conversation.id, text)
    assert desk.log.conversation(desk.conversation.id).turns == ()


def test_a_huge_message_is_refused_with_both_lengths(desk: Desk) -> None:
    with pytest.raises(MessageTooLong, match=r"100,000 .* 4,000"):
        desk.manager.reply(desk.conversation.id, "x" * 100_000)


def test_an_unknown_conversation_is_refused(desk: Desk) -> None:
    with pytest.raises(UnknownConversation):
        desk.manager.reply("nobody", "hello")


def test_control_characters_are_taken_out_and_emoji_stay(desk: Desk) -> None:
    desk.ask("refund\x00\x1b[31m 👩‍👩‍👧?")
    turn = desk.log.conversation(desk.conversation.id).turns[0]
    assert turn.text == "refund[31m 👩‍👩‍👧?"


def test_two_messages_at_once_are_both_stored_and_both_answered(desk: Desk) -> None:
    first = desk.manager.reply(desk.conversation.id, "refund?")
    second = desk.manager.reply(desk.conversation.id, "shoes?")
    answers = [list(second)[-1], list(first)[-1]]
    assert all(isinstance(answer, Answer) for answer in answers)
    turns = desk.log.conversation(desk.conversation.id).turns
    assert [turn.role for turn in turns] == ["customer", "customer", "bot", "bot"]
    assert all(turn.status == "done" for turn in turns)


def test_closing_the_reply_cancels_the_generator_and_stores_that(
    log: ConversationLog, config: Config
) -> None:
    generator = ScriptedGenerator(
        ["Refunds take five working days. ", "They go back to your card."]
    )
    desk = Desk(log, config, generator)
    reply = desk.manager.reply(desk.conversation.id, "refund?")
    next(reply)
    reply.close()  # type: ignore[attr-defined]
    assert generator.closed == 1
    (turn,) = log.conversation(desk.conversation.id).turns
    assert turn.status == "cancelled"


def test_a_sentence_that_no_passage_supports_is_not_shown(
    log: ConversationLog, config: Config
) -> None:
    desk = with_generator(
        log, config, "Refunds take five working days. ", "You also get 50 euros for free."
    )
    answer = desk.ask("refund?")
    assert answer.text.strip() == "Refunds take five working days."


def test_an_answer_without_any_support_becomes_a_quotation(
    log: ConversationLog, config: Config
) -> None:
    answer = with_generator(log, config, "We sell boats from Mars.").ask("refund?")
    assert "boats" not in answer.text
    assert "five working days" in answer.text


def test_a_generator_that_fails_costs_the_customer_nothing(
    log: ConversationLog, config: Config, tmp_path: Path
) -> None:
    desk = with_generator(log, config, GeneratorError("The model server is down."))
    answer = desk.ask("refund?")
    assert "five working days" in answer.text
    row = next(log._db.query("select generator, error from turns where id = ?", [answer.turn_id]))
    assert row == {"generator": "quote", "error": "The model server is down."}


def test_a_generator_that_finds_no_answer_in_the_passages_declines(
    log: ConversationLog, config: Config
) -> None:
    answer = with_generator(log, config, UNKNOWN["en"]).ask("refund?")
    assert (answer.route, answer.text) == (Route.DECLINE, say("decline", "en"))
    assert answer.citations == ()


def test_nonsense_after_a_question_is_not_answered_with_the_answer_before(
    shop_home: Path, built_in_embedder: Embedder, log: ConversationLog, config: Config
) -> None:
    knowledge = KnowledgeBase(shop_home, built_in_embedder)
    quote = QuoteGenerator()
    parts = Parts(built_in_embedder, FixedIntents(), knowledge, quote, quote)
    manager = DialogManager(log, parts, config)
    conversation = log.start("en")
    for text, route in (
        ("how long do refunds take?", Route.ANSWER),
        ("qwertz uiop asdf", Route.DECLINE),
    ):
        *_, answer = manager.reply(conversation.id, text)
        assert isinstance(answer, Answer)
        assert answer.route is route
    knowledge.close()


def test_a_passage_that_tells_no_weight_does_not_answer_how_heavy(desk: Desk) -> None:
    """The recall of the stove is near, and says nothing of it."""
    recall = make_match("Stoves made before May 2025 are recalled.", question="Is it recalled?")
    desk.retriever.by_word["stove"] = [recall]
    answer = desk.ask("How heavy is the stove?")
    assert (answer.route, answer.citations) == (Route.DECLINE, ())
    assert desk.ask("Is the stove recalled?").route is Route.ANSWER


def test_two_questions_in_one_message_are_both_answered_and_cited(desk: Desk) -> None:
    answer = desk.ask("Can I return shoes? And how long does a refund take?")
    assert answer.route is Route.ANSWER
    assert answer.text.index("unworn") < answer.text.index("five working days")
    assert [each.passage_id for each in answer.citations] == [SHOES.passage.id, REFUND.passage.id]
    for span in answer.spans:
        source = next(each for each in answer.citations if each.passage_id == span.passage_id)
        copied = source.text[span.source_start : span.source_end]
        assert answer.text[span.start : span.end].casefold() == copied.casefold()
    turns = desk.log.conversation(desk.conversation.id).turns
    assert [turn.role for turn in turns] == ["customer", "bot"]


def test_an_entry_that_answers_two_of_three_questions_is_told_once_and_first(desk: Desk) -> None:
    answer = desk.ask("Can I return shoes? How long is a refund? And worn shoes, can I?")
    assert answer.text.startswith("Shoes must be unworn.")
    assert answer.text.count("Shoes") == 1


def test_what_is_left_of_several_questions_is_offered(desk: Desk) -> None:
    wrap = make_match("Ask us.", question="Do you gift wrap?", name="wrap")
    desk.retriever.by_word = {
        "wrap": [replace(wrap, score=0.5, coverage=0.428)],
        **desk.retriever.by_word,
    }
    answer = desk.ask("Can I return shoes? How long does a refund take? Do you wrap presents?")
    assert answer.text.endswith(say("rest_near", "en"))
    assert answer.options == ("Do you gift wrap?",)


def test_what_is_unclear_beside_one_answer_is_offered(desk: Desk) -> None:
    wrap = replace(make_match("Ask us.", question="Do you gift wrap?", name="wrap"), score=0.5)
    desk.retriever.by_word = {
        "shoes, and do": [SHOES],  # the message as a whole
        "wrap": [replace(wrap, coverage=0.428)],
        **desk.retriever.by_word,
    }
    answer = desk.ask("Can I return shoes, and do you wrap presents?")
    assert answer.text == "Shoes must be unworn.\n\n" + say("rest_near", "en")
    assert answer.options == ("Do you gift wrap?",)


def test_one_answer_to_two_questions_is_told_without_an_apology(desk: Desk) -> None:
    assert desk.ask("Can I return shoes? Is there a catch?").text == "Shoes must be unworn."


def test_the_rest_that_nothing_answers_is_owned_up_to(desk: Desk) -> None:
    answer = desk.ask("Can I return shoes? How long does a refund take? Do you like jazz?")
    assert answer.text.endswith(say("rest_unknown", "en"))
    assert len(answer.citations) == 2


def test_who_calls_for_a_person_beside_two_questions_gets_one(desk: Desk) -> None:
    answer = desk.ask("Can I return shoes? How long is a refund? No, give me a human.")
    assert answer.route is Route.HAND_OFF


@dataclass
class _KnowsShoes:
    """A generator that finds no answer in passages about anything else."""

    name: str = "scripted"
    model: str = ""

    def generate(self, prompt: Prompt) -> Iterator[str]:
        yield SHOES.passage.text if "shoes" in prompt.question else UNKNOWN[prompt.language]


@pytest.mark.parametrize("shoes_first", [True, False])
def test_a_generator_that_knows_one_of_two_answers_says_so(
    log: ConversationLog, config: Config, shoes_first: bool
) -> None:
    desk = Desk(log, config, _KnowsShoes())
    questions = ("Can I return shoes?", "How long does a refund take?")
    answer = desk.ask(" ".join(questions if shoes_first else reversed(questions)))
    assert answer.text == "Shoes must be unworn.\n\n" + say("rest_unknown", "en")
    assert [each.passage_id for each in answer.citations] == [SHOES.passage.id]


def test_a_generator_that_knows_neither_answer_declines(
    log: ConversationLog, config: Config
) -> None:
    desk = with_generator(log, config, UNKNOWN["en"])
    answer = desk.ask("Can I return shoes? How long does a refund take?")
    assert (answer.route, answer.citations) == (Route.DECLINE, ())


def test_a_word_that_several_headings_hold_is_asked_back_about(desk: Desk) -> None:
    buy = make_match("In the shop.", question="Where can I buy a gift card?", name="buy")
    old = make_match("Five years.", question="How long is a gift card valid?", name="old")
    desk.retriever.by_word = {"valid": [old], "gift": [buy, replace(old, score=0.2)]}
    answer = desk.ask("gift card")
    assert (answer.route, answer.options) == (
        Route.CLARIFY,
        ("Where can I buy a gift card?", "How long is a gift card valid?"),
    )
    assert desk.ask("the second one").text == "Five years."


def test_a_heading_of_that_one_word_answers_it(desk: Desk) -> None:
    parking = make_match("Behind the house.", question="Parking", name="parking")
    permits = make_match("At the desk.", question="Parking permits", name="permits")
    desk.retriever.by_word = {"parking": [parking, replace(permits, score=0.2)]}
    assert desk.ask("parking?").text == "Behind the house."
