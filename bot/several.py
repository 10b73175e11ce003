"""Several questions in one message: "Do you ship to Norway, and can I pay with Alipay?" Pure.

Each is then read as if they had been sent one after the other. What asks nothing, as a customer's
story, stays with the question behind it.
"""

from __future__ import annotations

import re

from bot.sentences import split
from knowledge.language import has_chinese

# Who asks more at once, or writes a letter, is answered as to one question.
MOST_QUESTIONS = 4
LONGEST = 500  # characters

# "Don't you ship to Norway?", and not "don't feel like it", "would love to".
_OPENING = (
    r"(?:how|what|when|where|which|who|whose|why|can|could|do|does|did|is|are|was|will|would|should"
    r"|may|must|have|has)(?:n't(?= (?:i|you|we|it|they|he|she|there)\b))?\b(?!n't)"
    r"(?!\s+(?:love|like|going|been|to|not)\b)"
)
_WISH = (
    r"(?:(?:tell|let) me|i(?:'d| would) like to know|i(?: also)? (?:want|need) to know"
    r"|i(?:'m| am| was) wondering)\b"
)
_JOIN = (
    r"(?:(?:and|also|plus|but|or|so|then|ok|please|finally|lastly|first|second(?:ly)?)\b[\s,]*)*"
)
_ASKS = re.compile(rf"^(?:[^:]{{0,30}}:\s*)?{_JOIN}(?:{_OPENING}|{_WISH}(?=.*\w))", re.IGNORECASE)
# Where an English sentence may go on with another question.
_JOINT = re.compile(
    r"(?<=\w)(?:[,;]?\s+(?:and|plus|&)(?:\s+(?:also|then))?,?\s+|[,;]\s+(?:also,?\s+)?)(?=\S)",
    re.IGNORECASE,
)
_LEAST_KEYWORDS = 3
# What a statement has, and keywords have not.
_STATES = re.compile(
    r"\b(?:i|we|he|she|it|they|you|my|our|am|is|are|was|were|be|been|have|has|had|do|did|will|would"
    r"|got|get|bought|ordered|want|need|let|please|thanks?)\b|['’](?:m|s|re|ve|d|ll)\b",
    re.IGNORECASE,
)
# "When I come back, is there a fee?" is one question.
_SUBORDINATE = re.compile(
    r"^\W*(?:when|where|while|if|what if)\s+"
    r"(?!(?:do|does|did|is|are|can|could|will|would|should|was)\b)",
    re.IGNORECASE,
)
_ASKS_CHINESE = re.compile(
    r"[吗么呢嘛没不][啊呀？?！!。\s]*$|什么|什麼|啥|怎么|怎麼|咋|如何|哪|(?<!好)几|多少|多久|多长|多大|多重"
    r"|多贵|能不能|可不可以|是否|有没有|有沒有|是不是|会不会|要不要|行不行|好不好|能否|可否|谁|为什么|为何"
)
_JOINT_CHINESE = re.compile(r"[，,；;、]\s*|(?<=\S{4})\s+(?=\S{4})")
# No part of a question that stands by itself; "and for shoes?" does not.
_BETWEEN = re.compile(
    rf"^(?:and|also|plus)\b[\s,]*(?=(?:also\b|then\b|{_OPENING}))|^(?:另外|还有|以及|顺便(?:问一?下)?)[，,]?(?=\S{{4}})",
    re.IGNORECASE,
)


def questions_in(text: str) -> tuple[str, ...]:
    """The parts of a message that may each ask something, in order; itself where it asks one thing,
    or more than are read.
    """
    if len(text) > LONGEST:
        return (text,)
    found: list[str] = []
    story = ""
    for sentence in split(text):
        if asks(sentence):
            first, *others = _clauses(sentence)
            found += [f"{story} {first}".strip(), *others]
            story = ""
        else:
            story = f"{story} {sentence}".strip()
    if not 1 < len(found) <= MOST_QUESTIONS:
        return (text,)
    found[-1] = f"{found[-1]} {story}".strip()
    return tuple(_BETWEEN.sub("", each) for each in found)


def asks(text: str) -> bool:
    """Whether it asks something by its form. An interjection, "哦？", asks nothing."""
    if sum(map(str.isalnum, text)) <= 2:
        return False
    last = next((c for c in reversed(text) if c in "?？" or c.isalnum()), "")
    pattern = _ASKS_CHINESE if has_chinese(text) else _ASKS
    return last in "?？" or pattern.search(text) is not None


def _clauses(sentence: str) -> list[str]:
    """The sentence, cut where both sides may ask something."""
    joint = _JOINT_CHINESE if has_chinese(sentence) else _JOINT
    clauses: list[str] = []
    start = 0
    for match in joint.finditer(sentence):
        before, behind = sentence[start : match.start()], sentence[match.end() :]
        if _may_ask(before) and _may_ask(behind) and not _SUBORDINATE.match(before):
            clauses.append(before.strip())
            start = match.end()
    return [*clauses, sentence[start:].strip()]


def _may_ask(clause: str) -> bool:
    """A question, or English keywords: "opening hours on Saturday"."""
    keywords = not has_chinese(clause) and not _STATES.search(clause)
    return asks(clause) or (keywords and len(clause.split()) >= _LEAST_KEYWORDS)
