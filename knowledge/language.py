"""Which language a text is in, decided by its script alone."""

from __future__ import annotations

import re

from knowledge.types import Language

# Han characters with their extensions and compatibility forms, as ranges of a regular expression.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")


def has_chinese(text: str) -> bool:
    return _HAN.search(text) is not None


def language_of(text: str) -> Language:
    """Chinese where there are at least as many Han characters as Latin words.

    "我的 order 怎么 cancel?" is Chinese; "what does 退款 mean in your shop" is English.
    """
    han = len(_HAN.findall(text))
    return "zh" if han and han >= len(_LATIN_WORD.findall(text)) else "en"
