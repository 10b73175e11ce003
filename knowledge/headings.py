"""Where the headings and questions of a Markdown text are; knows nothing of passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.characters import one_line

# Longer "headings" are paragraphs that happen to stand above a line of dashes.
_LONGEST_HEADING = 200
_MOST_LINES = 3
# Deeper than any Markdown heading: a question that is only marked "Q:", or that stands in bold
# type or on a line of its own.
_MARKED, _BOLD = 7, 8

_QUESTION_MARK = re.compile(
    r"^[\s*_]*(?:(?:Q|Question|问题?|問題?)\s?\d{0,3}\s?[:：][*_]*|Q\d{0,3}[.)、])\s*(?=\S)",
    re.IGNORECASE,
)
_ANSWER_MARK = re.compile(
    r"^[\s*_]*(?:A|Answer|答案?|回答|解答)\s?\d{0,3}\s?[:：][*_]*\s*", re.IGNORECASE
)
_BOLD_LINE = re.compile(r"^\s*(\*\*|__)(?=\S)(.+[?？])\s*\1\s*$")
_NUMBERING = re.compile(r"^\d{1,3}(?:\.\d{1,3})*(?:[.)）]\s+|、\s*)(?=\S)")
_BARE = re.compile(r"[^\Wa-z]|[\"'“‘(（《「]")
_SENTENCE_END = tuple(".!?:。！？：")
_TRAILING = " *_`\"'”’)）」』"
# A question mark, and behind it only symbols or a short remark in brackets: "Can I? (EU only)".
_ASKING = re.compile(r"[?？](?:[^\w?？]|_)*(?:[(（\[][^()（）\[\]]{1,40}[)）\]](?:[^\w?？]|_)*)?$")
# What site builders put behind a heading for links to it: {#its-id}, a pilcrow, a hash.
_PERMALINK = re.compile(r"\s*(?:\{[#.:][^{}]*\}|¶|(?<=[?？])\s*#)\s*$")


@dataclass(frozen=True)
class Heading:
    """It fills the lines `start` to `end` (exclusive). `question` is empty if it asks nothing."""

    start: int
    end: int
    level: int
    text: str
    question: str


def parse(markdown: str) -> list[Token]:
    """Blocks of CommonMark with tables; `\\n` must be the only line end.

    What is inside the lines stays unparsed: 100,000 brackets in a row would take a second.
    """
    return _blocks().parse(markdown)


# A document's title and then its passages ask for the same ones.
@lru_cache(maxsize=1)
def find_headings(markdown: str) -> tuple[Heading, ...]:
    """Headings in order: `#`, underlined, and questions marked by "Q:" or bold type.

    Where there is no true heading at all (plain text, PDF), a line of its own that ends in a
    question mark is taken for one. Such a question is text if no text follows it, and so is one in
    bold type below a heading that asks something itself: it belongs to that answer.
    """
    tokens, lines = parse(markdown), markdown.split("\n")
    true = list(_true_headings(tokens))
    marked = list(_marked_questions(tokens, lines, bare=not true))
    found = sorted([*true, *marked], key=lambda heading: heading.start)
    ends = [*(heading.start for heading in found), len(lines)][1:]
    headings: list[Heading] = []
    asking = False
    for heading, end in zip(found, ends, strict=False):
        if heading.level < _BOLD:
            asking = bool(heading.question)
        elif asking:
            continue
        if heading.level < _MARKED or any(line.strip() for line in lines[heading.end : end]):
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


def _true_headings(tokens: list[Token]) -> Iterator[Heading]:
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        if len(inline.content) > _LONGEST_HEADING:
            continue
        text = _PERMALINK.sub("", _plain(inline.content))
        if text:
            start, end = token.map
            yield Heading(start, end, int(token.tag[1:]), text, question_in(text))


def _marked_questions(tokens: list[Token], lines: list[str], *, bare: bool) -> Iterator[Heading]:
    for token in tokens:
        if token.type != "paragraph_open" or token.level or token.map is None:
            continue
        start, end = token.map
        for number in range(start, end):
            begins = number == start or lines[number - 1].rstrip(_TRAILING)[-1:] in _SENTENCE_END
            text = _marked(lines[number], bare=bare and begins)
            if text:
                last = _last_line(lines, number, end)
                text = one_line(" ".join([text, *lines[number + 1 : last]])).strip("*_ ")
                level = _MARKED if _QUESTION_MARK.match(lines[number]) else _BOLD
                yield Heading(number, last, level, text, text)


def _marked(line: str, *, bare: bool) -> str:
    """The question on a line that is marked as one, or on any line if `bare`; else empty."""
    if len(line) > _LONGEST_HEADING:
        return ""
    bold = _BOLD_LINE.match(line)
    text = bold[2] if bold else line.strip()
    is_marked = bold or _QUESTION_MARK.match(text) or (bare and _BARE.match(text))
    return question_in(text) if is_marked else ""


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
