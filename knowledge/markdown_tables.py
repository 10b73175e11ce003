"""Tables of questions and answers inside Markdown -> entries; other tables stay where they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from markdown_it.token import Token

from knowledge.faq_tables import rows_to_entries
from knowledge.headings import parse
from knowledge.types import Entry

_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


def take_entries(markdown: str) -> tuple[str, tuple[Entry, ...]]:
    """The Markdown without the tables that name columns for both, and the entries of these.

    An entry whose row holds no answer has an empty one, or no question.
    """
    lines, start = markdown.split("\n"), 0
    kept: list[str] = []
    found: list[Entry] = []
    tokens = parse(markdown)
    for index, token in enumerate(tokens):
        if token.type != "table_open" or token.level or token.map is None:
            continue
        entries = rows_to_entries(_rows(tokens[index:]))
        if any(entry.question and entry.answer for entry in entries):
            found += (entry for entry in entries if entry.question or entry.answer)
            kept += lines[start : token.map[0]]
            start = token.map[1]
    return "\n".join([*kept, *lines[start:]]), tuple(found)


def _rows(tokens: Sequence[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in takewhile(lambda token: token.type != "table_close", tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_LINE_BREAK.sub("\n", token.content).strip())
    return [row for row in rows if any(row)]
