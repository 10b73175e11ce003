"""Drafts and the documents change together: whoever is cut short leaves no answer behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.audit import audit_entries
from bot.config import Config
from bot.database import ConversationDatabase
from bot.drafts import Draft, Drafts, DraftState, Proposal
from bot.errors import DraftError
from bot.publication import Publication, entry_of
from knowledge.errors import KnowledgeBusy, KnowledgeError, PackError
from knowledge.ingest import Ingest
from knowledge.learned import FOLDER, add_entry, has_entry, publish_entry, remove_entry
from knowledge.search import KnowledgeBase
from knowledge.versions import Versions
from tests.conftest import BagEmbedder

MARS = Proposal("en", "Do you ship to Mars?", "Yes, for free.")
SHOP = Proposal("en", "Do you have a shop?", "In Bern.")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "faq.md").write_text("# FAQ\n\n## How long do refunds take?\n\nFive days.\n")
    Ingest(tmp_path / "home", BagEmbedder()).run([docs])
    return tmp_path / "home"


@pytest.fixture
def drafts() -> Drafts:
    return Drafts(ConversationDatabase())


@pytest.fixture
def publication(drafts: Drafts, home: Path) -> Publication:
    return Publication(drafts, Config(home=home), BagEmbedder)


def propose(drafts: Drafts, proposal: Proposal) -> Draft:
    return drafts.get(drafts.add(proposal, "mei"))


def told(home: Path) -> str:
    base = KnowledgeBase(home, BagEmbedder())
    try:
        return base.search("ship to Mars", k=1)[0].passage.text
    finally:
        base.close()


def silent(stage: str, done: int, total: int) -> None:
    pass


def test_what_is_being_published_is_neither_changed_nor_rejected(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    refused: list[str] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if refused:
            return
        with pytest.raises(DraftError) as error:
            drafts.change(draft.id, SHOP, "bob")
        refused.append(error.value.reason)
        with ThreadPoolExecutor(1) as other, pytest.raises(KnowledgeBusy):
            other.submit(publication.reject, draft.id, "bob").result()

    publication.publish(draft, "ann", meanwhile)
    assert refused == ["publishing"]
    published = drafts.get(draft.id)
    assert (published.state, published.decided_by) == (DraftState.PUBLISHED, "ann")
    assert published.knowledge_version == Versions(home).current()
    assert told(home) == MARS.answer
    with pytest.raises(DraftError, match="is published"):
        publication.reject(draft.id, "bob")
    assert told(home) == MARS.answer
    publication.undo(draft.id, "bob")
    assert drafts.get(draft.id).state is DraftState.UNDONE
    assert told(home) != MARS.answer


def test_what_changed_since_it_was_looked_at_is_not_published(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    drafts.change(draft.id, SHOP, "bob")
    with pytest.raises(DraftError) as error:
        publication.publish(draft, "ann", silent)
    assert error.value.reason == "changed"
    assert Versions(home).current() == "0001"
    assert not has_entry(home, entry_of(draft))


def test_a_publication_that_fails_leaves_the_draft_waiting(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    with Versions(home).writing(), ThreadPoolExecutor(1) as other, pytest.raises(KnowledgeBusy):
        other.submit(publication.publish, draft, "ann", silent).result()
    (home.parent / "docs" / "pack.toml").write_text("name = [", encoding="utf-8")
    with pytest.raises(PackError):
        publication.publish(draft, "ann", silent)
    assert drafts.get(draft.id) == draft
    assert not has_entry(home, entry_of(draft))


def test_what_a_killed_server_was_publishing_reaches_nobody_once_it_is_rejected(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    drafts.claim(draft, DraftState.PUBLISHING, "ann")
    add_entry(home / FOLDER, entry_of(draft))
    publication.reject(draft.id, "bob")
    assert drafts.get(draft.id).state is DraftState.REJECTED
    publication.publish(propose(drafts, SHOP), "ann", silent)
    assert told(home) != MARS.answer


def test_what_a_killed_server_was_publishing_is_taken_out_by_the_next_publication(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    drafts.claim(draft, DraftState.PUBLISHING, "ann")
    add_entry(home / FOLDER, entry_of(draft))
    publication.publish(propose(drafts, SHOP), "ann", silent)
    assert told(home) != MARS.answer
    assert drafts.get(draft.id) == draft


def test_what_was_built_before_the_server_was_killed_waits_again(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    drafts.claim(draft, DraftState.PUBLISHING, "ann")
    publish_entry(home, entry_of(draft), BagEmbedder(), chroma_url="", progress=silent)
    assert told(home) == MARS.answer
    publication.settle()
    assert told(home) != MARS.answer
    assert drafts.get(draft.id) == draft


class Killed(BaseException):
    """What a server does not survive."""


class KilledDrafts(Drafts):
    """The server is killed before what was decided is written down."""

    def decide(self, number: int, state: DraftState, by: str, *, version: str = "") -> None:
        raise Killed

    def release(self, before: Draft) -> None:
        raise Killed


@pytest.mark.parametrize("others", [(), (SHOP,)])
def test_what_a_killed_server_was_taking_back_is_taken_back_by_the_next(
    publication: Publication, drafts: Drafts, home: Path, others: tuple[Proposal, ...]
) -> None:
    draft = propose(drafts, MARS)
    publication.publish(draft, "ann", silent)
    for other in others:
        publication.publish(propose(drafts, other), "ann", silent)
    killed = Publication(KilledDrafts(drafts.database), Config(home=home), BagEmbedder)
    with pytest.raises(Killed):
        killed.undo(draft.id, "bob")
    assert drafts.get(draft.id).state is DraftState.UNDOING
    with pytest.raises(DraftError, match="is undoing"):
        publication.reject(draft.id, "eve")
    publication.settle()
    undone = drafts.get(draft.id)
    assert (undone.state, undone.decided_by) == (DraftState.UNDONE, "bob")
    publication.settle()
    (line,) = audit_entries(drafts.database)
    assert (line.agent, line.action, line.detail) == ("bob", "undone", f"draft {draft.id}")
    assert told(home) != MARS.answer
    assert not has_entry(home, entry_of(draft))


def test_what_was_being_taken_back_when_the_server_was_killed_answers_no_more(
    publication: Publication, drafts: Drafts, home: Path
) -> None:
    publication.publish(propose(drafts, MARS), "ann", silent)
    draft = drafts.get(1)
    drafts.claim(draft, DraftState.UNDOING, "bob")
    remove_entry(home / FOLDER, draft.id, draft.language)
    publication.publish(propose(drafts, SHOP), "ann", silent)
    assert drafts.get(draft.id).state is DraftState.UNDONE
    assert told(home) != MARS.answer


def test_what_cannot_be_taken_back_is_published_as_before(
    publication: Publication, drafts: Drafts, home: Path
) -> None:
    publication.publish(propose(drafts, MARS), "ann", silent)
    publication.publish(propose(drafts, SHOP), "ann", silent)
    published = drafts.get(1)
    remove_entry(home / FOLDER, published.id, published.language)
    with pytest.raises(KnowledgeError, match="taken it out by hand"):
        publication.undo(published.id, "bob")
    assert drafts.get(published.id) == published


def test_what_is_rejected_is_taken_out_of_the_documents(
    drafts: Drafts, publication: Publication, home: Path
) -> None:
    draft = propose(drafts, MARS)
    add_entry(home / FOLDER, entry_of(draft))
    publication.reject(draft.id, "bob")
    assert not (home / FOLDER / "en.md").exists()
    assert drafts.get(draft.id).state is DraftState.REJECTED
