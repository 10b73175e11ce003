"""`python -m evals.keywords [dev|fit|test]`: customers who write a word or two to the companies.

The words and neighbouring pairs of the headings of an FAQ, less its stop words, are what they would
write: "cancel", "opening hours". None is a greeting, thanks or a call for a person. Prints the
share that the intents of a company without its own take for one, and for which.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from bot.build import BACKGROUND_INTENTS, DESK_INTENTS
from bot.config import Config
from bot.intents import fit
from bot.terms import terms
from evals.companies import COMPANIES
from knowledge.embedder import load_embedder
from knowledge.language import has_chinese, language_of
from knowledge.pack import read_intents
from knowledge.types import Language

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_LATIN = re.compile(r"[A-Za-z']+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    embedder, config = load_embedder("built-in"), Config()
    examples = [*read_intents(DESK_INTENTS), *read_intents(BACKGROUND_INTENTS)]
    classifier = fit(examples, embedder)
    listed = {example.text.lower() for example in examples}
    asked = sorted({*keywords(chosen)} - listed)
    taken: dict[Language, Counter[str]] = {"en": Counter(), "zh": Counter()}
    for text, reading in zip(asked, embedder.read(asked), strict=True):
        intent = classifier.classify(text, reading.deep)
        if intent.known and intent.confidence >= config.desk_intent_confidence:
            taken[language_of(text)][intent.name] += 1
    for language, counts in taken.items():
        every = sum(language_of(text) == language for text in asked)
        if every:
            named = ", ".join(f"{name} {count}" for name, count in counts.most_common())
            print(f"{language}  {every} keywords, {counts.total() / every:.1%} taken: {named}")


def keywords(chosen: str) -> Iterator[str]:
    """Of the companies in a folder of evals/data/companies; those of Chinese are two characters."""
    for faq in sorted((COMPANIES / chosen).glob("*/faq.md")):
        for heading in _HEADING.findall(Path(faq).read_text(encoding="utf-8")):
            if has_chinese(heading):
                pairs = (a + b for run in _HAN.findall(heading) for a, b in pairwise(run))
                yield from (pair for pair in pairs if pair in terms(pair))
            else:
                words = [word for word in _LATIN.findall(heading.lower()) if terms(word)]
                yield from words
                yield from (f"{a} {b}" for a, b in pairwise(words))


if __name__ == "__main__":
    main()
