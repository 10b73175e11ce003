"""Cuts text into sentences, English and Chinese, also while it is still being written.

Knows Markdown's list items, headings and table rows; nothing is lost or changed: the sentences
put together are the text. White space after a sentence belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_CANDIDATE = re.compile(
    r"(?P<chinese>[。！？；]+)"
    rf"|(?P<latin>[.!?…]+)[\"'”’»)\]）】」』》*_`]*(?:\s+|(?<![.…])(?=[{_HAN}]))"
    r"|(?P<line>[ \t]*\n\s*)"
)
_CLOSERS = re.compile(r"[”’»)\]）】」』》]+")
# These open and close alike: they close where an odd number of them stands before.
_SYMMETRIC = re.compile(r"\*\*|__|[*_`\"']")
_SPACE = re.compile(r"\s*")

# What starts a block of its own in Markdown, and what may still become such a start.
_BLOCK = re.compile(r"[-*+•]\s|\d{1,3}[.)]\s|#{1,6}\s|\||>|```")
_HALF_BLOCK = re.compile(r"(?:[-*+•]|\d{1,3}[.)]?|#{1,6}|`{1,2})?")
_ONE_LINE_BLOCK = re.compile(r"\s*(?:#{1,6}\s|\||```)")
_ITEM_NUMBER = re.compile(r"[\s>]*\d{1,3}")

# A full stop after these is part of the word, whatever follows.
_ABBREVIATIONS = "dr mr mrs ms prof st mt vs cf approx ca incl excl e.g i.e eg ie resp dept"
# ... after these where a number follows ("No." and "max." end sentences, too).
_BEFORE_NUMBER = "no nr nos p pp fig art sec ch tel ext max min vol"
# ... after these unless a new sentence seems to follow.
_MAYBE_LAST = """
    etc inc ltd co corp jr sr bros jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues
    wed thu thur thurs fri sat sun hr hrs min mins sec secs
"""
_LETTERS_WITH_STOPS = re.compile(r"(?:[a-z]\.)+[a-z]")  # p.m, U.S, a.k.a
_LONGEST_ABBREVIATION = 16  # characters
_LAST_WORD = re.compile(r"[^\W_][\w.]*$")
_WORD = re.compile(r"[A-Za-z]*")
_DATE_WORDS = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december
"""


class SentenceStream:
    """Takes text piece by piece; where the pieces are cut does not change the sentences."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that are finished now. Each waits for the first sign after it."""
        self._rest += piece
        return self._cut(final=False)

    def finish(self) -> list[str]:
        """The sentences that are left when no more text comes."""
        found = self._cut(final=True)
        if self._rest:
            found.append(self._rest)
        self._rest = ""
        return found

    def _cut(self, *, final: bool) -> list[str]:
        found = []
        while (end := _first_end(self._rest, final=final)) is not None:
            found.append(self._rest[:end])
            self._rest = self._rest[end:]
        return found


def split(text: str) -> list[str]:
    stream = SentenceStream()
    return stream.feed(text) + stream.finish()


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Sentences as soon as they are finished."""
    stream = SentenceStream()
    for piece in pieces:
        yield from stream.feed(piece)
    yield from stream.finish()


def _first_end(text: str, *, final: bool) -> int | None:
    """Where the first sentence ends; None where it does not, or (unless final) may go on."""
    for match in _CANDIDATE.finditer(text):
        if not text[: match.end()].strip():
            continue
        end = _chinese_end(text, match.end()) if match["chinese"] else match.end()
        if end == len(text):
            return None
        ends = _ends(text, match, final=final)
        if ends is None:
            return None
        if ends:
            return end
    return None


def _chinese_end(text: str, position: int) -> int:
    """The end with closing quotes, brackets, marks and white space."""
    while True:
        if closers := _CLOSERS.match(text, position):
            position = closers.end()
            continue
        mark = _SYMMETRIC.match(text, position)
        if mark is None or _SYMMETRIC.findall(text[:position]).count(mark[0]) % 2 == 0:
            break
        position = mark.end()
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _ends(text: str, match: re.Match[str], *, final: bool) -> bool | None:
    """None where the text that follows has to tell."""
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    new_line = _line_ends(text, match, line, final=final) if "\n" in match[0] else False
    if new_line or line.lstrip().startswith("|"):
        return new_line
    if match["chinese"]:
        return True
    if match["line"]:
        return new_line
    ends = _latin_ends(text, match, final=final)
    return None if new_line is None and not ends else ends


def _line_ends(text: str, match: re.Match[str], line: str, *, final: bool) -> bool | None:
    if match[0].count("\n") > 1 or _ONE_LINE_BLOCK.match(line):
        return True
    if not final and _HALF_BLOCK.fullmatch(text, match.end()):
        return None
    return _BLOCK.match(text, match.end()) is not None


def _latin_ends(text: str, match: re.Match[str], *, final: bool) -> bool | None:
    following = text[match.end()]
    before = text[: match.start()]
    if match["latin"][-1] in "!?":
        return not (following.islower() and re.search(r"[\"'”’»]\s", match[0]))
    if match["latin"] != ".":
        return not following.islower()
    if _ITEM_NUMBER.fullmatch(before, before.rfind("\n") + 1):
        return False
    word = _LAST_WORD.search(before[-_LONGEST_ABBREVIATION:])
    if word is None:
        return True
    return _full_stop_ends(word[0], text, match.end(), final=final)


def _full_stop_ends(word: str, text: str, position: int, *, final: bool) -> bool | None:
    """Whether the full stop after `word` ends a sentence when `position` starts what follows."""
    lower, following = word.lower(), text[position]
    if lower in _ABBREVIATIONS.split() or (len(word) == 1 and word.isupper() and word != "I"):
        return False
    if lower in _BEFORE_NUMBER.split() and (following.isdigit() or following == "+"):
        return False
    if lower not in _MAYBE_LAST.split() and not _LETTERS_WITH_STOPS.fullmatch(lower):
        return True
    if following.islower() or following.isdigit():
        return False
    next_word = _WORD.match(text, position)
    if not final and next_word and next_word.end() == len(text):
        return None
    return next_word is None or next_word[0].lower() not in _DATE_WORDS.split()
