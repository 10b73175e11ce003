"""`python -m evals.conversations [dev|fit|test]`: customers who write more than once.

Conversations with the invented companies of evals/data/companies, each message with the entries
that answer it there. The bot answers as it goes: where it took one message wrongly, the next one
follows that. Prints what becomes of the messages by kind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.config import Config
from bot.deciding import decide_message, replied, said
from bot.routing import MAX_OPTIONS
from bot.types import Route, Turn
from bot.understanding import HISTORY_TURNS, Understanding
from evals.companies import conversations_of, of_each_company, understanding_of
from knowledge.language import language_of
from knowledge.types import Embedder, Language

# The first message; one about the entry that answered last; one that needs what was said before and
# is answered by another entry; another subject; a subject of earlier; one that nothing answers.
KINDS = ("first", "more", "other", "new", "back", "none")


@dataclass(frozen=True)
class Outcome:
    """What becomes of one message. `right` holds, by rank, whether a match is an entry that answers
    it."""

    language: Language
    kind: str
    route: Route
    right: tuple[bool, ...]


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    outcomes = of_each_company(chosen, conversed)
    print("                             right entry found    answered      asked back")
    print("language  kind     messages  first  among three  right  wrong")
    for language in sorted({each.language for each in outcomes}):
        for kind in KINDS:
            rows = [each for each in outcomes if (each.language, each.kind) == (language, kind)]
            if rows:
                print(f"{language:8}  {kind:7}  {len(rows):8}  {_line(rows)}")


def conversed(folder: Path, embedder: Embedder, config: Config, models: Path) -> Iterator[Outcome]:
    """With one company; the intents' classifier is kept in `models`."""
    with understanding_of(folder, embedder, config, models) as understanding:
        for conversation in conversations_of(folder):
            yield from _outcomes(conversation["turns"], understanding)


def _outcomes(turns: Sequence[dict[str, Any]], understanding: Understanding) -> Iterator[Outcome]:
    history: list[Turn] = []
    for turn in turns:
        text, language = turn["query"], language_of(turn["query"])
        before = history[-HISTORY_TURNS:]
        message = decide_message(understanding, text, before, fallback=language)
        decision = message.decision
        if decision.rule == "second_decline":  # handing over would end the conversation
            decision = replace(decision, route=Route.DECLINE)
        history += [said(text), replied(decision, message.usable)]
        right = tuple(match.passage.heading in turn["relevant"] for match in message.usable)
        yield Outcome(language, turn["kind"], decision.route, right)


def _line(rows: Sequence[Outcome]) -> str:
    first = np.array([each.right[:1] == (True,) for each in rows])
    among_three = np.array([any(each.right[:MAX_OPTIONS]) for each in rows])
    answered = np.array([each.route is Route.ANSWER for each in rows])
    asked = np.array([each.route is Route.CLARIFY for each in rows])
    shares = (first, among_three, answered & first, answered & ~first, asked)
    widths = (5, 12, 6, 6, 11)
    return " ".join(f"{s.mean():{width}.3f}" for s, width in zip(shares, widths, strict=True))


if __name__ == "__main__":
    main()
