"""decide(): answer, clarify, decline, hand off or small talk. Pure: no I/O, no models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.config import Config
from bot.types import Intent, Route
from knowledge.types import Match

ASK_FOR_PERSON = "ask_for_person"
COMPLAINT = "complaint"
# Told by its form (bot/danger.py).
DANGER = "danger"
_HAND_OFF_RULES = {DANGER: DANGER, ASK_FOR_PERSON: "asked_for_person", COMPLAINT: "complaint"}
# Told by its form (bot/courtesy.py), the others by their examples.
ACKNOWLEDGEMENT = "acknowledgement"
# In a language that nobody here reads, told by its letters and words.
FOREIGN = "foreign_language"
# The rule of a message whose questions are answered one by one (bot/deciding.py).
SEVERAL_QUESTIONS = "several_questions"
# The bot's answer was none.
UNCLEAR = "unclear"
SMALL_TALK = frozenset(
    {"greeting", "thanks", "goodbye", "small_talk", UNCLEAR, ACKNOWLEDGEMENT, FOREIGN}
)

# More choices than this are no help.
MAX_OPTIONS = 3
# Once an entry is offered, others are offered beside it that reach this share of its least score.
# At 8 companies (evals/data/companies/dev) 200 stories are shown the right entry in 70 / 69 %
# (English / Chinese) in place of 66 / 65 %, and nobody is offered anything who was offered nothing.
_BESIDE = 0.1


@dataclass(frozen=True)
class Decision:
    """`rule` names the line of `decide`, or of bot/deciding.py, that fired; it is logged with the
    turn."""

    route: Route
    rule: str
    options: tuple[str, ...] = ()


def decide(
    intent: Intent,
    matches: Sequence[Match],
    last_route: Route | None,
    config: Config,
    *,
    own_score: float,
) -> Decision:
    """`matches` are sorted, the best first; `last_route` is what the bot did before; `own_score`
    is the best match's of the message without those before it.
    """
    sure = intent.known and intent.confidence >= config.desk_intent_confidence
    wish = intent.name if sure else ""
    # Half a complaint, or a word about a person, in a question that can be answered is answered.
    surest = intent.confidence >= max(config.hand_off_confidence, own_score)
    if wish in _HAND_OFF_RULES and (surest or own_score < config.answer_score):
        return Decision(Route.HAND_OFF, _HAND_OFF_RULES[wish])
    # "See you!" after an answer is no further question about the same.
    if wish in SMALL_TALK and intent.confidence > own_score:
        return Decision(Route.SMALL_TALK, wish)
    best = matches[0].score if matches else 0.0
    unclear = last_route is Route.CLARIFY
    if best >= config.answer_score:
        options = _close_options(matches, config)
        if len(options) > 1 and not unclear:
            return Decision(Route.CLARIFY, "close_matches", options)
        return Decision(Route.ANSWER, "match")
    if wish in SMALL_TALK:
        return Decision(Route.SMALL_TALK, wish)
    if best >= config.clarify_score and not unclear:
        options = _options(m for m in matches if m.score >= config.clarify_score / 2)
        return Decision(Route.CLARIFY, "weak_match", options)
    if best < config.offer_score:
        return decline(last_route, "no_match")
    near = _options(m for m in matches if m.score >= _BESIDE * config.offer_score)
    return decline(last_route, "no_match", near)


def decline(last_route: Route | None, rule: str, near: tuple[str, ...] = ()) -> Decision:
    """A person takes over where the bot would decline twice in a row. `near` is offered beside "I
    don't know": what is none of it is as easily said as before.
    """
    if last_route is Route.DECLINE:
        return Decision(Route.HAND_OFF, "second_decline")
    return Decision(Route.DECLINE, rule, near)


def _close_options(matches: Sequence[Match], config: Config) -> tuple[str, ...]:
    """The headings of the matches that are nearly as good as the best one, and say otherwise."""
    best = matches[0]
    close = [m for m in matches if _log_odds(best) - _log_odds(m) < config.clarify_margin]
    return _options(m for m in close if m.passage.language == best.passage.language)


def _log_odds(match: Match) -> float:
    """Of the score, kept finite."""
    score = min(max(match.score, 1e-9), 1.0 - 1e-9)
    return math.log(score / (1.0 - score))


def _options(matches: Iterable[Match]) -> tuple[str, ...]:
    headings = dict.fromkeys(match.passage.heading for match in matches)
    return tuple(headings)[:MAX_OPTIONS]
