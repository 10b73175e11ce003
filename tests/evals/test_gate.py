"""What a new entry would change is found without changing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from bot.log import ConversationLog
from evals.desk import silent
from evals.gate import check_entry
from evals.logged import add_case
from knowledge.ingest import Ingest
from knowledge.learned import FOLDER, LearnedEntry, publish_entry, sources
from knowledge.types import Embedder
from knowledge.versions import Versions
from tests.evals.test_logged import answered

DOCS = """# FAQ

## How long do refunds take?

Five working days after your return has arrived.

## Can I cancel my order?

Yes, within 60 minutes of ordering.
"""
PARKING = LearnedEntry(
    3, "en", "Is there parking at the store", "Yes, behind the house.", ("where to park my car",)
)


@pytest.fixture
def home(tmp_path: Path, built_in_embedder: Embedder) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "faq.md").write_text(DOCS)
    Ingest(tmp_path / "home", built_in_embedder).run([docs])
    return tmp_path / "home"


def test_the_report_tells_what_was_said_before_and_after(
    home: Path, built_in_embedder: Embedder
) -> None:
    log = ConversationLog(home / "conversations.db")
    conversation = log.start("en").id
    turn = answered(log, conversation, "How long do refunds take?", "Five days.")
    answered(log, conversation, "Where can I park near the store?", "No idea.")
    log.close()
    config = Config(home=home)
    add_case(config, turn.id, expect=["route=answer"])
    stages: set[str] = set()
    report = check_entry(
        config, PARKING, built_in_embedder, progress=lambda stage, *_: stages.add(stage)
    )
    # "Yes" answers the entry's own question, and not "where to park".
    assert [asked.after.text for asked in report.own] == [PARKING.answer, "Behind the house."]
    assert all(asked.before.text != PARKING.answer for asked in report.own)
    assert (report.logged, [asked.question for asked in report.changed]) == (
        2,
        ["Where can I park near the store?"],
    )
    (own,) = report.sets
    assert (own.title, own.rows, own.broken) == ("dialogues", 1, ())
    assert {"embed", "ask"} <= stages
    # Nothing was published, and the log is as it was.
    assert Versions(home).current() == "0001"
    assert not (home / FOLDER).exists()


def test_an_entry_is_tried_out_while_a_source_is_missing(
    home: Path, tmp_path: Path, built_in_embedder: Embedder
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    (gone / "faq.md").write_text("# More\n\n## Do you sell gift cards?\n\nYes, from 10 euros.\n")
    Ingest(home, built_in_embedder).run([gone])
    cards = LearnedEntry(2, "en", "Do you have a toilet", "Yes, upstairs.")
    publish_entry(home, cards, built_in_embedder, chroma_url="", progress=silent)
    (gone / "faq.md").unlink()
    gone.rmdir()
    log = ConversationLog(home / "conversations.db")
    answered(log, log.start("en").id, "Do you sell gift cards?", "Yes, from 10 euros.")
    log.close()
    before = sources(home)
    report = check_entry(Config(home=home), PARKING, built_in_embedder)
    assert report.missing == (str(gone),)
    assert report.own[0].after.text == PARKING.answer
    assert (report.logged, report.changed) == (1, ()), "what was read there before still answers"
    assert (sources(home), Versions(home).current()) == (before, "0003")
