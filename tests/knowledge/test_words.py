"""The terms of a text, also where several threads ask for them at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from knowledge.words import words


def test_threads_do_not_mix_up_their_words() -> None:
    roots = ("".join(letters) for letters in product("bdlmnprst", "aeiou", "bdlmnprst", "aeiou"))
    texts = [f"{root}lation {root}lating {root}lated" for root in roots]
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-5)
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(words, texts))
    finally:
        sys.setswitchinterval(before)
    assert all(len(set(stems)) == 1 for stems in found)
