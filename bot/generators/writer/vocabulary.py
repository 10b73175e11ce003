"""The few words that the writer may say without copying them, and which words are no names.

No word of content, no digit, no negation and no name is among them: those can only be copied.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bot.terms import normalise

START, END, STOP = 0, 1, 2
YES, NO, SORRY = 3, 4, 5
OPENERS = (YES, NO, SORRY)
# STOP ends a sentence, END the answer. What stands here never changes its place: it is trained.
JOINTS = ("<start>", "<end>", ".", "Yes,", "No,", "Unfortunately,", "it")
IT = 6
COMMON_WORDS = Path(__file__).parent / "common_words.txt"


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(COMMON_WORDS.read_text(encoding="utf-8").split())


def is_common(word: str) -> bool:
    """Whether people write it without a capital inside a sentence."""
    return normalise(word) in _common()
