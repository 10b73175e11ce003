"""Messages that say that somebody is in danger, and no more of them than those. Pure.

A shop's FAQ has nothing to say to them. They get the emergency numbers, and a person.
"""

from __future__ import annotations

import re

_DANGER = re.compile(
    r"\b(?:kill(?:ing)? (?:my|him|her|them)sel(?:f|ves)|suicid(?:e|al)"
    r"|(?:want(?:s|ed)? to|wanna) die|end (?:it all|my (?:own )?life)"
    r"|(?:hurt|harm|cut)(?:ing)? myself|self-?harm(?:ing)?"
    r"|(?:don't|do not|dont) want to (?:live|be alive)"
    r"|(?<!cat )(?<!dog )(?:can't|cannot|can not|cant|is not|isn't) breath(?:e|ing)"
    r"|heart attack|is unconscious|my [a-z]+ is on fire"
    r"|(?:am|i'm|are|we're|is) (?:stuck|lost) on (?:a|the) (?:mountain|cliff|glacier|ridge|peak)"
    r"|call (?:911|112|999|an ambulance))\b"
    r"|自杀|轻生|輕生|不想活|活不下去|割腕|自残|喘不(?:上|过)气|呼吸困难|昏迷|昏过去|叫救护车|心脏病发|(?<!不)着火了|起火了|困在山上",
    re.IGNORECASE,
)


def tells_of_danger(text: str) -> bool:
    """Whether somebody may die or be hurt: the customer, or who is with them."""
    return _DANGER.search(text.replace("’", "'")) is not None
