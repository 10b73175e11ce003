"""Whether two clauses say yes or no alike: negations, opening yes or no, conditions.

Counts cues, as NegEx does (Chapman et al. 2001), within clauses that are cut only where the
scope of a negation surely ends. Meaning beyond these cues is not looked at.
"""

from __future__ import annotations

import re

from bot.terms import normalise, terms

_CLAUSE_END = re.compile(
    r"(?<=[.!?;])\s+|[;。]|[,(]?\s*\b(?:but|however|although|though|whereas|while)\b,?"
    r"|,?(?:但是|但|不过|然而|可是),?"
)
_SEGMENT_END = re.compile(r"[,()]\s*|:(?!\d)\s*|\s(?=(?:and|or|nor)\b)|\s[–—-]+\s")
# Without one of these, what follows a negation is still denied: "no express on Saturdays, for gas".
_VERB = re.compile(
    r"\b(?:am|is|are|was|were|be|has|have|had|can|could|may|might|must|should|will|would|do|does"
    r"|costs?|takes?|gets?|needs?|offers?|includes?|provides?|pays?|sends?|please|we|you|they|it)\b"
    r"|'(?:s|re|ll|ve)\b|[\u4e00-\u9fff]"
)
_MOST_SEGMENTS = 12

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|unable|unavailable"
    r"|impossible|forbidden|prohibited|excluded|lacks?)\b|n't\b"
    r"|不|没|无|未|非|别|勿|莫|禁止"
)
# Words with a negation inside that deny nothing.
_NO_NEGATION = re.compile(
    r"\bnot only\b|\bno (?:problem|doubt|matter)\b|\bwhether or not\b|\bno\.(?= ?\d)"
    r"|([\u4e00-\u9fff])[不没]\1|有没有|是否|不同|不仅|不但|不管|不论|无论|不久|不少|不错|没问题|不好意思|不客气|非常|除非"
    r"|特别|分别|别人|别的|级别|类别|性别|区别|识别|个别|告别|差不多|不断|不得不|要不|无障碍|未来|未必|无线|无忧|并非不"
)

# A negation of the whole clause; in "costs nothing" and "without a fee" only a part is denied.
_DENIAL = re.compile(
    r"\b(?:is|are|was|were|am|do|does|did|can|could|may|might|must|should|will|would|has|have|had)"
    r"(?: \w+){0,2}? not\b|n't\b|\bcannot\b"
    r"|\b(?:unable|unavailable|impossible|forbidden|prohibited)\b"
    r"|(?:'s|\b(?:is|are|has|have|offers?|provides?|accepts?|serves?|allows?|gets?)) no\b"
    r"|^\W*(?:no|none|neither|nobody)\b|\blacks?\b"
)

# What is said of the rest is said of something else: "other drinks are not served".
REST = re.compile(r"\b(?:others?|another|else|elsewhere|instead|rest|remaining)\b")

_YES = (
    r"yes|sure|certainly|absolutely|of course|correct"
    r"|是的|可以的?|能|当然|没错|对的?|行|有的?|会的?|招|开|送|要|收|算|需要|支持|接受|提供"
)
_NO = r"no|nope|(?:不|没|无)[\u4e00-\u9fff]{0,2}"
_OPENER = re.compile(
    rf"\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))\s*"
    r"(?:[,.:;!，。：；！—–-]+\s*|$|(?=\b(?:it|they|we|you|i|there|this|that)\b))"
)
# People leave the comma out: "Yes vegetarian options are available". Before a capital it may be a
# name ("Yes Bank accepts Visa"), and "no" without a comma is no opener.
_BARE_YES = re.compile(r"\W*[Yy]es\s+(?!(?:or|and)\b)(?=[a-z])")

RESTRICTION = re.compile(
    r"\b(?:only|unless|except|excluding|provided)\b|除非|除了|除|只有|只能|只|仅限|仅|限"
)


def clauses(text: str) -> list[str]:
    """The parts around "but" and the like, normalised and without an opening yes or no."""
    return [part for part in _CLAUSE_END.split(without_opener(text)) if terms(part)]


def segments(text: str) -> list[str]:
    """The text cut at commas, colons, brackets, "and" and "or", at most _MOST_SEGMENTS.

    A segment without a word of content ("PO boxes: no") and one in the reach of a negation stay
    with the segment before.
    """
    found: list[str] = []
    for clause in _CLAUSE_END.split(without_opener(text)):
        parts: list[str] = []
        for part in _SEGMENT_END.split(clause):
            if parts and (not terms(part) or (negations(parts[-1]) and not _VERB.search(part))):
                parts[-1] += ", " + part
            else:
                parts.append(part)
        found += parts
    return [*found[: _MOST_SEGMENTS - 1], *filter(None, [", ".join(found[_MOST_SEGMENTS - 1 :])])]


def negations(clause: str) -> int:
    return len(_NEGATION.findall(_NO_NEGATION.sub(" ", normalise(clause))))


def denies(clause: str) -> bool:
    """Whether an English clause, as a whole, says no: "there is no pool", not "it costs nothing".

    Two negations are left undecided: False.
    """
    plain = _NO_NEGATION.sub(" ", normalise(clause))
    return (
        negations(plain) == 1 and _DENIAL.search(plain) is not None and REST.search(plain) is None
    )


def opening(text: str) -> bool | None:
    """True for an opening yes, False for an opening no, None where there is neither."""
    match = _OPENER.match(normalise(text))
    if match is None:
        return True if _BARE_YES.match(text) else None
    return match["yes"] is not None


def without_opener(text: str) -> str:
    plain = normalise(text)
    match = _OPENER.match(plain) or (_BARE_YES.match(text) and _BARE_YES.match(plain))
    return plain[match.end() :] if match else plain


def drops_restriction(clause: str, source: str) -> bool:
    """Whether the source limits what it says ("only", "unless") and the clause does not.

    It may do without that word where it holds most of the words that follow it.
    """
    match = RESTRICTION.search(normalise(source))
    if match is None or RESTRICTION.search(normalise(clause)):
        return False
    limits = set(terms(normalise(source)[match.end() :]))
    return bool(limits) and 2 * len(limits.intersection(terms(clause))) <= len(limits)
