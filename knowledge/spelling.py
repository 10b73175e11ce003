"""Misspelt English words put right: by an English dictionary, and by the knowledge's own words.

A customer's "chnage my adress" must find what "change my address" finds. Knows nothing of search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spellchecker import SpellChecker

# A word by itself: no part of a number, a code, a link or an address. Two letters say too little.
_WORD = re.compile(r"(?<![\w@'])(?<![\w@][./:-])[A-Za-z]{3,}(?![\w@'’]|[./:-]\w)")
_WORDS = re.compile(r"[a-z]{3,}")
# A word of the dictionary that the knowledge does not hold is meant only where it is as common as
# "back" or "when": "amex" is no "amen".
_COMMON = 1e-5
# The words of any sentence are twice as common at least ("how", "size", "hello"). "pro", "refund"
# and "visa" are not, and are written in other languages, too.
_TELLING = 2e-5
# Nearly all words of three letters are one edit from another: "lol" is no "low", "usb" no "use".
# In one of them letters may have changed places, and no more.
_SHORTEST = 3
# Those of four that chats are full of and the dictionary does not know.
_CHATTED = frozenset({"dont", "etsy", "rofl", "usps", "wifi"})
# A word so long that is one edit from an English one is that one, misspelt.
_LONG = 5
# Of a longer message enough words are spelt well.
_MOST_WORDS = 60


def spelt_words(text: str) -> set[str]:
    """The words of a text of the knowledge that a misspelt word may have meant; "pre-order" is one
    with its hyphen and without.
    """
    lower = text.lower()
    return set(_WORDS.findall(lower)) | set(_WORDS.findall(lower.replace("-", "")))


class Speller:
    """`words`: those of the knowledge, in lower case."""

    def __init__(self, words: Collection[str]) -> None:
        self._words = frozenset(words)

    def correct(self, text: str) -> str:
        """The text with each unknown word that is one edit away from a likely one put right.

        One edit: a letter too many, too few, wrong, or two that changed places (Damerau 1964).
        """
        found = list(_WORD.finditer(text))
        if len(found) > _MOST_WORDS:
            return text
        corrected, end = "", 0
        for match in found:
            word = match[0]
            inside = any(c.isalnum() for c in text[: match.start()].rpartition(".")[2])
            name = inside and word[0].isupper() and not text.isupper()
            corrected += text[end : match.start()] + self._meant(word, name=name)
            end = match.end()
        return corrected + text[end:]

    def _meant(self, word: str, *, name: bool) -> str:
        lower = word.lower()
        if lower in self._words or lower in _CHATTED or lower in _english():
            return word
        edits = _english().edit_distance_1(lower)
        if len(lower) == _SHORTEST:
            edits = {edit for edit in edits if sorted(edit) == sorted(lower)}
        likely = edits & self._words
        if not likely and not name:
            likely = {w for w in _english().known(edits) if _rate(w) >= _COMMON}
        if not likely:
            return word
        # Letters are left out more often than typed wrong: "wher" is "where" before it is "when".
        kept = {w for w in likely if not Counter(lower) - Counter(w)}
        best = max(kept or likely, key=lambda w: (_rate(w), w))
        return best.capitalize() if word[0].isupper() else best


def is_plain_english(text: str) -> bool:
    """Whether it holds a common English word: "OK", "asdf", "iPhone 15 Pro" do not."""
    return any(_rate(found[0]) >= _TELLING for found in _WORDS.finditer(text.lower()))


def english_share(words: Collection[str]) -> float:
    """The share of the words that an English dictionary holds; long ones nearly, one edit away."""
    lower = {word.lower() for word in words}
    held = [w for w in lower if w in _english() or (len(w) >= _LONG and _nearly_english(w))]
    return len(held) / max(1, len(lower))


def _nearly_english(word: str) -> bool:
    return bool(_english().known(_english().edit_distance_1(word)))


def _rate(word: str) -> float:
    """Its share of all words of English text."""
    return _english().word_usage_frequency(word)


@lru_cache(maxsize=1)
def _english() -> SpellChecker:
    """Read at the first unknown word: it takes half a second."""
    from spellchecker import SpellChecker

    return SpellChecker(language="en", distance=1)
