"""Follow-ups: messages that need those before them to be understood. Pure.

A message is searched for three times: alone, behind what the customer said before, and behind the
question that was answered last. What the three find is weighed into one score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.choices import meant
from bot.types import Route, Turn
from knowledge.fusion import OTHER_LANGUAGE_HANDICAP
from knowledge.types import Language, Match

# How many messages a chain of follow-ups is read back.
_LONGEST_CHAIN = 3

# Scores nearer to 0 and 1 than this tell no more.
_LEAST = 1e-5

# A message that opens or ends like this leans on the one before: it goes on, or corrects it.
_CUE = re.compile(
    r"^(?:ok(?:ay)?|all ?right|right|fine|good|hm+|oh|ah|wait|sorry|no)?[\s,.!:]*"
    r"(?:and|but|or|also|then|what about|how about|what if|same for|even|only|i meant?|not)\b"
    r"|^(?:oh|ah|wait|sorry|no)\b[\s,.!:]+(?!(?:thanks?|thank you|thx)\b)\w"
    r"|^(?:嗯|哦|好的?|好吧|行吧?|懂了|明白了?|知道了?|等等|不对|说错了|看错了|写错了|打错了)?[，。！\s]*"
    r"(?:那|还有|如果|要是|可是|但|或者|换成|同样|我是说|不是)"
    r"|^[^，。！？]{1,12}呢[，,]|呢\W*$",
    re.IGNORECASE,
)


def leans_on_history(text: str) -> bool:
    """Whether a message opens, ends or points back like a follow-up: "and for shoes?"."""
    return _CUE.search(text.strip()) is not None


def said_before(history: Sequence[Turn]) -> str:
    """The customer's last message, with those before it that it leans on itself; may be empty.

    What was small talk ("ok", "thanks") is left out: it is no subject.
    """
    chain: list[str] = []
    for place, turn in reversed(list(enumerate(history))):
        replied = history[place + 1].route if place + 1 < len(history) else None
        if turn.role == "customer" and replied is not Route.SMALL_TALK:
            text = meant(turn.text, history[:place])
            chain.append(text.strip())
            if len(chain) == _LONGEST_CHAIN or not leans_on_history(text):
                break
    return " ".join(reversed(chain))


def with_context(question: str, text: str) -> str:
    """What to search for when `text` follows `question`."""
    return f"{question.strip()} {text.strip()}"


def question_before(history: Sequence[Turn]) -> str:
    """The heading of the passage that the latest answer rests on first; empty without one."""
    answers = (turn.citations for turn in reversed(history) if turn.citations)
    return next((citations[0].title for citations in answers), "")


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A logistic model of "this passage answers this message, here in the conversation".

    said, answered: of the log-odds that it answers the message behind the customer's words before,
    and behind the question that was answered last; coverage: of how much the passage says of the
    message's own tokens; leans: where the message leans on the one before by its form. That it is
    the passage which answered last weighs nothing beside these.
    """

    said: float
    answered: float
    coverage: float
    leans: float
    offset: float

    def score(self, features: Mapping[str, float]) -> float:
        """Of `features` by the names of the weights, in 0..1."""
        return _sigmoid(self.offset + sum(getattr(self, k) * v for k, v in features.items()))


# Found by `python -m evals.calibrate_followups` on conversations with 35 companies. Of what follows
# an answer and no entry answers, 16 % are answered. All are twice what fits best: where a match is
# good enough it is then told, and seldom one of two asked back (3 % of what goes on about an answer
# at 8 companies, dev, and 6 % without; 55 and 51 of 79 dialogue scripts hold).
FOLLOW_UP: dict[Language, FollowUp] = {
    "en": FollowUp(said=0.57, answered=0.45, coverage=25.04, leans=2.43, offset=-10.79),
    "zh": FollowUp(said=0.39, answered=0.32, coverage=25.79, leans=2.03, offset=-15.15),
}


def features_of(
    passage_id: str,
    alone: Mapping[str, Match],
    said: Mapping[str, Match],
    answered: Mapping[str, Match],
    *,
    leans: bool,
) -> dict[str, float]:
    """What speaks for a passage: `alone`, `said` and `answered` are the matches of the three
    searches by passage."""
    return {
        "said": _log_odds(said.get(passage_id)),
        "answered": _log_odds(answered.get(passage_id)),
        "coverage": alone[passage_id].coverage if passage_id in alone else 0.0,
        "leans": float(leans),
    }


def in_conversation(
    alone: Sequence[Match],
    said: Sequence[Match],
    answered: Sequence[Match],
    *,
    leans: bool,
    language: Language,
) -> list[Match]:
    """The matches of the three searches as they are to be scored here, the best first; those in
    another language than `language` stand back as in a search."""
    searches = [{match.passage.id: match for match in found} for found in (alone, said, answered)]
    found = searches[1] | searches[2] | searches[0]
    model = FOLLOW_UP[language]
    scored = [
        replace(match, score=model.score(features_of(each, *searches, leans=leans)))
        for each, match in found.items()
    ]

    def rank(match: Match) -> float:
        foreign = match.passage.language != language
        return _log_odds(match) - OTHER_LANGUAGE_HANDICAP * foreign

    return sorted(scored, key=rank, reverse=True)


def _log_odds(match: Match | None) -> float:
    """Of the score; what was not found is as unlikely as what is hardly found."""
    score = min(max(match.score if match else 0.0, _LEAST), 1.0 - _LEAST)
    return math.log(score / (1.0 - score))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
