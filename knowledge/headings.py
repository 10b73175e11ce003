"""Where the headings and questions of a Markdown text are; knows nothing of passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from knowledge.characters import one_line

# Longer "headings" are paragraphs that happen to stand above a line of dashes.
_LONGEST_HEADING = 200
_MOST_LINES = 3
# The level of what folds open, in Markdown and in HTML pages.
FOLD = 6
# Deeper than any Markdown heading: a question that is only marked "Q:", or that stands in bold
# type or on a line of its own.
_MARKED, _BOLD = 7, 8

_ASKS = r"(?:Q|Question|提?问题?|提?問題?)"
_ANSWERS = r"(?:A|Answer|答案?|回答|解答)"
# "Q:", "Q2:", "**Q1**:", "【问】", "[Question]:"; a link's [Q](address) is none.
_SIGN = r"(?:{0}\s?\d{{0,3}}[*_]*\s?[:：][*_]*|[【\[]{0}\s?\d{{0,3}}[】\]](?!\()[*_]*[:：]?)"
_QUESTION_MARK = re.compile(
    rf"^[\s*_]*(?:{_SIGN.format(_ASKS)}|Q\d{{0,3}}[.)、])\s*(?=\S)", re.IGNORECASE
)
_ANSWER_MARK = re.compile(
    rf"^(?:\s*(?:[-+]|\d{{1,9}}[.)])\s+)?[\s*_]*{_SIGN.format(_ANSWERS)}\s*", re.IGNORECASE
)
# Bold type at the start of a line: its sign, its text, a question mark behind it, and the rest.
_BOLD_START = re.compile(
    r"^\s*(\*{2,3}|_{2,3})(?=\S)((?:(?!\1).){1,200})\1([?？]?)\s*(?:[:：–—]|-(?=\s))?\s*(.*)$"
)
_ITEM = re.compile(r"^\s*(?:[-+*]|\d{1,9}[.)])\s+")
_NUMBERING = re.compile(
    r"^(?:\d{1,3}(?:\.\d{1,3})*(?:[.)）]\s+|、\s*)|[一二三四五六七八九十]{1,3}、\s*)(?=\S)"
)
_BARE = re.compile(r"[^\Wa-z]|[\"'“‘(（《「]")
_SENTENCE_END = tuple(".!?:。！？：")
_TRAILING = " *_`\"'”’)）」』"
# A question mark, and behind it only symbols or a short remark in brackets: "Can I? (EU only)".
_ASKING = re.compile(r"[?？](?:[^\w?？]|_)*(?:[(（\[][^()（）\[\]]{1,40}[)）\]](?:[^\w?？]|_)*)?$")
# What site builders put behind a heading for links to it: {#its-id}, a pilcrow, a hash.
_PERMALINK = re.compile(r"\s*(?:\{[#.:][^{}]*\}|¶|(?<=[?？])\s*#)\s*$")
# Parts of what folds open; a heading's length at most, so that nothing is looked for far away.
_SUMMARY = re.compile(r"<summary[^<>]*>(.{0,400}?)</summary>", re.IGNORECASE | re.DOTALL)
_DETAILS = re.compile(r"</?details[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """It fills the lines `start` to `end` (exclusive). `question` is empty if it asks nothing.

    `rest` is text that stands behind it on its line, and `indent` how far the text below it is
    indented because it belongs to a list item.
    """

    start: int
    end: int
    level: int
    text: str
    question: str
    rest: str = ""
    indent: int = 0


def parse(markdown: str) -> list[Token]:
    """Blocks of CommonMark with tables; `\\n` must be the only line end.

    What is inside the lines stays unparsed: 100,000 brackets in a row would take a second.
    """
    return _blocks().parse(markdown)


def unfolded(markdown: str) -> str:
    """What folds open (<details>) as text below a heading, its <summary>, as in an HTML page."""
    if not _SUMMARY.search(markdown):
        return markdown
    lines = markdown.split("\n")
    for token in reversed(parse(markdown)):
        if token.type == "html_block" and not token.level and token.map is not None:
            block = "\n".join(lines[slice(*token.map)])
            lines[slice(*token.map)] = [_SUMMARY.sub(_folded, _DETAILS.sub("", block)).strip("\n")]
    return "\n".join(lines)


def _folded(summary: re.Match[str]) -> str:
    return f"\n\n{'#' * FOLD} {one_line(summary[1])}\n\n"


# A document's title and then its passages ask for the same ones.
@lru_cache(maxsize=1)
def find_headings(markdown: str) -> tuple[Heading, ...]:
    """Headings in order: `#`, underlined, and questions marked by "Q:", bold type or a list.

    Where no true heading asks anything (plain text, PDF, a title alone), a line of its own that
    ends in a question mark is taken for one. Such a question is text if no text follows it, and so
    is one in bold type or a list below a heading that asks something itself: it belongs to that
    answer, unless the heading folds open, where nothing says how far its answer goes.
    """
    blocks, lines = SyntaxTreeNode(parse(markdown)).children, markdown.split("\n")
    true = list(_true_headings(blocks))
    bare = not any(heading.question for heading in true)
    marked = list(_marked_questions(blocks, lines, bare=bare))
    found = sorted([*true, *marked], key=lambda heading: heading.start)
    ends = [*(heading.start for heading in found), len(lines)][1:]
    headings: list[Heading] = []
    asking = False
    for heading, end in zip(found, ends, strict=False):
        if heading.level < _BOLD:
            asking = bool(heading.question) and heading.level != FOLD
        elif asking:
            continue
        text = heading.rest or any(map(str.strip, lines[heading.end : end]))
        if heading.level < _MARKED or text:
            headings.append(heading)
    return tuple(headings)


def without_answer_mark(text: str) -> str:
    """The text of an answer without its leading "A:" or "答："."""
    return _ANSWER_MARK.sub("", text, count=1)


def question_in(heading: str) -> str:
    """The question that a heading asks, without "Q:" or a number before it; else empty."""
    marked = _QUESTION_MARK.match(heading)
    if marked:
        return heading[marked.end() :].strip(" *_")
    if _ASKING.search(heading):
        return _NUMBERING.sub("", heading)
    return ""


def _true_headings(blocks: list[SyntaxTreeNode]) -> Iterator[Heading]:
    for block in blocks:
        if block.type != "heading" or block.map is None:
            continue
        content = block.children[0].content
        if len(content) > _LONGEST_HEADING:
            continue
        text = _PERMALINK.sub("", _plain(content))
        if text:
            yield Heading(*block.map, int(block.tag[1:]), text, question_in(text))


def _marked_questions(
    blocks: list[SyntaxTreeNode], lines: list[str], *, bare: bool
) -> Iterator[Heading]:
    for block in blocks:
        if block.type == "paragraph" and block.map is not None:
            yield from _in_paragraph(lines, *block.map, bare=bare)
        elif block.type in {"bullet_list", "ordered_list"}:
            yield from _in_list(lines, block.children)


def _in_paragraph(lines: list[str], start: int, end: int, *, bare: bool) -> Iterator[Heading]:
    for number in range(start, end):
        begins = number == start or lines[number - 1].rstrip(_TRAILING)[-1:] in _SENTENCE_END
        heading = _question_at(lines, number, end, bare=bare and begins)
        if heading:
            yield heading


def _in_list(lines: list[str], items: list[SyntaxTreeNode]) -> Iterator[Heading]:
    """The questions that its items begin with, if at least half of the items have an answer.

    So a list of questions to think about stays text, and so do steps of which one asks something.
    """
    found = [each for item in items for each in _in_item(lines, item, alone=len(items) == 1)]
    if len(found) * 2 >= len(items):
        yield from found


def _in_item(lines: list[str], item: SyntaxTreeNode, *, alone: bool) -> Iterator[Heading]:
    """The question that an item begins with, if text of the item follows, or may follow its list:
    as the next item below a "Q:", or as a paragraph where the item is the whole list.
    """
    first = item.children[0] if item.children else item
    if first.type != "paragraph" or first.map is None or item.map is None:
        return
    heading = _question_at(lines, *first.map, bare=True)
    if heading:
        below = next(filter(str.strip, lines[heading.end : item.map[1]]), "")
        if below or heading.rest or alone or heading.level == _MARKED:
            yield replace(heading, indent=len(below) - len(below.lstrip()))


def _question_at(lines: list[str], number: int, end: int, *, bare: bool) -> Heading | None:
    """The question that a line begins with: a marked one, or any if `bare`."""
    line = _ITEM.sub("", lines[number])
    level = _MARKED if _QUESTION_MARK.match(line) else _BOLD
    bold = _BOLD_START.match(line)
    text = question_in(bold[2] + bold[3]) if bold else ""
    if bold and text:
        return Heading(number, number + 1, level, _plain(text), _plain(text), bold[4].rstrip())
    if len(line) > _LONGEST_HEADING:
        return None
    text = question_in(line.strip()) if level == _MARKED or (bare and _BARE.match(line)) else ""
    if not text:
        return None
    last = _last_line(lines, number, end)
    text = _plain("\n".join([text, *lines[number + 1 : last]])).strip("*_ ")
    return Heading(number, last, level, text, text)


def _last_line(lines: list[str], start: int, end: int) -> int:
    """The line after a question that may run over a few: up to "?" or to an "A:"."""
    for number in range(start, min(end, start + _MOST_LINES)):
        if _ASKING.search(lines[number]):
            return number + 1
        if number + 1 < end and _ANSWER_MARK.match(lines[number + 1]):
            return number + 1
    return start + 1


@cache
def _blocks() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


@cache
def _inlines() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _plain(markdown: str) -> str:
    """A heading's words without their Markdown."""
    parts = [
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for inline in _inlines().parseInline(markdown)
        for child in inline.children or []
        if child.type != "html_inline"
    ]
    return one_line("".join(parts))
