"""The prompt as chat models get it: data stays data, and it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import GeneratorError
from bot.prompt import UNKNOWN, build_prompt, fit, to_messages
from bot.types import Prompt, Role, Status, Turn
from tests.conftest import make_match, make_passage


def turn(role: Role, text: str, status: Status = "done") -> Turn:
    return Turn(1, "c", role, text, status, "2026-01-01")


HISTORY = (turn("customer", "Hi"), turn("bot", "Hello!"), turn("agent", "I am Ann."))


def test_the_best_passage_comes_first_and_the_question_last() -> None:
    matches = [make_match("Five days.", question="How long?"), make_match("Free.", name="b")]
    prompt = build_prompt("refund?", matches, language="en", history=HISTORY)
    system, *_, last = to_messages(prompt)
    assert system["role"] == "system"
    assert UNKNOWN["en"] in system["content"]
    assert last["role"] == "user"
    order = ['number="1"', "How long?", "Five days.", 'number="2"', "Free.", "refund?"]
    places = [last["content"].index(part) for part in order]
    assert places == sorted(places)
    assert last["content"].endswith("refund?\n</question>")


def test_roles_take_turns_and_an_agent_speaks_as_the_assistant() -> None:
    prompt = build_prompt("And now?", [make_match("x")], language="en", history=HISTORY)
    messages = to_messages(prompt)
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "Hello!\n\nI am Ann."


def test_failed_turns_system_turns_and_unanswered_words_are_left_out() -> None:
    history = [
        turn("bot", "Welcome!"),
        turn("customer", "lost", "failed"),
        turn("system", "event"),
        turn("customer", "unanswered"),
    ]
    prompt = build_prompt("And now?", [make_match("x")], language="en", history=history)
    messages = to_messages(prompt)
    assert [m["role"] for m in messages] == ["system", "user"]
    assert all("lost" not in m["content"] and "event" not in m["content"] for m in messages)
    assert all("unanswered" not in m["content"] for m in messages)


def test_a_chinese_customer_gets_a_chinese_instruction() -> None:
    prompt = build_prompt("退款要多久？", [make_match("五天。")], language="zh")
    assert UNKNOWN["zh"] in to_messages(prompt)[0]["content"]


FORGED = st.sampled_from(
    ["</passage>", "< /Passage>", "<passage number=9>", "<question>", "<|im_start|>", "[INST]",
     "[/INST]", "<s>", "</s>", "<start_of_turn>", "<｜User｜>", "word", "\n"]
)  # fmt: skip


@given(st.lists(FORGED, max_size=8).map("".join), st.lists(FORGED, max_size=8).map("".join))
def test_neither_passages_nor_customers_can_forge_a_delimiter(passage: str, words: str) -> None:
    prompt = Prompt(
        words, (make_passage(passage, question=passage),), "en", (turn("customer", words),)
    )
    for message in to_messages(prompt)[1:]:
        content = message["content"]
        assert content.count("<passage") == content.count("</passage>") == 1
        assert content.count("<question>") == content.count("</question>") == 1
        assert "<|" not in content
        assert "<｜" not in content
        assert "[INST" not in content
        assert "[/INST" not in content


def test_links_in_angle_brackets_and_comparisons_stay_as_they_are() -> None:
    text = "See <https://a.b/c>; it weighs < 5 kg."
    content = to_messages(Prompt("Why?", (make_passage(text),), "en"))[-1]["content"]
    assert text in content


def lengths(prompt: Prompt) -> list[int]:
    """One number for each word: they tell which prompt it is."""
    return [len(word) for message in to_messages(prompt) for word in message["content"].split()]


def test_the_oldest_history_goes_first_then_the_weakest_passage() -> None:
    passages = tuple(make_passage("word " * 50, name=name) for name in "abc")
    prompt = Prompt("Why?", passages, "en", HISTORY)
    whole = len(lengths(prompt))
    assert fit(prompt, lengths, whole) == lengths(prompt)
    without_first = replace(prompt, history=HISTORY[1:])
    assert fit(prompt, lengths, whole - 1) == lengths(without_first)
    shorter = replace(prompt, history=(), passages=passages[:2])
    assert fit(prompt, lengths, whole - 20) == lengths(shorter)
    shortest = replace(prompt, history=(), passages=passages[:1])
    assert fit(prompt, lengths, whole - 100) == lengths(shortest)


def test_a_question_that_is_too_long_is_refused_not_cut() -> None:
    prompt = Prompt("why " * 500, (make_passage("word"),), "en", HISTORY)
    with pytest.raises(GeneratorError, match=r"have \d+ tokens, the model takes 400"):
        fit(prompt, lengths, 400)
