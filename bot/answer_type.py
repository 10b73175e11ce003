"""What kind of fact a question asks for, and whether a passage tells one. Pure.

The expected answer type of question answering (Li & Roth 2002), of those kinds only that can be
told for sure: how heavy, how many litres, how much money. A passage about the right thing that
tells no weight cannot say how heavy it is, however near it lies.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.blocks import blocks
from bot.facts import facts
from bot.terms import normalise
from bot.units import ANYWHERE, unit_name
from knowledge.types import Passage

_KINDS: dict[str, frozenset[str]] = {
    "weight": frozenset({"kg", "g"}),
    "length": frozenset({"km", "cm", "mm", "m", "mile", "inch"}),
    "volume": frozenset({"ml", "l"}),
    "temperature": frozenset({"celsius"}),
    "money": frozenset({"eur", "usd", "gbp", "cny", "jpy", "chf", "percent", "discount"}),
    "data": frozenset({"gb", "mb"}),
}
_ASKED = {
    "weight": re.compile(r"\bhow heavy\b|\bhow much (?:do|does|did)\b.*\bweigh\b|多重|净重|承重"),
    "money": re.compile(
        r"\bhow much (?:is|are|does|do|will|would)\b(?!.*\bweigh\b).*\b(?:cost|charge|pay|price)\b"
        r"|\bwhat (?:does|do|will|would) .*\bcost\b|多少钱"
    ),
}
_HOW_MANY = re.compile(rf"(?:\bhow many |多少 ?|(?<!十)几(?:个)? ?)(?:{ANYWHERE.pattern})")
# A price that is told without a number.
_FREE = re.compile(
    r"\b(?:free|no (?:fee|charge|cost)s?|nothing|included)\b|免费|免运费|包邮|不收|不用钱"
)


def asked_kinds(question: str) -> frozenset[str]:
    """The kinds of fact that the question asks for; empty where that cannot be told for sure."""
    plain = normalise(question)
    kinds = {kind for kind, pattern in _ASKED.items() if pattern.search(plain)}
    units = {unit_name(match) for match in _HOW_MANY.finditer(plain)}
    return frozenset(kinds | {kind for kind, members in _KINDS.items() if members & units})


def tells(passage: Passage, kinds: frozenset[str]) -> bool:
    """Whether the passage holds a fact of one of the kinds; true where none is asked for."""
    if not kinds:
        return True
    if "money" in kinds and _FREE.search(normalise(passage.text)):
        return True
    units = _units_told(passage.text)
    return any(_KINDS[kind] & units for kind in kinds)


@lru_cache(maxsize=2048)
def _units_told(text: str) -> frozenset[str]:
    """Kept: the same passages are found again and again, and to read one takes a millisecond."""
    head = "\n".join(part.head for part in blocks(text) if part.kind == "table")
    found = facts(text, table_head=head)
    return frozenset(found.heads | {unit for _, unit in found.numbers})
