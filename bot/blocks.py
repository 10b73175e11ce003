"""The Markdown blocks of a passage: paragraphs, headings, lists with their items, tables with rows.

Every block keeps its text exactly as it stands in the passage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["text", "heading", "list", "table"]
_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
}
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """`rows` are a list's items or a table's body rows; `head` is a table's header and rule."""

    kind: Kind
    text: str
    head: str = ""
    rows: tuple[str, ...] = ()


def blocks(markdown: str) -> list[Block]:
    lines = markdown.splitlines()
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(lines))
    starts = [index for index, token in enumerate(tokens) if token.level == 0 and token.map]
    return [_block(tokens[a:b], lines) for a, b in pairwise([*starts, len(tokens)])]


def cells(row: str) -> list[str]:
    """The cells of a table's row, without their borders."""
    return [cell.strip() for cell in _CELL_BORDER.split(row.strip().strip("|"))]


def _block(tokens: list[Token], lines: list[str]) -> Block:
    kind = _KINDS.get(tokens[0].type, "text")
    text = _text(tokens[0], lines)
    if kind == "list":
        items = [token for token in tokens if token.type == "list_item_open" and token.level == 1]
        return Block(kind, text, rows=tuple(_text(item, lines) for item in items))
    if kind == "table":
        table = text.splitlines()
        return Block(kind, text, head="\n".join(table[:2]), rows=tuple(table[2:]))
    return Block(kind, text)


def _text(token: Token, lines: list[str]) -> str:
    start, end = token.map or (0, 0)
    return "\n".join(lines[start:end]).rstrip()
