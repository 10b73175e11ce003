"""The matrix that leads from customers' own words to what an entry says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.embedder import BuiltInEmbedder
from knowledge.ingest import Ingest
from knowledge.own_words import OwnWords
from knowledge.passage_vectors import vector_texts
from knowledge.search import KnowledgeBase
from tests.conftest import BagEmbedder

FAQ = """# Marina

## When do I get the deposit back?

You get it back within five days after the berth is free.

## Berths for catamarans

They are at pier C and cost a half more.
"""


def test_it_is_for_the_built_in_encoder_whatever_tower_it_has_and_for_no_other() -> None:
    vector = np.ones(384, dtype=np.float32)
    assert OwnWords.of_encoder(BuiltInEmbedder().name).led(vector).any()
    assert OwnWords.of_encoder("all-MiniLM-L6-v2 + zh-00000000").led(vector).any()
    assert not OwnWords.of_encoder("all-MiniLM-L6-v2").led(vector).any()


def test_search_adds_what_it_says_of_text_and_question(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(FAQ, encoding="utf-8")
    embedder = BuiltInEmbedder()
    Ingest(tmp_path / "home", embedder).run([tmp_path / "faq.md"])
    base = KnowledgeBase(tmp_path / "home", embedder)
    text = "sold the boat last week, when do I see my money"
    (reading,) = embedder.read([text])
    passages, evidence = base.evidence(text, reading)
    led = OwnWords.of_encoder(embedder.name).led(reading.vector)
    for passage, found in zip(passages, evidence.own_words, strict=True):
        # The second is no question and has one vector, which counts for both.
        products = embedder.embed(vector_texts([passage])[1]) @ led
        assert len(products) == (2 if passage.question else 1)
        assert found == pytest.approx(float(products[0] + products[-1]), abs=1e-3)
    assert [bool(passage.question) for passage in passages] == [True, False]
    base.close()


def test_an_encoder_that_nothing_was_learned_of_searches_without(tmp_path: Path) -> None:
    (tmp_path / "faq.md").write_text(FAQ, encoding="utf-8")
    Ingest(tmp_path / "home", BagEmbedder()).run([tmp_path / "faq.md"])
    base = KnowledgeBase(tmp_path / "home", BagEmbedder())
    (reading,) = BagEmbedder().read(["my deposit"])
    assert not base.evidence("my deposit", reading)[1].own_words.any()
    base.close()
