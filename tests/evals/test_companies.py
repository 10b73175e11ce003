"""FAQs of other companies, as new owners bring them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.config import Config
from bot.types import Route
from evals.companies import COMPANIES, Outcome, asked, conversations_of, questions_of
from evals.conversations import KINDS, conversed
from evals.keywords import keywords
from evals.several import asked_twice
from knowledge.passages import cut
from knowledge.reading import read_document
from tests.conftest import BagEmbedder

BOATS = """# Boats

## What does a boat cost?

A boat costs 9 euros.

## When do you close?

At six.
"""
CONFIG = Config(answer_score=0.5, clarify_score=0.45, offer_score=0.4, desk_intent_confidence=1)


@pytest.mark.parametrize("folder", sorted(COMPANIES.glob("*/*")), ids=lambda folder: folder.name)
def test_every_question_names_entries_of_its_company(folder: Path) -> None:
    passages = cut(read_document(folder / "faq.md", "faq.md"))
    headings = Counter(passage.heading for passage in passages)
    assert set(headings.values()) == {1}
    assert not any(passage.asked for passage in passages)
    for row in questions_of(folder):
        assert bool(row["relevant"]) == (row["kind"] in ("near", "own_words"))
        assert set(row["relevant"]) <= headings.keys()


@pytest.mark.parametrize("folder", sorted(COMPANIES.glob("*/*")), ids=lambda folder: folder.name)
def test_every_message_of_a_conversation_names_what_answers_it_there(folder: Path) -> None:
    headings = {each.heading for each in cut(read_document(folder / "faq.md", "faq.md"))}
    # Those that are measured with have conversations; of those to learn from some have none.
    assert conversations_of(folder) or folder.parent.name == "fit"
    for conversation in conversations_of(folder):
        kinds = [turn["kind"] for turn in conversation["turns"]]
        assert kinds.index("first") == 0 < len(kinds) - 1
        assert set(kinds[1:]) <= set(KINDS) - {"first"}
        for turn in conversation["turns"]:
            assert bool(turn["relevant"]) == (turn["kind"] != "none")
            assert set(turn["relevant"]) <= headings


def test_the_follow_ups_are_fitted_on_as_many_conversations_as_the_readme_says() -> None:
    conversed_with = [f.parent for f in COMPANIES.glob("fit/*/conversations.jsonl")]
    assert len(conversed_with) == 35
    assert sum(len(conversations_of(folder)) for folder in conversed_with) == 624


def test_a_follow_up_is_answered_by_what_was_answered_before_it(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(
        "# Boats\n\n## What does a boat cost?\n\nA boat costs 9 euros, a big boat 20 euros.\n\n"
        "## When do you close?\n\nAt six.\n",
        encoding="utf-8",
    )
    first = {"query": "what does a boat cost", "relevant": ["What does a boat cost?"]}
    more = {"query": "and a big boat?", "relevant": ["What does a boat cost?"], "kind": "more"}
    row = {"turns": [first | {"kind": "first"}, more]}
    (tmp_path / "conversations.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    told = list(conversed(tmp_path, BagEmbedder(), CONFIG, tmp_path))
    assert [(each.kind, each.route, each.right[0]) for each in told] == [
        ("first", Route.ANSWER, True),
        ("more", Route.ANSWER, True),
    ]


def test_a_question_is_answered_offered_or_neither(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(BOATS, encoding="utf-8")
    rows = [
        {"query": "what does a boat cost", "relevant": ["What does a boat cost?"], "kind": "near"},
        {"query": "zebra", "relevant": [], "kind": "off_topic"},
    ]
    assert list(asked(tmp_path, rows, BagEmbedder(), CONFIG, tmp_path)) == [
        Outcome("en", "near", 0, Route.ANSWER, options=0, right_option=False),
        Outcome("en", "off_topic", None, Route.DECLINE, options=0, right_option=False),
    ]


def test_two_questions_in_one_message_are_both_answered(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(BOATS, encoding="utf-8")
    rows = [
        {"query": "what does a boat cost", "relevant": ["What does a boat cost?"], "kind": "near"},
        {"query": "when do you close", "relevant": ["When do you close?"], "kind": "near"},
    ]
    questions = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "questions.jsonl").write_text(questions, encoding="utf-8")
    told = list(asked_twice(tmp_path, BagEmbedder(), CONFIG, tmp_path))
    assert [(each.joint, each.now, each.wrong_now) for each in told] == [
        ("? ", 2, False),
        (" and ", 2, False),
    ]
    assert all(each.before < 2 for each in told)


def test_keywords_are_the_words_and_pairs_of_headings() -> None:
    found = set(keywords("dev"))
    assert {"cancel", "opening", "opening hours", "报修"} <= found
    assert not {"what", "how", "the"} & found
