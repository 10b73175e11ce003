"""Marks stand around the words that were copied, and change nothing else of a passage's HTML."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.highlight import highlighted
from ui.markdown import to_html


def marked(markdown: str, *parts: str) -> list[str]:
    """The texts that are marked where these parts of the Markdown are."""
    ranges = [(at := markdown.index(part), at + len(part)) for part in parts]
    html = highlighted(markdown, ranges)
    assert re.sub("</?mark>", "", html) == to_html(markdown)
    return re.findall("<mark>(.*?)</mark>", html)


@pytest.mark.parametrize(
    ("markdown", "part", "expected"),
    [
        ("Refunds take five days.", "take five", ["take five"]),
        ("It takes **five working days** at most.", "takes **five", ["takes ", "five"]),
        ("1. Print it\n2. Send it", "1. Print it\n2. Send", ["Print it", "Send"]),
        ("| a | b |\n|---|---|\n| one | two |", "one | two", ["one", "two"]),
        ("See https://a.example/b.", "https://a.example/b", ["https://a.example/b"]),
        ("First one.\n\nThen another.", "one.\n\nThen", ["one.", "Then"]),
        ("Call `001 22` now", "001 22", ["<code>001 22</code>"]),
        ("退款需要五个工作日。", "五个工作日", ["五个工作日"]),
        ("<b>card</b> & more", "card</b> &", ["card&lt;/b&gt; &amp;"]),
    ],
)
def test_what_was_copied_is_marked(markdown: str, part: str, expected: list[str]) -> None:
    assert marked(markdown, part) == expected


def test_parts_that_overlap_are_one_mark() -> None:
    assert marked("one two three four", "one two", "two three") == ["one two three"]


def test_a_mark_that_would_break_something_is_left_out() -> None:
    assert marked('[the page](https://a.example/b "title")', "a.example") == []
    assert marked("Fish &amp; chips", "amp") == []
    assert highlighted("no \ufdd0 sign", [(0, 2)]) == to_html("no \ufdd0 sign")


@given(
    pieces=st.lists(
        st.sampled_from(
            [" ", "\n", "\n\n", "**", "_", "`", "one", "- ", "1. ", "# ", "<script>", "&", "两个"]
        ),
        max_size=14,
    ),
    ends=st.lists(st.integers(0, 60), max_size=6),
)
def test_marks_never_change_how_a_passage_looks(pieces: list[str], ends: list[int]) -> None:
    markdown = "".join(pieces)
    bounds = [min(end, len(markdown)) for end in ends]
    ranges = [(a, b) for a, b in pairwise(bounds) if a < b]
    html = highlighted(markdown, ranges)
    assert re.sub("</?mark>", "", html) == to_html(markdown)
    assert "<script" not in html
