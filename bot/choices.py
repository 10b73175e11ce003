"""Which of the offered entries a message picks: "yes", "the second one", "2"; or none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.types import Turn

# The intent of a message that refuses what was offered.
REFUSAL = "none_of_these"

_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|ya|ok(?:ay)?|sure|right|correct|exactly|indeed|true)\b[\s,.!]*)?"
    r"(?:please|exactly|right|it is|i do|i mean (?:that|this)|(?:this|that) one|"
    r"that(?:'?s| is) (?:it|right|what i meant?|the one))?"
    r"|(?:嗯+|是的?|对[的啊呀]?|好的?|可以|没错|行)?[\s，。！,]*"
    r"(?:(?:就?是|就)(?:这个|它|的)|是的|对的|没错)?",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:no|nope|nah)?[\s,.!]*(?:(?:it'?s |it is )?(?:none|neither)(?: of (?:these|those|them))?|"
    r"(?:not (?:that|this|these|those)|something else)(?: one)?|it'?s not|it isn'?t|i don'?t)?"
    r"|(?:不|不是|没有|都不是|不对|都不对)[的啊呀]?(?:这个|这些)?",
    re.IGNORECASE,
)
_PLACES = (
    re.compile(r"(?:the )?(?:1st|first|top)(?: one)?|第[一1]个?|[一①]", re.IGNORECASE),
    re.compile(r"(?:the )?(?:2nd|second)(?: one)?|第[二2]个?|[二②]", re.IGNORECASE),
    re.compile(r"(?:the )?(?:3rd|third)(?: one)?|第[三3]个?|[三③]", re.IGNORECASE),
)
_LAST = re.compile(r"(?:the )?last(?: one)?|最后(?:那|一)?个", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(?:number|option|no\.?|nr\.?|选项?)\s*|#)?([1-9])\s*[.)]?", re.IGNORECASE)
_EDGES = " \t\n.,!。，！、"


def picked(text: str, before: Sequence[Turn]) -> str | None:
    """The option that a text is, or picks, of those which the turn right before it offers."""
    options, said = _offered(before), text.strip()
    if said in options:
        return said
    place = _place(said.strip(_EDGES), len(options)) if options else None
    return None if place is None else options[place]


def meant(text: str, before: Sequence[Turn]) -> str:
    """The option that a text is or picks; else the text."""
    return picked(text, before) or text


def refuses(text: str, before: Sequence[Turn]) -> bool:
    """Whether it says no more than that nothing of what is offered right before it was meant."""
    said = text.strip(_EDGES)
    return bool(said and _offered(before)) and _NO.fullmatch(said) is not None


def _offered(before: Sequence[Turn]) -> tuple[str, ...]:
    return before[-1].options if before and before[-1].role == "bot" else ()


def _place(said: str, count: int) -> int | None:
    if not said:
        return None
    if count == 1 and _YES.fullmatch(said):
        return 0
    if _LAST.fullmatch(said):
        return count - 1
    number = _NUMBER.fullmatch(said)
    named = [place for place, words in enumerate(_PLACES) if words.fullmatch(said)]
    place = int(number[1]) - 1 if number else next(iter(named), count)
    return place if place < count else None
