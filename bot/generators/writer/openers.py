"""Which openers a clause bears out: "Yes," or "No," for this question, or "Unfortunately,".

Silence is always allowed, so that every doubt speaks against the opener.
"""

from __future__ import annotations

import re

from bot.contrast import opposes
from bot.generators.writer.source import Clause, Source
from bot.polarity import REST, denies, negations
from bot.terms import normalise, terms

_LEAD = re.compile(
    r"(?:(?:(?:could|can|would) you |please )?(?:tell me|let me know|i (?:wonder|need to know"
    r"|want to know|would like to know)|i'd like to know) (?:if|whether) (?:it is true that )?)"
)
_ASKS_YES_OR_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|may|will|would|should|has|have|am|must)\b"
)
_ASKS_MORE = re.compile(r"\b(?:or|what|which|how|when|where|who|whom|why)\b")
# What a question may hold beyond the clause that answers it with yes or no.
_GENERAL = frozenset(
    terms(
        "available offer offered provide provided possible allow allowed accept accepted serve "
        "served support able place hotel restaurant guest house guesthouse lodge inn attraction "
        "site location property facility establishment premises service services option options "
        "customer customers guests guest company shop store know tell find out make use type kind "
        "currently today there anyone people everyone person want need wish go come tell please "
        "let know wonder time moment sorry unfortunately"
    )
)
# Words that are no terms and yet may decide: whoever asks with one must be answered with it.
_DECIDES = re.compile(
    r"\b(?:before|after|over|under|above|below|between|until|during|within|outside|inside|each"
    r"|every|all|both|only|always|off|down|against|same|own|more|most|less|further|again|other"
    r"|another|else|still|yet|ever|too|very|instead|twice|once)\b"
)
_NEEDS = re.compile(
    r"\b(?:needs?|needed|required?|requires|must|(?:have|has) to|necessary|mandatory|obligatory"
    r"|compulsory|supposed to)\b"
)
_COSTS = re.compile(r"\b(?:costs?|charge[sd]?|fees?|pay|paid|price[sd]?|surcharges?|deposits?)\b")
# A clause that starts like this says what something costs, which is no yes to whether it is there.
_STARTS_WITH_COST = re.compile(
    r"\W*(?:there (?:is|are|may be|will be) )?(?:an? |the )?(?:\w+ ){0,2}"
    r"(?:fees?|charges?|surcharges?|deposits?|prices?)\b"
)
_FREE = re.compile(r"\b(?:free|complimentary|included?|no (?:extra|additional))\b")
# A clause that denies a part of what is asked, or denies it for a time.
_PART = re.compile(
    r"\b(?:some|certain|few|most|many|several|all|every|each|both|always|only|just|if|unless|until"
    r"|till|except|before|after|when|while|during|once|without|than|enough|yet)\b"
)
# Denials that hold no negation: "a smoke-free property", "non smoking rooms", "dogs are banned".
_HIDDEN = re.compile(
    r"\w-free\b|\bsmoke ?free\b|\bfree (?:of|from) (?!charge)|\bnon(?:\b|smok)|\bbans?\b|\bbanned\b"
    r"|\bbar(?:s|red)\b|\bclosed\b|\bsold out\b|\bout of\b|\bbooked (?:up|out)\b|\bfully booked\b"
    r"|\bdiscontinued\b|\brefus|\bdeclin|\bexclud|\bagainst\b|\bhardly\b|\bbarely\b|\brarely\b"
    r"|\bseldom\b|\bended\b|\bstopped\b|\bremoved\b|\bsuspended\b|\brestricted\b|\bfails?\b"
)
_OWN_OPENER = re.compile(r"\W*(?:no|yes|sorry|unfortunately|not|none|neither|sure)\b")


def may_open(says_yes: bool, question: str, source: Source, number: int) -> bool:
    """Whether the clause answers the question with yes (or no): it holds all that is asked."""
    clause = source.clauses[number]
    asked = _asks_yes_or_no(question)
    told = _text(source, clause)
    if not asked or _OWN_OPENER.match(told):
        return False
    if source.says_yes is not None and (number > 0 or says_yes != source.says_yes):
        return False
    if not (clause.denials == 0 if says_yes else denies(told) and not _PART.search(told)):
        return False
    # What is denied must be all that is asked: "no free WiFi" is no answer to "is there WiFi?".
    return (
        _is_about(asked, told, source)
        and _holds(asked, source, clause)
        and (says_yes or clause.terms <= set(terms(asked)) | _given(source))
    )


def may_regret(question: str, source: Source, number: int) -> bool:
    """Whether "Unfortunately," may stand before the clause: it denies something that was asked for,
    and no cost or duty."""
    clause = source.clauses[number]
    told = _text(source, clause)
    asked = set(terms(question)) - _GENERAL - set(terms(source.passage.title))
    return (
        denies(told)
        and bool(asked & clause.terms)
        and not _OWN_OPENER.match(told)
        and not any(word.search(told) for word in (_COSTS, _NEEDS))
    )


def _asks_yes_or_no(question: str) -> str:
    """The question without its lead, normalised; empty where it asks for anything else."""
    plain = normalise(question).strip()
    lead = _LEAD.match(plain)
    asked = plain[lead.end() :] if lead else plain
    plainly = (lead or _ASKS_YES_OR_NO.match(asked)) and not _ASKS_MORE.search(asked)
    return asked if plainly and not negations(asked) else ""


def _is_about(asked: str, told: str, source: Source) -> bool:
    """No word of the question is answered by its opposite, or not at all."""
    known = f"{told} {normalise(source.passage.question)}" if source.says_yes is not None else told
    return (
        not opposes(asked, told)
        and set(_DECIDES.findall(asked)) <= set(_DECIDES.findall(known))
        and not REST.search(told)
        and not _HIDDEN.search(told)
        and (not _NEEDS.search(asked) or _NEEDS.search(known) is not None)
        and not (_COSTS.search(asked) and _FREE.search(told))
        and (_COSTS.search(asked) is not None or not _STARTS_WITH_COST.match(told))
    )


def _holds(asked: str, source: Source, clause: Clause) -> bool:
    return set(terms(asked)) <= clause.terms | _given(source)


def _given(source: Source) -> set[str]:
    """Terms that need not be told; those of its question where the passage answers yes or no."""
    given = set(_GENERAL) | set(terms(source.passage.title))
    if source.says_yes is not None:
        given |= set(terms(source.passage.question))
    return given


def _text(source: Source, clause: Clause) -> str:
    words = source.text[clause.start : clause.last + 1]
    return normalise(source.passage.text[words[0].start : words[-1].end]) if words else ""
