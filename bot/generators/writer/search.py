"""Greedy and beam search through walks: the network chooses where the rules leave a choice.

Many answers are written in one batch, each joins it when it comes. Words that only have to be
copied, to their clause's end, are read in one go with the next choice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.generators.writer.vocabulary import START
from bot.generators.writer.walk import Walk, copied

if TYPE_CHECKING:
    from torch import Tensor

    from bot.generators.writer.batch import Batch
    from bot.generators.writer.network import Memory, Past, Writer


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
class Start:
    """An answer that is asked for: `example` is its row in the batch that was read."""

    key: int
    walk: Walk
    beams: int
    example: int


@dataclass(frozen=True)
class _Row:
    """A path in the batch. Of its tokens, `read` are in the network's past already."""

    start: Start
    made: Batch
    trail: Trail
    read: int = 0

    def unread(self) -> list[int]:
        """As the network's numbers, with START at the beginning."""
        last = self.trail.tokens[max(0, self.read - 1) :]
        numbers = [self.made.place(self.start.example, token) for token in last]
        return numbers if self.read else [START, *numbers]


class Search:
    """All answers that are being written. One beam is greedy search."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: list[_Row] = []
        self._memory: Memory | None = None
        self._past: Past | None = None
        self._done: list[_Row] = []  # there was nothing to choose in them
        self._ended: dict[int, int] = {}
        self._alive: set[int] = set()

    def join(self, starts: Sequence[Start], memory: Memory, made: Batch) -> None:
        """Those of whom no clause can be told are left out."""
        import torch

        fresh = [_Row(start, made, Trail(start.walk).run()) for start in starts]
        self._done += [row for row in fresh if row.trail.walk.ended]
        fresh = [row for row in fresh if row.trail.walk.allowed()]
        if not fresh:
            return
        index = torch.tensor([row.start.example for row in fresh], device=self._writer.device)
        own = memory.rows(index)
        self._memory = own if self._memory is None else self._memory.joined(own)
        if self._past is not None:
            self._past = self._past.joined(self._past.blank(len(fresh)))
        self._rows += fresh

    def leave(self, keys: set[int]) -> None:
        """Gives up what nobody waits for any more."""
        kept = [n for n, row in enumerate(self._rows) if row.start.key not in keys]
        if len(kept) < len(self._rows):
            self._keep([(n, self._rows[n]) for n in kept])

    def writes(self, key: int) -> bool:
        """Whether there is more to come of the answer."""
        return key in self._alive

    def step(self) -> dict[int, list[Trail]]:
        """The next choice in every path. By the answers' keys, all paths that were lengthened or
        ended; at most as many as the answer has beams. Empty where nothing is written."""
        chosen = self._choose(self._read()) if self._rows else []
        found: dict[int, list[Trail]] = {}
        for row in (*self._done, *(row for _, row in chosen)):
            found.setdefault(row.start.key, []).append(row.trail)
        self._done = []
        longest = self._writer.config.longest_answer
        on = [s for s in chosen if not s[1].trail.walk.ended and len(s[1].trail.tokens) < longest]
        self._keep(on)
        return found

    def _read(self) -> Tensor:
        """Scores of what follows in every path (rows, numbers)."""
        import torch

        memory = self._memory
        assert memory is not None  # noqa: S101 - there are rows
        unread = [row.unread() for row in self._rows]
        longest = max(map(len, unread))
        padded = [numbers + [START] * (longest - len(numbers)) for numbers in unread]
        lengths = torch.tensor([len(numbers) for numbers in unread])
        tokens = torch.tensor(padded, device=self._writer.device)
        real = (torch.arange(longest) < lengths[:, None]).to(tokens.device)
        scores, self._past = self._writer.write(memory, tokens, self._past, real=real)
        rows = torch.arange(len(unread), device=tokens.device)
        return scores[rows, (lengths - 1).to(tokens.device)].float()

    def _choose(self, scores: Tensor) -> list[tuple[int, _Row]]:
        """The paths that go on or end, with the row that each comes from."""
        found: dict[int, list[tuple[int, _Row]]] = {}
        for number, row in enumerate(self._rows):
            read = len(row.trail.tokens) + 1
            for token, probability in _choices(row, scores[number]):
                trail = row.trail.step(token, probability).run()
                if trail.walk.ended or trail.walk.allowed():
                    after = replace(row, trail=trail, read=read)
                    found.setdefault(row.start.key, []).append((number, after))
        kept: list[tuple[int, _Row]] = []
        for key, steps in found.items():
            steps.sort(key=lambda step: -step[1].trail.log_probability)
            best = steps[: steps[0][1].start.beams - self._ended.get(key, 0)]
            self._ended[key] = self._ended.get(key, 0) + sum(
                row.trail.walk.ended for _, row in best
            )
            kept += best
        return kept

    def _keep(self, steps: Sequence[tuple[int, _Row]]) -> None:
        import torch

        origin = [number for number, _ in steps]
        rows, self._rows = self._rows, [row for _, row in steps]
        alive = {row.start.key for row in self._rows}
        self._alive = alive
        self._ended = {key: count for key, count in self._ended.items() if key in alive}
        if not steps or self._memory is None or self._past is None:
            self._memory = self._past = None
        elif origin != list(range(len(rows))):
            index = torch.tensor(origin, device=self._writer.device)
            self._memory, self._past = self._memory.rows(index), self._past.rows(index)


def _choices(row: _Row, scores: Tensor) -> list[tuple[int, float]]:
    """The likeliest tokens of those allowed."""
    allowed = row.trail.walk.allowed()
    places = [row.made.place(row.start.example, token) for token in allowed]
    chances = scores[places].softmax(0)
    top = chances.topk(min(row.start.beams, len(allowed)))
    return [(allowed[i], p) for p, i in zip(top.values.tolist(), top.indices.tolist(), strict=True)]
