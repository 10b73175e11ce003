"""Text to words with their places in it: what the writer reads and copies. Knows no passage."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(
    r"!?\[[^\]\n]*\]\([^)\s]*\)"  # a Markdown link is one word: its two halves belong together
    r"|(?:https?://|www\.)[^\s<>()\[\]|]*[^\s<>()\[\]|.,;:!?*_'\"]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[€$£¥+#−-]?[^\W_]+(?:[.,:/'’&@+_-]+[^\W_]+)*[%€$£¥°+]*"
    r"|[.,;:!?()\"“”–—&=%+/]"
)


@dataclass(frozen=True)
class Word:
    """`start` and `end` are its characters in the text that it comes from."""

    text: str
    start: int
    end: int


def words_of(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Links, addresses, prices and numbers are whole words; marks of Markdown are in none."""
    found = _WORD.finditer(text, start, len(text) if end is None else end)
    return [Word(match[0], match.start(), match.end()) for match in found]


def is_word(text: str) -> bool:
    """Whether it is more than a punctuation mark."""
    return any(sign.isalnum() for sign in text)
