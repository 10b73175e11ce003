"""Drafts: what was said about a text holds for that text alone, and whose words it has is known."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.database import ConversationDatabase
from bot.drafts import Drafts, DraftState, Proposal
from bot.migrations import migrations

WRITTEN = Proposal("en", "Do you ship to Mars?", "No.", ("mars",))


@pytest.fixture
def drafts() -> Drafts:
    return Drafts(ConversationDatabase())


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Do you ship to Venus?"},
        {"answer": "Yes, free of charge."},
        {"asked": ()},
        {"language": "zh"},
    ],
)
def test_a_check_of_a_text_that_was_changed_meanwhile_is_dropped(
    drafts: Drafts, change: dict[str, Any]
) -> None:
    checked = drafts.get(drafts.add(WRITTEN, "mei"))
    drafts.change(checked.id, replace(WRITTEN, **change), "bob")
    drafts.keep_check(checked, "{}")
    assert drafts.get(checked.id).checked == ""


def test_a_check_of_what_was_decided_meanwhile_is_dropped(drafts: Drafts) -> None:
    checked = drafts.get(drafts.add(WRITTEN, "mei"))
    drafts.decide(checked.id, DraftState.REJECTED, "ann")
    drafts.keep_check(checked, "{}")
    assert drafts.get(checked.id).checked == ""


def test_who_saves_it_as_it_was_did_not_write_it(drafts: Drafts) -> None:
    written = drafts.get(drafts.add(WRITTEN, "mei"))
    drafts.keep_check(written, "{}")
    drafts.change(written.id, WRITTEN, "bob")
    assert drafts.get(written.id) == replace(written, checked="{}")
    drafts.change(written.id, replace(WRITTEN, answer="Yes."), "bob")
    changed = drafts.get(written.id)
    assert (changed.created_by, changed.changed_by, changed.checked) == ("mei", ("bob",), "")


def test_everybody_who_wrote_a_part_is_kept_the_last_one_last(drafts: Drafts) -> None:
    number = drafts.add(WRITTEN, "mei")
    for answer, by in (("One.", "bob"), ("Two.", "ann"), ("Three.", "bob")):
        drafts.change(number, replace(WRITTEN, answer=answer), by)
    assert drafts.get(number).changed_by == ("ann", "bob")


def old_database(path: Path, step: str, **values: str) -> None:
    """As it was before `step`, with a draft."""
    connection = sqlite3.connect(path)
    connection.create_function("search_terms", 1, str, deterministic=True)  # its index needs one
    old = Database(connection)
    migrations.apply(old, stop_before=step)
    row: dict[str, object] = {
        "id": 1,
        "created_at": "2026",
        "created_by": "mei",
        "language": "en",
        "question": "Q?",
    }
    row |= {"asked": "[]", "answer": "A.", "state": "proposed"} | values
    old.table("drafts").insert(row)
    old.close()


def test_who_changed_a_draft_of_a_database_of_before_is_kept(tmp_path: Path) -> None:
    old_database(tmp_path / "old.db", "063_all_who_changed_a_draft", changed_by="bob")
    database = ConversationDatabase(tmp_path / "old.db")
    drafts = Drafts(database)
    drafts.change(1, WRITTEN, "ann")
    assert drafts.get(1).changed_by == ("bob", "ann")
    database.close()


def test_a_draft_of_a_database_of_before_is_read(tmp_path: Path) -> None:
    old_database(tmp_path / "old.db", "062_who_changed_a_draft")
    database = ConversationDatabase(tmp_path / "old.db")
    drafts = Drafts(database)
    assert drafts.get(1).changed_by == ()
    drafts.change(1, WRITTEN, "bob")
    assert drafts.get(1).changed_by == ("bob",)
    database.close()
