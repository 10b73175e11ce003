"""Markdown as HTML in which some of its characters are marked. Knows no passage and no answer."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from ui.markdown import new_parser, to_html

# Signs that no text uses, where marked characters begin and end: to Markdown they are letters.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_SIGNS = re.compile(f"([{_BEGIN}{_END}])")
# A mark must not begin inside the sign of a list, which would then be none.
_NUMBERED = re.compile(r"\d+[.)][ \t]+")


def highlighted(markdown: str, ranges: Sequence[tuple[int, int]]) -> str:
    """`ranges` are (start, end) in the Markdown. Marks stand inside of bold, links and cells.

    Where they would change anything else of the HTML, there are none.
    """
    plain = to_html(markdown)
    if not ranges or _SIGNS.search(markdown):
        return plain
    marked = str(_parser().render(_signed(markdown, ranges)))
    return marked if re.sub(r"</?mark>", "", marked) == plain else plain


def _signed(markdown: str, ranges: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in _joined(markdown, ranges):
        parts += [markdown[at:start], _BEGIN, markdown[start:end], _END]
        at = end
    return "".join([*parts, markdown[at:]])


def _joined(markdown: str, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """In order; those that touch or overlap are one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            start, last = found.pop()
            end = max(last, end)
        found.append((start, end))
    for start, end in found:
        begins_line = not markdown[:start].rpartition("\n")[2].strip()
        number = _NUMBERED.match(markdown, start) if begins_line else None
        if (first := number.end() if number else start) < end:
            yield first, end


@functools.cache
def _parser() -> MarkdownIt:
    parser = new_parser()
    parser.core.ruler.after("addresses", "marks", _mark)
    return parser


def _mark(state: StateCore) -> None:
    """Each text between the signs gets marks of its own, so that they cross no other element."""
    inside = False
    for block in state.tokens:
        marked: list[Token] = []
        for token in block.children or []:
            for piece in _SIGNS.split(token.content):
                if piece in (_BEGIN, _END):
                    inside = piece == _BEGIN
                elif piece or not token.content:
                    marked += _piece(token, piece, inside=inside)
        if block.children:
            block.children = marked


def _piece(token: Token, content: str, *, inside: bool) -> list[Token]:
    piece = token.copy(content=content)
    if not inside or not content.strip():
        return [piece]
    return [Token("mark_open", "mark", 1), piece, Token("mark_close", "mark", -1)]
