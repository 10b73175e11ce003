"""Wordings that were taught: over which passages they lie, for how long, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.ingest import Ingest
from knowledge.search import KnowledgeBase
from knowledge.taught import FILE, Taught, read_taught, write_taught
from knowledge.teach import teach
from knowledge.types import Passage
from tests.conftest import BagEmbedder

ENTRY = "docs/faq.md#how-long-do-refunds-take"
OWN = "My money is still not back"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "faq.md").write_text(
        "# FAQ\n\n## How long do refunds take?\n\n<!-- asked\nrefund days\n-->\nFive days.\n\n"
        "## Do you have a shop?\n\nIn Bern.\n"
    )
    (docs / "more.md").write_text("# More\n\n## Is there parking?\n\nBehind the house.\n")
    Ingest(tmp_path / "home", BagEmbedder()).run([docs])
    return tmp_path / "home"


def asked_as(*wordings: str) -> Callable[[Taught], Taught]:
    return lambda taught: taught.changed(ENTRY, wordings)


def asked(home: Path) -> dict[str, tuple[str, ...]]:
    base = KnowledgeBase(home, BagEmbedder())
    try:
        found = [match.passage for match in base.search("refunds shop parking", k=9)]
        return {passage.id: passage.asked for passage in found if passage.asked}
    finally:
        base.close()


def test_an_entry_is_asked_in_the_taught_ways_beside_its_own(home: Path) -> None:
    report = teach(home, asked_as(f" {OWN}\n", OWN, "refund days", ""), BagEmbedder())
    assert report.changed == ["docs/faq.md"]
    assert asked(home) == {ENTRY: ("refund days", OWN)}


def test_they_outlive_a_change_of_the_document_and_can_be_taken_back(
    home: Path, tmp_path: Path
) -> None:
    teach(home, asked_as(OWN), BagEmbedder())
    file = tmp_path / "docs" / "faq.md"
    file.write_text(file.read_text().replace("Five", "Six").replace("refund days", "refund time"))
    Ingest(home, BagEmbedder()).run([])
    assert asked(home) == {ENTRY: ("refund time", OWN)}
    assert Ingest(home, BagEmbedder()).run([]).published is False
    teach(home, asked_as(), BagEmbedder())
    assert asked(home) == {ENTRY: ("refund time",)}
    assert read_taught(home) == Taught()


def test_those_of_an_entry_that_has_gone_wait_for_it(home: Path, tmp_path: Path) -> None:
    teach(home, asked_as(OWN), BagEmbedder())
    file = tmp_path / "docs" / "faq.md"
    before = file.read_text()
    file.write_text("# FAQ\n\n## Do you have a shop?\n\nIn Bern.\n")
    Ingest(home, BagEmbedder()).run([])
    assert asked(home) == {}
    file.write_text(before)
    Ingest(home, BagEmbedder()).run([])
    assert OWN in asked(home)[ENTRY]


def test_where_the_knowledge_cannot_be_built_nothing_is_taught(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Ingest, paths: object) -> None:
        raise KnowledgeError("The disk is full.")

    monkeypatch.setattr(Ingest, "run", fail)
    with pytest.raises(KnowledgeError, match="disk is full"):
        teach(home, asked_as(OWN), BagEmbedder())
    assert read_taught(home) == Taught()


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "b"}', "\ufeff\x00"])
def test_a_broken_file_is_named(home: Path, content: str) -> None:
    (home / FILE).write_text(content)
    with pytest.raises(KnowledgeError, match=r"taught\.json cannot be read"):
        read_taught(home)


def test_all_passages_of_a_long_answer_are_asked_like_it() -> None:
    first = Passage("d.md#a", "d.md", "D", (), "A?", "x", "en")
    second = Passage("d.md#a/2", "d.md", "D", (), "A?", "y", "en")
    other = Passage("d.md#b", "d.md", "D", (), "B?", "z", "en")
    taught = Taught().changed("d.md#a", ["why a"])
    assert [each.asked for each in taught.laid_over([first, second, other])] == [
        ("why a",),
        ("why a",),
        (),
    ]


def test_only_documents_with_taught_entries_are_read_again() -> None:
    taught = Taught().changed("d.md#a", ["why a"])
    assert taught.mark("e.md", "hash") == "hash"
    assert taught.mark("d.md", "hash") != "hash"
    assert taught.mark("d.md", "") == ""


def test_the_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    write_taught(tmp_path, Taught({"d.md#a": ("钱还没到账",)}))
    assert "钱还没到账" in (tmp_path / FILE).read_text(encoding="utf-8")
    assert read_taught(tmp_path).of("d.md#a") == ("钱还没到账",)
