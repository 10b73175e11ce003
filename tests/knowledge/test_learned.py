"""What reviewers add: an FAQ entry whatever its texts are, taken out again without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.errors import EmbedderError, KnowledgeError
from knowledge.ingest import Ingest
from knowledge.learned import (
    FOLDER,
    LearnedEntry,
    add_entry,
    publish_entry,
    remove_entry,
    sources,
    withdraw_entry,
)
from knowledge.passages import cut
from knowledge.reading import read_document
from knowledge.search import KnowledgeBase
from knowledge.types import Reading
from tests.conftest import BagEmbedder

HOURS = LearnedEntry(1, "en", "Is the café open", "On **Sundays** only.", ("cafe hours",))
TEXTS = st.text("ab?#<>!-*`|=~:\n 中", min_size=1, max_size=60).filter(
    lambda text: any(c.isalnum() for c in text)
)


def silent(stage: str, done: int, total: int) -> None:
    pass


def test_an_entry_is_read_as_a_question_with_its_answer(tmp_path: Path) -> None:
    add_entry(tmp_path, HOURS)
    add_entry(tmp_path, LearnedEntry(2, "zh", "咖啡馆开门吗", "## 仅周日\n<!-- x -->"))
    (passage,) = cut(read_document(tmp_path / "en.md", "learned/en.md"))
    assert (passage.question, passage.text) == ("Is the café open?", "On **Sundays** only.")
    assert passage.asked == ("cafe hours",)
    (chinese,) = cut(read_document(tmp_path / "zh.md", "learned/zh.md"))
    assert chinese.question == "咖啡馆开门吗？"
    assert "仅周日" in chinese.text


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(question=TEXTS, answer=TEXTS, asked=TEXTS)
def test_whatever_an_entry_says_it_stays_one_and_leaves_no_trace(
    tmp_path: Path, question: str, answer: str, asked: str
) -> None:
    add_entry(tmp_path, HOURS)
    before = (tmp_path / "en.md").read_text(encoding="utf-8")
    add_entry(tmp_path, LearnedEntry(7, "en", question, answer, (asked,)))
    add_entry(tmp_path, LearnedEntry(7, "en", question, answer, (asked,)))
    add_entry(tmp_path, LearnedEntry(8, "en", "Is there parking", "Behind the house."))
    passages = cut(read_document(tmp_path / "en.md", "learned/en.md"))
    assert passages[0].text == HOURS.answer
    assert (passages[-1].question, passages[-1].text) == ("Is there parking?", "Behind the house.")
    assert remove_entry(tmp_path, 8, "en")
    assert remove_entry(tmp_path, 7, "en")
    assert (tmp_path / "en.md").read_text(encoding="utf-8") == before
    assert not remove_entry(tmp_path, 7, "en")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "faq.md").write_text("# FAQ\n\n## How long do refunds take?\n\nFive days.\n")
    Ingest(tmp_path / "home", BagEmbedder()).run([docs])
    return tmp_path / "home"


def test_publishing_answers_and_taking_it_back_is_as_before(home: Path) -> None:
    embedder = BagEmbedder()
    base = KnowledgeBase(home, embedder)
    report = publish_entry(home, HOURS, embedder, chroma_url="", progress=silent)
    assert base.search("café open", k=1)[0].passage.text == HOURS.answer
    assert sources(home)[-1] == (home / FOLDER).resolve()
    assert withdraw_entry(home, HOURS, report.version, embedder, chroma_url="") == "0001"
    assert base.search("café open", k=1)[0].passage.text == "Five days."
    base.close()


def test_taking_one_back_does_not_bring_another_back_that_was_taken_back(home: Path) -> None:
    embedder = BagEmbedder()
    other = LearnedEntry(2, "en", "Is there parking", "Behind the house.")
    for entry in (HOURS, other):
        report = publish_entry(home, entry, embedder, chroma_url="", progress=silent)
        assert withdraw_entry(home, entry, report.version, embedder, chroma_url="") == "0001"
    base = KnowledgeBase(home, embedder)
    assert base.search("café open", k=1)[0].passage.text == "Five days."
    base.close()


def test_an_entry_can_be_taken_back_after_others_came(home: Path) -> None:
    embedder = BagEmbedder()
    report = publish_entry(home, HOURS, embedder, chroma_url="", progress=silent)
    other = LearnedEntry(2, "en", "Is there parking", "Behind the house.")
    publish_entry(home, other, embedder, chroma_url="", progress=silent)
    version = withdraw_entry(home, HOURS, report.version, embedder, chroma_url="")
    assert version == "0004"
    assert "Sundays" not in (home / FOLDER / "en.md").read_text(encoding="utf-8")
    base = KnowledgeBase(home, embedder)
    assert base.search("parking", k=1)[0].passage.text == other.answer
    base.close()
    with pytest.raises(KnowledgeError, match="taken it out by hand"):
        withdraw_entry(home, HOURS, report.version, embedder, chroma_url="")


class BrokenEmbedder(BagEmbedder):
    def read(self, texts: Sequence[str]) -> list[Reading]:
        raise EmbedderError("The encoder is out of order.")


def test_a_publication_that_fails_leaves_the_document_as_it_was(home: Path) -> None:
    with pytest.raises(EmbedderError):
        publish_entry(home, HOURS, BrokenEmbedder(), chroma_url="", progress=silent)
    assert not (home / FOLDER / "en.md").exists()
