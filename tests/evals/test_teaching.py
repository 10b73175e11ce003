"""What teaching is measured by: the words of customers who were offered the right entry."""

from __future__ import annotations

from pathlib import Path

from bot.types import Route
from evals.companies import COMPANIES, questions_of
from evals.teaching import _bare, _compared, _taught
from knowledge.types import Embedder

FOLDER = COMPANIES / "dev" / "en_transit"


def test_what_is_taught_is_answered(built_in_embedder: Embedder, tmp_path: Path) -> None:
    compared = list(_compared(FOLDER, built_in_embedder, tmp_path))
    taught = [(before, after) for kind, before, after in compared if kind == "taught"]
    assert len(taught) >= 5
    assert all(before.right_option for before, _ in taught)
    assert all(after.route is Route.ANSWER and after.place == 0 for _, after in taught)


def test_words_are_taught_to_the_entry_that_they_are_about() -> None:
    rows = [row for row in questions_of(FOLDER) if row["kind"] == "own_words"][:2]
    taught = _taught(FOLDER, rows)
    assert [each for words in taught.entries.values() for each in words] == [
        row["query"] for row in rows
    ]
    assert all(entry.startswith("faq.md#") for entry in taught.entries)


def test_bare_words_have_no_capitals_and_no_marks() -> None:
    assert _bare("All I have -- is a Twenty!") == "all i have is a twenty"
    assert _bare("能退吗？") == "能退吗"
