"""Tokens back to text: copies as they stand in the passage, the rest cased as a sentence.

Knows where in a passage every character of a copy comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.generators.writer.source import Source
from bot.generators.writer.vocabulary import END, JOINTS, STOP, is_common
from bot.generators.writer.walk import copied
from bot.generators.writer.words import words_of
from bot.terms import is_stop_word, normalise
from bot.types import Span, Told

_MARKS = "*_"
# Written with capitals wherever they stand; they make no name of the word before: "Free WiFi".
_CAPITALS_ANYWHERE = frozenset({"wifi", "wi-fi", "tv", "tvs", "atm", "byob", "led"})
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class _Run:
    """Neighbouring copies of one passage, by their first and last word."""

    passage: int
    first: int
    last: int


def render(sources: Sequence[Source], tokens: Sequence[int]) -> Told:
    """A sentence that is not finished yet is rendered as far as it goes. Each span's text is its
    text in the passage, but for the case of a first letter and for marks of emphasis that would
    stand alone."""
    text = ""
    spans: list[Span] = []
    for part in _parts(tokens):
        begins = not text or text.endswith((".", "!", "?"))
        if part == STOP:
            text += "" if text.endswith((".", "!", "?")) else "."
        elif isinstance(part, int):
            word = JOINTS[part]
            gap = " " if text else ""
            text += gap + (word[0].upper() + word[1:] if begins else word)
        else:
            start, end = _characters(sources[part.passage], part)
            copy = _copy(sources[part.passage], part, begins=begins, opened=text.endswith(","))
            gap = " " if text else ""
            spans.append(
                Span(
                    start=len(text) + len(gap),
                    end=len(text) + len(gap) + len(copy),
                    passage_id=sources[part.passage].passage.id,
                    source_start=start,
                    source_end=end,
                )
            )
            text += gap + copy
    return Told(text, tuple(spans))


def _parts(tokens: Sequence[int]) -> Iterator[int | _Run]:
    run: _Run | None = None
    for token in tokens:
        copy = copied(token)
        if copy and run and copy == (run.passage, run.last + 1):
            run = _Run(run.passage, run.first, copy[1])
            continue
        if run:
            yield run
        run = _Run(copy[0], copy[1], copy[1]) if copy else None
        if copy is None and token != END:
            yield token
    if run:
        yield run


def _characters(source: Source, run: _Run) -> tuple[int, int]:
    """From the run's first to its last character, with the marks of emphasis around them."""
    text = source.passage.text
    start, end = source.text[run.first].start, source.text[run.last].end
    while start and text[start - 1] in _MARKS:
        start -= 1
    while end < len(text) and text[end] in _MARKS:
        end += 1
    return start, end


def _copy(source: Source, run: _Run, *, begins: bool, opened: bool) -> str:
    start, end = _characters(source, run)
    text = _BLANKS.sub(" ", source.passage.text[start:end])
    for mark in ("**", "__", "*", "_"):
        plain = text.replace("**", "").replace("__", "") if len(mark) == 1 else text
        if plain.count(mark) % 2 and "://" not in text:
            text = text.replace(mark, "")
    first = source.text[run.first].text
    if begins:
        return _with_first(text, str.upper) if first.islower() else text
    if opened and _begins_plainly(source, run.first):
        return _with_first(text, str.lower)
    return text


def _begins_plainly(source: Source, number: int) -> bool:
    """Whether a clause's first word has its capital from its place only. A name keeps its own: one
    of the title, and one whose next word has a capital, too ("Blue Barn")."""
    word = source.text[number].text
    clause = next((clause for clause in source.clauses if clause.start == number), None)
    capital = word[:1].isupper() and word[1:] == word[1:].lower()
    if clause is None or number in clause.names or not (capital and _is_plain(word)):
        return False
    following = source.text[number + 1].text if number < clause.last else ""
    named = {normalise(part.text) for part in words_of(source.passage.title)}
    if is_stop_word(normalise(word).partition("'")[0]):
        return not normalise(source.passage.title).startswith(f"{normalise(word)} ")
    if following[:1].isupper() and normalise(following) not in _CAPITALS_ANYWHERE:
        return False
    return normalise(word) not in named or not (len(named) == 1 or normalise(following) in named)


def _is_plain(word: str) -> bool:
    return is_common(word) or is_stop_word(normalise(word).partition("'")[0])


def _with_first(text: str, change: Callable[[str], str]) -> str:
    """The text with its first letter in another case."""
    at = next((number for number, sign in enumerate(text) if sign.isalpha()), None)
    return text if at is None else text[:at] + change(text[at]) + text[at + 1 :]
