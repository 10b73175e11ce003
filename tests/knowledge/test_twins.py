"""Entries and their translations, by their vectors alone; and search in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.twins import find_twins
from knowledge.types import Language

_LANGUAGES: list[Language] = ["en", "zh"]


@given(
    st.lists(st.sampled_from(_LANGUAGES), max_size=20),
    st.integers(0, 2**32 - 1),
)
def test_twins_are_of_two_languages_and_name_each_other(
    languages: list[Language], seed: int
) -> None:
    vectors = np.abs(np.random.default_rng(seed).normal(size=(len(languages), 3)))
    twins = find_twins(languages, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    for one, other in twins.items():
        assert twins[other] == one
        assert languages[one - 1] != languages[other - 1]


def test_a_passage_whose_nearest_one_is_nearer_to_another_has_no_twin() -> None:
    angles = np.array([0.0, 0.1, 0.3])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert find_twins(["en", "zh", "en"], vectors.astype(np.float32)) == {1: 2, 2: 1}


def test_what_is_only_the_nearest_of_strangers_is_no_twin() -> None:
    assert find_twins(["en", "zh"], np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)) == {}


def test_documents_in_one_language_have_no_twins() -> None:
    assert find_twins(["en", "en"], np.eye(2, dtype=np.float32)) == {}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    home: Path = tmp_path_factory.mktemp("home")
    embedder = load_embedder("built-in")
    for language in _LANGUAGES:
        folder = home / "documents" / language
        folder.mkdir(parents=True)
        shutil.copy(DEMO_PACK / "faq" / language / "rental.md", folder)
    Ingest(home, embedder).run([home / "documents"])
    base = KnowledgeBase(home, embedder)
    yield base
    base.close()


def test_a_foreign_word_in_a_question_finds_the_passage_in_the_customers_language(
    shop: KnowledgeBase,
) -> None:
    best, *others = shop.search("What is 押金?", language="en")
    assert best.passage.heading == "How does the rental deposit work?"
    assert best.passage.language == "en"
    assert len({match.passage.id for match in [best, *others]}) == 1 + len(others)


def test_without_a_language_the_passage_with_the_words_comes_first(shop: KnowledgeBase) -> None:
    assert shop.search("What is 押金?")[0].passage.language == "zh"
