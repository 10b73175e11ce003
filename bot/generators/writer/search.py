"""Greedy and beam search through a walk: the network chooses where the rules leave a choice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.generators.writer.vocabulary import END, START
from bot.generators.writer.walk import Walk, copied

if TYPE_CHECKING:
    from torch import Tensor

    from bot.generators.writer.batch import Batch
    from bot.generators.writer.network import Memory, Writer


@dataclass(frozen=True)
class Trail:
    """An answer under way. `sure` are the probabilities with which its clauses were chosen."""

    example: int
    walk: Walk
    tokens: tuple[int, ...] = ()
    log_probability: float = 0.0
    sure: tuple[float, ...] = ()

    def step(self, token: int, probability: float) -> Trail:
        chooses_clause = self.walk.at is None and copied(token) is not None
        return replace(
            self,
            walk=self.walk.take(token),
            tokens=(*self.tokens, token),
            log_probability=self.log_probability + math.log(max(probability, 1e-30)),
            sure=(*self.sure, probability) if chooses_clause else self.sure,
        )


def search(
    writer: Writer, memory: Memory, made: Batch, walks: Sequence[Walk], *, beams: int = 1
) -> Iterator[list[Trail]]:
    """After each step all paths that were lengthened or ended in it; at most `beams` an example.

    A path ends with END; one that finds nothing to tell is dropped. One beam is greedy search.
    """
    import torch

    paths = [Trail(number, walk) for number, walk in enumerate(walks) if walk.allowed()]
    ended = [0] * len(walks)
    past = None
    rows = [path.example for path in paths]
    with torch.inference_mode():
        while paths:
            device = writer.device
            last = [
                made.place(path.example, path.tokens[-1]) if path.tokens else START
                for path in paths
            ]
            index = torch.tensor(rows, device=device)
            scores, past = writer.write(
                memory.rows(index), torch.tensor(last, device=device)[:, None], past
            )
            steps = _best(made, paths, scores[:, -1].float(), beams, ended)
            yield [path for _, path in steps]
            steps = [(row, path) for row, path in steps if not path.walk.ended]
            steps = [s for s in steps if len(s[1].tokens) < writer.config.longest_answer]
            kept = torch.tensor([row for row, _ in steps], dtype=torch.long, device=device)
            past = tuple((keys[kept], values[kept]) for keys, values in past)
            paths = [path for _, path in steps]
            rows = [path.example for path in paths]


def _best(
    made: Batch, paths: Sequence[Trail], scores: Tensor, beams: int, ended: list[int]
) -> list[tuple[int, Trail]]:
    """The paths that go on or end, with the row that each comes from."""
    found: dict[int, list[tuple[int, Trail]]] = {}
    for row, path in enumerate(paths):
        for token, probability in _choices(made, path, scores[row], beams):
            found.setdefault(path.example, []).append((row, path.step(token, probability)))
    kept: list[tuple[int, Trail]] = []
    for example, steps in found.items():
        steps.sort(key=lambda step: -step[1].log_probability)
        best = steps[: beams - ended[example]]
        ended[example] += sum(path.tokens[-1] == END for _, path in best)
        kept += best
    return kept


def _choices(made: Batch, path: Trail, scores: Tensor, beams: int) -> list[tuple[int, float]]:
    """The likeliest tokens of those allowed."""
    allowed = path.walk.allowed()
    if len(allowed) < 2:
        return [(token, 1.0) for token in allowed]
    chances = scores[[made.place(path.example, token) for token in allowed]].softmax(0)
    top = chances.topk(min(beams, len(allowed)))
    return [(allowed[i], p) for p, i in zip(top.values.tolist(), top.indices.tolist(), strict=True)]
