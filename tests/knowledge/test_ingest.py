"""Bringing the knowledge up to date: incremental, atomic, and honest about broken files."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeBusy, KnowledgeError, KnowledgeMissing
from knowledge.ingest import Ingest
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.status import read_documents, read_status
from knowledge.versions import VERSIONS_KEPT, Versions
from tests.conftest import BagEmbedder

REFUNDS = "# Returns\n\n## How long do refunds take?\n\nFive working days.\n"
SHIPPING = "# Shipping\n\n## What does shipping cost?\n\nIt costs 4.90 euros.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "returns.md").write_text(REFUNDS, encoding="utf-8")
    (folder / "shipping.md").write_text(SHIPPING, encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def found(home: Path, question: str) -> str:
    base = KnowledgeBase(home, BagEmbedder())
    try:
        return base.search(question)[0].passage.text
    finally:
        base.close()


def test_what_was_ingested_is_found_with_its_document_and_heading(docs: Path, home: Path) -> None:
    report = Ingest(home, BagEmbedder()).run([docs])
    assert (report.documents, report.passages, report.broken) == (2, 2, [])
    base = KnowledgeBase(home, BagEmbedder())
    passage = base.search("how long do refunds take")[0].passage
    assert passage.id == "docs/returns.md#how-long-do-refunds-take"
    assert passage.title == "Returns"


def test_words_that_were_looked_up_in_the_version_before_are_looked_up_again(
    docs: Path, home: Path
) -> None:
    embedder = BagEmbedder()
    Ingest(home, embedder).run([docs])
    base = KnowledgeBase(home, embedder)
    looked_up = base.look_up("warranty on tents")
    # The passages get other numbers.
    (docs / "a-warranty.md").write_text(
        "# Warranty\n\n## How long is the warranty on tents?\n\nTen years.\n", encoding="utf-8"
    )
    Ingest(home, embedder).run([docs])
    best = base.search("warranty on tents", looked_up=looked_up)[0]
    assert (best.passage.text, best.lexical > 0) == ("Ten years.", True)
    base.close()


def test_a_second_run_on_unchanged_documents_embeds_nothing_and_makes_no_version(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    again = BagEmbedder()
    report = Ingest(home, again).run([docs])
    assert (again.embedded, report.published, report.version) == ([], False, "0001")


def test_only_a_changed_document_is_embedded_again(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    (docs / "shipping.md").write_text(SHIPPING.replace("4.90", "5.90"), encoding="utf-8")
    again = BagEmbedder()
    report = Ingest(home, again).run([docs])
    assert report.changed == ["docs/shipping.md"]
    assert again.embedded == ["What does shipping cost?\nIt costs 5.90 euros."]
    assert "5.90" in found(home, "what does shipping cost")


def test_a_removed_document_goes(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    (docs / "shipping.md").unlink()
    report = Ingest(home, BagEmbedder()).run([])
    assert report.removed == ["docs/shipping.md"]
    assert [row["id"] for row in read_documents(home)] == ["docs/returns.md"]


def test_another_encoder_embeds_everything_again(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    other = BagEmbedder("another")
    Ingest(home, other).run([docs])
    assert len(other.embedded) == 4
    with pytest.raises(KnowledgeError, match=r"another.* bag-of-words.*Run: frontdesk ingest"):
        KnowledgeBase(home, BagEmbedder()).search("refunds")


def test_knowledge_in_an_older_form_is_refused_until_it_is_made_anew(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    with sqlite3.connect(home / "knowledge" / "0001" / "passages.db") as passages:
        passages.execute("update facts set value = '1' where name = 'layout'")
    with pytest.raises(KnowledgeError, match=r"another version.*Run: frontdesk ingest"):
        KnowledgeBase(home, BagEmbedder()).search("refunds")
    again = BagEmbedder()
    assert Ingest(home, again).run([]).published
    assert again.embedded == []
    assert found(home, "refunds") == "Five working days."


def test_a_broken_file_is_named_and_skipped_and_the_rest_goes_on(docs: Path, home: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 nonsense")
    report = Ingest(home, BagEmbedder()).run([docs])
    assert report.documents == 2
    assert len(report.broken) == 1
    assert "broken.pdf" in report.broken[0]
    again = Ingest(home, BagEmbedder()).run([docs])
    assert (again.published, again.broken) == (False, report.broken)


def test_a_file_that_becomes_broken_goes_on_answering_as_it_was(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    (docs / "shipping.md").write_bytes(bytes(range(256)) * 40)
    report = Ingest(home, BagEmbedder()).run([docs])
    assert len(report.broken) == 1
    assert "4.90" in found(home, "what does shipping cost")


@pytest.mark.usefixtures("permissions_hold")
def test_a_file_that_cannot_be_opened_is_named_and_goes_on_answering_as_it_was(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    (docs / "new.md").write_text("# New\n\nText.\n", encoding="utf-8")
    for name in ("shipping.md", "new.md"):
        (docs / name).chmod(0)
    report = Ingest(home, BagEmbedder()).run([docs])
    assert report.broken == [
        f"{docs / name} cannot be opened: Permission denied." for name in ("new.md", "shipping.md")
    ]
    assert "4.90" in found(home, "what does shipping cost")
    again = Ingest(home, BagEmbedder()).run([])
    assert (again.published, again.broken) == (False, report.broken)


@pytest.mark.usefixtures("permissions_hold")
@pytest.mark.parametrize("mode", [0, 0o600], ids=["closed", "not to be entered"])
@pytest.mark.parametrize("place", ["docs/policies", "docs"])
def test_the_documents_of_a_folder_that_cannot_be_looked_into_are_kept(
    docs: Path, home: Path, place: str, mode: int
) -> None:
    (docs / "policies").mkdir()
    (docs / "shipping.md").rename(docs / "policies" / "shipping.md")
    (docs / "pack.toml").write_text("name = {en = 'Shop'}", encoding="utf-8")
    Ingest(home, BagEmbedder()).run([docs])
    folder = docs.parent / place
    folder.chmod(mode)
    (docs.parent / "hours.md").write_text("# Hours\n\nWe open at nine.\n", encoding="utf-8")
    report = Ingest(home, BagEmbedder()).run([docs.parent / "hours.md"])
    again = Ingest(home, BagEmbedder()).run([])
    folder.chmod(0o700)
    assert report.broken == [
        f"{folder} cannot be opened: Permission denied. What was read there before is kept."
    ]
    assert (report.added, report.removed, report.documents) == (["hours.md"], [], 3)
    assert "4.90" in found(home, "what does shipping cost")
    assert (again.published, again.broken) == (False, report.broken)
    base = KnowledgeBase(home, BagEmbedder())
    assert base.pack.name == {"en": "Shop"}
    base.close()
    assert Ingest(home, BagEmbedder()).run([]).broken == []


def test_names_that_are_no_utf_8_are_read_and_told(home: Path, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/" + "帮助".encode("gbk")
    os.mkdir(folder)
    for name, text in (("退货政策.md", "七天内可以退货。"), ("空.md", "")):
        with open(folder + b"/" + name.encode("gbk"), "w", encoding="utf-8") as file:
            file.write(text)
    report = Ingest(home, BagEmbedder()).run([Path(os.fsdecode(folder))])
    assert report.broken == [f"{tmp_path}/帮助/空.md holds no text. Write some, or take it away."]
    (document,) = read_documents(home)
    assert (document["id"], document["title"]) == ("帮助/退货政策.md", "退货政策")
    assert read_status(home)["sources"] == [f"{tmp_path}/帮助"]
    assert not Ingest(home, BagEmbedder()).run([]).published


def test_rows_without_an_answer_are_named_until_they_are_filled_in(docs: Path, home: Path) -> None:
    rows = "question,answer\nHow long?,5 days\nWhen?,\n" + "".join(f"q{n}?,\n" for n in range(6))
    (docs / "faq.csv").write_text(rows)
    report = Ingest(home, BagEmbedder()).run([docs])
    told = "docs/faq.csv has rows without an answer (7): “When?”, “q0?”, “q1?”, “q2?”, “q3?”"
    assert report.skipped == [f"{told} and 2 more. Fill them in."]
    assert report.broken == []
    assert Ingest(home, BagEmbedder()).run([]).skipped == report.skipped
    (docs / "more.md").write_text("# More\n\nText.\n")
    assert Ingest(home, BagEmbedder()).run([]).skipped == report.skipped
    (docs / "faq.csv").write_text("question,answer\nHow long?,5 days\nWhen?,Now.\n")
    assert Ingest(home, BagEmbedder()).run([]).skipped == []


def test_text_of_kinds_that_cannot_be_read_is_named_and_no_error(docs: Path, home: Path) -> None:
    for name in ("terms.doc", "old.RTF", "prices.xls", "warranty", "LICENSE", "logo.png"):
        (docs / name).touch()
    for number in range(7):
        (docs / f"slides-{number}.pptx").touch()
    report = Ingest(home, BagEmbedder()).run([docs])
    shown = ", ".join(f"docs/slides-{number}.pptx" for number in range(5))
    assert report.skipped == [
        "docs/old.RTF, docs/terms.doc cannot be read. Save as .docx.",
        "docs/prices.xls cannot be read. Save as .xlsx.",
        f"{shown} and 2 more cannot be read. Save as .pdf.",
        "docs/warranty cannot be read. Save as .md.",
    ]
    assert (report.documents, report.broken) == (2, [])
    assert Ingest(home, BagEmbedder()).run([]).skipped == report.skipped


def test_a_folder_without_a_readable_file_is_refused_with_what_to_do(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "terms.doc").touch()
    with pytest.raises(KnowledgeError, match=r"No text .* old/terms\.doc cannot be read\. Save as"):
        Ingest(home, BagEmbedder()).run([tmp_path / "old"])


def test_a_killed_run_leaves_the_old_version_and_the_next_one_cleans_up(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])

    class Killed(BagEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            raise KeyboardInterrupt

    (docs / "shipping.md").write_text(SHIPPING.replace("4.90", "5.90"), encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        Ingest(home, Killed()).run([docs])
    assert "4.90" in found(home, "what does shipping cost")
    Ingest(home, BagEmbedder()).run([docs])
    assert "5.90" in found(home, "what does shipping cost")
    assert not Versions(home).building.exists()


def test_a_second_writer_is_refused_with_a_sentence(docs: Path, home: Path) -> None:
    with Versions(home).writing(), ThreadPoolExecutor(1) as other:
        run = other.submit(Ingest(home, BagEmbedder()).run, [docs])
        with pytest.raises(KnowledgeBusy, match="Wait until it is done"):
            run.result()
        assert Ingest(home, BagEmbedder()).run([docs]).published, "the first one goes on"


def test_rollback_returns_to_the_version_before_and_a_running_search_follows(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    base = KnowledgeBase(home, BagEmbedder())
    assert "4.90" in base.search("what does shipping cost")[0].passage.text
    (docs / "shipping.md").write_text(SHIPPING.replace("4.90", "5.90"), encoding="utf-8")
    Ingest(home, BagEmbedder()).run([docs])
    assert "5.90" in base.search("what does shipping cost")[0].passage.text
    assert Versions(home).rollback() == "0001"
    assert "4.90" in base.search("what does shipping cost")[0].passage.text
    with pytest.raises(KnowledgeError, match="no version before"):
        Versions(home).rollback()


def test_what_was_taken_back_is_not_returned_to_and_gives_its_number_to_nobody(
    docs: Path, home: Path
) -> None:
    versions = Versions(home)

    def ingest(price: str) -> str:
        text = SHIPPING.replace("4.90", price)
        (docs / "shipping.md").write_text(text, encoding="utf-8")
        return Ingest(home, BagEmbedder()).run([docs]).version

    assert ingest("4.90") == "0001"
    for number in range(2, VERSIONS_KEPT + 4):
        assert ingest(f"{number}0.00") == f"{number:04}"
        assert versions.rollback() == "0001"
        assert "4.90" in found(home, "what does shipping cost")
    assert versions.names()[0] == "0001", "a rollback needs it"
    assert len(versions.names()) <= VERSIONS_KEPT + 1


def test_a_version_that_does_not_say_what_it_replaced_returns_to_the_number_before(
    docs: Path, home: Path
) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    (docs / "shipping.md").write_text(SHIPPING.replace("4.90", "5.90"), encoding="utf-8")
    Ingest(home, BagEmbedder()).run([docs])
    for name in Versions(home).names():
        with closing(sqlite3.connect(Versions(home).path(name) / "passages.db")) as store, store:
            store.execute("delete from facts where name = 'replaced'")
    assert Versions(home).rollback() == "0001"
    with pytest.raises(KnowledgeError, match="no version before"):
        Versions(home).rollback()


def test_old_versions_are_removed(docs: Path, home: Path) -> None:
    for price in range(VERSIONS_KEPT + 3):
        (docs / "shipping.md").write_text(SHIPPING.replace("4.90", f"{price}.00"), encoding="utf-8")
        Ingest(home, BagEmbedder()).run([docs])
    names = Versions(home).names()
    assert len(names) <= VERSIONS_KEPT + 1
    assert names[-1] == Versions(home).current()


def test_folders_of_earlier_runs_stay_and_one_can_be_removed(
    docs: Path, home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "hours.md").write_text("# Hours\n\nWe open at nine.\n", encoding="utf-8")
    Ingest(home, BagEmbedder()).run([docs])
    assert Ingest(home, BagEmbedder()).run([other]).documents == 3
    assert Ingest(home, BagEmbedder()).remove(docs).documents == 1
    with pytest.raises(KnowledgeError, match="is not a source"):
        Ingest(home, BagEmbedder()).remove(docs)


def test_the_demo_shop_makes_way_for_ones_own_documents(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([DEMO_PACK])
    report = Ingest(home, BagEmbedder()).run([docs])
    assert report.documents == 2


def test_sources_that_vanished_are_named_and_kept_until_they_are_removed(
    docs: Path, home: Path, tmp_path: Path
) -> None:
    for name in ("hours.md", "a b.md"):
        (tmp_path / name).write_text(f"# {name}\n\nWe open at nine.\n", encoding="utf-8")
    (docs / "pack.toml").write_text("name = {en = 'Shop'}", encoding="utf-8")
    Ingest(home, BagEmbedder()).run([docs, tmp_path / "hours.md", tmp_path / "a b.md"])
    docs.rename(docs.with_name("moved"))
    (tmp_path / "a b.md").unlink()
    report = Ingest(home, BagEmbedder("another")).run([])
    assert report.broken == [
        f"No longer there: {docs}, {tmp_path}/a b.md. What was read there before is kept. "
        f"Bring it back, or run: frontdesk knowledge remove {docs} '{tmp_path}/a b.md'"
    ]
    assert (report.removed, report.documents) == ([], 4)
    report = Ingest(home, BagEmbedder()).remove(tmp_path / "a b.md")
    assert (report.removed, report.documents, len(report.broken)) == (["a b.md"], 3, 1)
    assert "4.90" in found(home, "what does shipping cost")
    base = KnowledgeBase(home, BagEmbedder())
    assert base.pack.name == {"en": "Shop"}
    base.close()
    report = Ingest(home, BagEmbedder()).remove(docs)
    assert (report.documents, report.broken) == (1, [])


def test_the_last_source_stays_and_the_error_says_what_to_do(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    with pytest.raises(KnowledgeError, match=r"all that the knowledge is made of.*ingest PATH"):
        Ingest(home, BagEmbedder()).remove(docs)
    assert "4.90" in found(home, "what does shipping cost")


def test_two_folders_of_one_name_are_refused(docs: Path, home: Path, tmp_path: Path) -> None:
    twin = tmp_path / "elsewhere" / "docs"
    twin.mkdir(parents=True)
    (twin / "returns.md").write_text(REFUNDS, encoding="utf-8")
    with pytest.raises(KnowledgeError, match="Rename one of the files or folders"):
        Ingest(home, BagEmbedder()).run([docs, twin])


def test_without_knowledge_the_error_names_the_next_command(home: Path) -> None:
    with pytest.raises(KnowledgeMissing, match="Run: frontdesk ingest"):
        KnowledgeBase(home, BagEmbedder()).search("refunds")
    with pytest.raises(KnowledgeMissing):
        read_status(home)


def test_status_tells_what_the_version_holds(docs: Path, home: Path) -> None:
    Ingest(home, BagEmbedder()).run([docs])
    status = read_status(home)
    assert (status["documents"], status["passages"], status["questions"]) == (2, 2, 2)
    assert status["languages"] == ["en 2"]
