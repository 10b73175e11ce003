"""Full text, vectors and their fusion, on small knowledge and on the demo shop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.fusion import Evidence, fused_scores
from knowledge.ingest import Ingest
from knowledge.search import KnowledgeBase
from knowledge.store import KnowledgeStore
from knowledge.types import Embedder, Language
from knowledge.words import words
from tests.conftest import BagEmbedder, make_passage

PASSAGES = [
    make_passage("They take five days.", question="How long do refunds take?", name="refunds"),
    make_passage("It costs 4.90.", question="What does shipping cost?", name="shipping"),
    make_passage("五到七个工作日。", question="退款要多久？", name="zh", language="zh"),
]


@pytest.fixture
def store(tmp_path: Path) -> KnowledgeStore:
    made = KnowledgeStore(tmp_path / "passages.db")
    made.write([], PASSAGES, [], {"embedder": "x"})
    return made


def test_chinese_becomes_characters_and_pairs_and_english_becomes_stems() -> None:
    assert words("退款吗 Refunds, don't") == ["退", "款", "吗", "退款", "款吗", "refund", "dont"]
    assert words("ＦＵＬＬ　width") == words("full width")


@pytest.mark.parametrize(
    ("query", "number"),
    [("refund", 1), ("the cost of shipping", 2), ("退款多久", 3), ("REFUNDS!!", 1)],
)
def test_full_text_finds_both_languages(store: KnowledgeStore, query: str, number: int) -> None:
    scores = store.full_text(query).scores
    assert max(scores, key=lambda n: scores[n]) == number


@given(st.text(max_size=200))
def test_any_query_gets_scores_between_zero_and_one(query: str) -> None:
    store = KnowledgeStore(Path(":memory:"))
    store.write([], PASSAGES, [], {})
    assert all(0.0 <= score <= 1.0 for score in store.full_text(query).scores.values())
    store.close()


def test_full_text_scores_every_passage_that_holds_one_of_the_words(store: KnowledgeStore) -> None:
    assert set(store.full_text("refunds take shipping").scores) == {1, 2}


def test_words_that_no_passage_holds_lower_the_score(store: KnowledgeStore) -> None:
    known = store.full_text("refunds")
    strange = store.full_text("refunds zeppelin moon")
    assert strange.scores[1] < known.scores[1]
    assert known.unknown == 0.0 < strange.unknown < 1.0 == store.full_text("zeppelin").unknown


def test_a_passage_comes_back_as_it_was_stored(store: KnowledgeStore) -> None:
    assert store.passages() == PASSAGES
    assert store.get([2]) == {2: PASSAGES[1]}


@given(
    question=st.floats(0, 1),
    text=st.floats(0, 1),
    lexical=st.floats(0, 1),
    unknown=st.floats(0, 1),
    own_words=st.floats(-9, 9),
    coverage=st.floats(-1, 1),
    rival=st.floats(-1, 1),
    centre=st.none() | st.floats(0, 1),
    language=st.sampled_from(["en", "zh"]),
    across=st.booleans(),
)
def test_more_evidence_never_lowers_the_score(
    question: float,
    text: float,
    lexical: float,
    unknown: float,
    own_words: float,
    coverage: float,
    rival: float,
    centre: float | None,
    language: Language,
    across: bool,
) -> None:
    evidence = Evidence(
        question=np.array([question]),
        centre=np.array([centre], dtype=np.float64),
        text=np.array([text]),
        lexical=np.array([lexical]),
        own_words=np.array([own_words]),
        coverage=np.array([coverage]),
        unknown=unknown,
        rival=rival,
    )
    others = np.array([across])
    score = fused_scores(language, evidence, others)[0]
    assert 0.0 <= score <= 1.0
    better = replace(
        evidence,
        question=np.array([min(1.0, question + 0.1)]),
        lexical=np.array([min(1.0, lexical + 0.1)]),
        own_words=np.array([own_words + 0.1]),
        unknown=max(0.0, unknown - 0.1),
        coverage=np.array([min(1.0, coverage + 0.1)]),
        rival=rival - 0.1,
    )
    assert fused_scores(language, better, others)[0] >= score


def test_other_ways_of_asking_lead_to_the_entry_and_are_not_part_of_its_text(
    tmp_path: Path,
) -> None:
    (tmp_path / "faq.md").write_text(
        "# FAQ\n\n## How long do refunds take?\n<!-- asked\nwhere is my money\n-->\n\nFive days.\n"
        "\n## What does shipping cost?\n\nNothing.\n",
        encoding="utf-8",
    )
    Ingest(tmp_path / "home", BagEmbedder()).run([tmp_path / "faq.md"])
    base = KnowledgeBase(tmp_path / "home", BagEmbedder())
    passage = base.search("where is my money??")[0].passage
    assert (passage.text, passage.asked) == ("Five days.", ("where is my money",))
    base.close()


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("how long do refunds take?", "shop/faq/en/returns.md"),
        ("退款要多久？", "shop/faq/zh/returns.md"),
        ("do you ship to norway", "shop/faq/en/shipping.md"),
    ],
)
def test_the_demo_shop_answers_its_customers(
    shop_home: Path, built_in_embedder: Embedder, query: str, document: str
) -> None:
    base = KnowledgeBase(shop_home, built_in_embedder)
    assert base.search(query)[0].passage.document == document
    base.close()


def test_nonsense_scores_far_below_a_question_that_can_be_answered(
    shop_home: Path, built_in_embedder: Embedder
) -> None:
    base = KnowledgeBase(shop_home, built_in_embedder)
    assert base.search("qwertz uiop")[0].score < 0.2 < 0.8 < base.search("refund time?")[0].score
    base.close()


def test_a_misspelt_message_is_put_right_by_the_words_of_the_knowledge(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(
        "# FAQ\n\n## Can I change the address?\n\nYes.\n\n## 优惠码怎么用？\n\n结账时输入。\n",
        encoding="utf-8",
    )
    Ingest(tmp_path / "home", BagEmbedder()).run([tmp_path / "faq.md"])
    base = KnowledgeBase(tmp_path / "home", BagEmbedder())
    assert base.corrected("chnage the adress") == "change the address"
    assert base.corrected("优会码怎么用") == "优惠码怎么用"
    base.close()
