"""`python -m evals.several [dev|fit|test]`: two questions in one message to the invented companies.

Each message is made of two questions of one company that different entries answer, as two
sentences, or joined by "and" or a comma. Prints how many are answered both, one of them, and with
an entry that answers neither; beside it, what was told before questions were told apart.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.config import Config
from bot.deciding import decide_message, decide_question
from bot.types import Route
from bot.understanding import Understanding
from evals.companies import of_each_company, questions_of, understanding_of
from knowledge.language import language_of
from knowledge.types import Embedder, Language

_JOINTS: dict[Language, tuple[str, ...]] = {"en": ("? ", " and ", ", "), "zh": ("？", "，", " ")}
_Row = dict[str, Any]
_MARKS = " .?!。？！"


@dataclass(frozen=True)
class Outcome:
    """Of one message: which of its two questions are answered, by all and by the message read as a
    whole; `wrong` where a passage is told that answers neither."""

    language: Language
    joint: str
    now: int
    wrong_now: bool
    before: int
    wrong_before: bool


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    outcomes = of_each_company(chosen, asked_twice)
    print("                       now                   as one question")
    print("language  joint  messages   both  one  wrong   both  one  wrong")
    for language, joints in _JOINTS.items():
        for joint in joints:
            rows = [each for each in outcomes if (each.language, each.joint) == (language, joint)]
            if rows:
                print(f"{language:8}  {joint!r:6}  {len(rows):7}   {_line(rows)}")


def asked_twice(
    folder: Path, embedder: Embedder, config: Config, models: Path
) -> Iterator[Outcome]:
    """With one company; the intents' classifier is kept in `models`."""
    with understanding_of(folder, embedder, config, models) as understanding:
        for first, second, joint in _pairs(questions_of(folder)):
            yield _outcome(first, second, joint, understanding)


def _pairs(questions: Sequence[_Row]) -> Iterator[tuple[_Row, _Row, str]]:
    near = [each for each in questions if each["kind"] == "near"]
    dice = np.random.default_rng(0)
    order = dice.permutation(len(near))
    joints = _JOINTS[language_of(near[0]["query"])]
    for number, (a, b) in enumerate(zip(order, np.roll(order, 1), strict=True)):
        if not set(near[a]["relevant"]) & set(near[b]["relevant"]):
            yield near[a], near[b], joints[number % len(joints)]


def _outcome(first: _Row, second: _Row, joint: str, understanding: Understanding) -> Outcome:
    text = first["query"].strip(_MARKS) + joint + second["query"].strip(_MARKS) + "?"
    language = language_of(text)
    message = decide_message(understanding, text, (), fallback=language)
    whole = decide_question(understanding, text, (), fallback=language)
    alone = [whole.understood] if whole.decision.route is Route.ANSWER else []
    relevant = (first["relevant"], second["relevant"])
    told = [
        {read.usable[0].passage.heading for read in answered}
        for answered in (message.answered, alone)
    ]
    right = [sum(bool(each & set(wanted)) for wanted in relevant) for each in told]
    wrong = [bool(each - {*relevant[0], *relevant[1]}) for each in told]
    return Outcome(language, joint, right[0], wrong[0], right[1], wrong[1])


def _line(rows: Sequence[Outcome]) -> str:
    now, before = (np.array([getattr(each, k) for each in rows]) for k in ("now", "before"))
    wrong_now = np.mean([each.wrong_now for each in rows])
    wrong_before = np.mean([each.wrong_before for each in rows])
    return (
        f"{(now == 2).mean():5.2f} {(now == 1).mean():5.2f} {wrong_now:5.2f}  "
        f"{(before == 2).mean():5.2f} {(before == 1).mean():5.2f} {wrong_before:5.2f}"
    )


if __name__ == "__main__":
    main()
