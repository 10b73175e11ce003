"""Text to the terms of the full-text index: stemmed words, Chinese characters and bigrams."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

from knowledge.language import HAN, has_chinese

_RUN = re.compile(rf"[{HAN}]+|[^\W{HAN}_]+")
_IS_HAN = re.compile(rf"[{HAN}]")
_APOSTROPHE = re.compile(r"['’]")
_STEMMING = threading.Lock()


def words(text: str) -> list[str]:
    """The terms of a text in order, NFKC-normalised and lower-cased.

    Traditional characters are folded to simplified ones (OpenCC's table t2s), and a run of Han
    characters gives each character and each pair of neighbours: 退, 款, 退款.
    English words are stemmed (Snowball's English stemmer), words of other scripts stay whole.
    """
    terms: list[str] = []
    plain = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).lower())
    if has_chinese(plain):
        plain = _simplifier().convert(plain)
    for run in _RUN.findall(plain):
        if _IS_HAN.match(run):
            terms.extend(run)
            terms.extend(first + second for first, second in pairwise(run))
        else:
            terms.append(_stem(run))
    return terms


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    # The stemmer keeps the word that it works on: in two threads at once it would mix up theirs.
    with _STEMMING:
        return cast(str, _stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")
