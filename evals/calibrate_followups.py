"""`python -m evals.calibrate_followups`: the weights of a follow-up, for bot/followups.py.

Reads the conversations with the companies of evals/data/companies/fit, where each message follows
what should have been answered before it. Prints what to write there, and how well it does at
companies that were left out, a quarter at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np

from bot.courtesy import without_courtesy
from bot.followups import FollowUp, features_of, leans_on_history, said_before, with_context
from bot.types import Turn
from evals.calibrate import Candidates, Model, at_even_odds, fit, read_rows
from evals.companies import COMPANIES
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.language import language_of
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Language, Match

_NAMES = tuple(field.name for field in fields(FollowUp) if field.name != "offset")
# Of what no entry answers. So many of the answers to follow-ups are then right as of those that the
# bot gave before it weighed anything, and twice as many are given.
_KEPT_OUT = 0.85
_PARTS = 4
# How much steeper the model is made than what fits best: bot/followups.py says why.
_STEEPNESS = 2.0


@dataclass(frozen=True)
class Message:
    """One that follows others, by what is found for it."""

    company: str
    kind: str
    candidates: Candidates


def main() -> None:
    embedder = load_embedder("built-in")
    for language in get_args(Language):
        folders = [
            f.parent for f in sorted((COMPANIES / "fit").glob(f"{language}_*/conversations.jsonl"))
        ]
        messages = [message for folder in folders for message in _messages(folder, embedder)]
        model = _fitted(messages)
        weights = dict(zip(_NAMES, _STEEPNESS * model.weights, strict=True))
        weights["offset"] = _STEEPNESS * model.offset
        told = ", ".join(f"{name}={weight:.2f}" for name, weight in weights.items())
        print(f'"{language}": FollowUp({told}),')
        _print_left_out(messages)


def _messages(folder: Path, embedder: Embedder) -> Iterator[Message]:
    with tempfile.TemporaryDirectory() as home:
        Ingest(Path(home), embedder).run([folder / "faq.md"])
        base = KnowledgeBase(Path(home), embedder)
        for conversation in read_rows(folder / "conversations.jsonl"):
            turns = conversation["turns"]
            for place in range(1, len(turns)):
                yield Message(folder.name, turns[place]["kind"], _candidates(turns, place, base))
        base.close()


def _candidates(turns: Sequence[dict[str, Any]], place: int, base: KnowledgeBase) -> Candidates:
    """Of the message at `place`, after those before it were answered as they should be."""

    def plain(text: str) -> str:
        return base.corrected(without_courtesy(text))

    def find(query: str) -> dict[str, Match]:
        matches = base.search(query, k=20, language=language_of(query))
        return {match.passage.heading: match for match in matches}

    turn, before = turns[place], turns[:place]
    text = plain(turn["query"])
    leans = leans_on_history(text)
    alone = find(text)
    context = said_before([Turn(0, "", "customer", t["query"], "done", "") for t in before])
    said = find(with_context(plain(context), text))
    last = next((t["relevant"][0] for t in reversed(before) if t["relevant"]), "")
    answered = find(with_context(last, text)) if last else alone
    found = sorted(alone.keys() | said.keys() | answered.keys())
    rows = [features_of(each, alone, said, answered, leans=leans) for each in found]
    return Candidates(
        evidence=np.array([[row[name] for name in _NAMES] for row in rows]),
        right=np.array([each in turn["relevant"] for each in found]),
    )


def _fitted(messages: Sequence[Message]) -> Model:
    answerable = [m.candidates for m in messages if m.kind != "none"]
    beyond = [m.candidates for m in messages if m.kind == "none"]
    return at_even_odds(fit(answerable, beyond, against=0), beyond, kept_out=_KEPT_OUT)


def _print_left_out(messages: Sequence[Message]) -> None:
    companies = sorted({message.company for message in messages})
    told: dict[str, list[tuple[bool, bool]]] = {}
    for part in range(_PARTS):
        out = set(companies[part::_PARTS])
        model = _fitted([m for m in messages if m.company not in out])
        for message in (m for m in messages if m.company in out):
            sums = model.sums(message.candidates)
            best = int(np.argmax(sums))
            right = bool(message.candidates.right[best])
            told.setdefault(message.kind, []).append((right, bool(sums[best] > 0)))
    print("   kind   messages  right first  answered rightly  wrongly")
    for kind, outcomes in sorted(told.items()):
        right, answered = np.array(outcomes).T
        shares = right.mean(), (answered & right).mean(), (answered & ~right).mean()
        print(f"   {kind:5}  {len(outcomes):8}  " + "  ".join(f"{s:11.3f}" for s in shares))


if __name__ == "__main__":
    main()
