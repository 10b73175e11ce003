"""Document -> passages: a heading with its text, or an FAQ entry. Knows nothing of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from knowledge.characters import clean, one_line
from knowledge.headings import FOLD, Heading, find_headings, unfolded, without_answer_mark
from knowledge.language import language_of
from knowledge.splitting import LONGEST, size, split
from knowledge.types import Document, Passage

# Part of the cache key of every passage: raise the first number when the rules below change.
SPLITTER = f"cut 6, {LONGEST}, langchain-text-splitters {version('langchain-text-splitters')}"

_LONGEST_SLUG = 200

# Other ways in which customers ask what the heading asks, one a line, not shown to anybody.
_ASKED = re.compile(r"<!--\s*asked:?[ \t]*\n(.*)-->", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)\n?", re.DOTALL)


@dataclass(frozen=True)
class _Section:
    path: tuple[str, ...]
    question: str
    text: str
    asked: tuple[str, ...] = ()


def cut(document: Document) -> list[Passage]:
    """Passages in the order of the document, none without text, their ids unique.

    A heading that asks a question owns everything below it, deeper headings included, unless one
    of those asks a question too. A long section becomes several passages of one path and question,
    with `/2`, `/3` after the id of the first.
    """
    title = one_line(document.title)
    sections = [*_sections(unfolded(clean(document.markdown)), title), *_entries(document)]
    taken: dict[str, int] = {}
    passages: list[Passage] = []
    for section in sections:
        heading = section.question or (section.path[-1] if section.path else title)
        base = f"{document.id}#{_unique(slug(heading), taken)}"
        language = language_of(f"{section.question} {section.text}")
        for number, text in enumerate(split(section.text), start=1):
            passages.append(
                Passage(
                    id=base if number == 1 else f"{base}/{number}",
                    document=document.id,
                    title=title,
                    path=section.path,
                    question=section.question,
                    text=text,
                    language=language,
                    asked=section.asked,
                )
            )
    return passages


def entry_of(passage_id: str) -> str:
    """`doc#slug/2` is the second passage of the entry `doc#slug`."""
    head, slash, number = passage_id.rpartition("/")
    return head if slash and number.isdigit() and "#" in head else passage_id


def slug(heading: str) -> str:
    """Letters and digits of any script in lower case, joined by hyphens; never empty."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")[:_LONGEST_SLUG] or "section"


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, or the first free one of `name-2`, `name-3`; `taken` counts each name's uses."""
    candidate = name
    while candidate in taken:
        taken[name] += 1
        candidate = f"{name}-{taken[name]}"
    taken[candidate] = 1
    return candidate


def _entries(document: Document) -> Iterator[_Section]:
    for entry in document.entries:
        question, answer = one_line(entry.question), clean(entry.answer).strip()
        if question and answer:
            asked = tuple(filter(None, map(one_line, entry.asked)))
            yield _Section((question,), question, answer, asked)


def _sections(markdown: str, title: str) -> Iterator[_Section]:
    """Sections that have text; the text above the first heading belongs to the title."""
    lines, headings = markdown.split("\n"), find_headings(markdown)
    starts = [heading.start for heading in headings] + [len(lines)]
    above: list[Heading] = []
    intro, _ = _take_asked(_text(lines, 0, starts[0]))
    if intro:
        yield _Section((), "", intro)
    index = 0
    while index < len(headings):
        heading = headings[index]
        # What stands behind something that folds open does not belong to it.
        above = [each for each in above if each.level < min(heading.level, FOLD)]
        is_title = index == 0 and heading.level == 1 and heading.text == title
        if not is_title or heading.question:
            above.append(heading)
        last = _last_owned(headings, index, is_title=is_title)
        text = _below(lines, heading, starts[last])
        if is_title and last > index + 1 and size(text) > LONGEST:
            last = index + 1
            text = _below(lines, heading, starts[last])
        text, asked = _take_asked(text)
        if heading.question:
            text = without_answer_mark(text)
        if text:
            path = tuple(each.text for each in above)
            yield _Section(path, heading.question, text, asked)
        if is_title:
            above = []
        index = last


def _take_asked(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without its comments, and the lines of a comment `<!-- asked ... -->`."""
    found = (_ASKED.match(comment[0]) for comment in _COMMENT.finditer(text))
    asked = [
        one_line(line)
        for comment in found
        if comment
        for line in comment[1].split("\n")
        if line.strip()
    ]
    return _COMMENT.sub("", text).strip("\n"), tuple(asked)


def _last_owned(headings: Sequence[Heading], index: int, *, is_title: bool) -> int:
    """The index after the last heading whose text belongs to the heading at `index`."""
    heading, last = headings[index], index + 1
    if not heading.question:
        return last
    while last < len(headings) and headings[last].level > heading.level:
        last += 1
    nested = any(below.question for below in headings[index + 1 : last])
    return index + 1 if nested else last


def _below(lines: list[str], heading: Heading, end: int) -> str:
    """What belongs to a heading, up to the line `end`; a list item's text moves to the left."""
    below = [heading.rest, *lines[heading.end : end]]
    text = _text(below, 0, len(below))
    if heading.indent:
        text = re.sub(rf"^[ \t]{{1,{heading.indent}}}", "", text, flags=re.MULTILINE)
    return text


def _text(lines: list[str], start: int, end: int) -> str:
    return "\n".join(line.rstrip() for line in lines[start:end]).strip("\n")
