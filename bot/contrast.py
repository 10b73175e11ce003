"""Whether a clause turns round what another says in almost the same words.

Opposite words, quantifiers, duties against choices, conditions that are left out, and who does what
to whom. Counts cues and compares orders; polarity.py weighs negations. English, mostly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from bot.numerals import spelled_out_to_digits
from bot.terms import normalise, terms

# Words of one side against words of the other: told by a clause where its source says the opposite.
_OPPOSITES = (
    ("more|at least|minimum|min|over|above", "less|fewer|at most|up to|maximum|max"),
    ("over|above|exceed(?:s|ing)?", "under|below|up to|at most"),
    ("higher|longer|older|larger|bigger", "lower|shorter|younger|smaller"),
    ("before|until|till|by|earlier|early", "after|from|since|later|late"),
    ("first", "last"),
    ("faster|quicker", "slower"),
    ("lighter", "heavier"),
    ("cheaper", "dearer|more expensive"),
    ("upper", "lower"),
    ("open|opens|opened", "closed|closes|shut"),
    (r"(?:is|are|turn(?:ed)?|switch(?:ed)?) on", r"(?:is|are|turn(?:ed)?|switch(?:ed)?) off"),
    (r"(?:check|sign|log|opt)(?:ed|ing)?[ -]?in", r"(?:check|sign|log|opt)(?:ed|ing)?[ -]?out"),
    ("free|free of charge|complimentary", "paid|chargeable"),
    ("includ(?:e|es|ed|ing)", "exclud(?:e|es|ed|ing)|extra"),
    ("required|compulsory|mandatory", "optional|voluntary"),
    ("allowed|permitted|welcome", "forbidden|prohibited|banned"),
    ("with", "without"),
    ("accept(?:s|ed)?", "reject(?:s|ed)?|refuse[sd]?|decline[sd]?"),
    ("inside|indoors?", "outside|outdoors?"),
    ("rises?|raise[sd]?|increase[sd]?", "falls?|lower(?:s|ed)?|decrease[sd]?|drop(?:s|ped)?"),
    ("starts?|begins?", "ends?|finish(?:es)?"),
    ("quiet", "noisy|loud"),
    ("safe", "dangerous|unsafe"),
    ("buys?", "sells?"),
    ("left", "right"),
    ("added", "taken|deducted|removed"),
    ("locked", "unlocked"),
    ("refundable", "non-?refundable"),
    ("available|possible|able", "unavailable|impossible|unable"),
    ("all|every|each|both|whole|entire|any|always",
     "some|most|few|several|many|half|one of|usually|sometimes|often|hardly|mostly|partly"),
    ("many|most", "few|some"),
    ("must|ha(?:ve|s) to|needs? to|shall|required|will", "may|can|could|might"),
)  # fmt: skip
_SIDES = [tuple(re.compile(rf"\b(?:{side})\b") for side in pair) for pair in _OPPOSITES]

# What is left out with these is a condition: the rest alone promises too much.
_CONDITION = re.compile(
    r"\b(?:if|when|unless|until|once|within|provided|as long as|during|outside|except|after|before"
    r"|only|(?<!, )for(?! (?:you|guests|everyone|all|free|example)\b))\b"
)
# A quantity that limits: "over 21", "up to 10 kg", "more than €50".
_LIMIT = re.compile(
    r"\b(?:over|under|more than|less than|up to|at least|at most|from|above|below|within|until"
    r"|after|before|between|older than|younger than)\s+[^\s\d]{0,2}(\d[\d.,:]*)"
)
_NUMBER = re.compile(r"\d[\d.,:]*")
_ONLY = re.compile(r"\bonly\b")
_PER = re.compile(
    r"\b(?:per|each|an?|every)"
    r" (hour|day|night|week|month|year|person|guest|item|order|customer|room|bag|kilo|piece)\b"
)
# Half of what a clause says before its condition: from there on it is the same statement.
_SAME_STATEMENT = 0.6

_LIMITING = re.compile(
    r"\W*(?:except|unless|only|if|provided|excluding|as long as|but only|but not|other than)\b"
    r"|\W*(?:除非|除了|只有|仅限|但不)"
)
_PIECE_END = re.compile(r"[;,]\s+(?:(?:and|but|while|whereas)\s+)?|\s+(?:and|while|whereas)\s+")
# "At the till you pay" and "you pay at the till" say the same.
_PLACE_FIRST = re.compile(r"\W*(?:at|in|on|for|with|during|from|within|after|before|to|if|when)\b")
_TIME = re.compile(
    r"\W*\d|(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\W*$"
)
_PASSIVE = re.compile(r"\bby\b")
_WE = re.compile(r"\b(?:we|us|our|ours)\b")
_YOU = re.compile(r"\b(?:you|your|yours)\b")
_CUSTOMERS = frozenset(terms("customer guest buyer member visitor passenger tenant client"))


def turns_round(clause: str, source: str) -> bool:
    """Whether the clause, which rests on `source`, says something else in its words."""
    told, known = normalise(clause), normalise(source)
    return (
        _says_the_opposite(told, known)
        or _changes_a_rate(told, known)
        or _drops_a_condition(told, known)
        or _moves_only(told, known)
        or _swaps_roles(told, known)
    )


def opposes(question: str, clause: str) -> bool:
    """Whether the clause uses the opposite of one of the question's words: before, after."""
    return _says_the_opposite(normalise(clause), normalise(question))


def mixes(sentence: str, source: str) -> bool:
    """Whether the sentence gives one part of `source` what another says: "adults pay €6" from
    "adults pay €12 and children pay €6"."""
    pieces = [terms(piece) for piece in _PIECE_END.split(normalise(source))]
    pieces = [piece for piece in pieces if len(piece) > 1]
    told = set(terms(sentence))
    for mine, other in combinations(pieces, 2):
        for subject, rest in ((mine, other), (other, mine)):
            own = [term for term in subject if term not in rest]
            foreign = [term for term in rest if term not in subject]
            if len(own) < 2 or len(foreign) < 2:
                continue
            takes = own[0] in told and foreign[-1] in told
            leaves = foreign[0] not in told and own[-1] not in told
            if takes and leaves:
                return True
    return False


def _says_the_opposite(told: str, known: str) -> bool:
    for left, right in _SIDES:
        for mine, opposite in ((left, right), (right, left)):
            says, said = mine.search(told), opposite.search(known)
            if says and said and not mine.search(known) and not opposite.search(told):
                return True
    return False


def _changes_a_rate(told: str, known: str) -> bool:
    """ "per day" where the source says "per hour"."""
    rates, source = set(_PER.findall(told)), set(_PER.findall(known))
    return bool(source) and bool(rates - source)


def _drops_a_condition(told: str, known: str) -> bool:
    words = set(terms(told))
    numbers = {_hour(number) for number in _NUMBER.findall(spelled_out_to_digits(told))}
    for limit in _LIMIT.finditer(spelled_out_to_digits(known)):
        rest = set(terms(known[: limit.start()]))
        if _holds(words, rest) and _hour(limit[1]) not in numbers:
            return True
    for condition in _CONDITION.finditer(known):
        before = set(terms(known[: condition.start()]))
        behind = set(terms(known[condition.end() :])) - before
        if before and behind and _holds(words, before) and not behind & words:
            return True
    return False


def _hour(number: str) -> str:
    """09:00 and 9:00 as 9."""
    return number.rstrip(".,:").removesuffix(":00").lstrip("0") or "0"


def _holds(words: set[str], statement: set[str]) -> bool:
    return bool(statement) and len(words & statement) >= _SAME_STATEMENT * len(statement)


def _moves_only(told: str, known: str) -> bool:
    """ "Only" limits what stands beside it: that word must stand beside it here, too."""
    match = _ONLY.search(known)
    if match is None:
        return False
    behind, before = terms(known[match.end() :]), terms(known[: match.start()])
    limited = behind[0] if behind else (before[-1] if before else "")
    words = terms(told)
    if limited and limited not in words:
        return True
    here = _ONLY.search(told)
    if here is None or not behind:
        return False
    following = terms(told[here.end() :])
    return bool(following) and following[0] != limited and limited in terms(told[: here.start()])


def _swaps_roles(told: str, known: str) -> bool:
    """Whether two words have changed places around a third that both clauses hold."""
    if bool(_PASSIVE.search(told)) != bool(_PASSIVE.search(known)):
        return False
    mine, theirs = _actors(told), _actors(known)
    shared = [word for word in dict.fromkeys(mine) if theirs.count(word) == mine.count(word) == 1]
    places = {word: theirs.index(word) for word in shared}
    order = [places[word] for word in shared]
    if any(a > b > c for a, b, c in combinations(order, 3)) and not any(
        map(_PLACE_FIRST.match, (told, known))
    ):
        return True
    return _other_actor(mine, theirs)


def _other_actor(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """ "We pay" where the source has the customer pay."""
    for one, other in (("we", "you"), ("you", "we")):
        if one in mine and one not in theirs and mine[0] == one and len(mine) > 1:
            action = mine[1]
            if action not in theirs:
                continue
            doer = theirs[: theirs.index(action)]
            customer = bool(_CUSTOMERS.intersection(doer))
            if other in doer or (customer and one == "we"):
                return True
    return False


def _actors(text: str) -> list[str]:
    """The content words in order, with "we" and "you" among them. Times act on nobody."""
    found: list[str] = []
    for word in re.findall(r"[\w'€$£%.-]+", text):
        if _WE.fullmatch(word):
            found.append("we")
        elif _YOU.fullmatch(word):
            found.append("you")
        elif not _TIME.match(word):
            found += terms(word)
    return found


def limits_what_is_before(segment: str) -> bool:
    """Whether a part of a sentence limits the one before it, which must not be told without it."""
    return _LIMITING.match(segment) is not None
