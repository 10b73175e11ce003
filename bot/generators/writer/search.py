"""Greedy and beam search through walks: the network chooses where the rules leave a choice.

Words that only have to be copied, to their clause's end, are read in one go with the next choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bot.generators.writer.inference import Memory, Network, Past
from bot.generators.writer.vocabulary import START
from bot.generators.writer.walk import Walk, copied
from knowledge.graph import Array


@dataclass(frozen=True)
class Trail:
    """An answer under way. `sure` are the probabilities with which its clauses were chosen."""

    walk: Walk
    tokens: tuple[int, ...] = ()
    log_probability: float = 0.0
    sure: tuple[float, ...] = ()

    def step(self, token: int, probability: float) -> Trail:
        chooses_clause = self.walk.at is None and copied(token) is not None
        return replace(
            self,
            walk=self.walk.taken(token),
            tokens=(*self.tokens, token),
            log_probability=self.log_probability + math.log(max(probability, 1e-30)),
            sure=(*self.sure, probability) if chooses_clause else self.sure,
        )

    def run(self) -> Trail:
        """On to the next choice, or to the end."""
        trail = self
        while len(allowed := trail.walk.allowed()) == 1:
            trail = trail.step(allowed[0], 1.0)
        return trail


@dataclass(frozen=True)
class _Path:
    """A trail with the network's past of it, to which the `unread` numbers are new."""

    trail: Trail
    past: Past
    unread: list[int]


def search(network: Network, memory: Memory, walk: Walk, *, beams: int) -> Iterator[list[Trail]]:
    """After each choice, the trails that go on or have ended, the best first; at most `beams`.

    One beam is greedy search. Nothing comes where no clause can be told.
    """
    trail = Trail(walk).run()
    if trail.walk.ended:
        yield [trail]
    ended: list[Trail] = []
    paths = [_Path(trail, network.blank, [START, *map(memory.place, trail.tokens)])]
    while paths := [path for path in paths if _goes_on(path.trail, network.longest_answer)]:
        steps = [step for path in paths for step in _steps(network, memory, path, beams)]
        steps.sort(key=lambda step: -step.trail.log_probability)
        paths = steps[: beams - len(ended)]
        if not paths:
            return
        trails = [*ended, *(path.trail for path in paths)]
        ended += [path.trail for path in paths if path.trail.walk.ended]
        yield sorted(trails, key=lambda trail: -trail.log_probability)


def _goes_on(trail: Trail, longest: int) -> bool:
    return bool(trail.walk.allowed()) and len(trail.tokens) < longest


def _steps(network: Network, memory: Memory, path: _Path, beams: int) -> Iterator[_Path]:
    """The path with each of the likeliest tokens; not into a clause that cannot be told."""
    scores, past = network.write(memory, path.unread, path.past)
    for token, probability in _choices(path.trail.walk, memory, scores, beams):
        trail = path.trail.step(token, probability).run()
        if trail.walk.ended or trail.walk.allowed():
            new = trail.tokens[len(path.trail.tokens) :]
            yield _Path(trail, past, [memory.place(token) for token in new])


def _choices(walk: Walk, memory: Memory, scores: Array, beams: int) -> Iterator[tuple[int, float]]:
    """The likeliest of the tokens that are allowed."""
    allowed = walk.allowed()
    chosen = scores[[memory.place(token) for token in allowed]]
    chances = np.exp(chosen - chosen.max())
    chances /= chances.sum()
    for at in np.argsort(-chances, kind="stable")[:beams]:
        yield allowed[at], float(chances[at])
