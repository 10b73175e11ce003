"""What the two towers of the built-in encoder cost beside each other; a part of `make bench`."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import get_args

from knowledge.embedder import BuiltInEmbedder
from knowledge.types import Language

# As long as a customer's question, and as each other in meaning.
_SENTENCES: dict[Language, tuple[str, ...]] = {
    "en": (
        "how long do refunds take?",
        "can I return boots that I wore outside once",
        "my tent pole snapped, is that covered by the warranty",
        "I want to change the address of order 48213 before it leaves",
    ),
    "zh": (
        "退款要多久才能到账？",
        "靴子在外面穿过一次还能退吗",
        "帐篷杆断了，在保修范围内吗",
        "48213号订单发货之前我想改一下地址",
    ),
}
_BATCH = 512
_REPEATS = 50
# In a process of its own: the first embedder there also imports the libraries.
_LOAD = """
import json, sys, time
from knowledge.embedder import BuiltInEmbedder
taken = []
for _ in range(2):
    since = time.perf_counter()
    BuiltInEmbedder().embed([sys.argv[1]])
    taken.append(time.perf_counter() - since)
print(json.dumps(taken))
"""


def tower_rows() -> list[tuple[str, float, str]]:
    """Name, value and unit of each figure; the towers take turns, as the machine's load changes."""
    embedder = BuiltInEmbedder()
    singles: dict[Language, list[float]] = {language: [] for language in get_args(Language)}
    batches: dict[Language, list[float]] = {language: [] for language in get_args(Language)}
    for sentences in _SENTENCES.values():
        embedder.embed(sentences)  # loads the tower
    for number in range(_REPEATS):
        for language, sentences in _SENTENCES.items():
            since = time.perf_counter()
            embedder.embed([sentences[number % len(sentences)]])
            singles[language].append((time.perf_counter() - since) * 1000)
    for _ in range(3):
        for language, sentences in _SENTENCES.items():
            since = time.perf_counter()
            embedder.embed(sentences * (_BATCH // len(sentences)))
            batches[language].append(_BATCH / (time.perf_counter() - since))
    rows = []
    for language, sentences in _SENTENCES.items():
        first, again = _seconds_to_load(sentences[0])
        rows += [
            (f"{language}: one sentence, p50", statistics.median(singles[language]), "ms"),
            (f"{language}: in batches", statistics.median(batches[language]), "sentences/s"),
            (f"{language}: load and first sentence", again, "s"),
            (f"{language}: ... with its libraries", first, "s"),
        ]
    return rows


def _seconds_to_load(sentence: str) -> tuple[float, float]:
    command = [sys.executable, "-c", _LOAD, sentence]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first, again = json.loads(output)
    return first, again
