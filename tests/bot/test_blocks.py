"""Markdown blocks, exactly as they stand in the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import Block, blocks, cells

TABLE = "| A | B |\n|---|---|\n| 1 | 2\\|3 |\n| 4 | 5 |"


def test_each_kind_of_block_is_told_apart() -> None:
    assert blocks(f"# T\n\nText\non.\n\n- a\n  - b\n- c\n\n{TABLE}\n\n> q") == [
        Block("heading", "# T"),
        Block("text", "Text\non."),
        Block("list", "- a\n  - b\n- c", rows=("- a\n  - b", "- c")),
        Block("table", TABLE, "| A | B |\n|---|---|", ("| 1 | 2\\|3 |", "| 4 | 5 |")),
        Block("text", "> q"),
    ]


def test_a_row_is_cut_at_its_borders() -> None:
    assert cells("| 1 | 2\\|3 |  |") == ["1", "2\\|3", ""]
    assert cells("") == [""]


@given(st.text(alphabet="ab |-#*\n1.>`", max_size=80))
def test_every_block_stands_in_the_text(text: str) -> None:
    for block in blocks(text):
        assert block.text in text.replace("\r", "\n")
        assert all(row in block.text for row in block.rows)
