"""What a message asks, question by question, and what the bot does about it. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.choices import picked
from bot.routing import MAX_OPTIONS, SEVERAL_QUESTIONS, Decision, decide
from bot.several import asks, questions_in
from bot.terms import terms
from bot.types import Citation, Route, Turn
from bot.understanding import Understanding, Understood
from knowledge.language import has_chinese
from knowledge.types import Language, Match


@dataclass(frozen=True)
class Decided:
    """A message, or one question of it: as it is understood, and what is done about it."""

    understood: Understood
    decision: Decision


@dataclass(frozen=True)
class DecidedMessage:
    """`answered` are its questions that are answered, each from a passage of its own: none where
    there is no answer. `rest`: it asks more than these, which the decision's options are for.
    """

    understood: Understood
    decision: Decision
    answered: tuple[Understood, ...]
    rest: bool = False

    @property
    def usable(self) -> tuple[Match, ...]:
        """What is answered from, in order, then what else could be."""
        told = tuple(asked.usable[0] for asked in self.answered)
        return (*told, *(match for match in self.understood.usable if match not in told))


def decide_message(
    understanding: Understanding, text: str, history: Sequence[Turn], *, fallback: Language
) -> DecidedMessage:
    """Several questions are read as if they had been sent one after the other, and answered as such
    where they find two entries or more, or settle which one was meant.
    """
    whole = decide_question(understanding, text, history, fallback=fallback)
    questions = () if picked(text, history) else questions_in(text)
    answers = whole.decision.route is Route.ANSWER
    alone = DecidedMessage(whole.understood, whole.decision, (whole.understood,) * answers)
    if len(questions) < 2 or whole.decision.route is Route.HAND_OFF:
        return alone
    each = _one_after_the_other(understanding, questions, history, fallback)
    found = _answered(each)
    # What one part alone finds ("how much is it?") is seldom what was meant, unless it is among
    # what the whole might mean.
    settled = whole.decision.route is Route.CLARIFY and all(map(asks, questions))
    answered = found if len(found) >= (1 if settled else 2) else alone.answered
    rest = [
        one.decision
        for one in each
        if one.decision.route in (Route.CLARIFY, Route.DECLINE) and asks(one.understood.text)
    ]
    options = _offered(rest, answered)
    # One entry often answers two questions.
    if not answered or (answered == alone.answered and not options):
        return alone
    return DecidedMessage(
        understood=_together(whole.understood, [one.understood for one in each]),
        decision=Decision(Route.ANSWER, SEVERAL_QUESTIONS, options),
        answered=answered,
        rest=bool(rest),
    )


def decide_question(
    understanding: Understanding, text: str, history: Sequence[Turn], *, fallback: Language
) -> Decided:
    """Of a message that is taken for one question."""
    understood = understanding.read(text, history, fallback=fallback)
    decision = decide(
        understood.intent,
        understood.usable,
        last_route(history),
        understanding.config,
        own_score=understood.own_score,
    )
    if decision.route is Route.ANSWER and not history:
        options = _headings_of_keywords(understood)
        if len(options) > 1:
            decision = Decision(Route.CLARIFY, "keywords", options)
    return Decided(understood, decision)


def last_route(history: Sequence[Turn]) -> Route | None:
    """What the bot did about the message before."""
    return next((turn.route for turn in reversed(history) if turn.role == "bot"), None)


def _headings_of_keywords(understood: Understood) -> tuple[str, ...]:
    """Those found that hold a message of one word or two, the best first: who writes "gift card"
    may mean any of them. None where one of them is no more than that word."""
    asked = set(terms(understood.text))
    characters = sum(map(str.isalnum, understood.text))
    few = characters <= 4 if has_chinese(understood.text) else len(understood.text.split()) <= 2
    if not asked or not few:
        return ()
    language = understood.usable[0].passage.language
    headings = {
        match.passage.heading: set(terms(match.passage.heading))
        for match in understood.usable
        if match.passage.language == language
    }
    if asked in headings.values():
        return ()
    return tuple(heading for heading, held in headings.items() if asked <= held)[:MAX_OPTIONS]


def said(text: str) -> Turn:
    """A customer's turn that is in no log."""
    return Turn(0, "", "customer", text, "done", "")


def replied(decision: Decision, usable: Sequence[Match]) -> Turn:
    """What the bot does about a question, as a turn that is in no log: the passage is its text."""
    cited: tuple[Citation, ...] = ()
    text = ""
    if decision.route is Route.ANSWER:
        best, passage = usable[0], usable[0].passage
        text = passage.text
        cited = (Citation(passage.id, passage.document, passage.heading, text, best.score),)
    return Turn(
        0, "", "bot", text, "done", "", decision.route, citations=cited, options=decision.options
    )


def _one_after_the_other(
    understanding: Understanding,
    questions: Sequence[str],
    history: Sequence[Turn],
    fallback: Language,
) -> list[Decided]:
    each: list[Decided] = []
    for question in questions:
        each.append(decide_question(understanding, question, history, fallback=fallback))
        done = replied(each[-1].decision, each[-1].understood.usable)
        history = [*history, said(question), done]
    return each


def _answered(each: Sequence[Decided]) -> tuple[Understood, ...]:
    """The questions that are answered, in order: of those that one passage answers the first."""
    found: dict[str, Understood] = {}
    for one in each:
        if one.decision.route is Route.ANSWER:
            found.setdefault(one.understood.usable[0].passage.id, one.understood)
    return tuple(found.values())


def _offered(rest: Sequence[Decision], answered: Sequence[Understood]) -> tuple[str, ...]:
    """What may be meant by questions that are unclear, where nothing of it is told already."""
    told = {one.usable[0].passage.heading for one in answered}
    options = [
        option
        for decision in rest
        if decision.route is Route.CLARIFY and not told & set(decision.options)
        for option in decision.options
    ]
    return tuple(dict.fromkeys(options))[:MAX_OPTIONS]


def _together(whole: Understood, each: Sequence[Understood]) -> Understood:
    """The message with what its questions found: each one's best first, and all the time taken."""
    matches: dict[str, Match] = {}
    for one in [*each, whole]:
        for match in one.matches:
            matches.setdefault(match.passage.id, match)
    firsts = list(dict.fromkeys(one.usable[0].passage.id for one in each if one.usable))
    order = [*firsts, *(passage_id for passage_id in matches if passage_id not in firsts)]
    timings = dict(whole.timings_ms)
    for one in each:
        for name, taken in one.timings_ms.items():
            timings[name] = timings.get(name, 0.0) + taken
    return replace(
        whole, matches=tuple(matches[passage_id] for passage_id in order), timings_ms=timings
    )
