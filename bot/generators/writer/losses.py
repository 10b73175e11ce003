"""How far the network is from the answers of examples: its losses, in training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bot.generators.writer.batch import Batch, batch
from bot.generators.writer.examples import Example
from bot.generators.writer.network import Writer
from bot.generators.writer.vocabulary import START

_NOT_ALLOWED = -1e4
_VALIDATED_AT_ONCE = 32


@dataclass(frozen=True)
class Losses:
    """`told`: of the choices in the answers; `held`: of which passages answer; means."""

    told: Tensor
    held: Tensor
    right: float
    decisions: int
    odds: list[tuple[float, bool]]


def losses(writer: Writer, examples: Sequence[Example]) -> Losses:
    """Only places with more than one choice count: the rules of walk.py decide the others."""
    made = batch([example.pages for example in examples])
    memory = writer.read(made.reading.to(writer.device))
    held, odds = _held(memory.holds, examples)
    rows = [row for row, example in enumerate(examples) if example.tokens]
    if not rows:
        return Losses(held * 0, held, 0.0, 0, odds)
    told = [examples[row] for row in rows]
    longest = max(len(example.tokens) for example in told)
    places = torch.zeros((len(rows), longest), dtype=torch.long)
    masks = torch.zeros((len(rows), longest, made.size), dtype=torch.bool)
    counted = torch.zeros((len(rows), longest), dtype=torch.bool)
    for index, (row, example) in enumerate(zip(rows, told, strict=True)):
        _fill(made, row, example, (places[index], masks[index], counted[index]))
    before = functional.pad(places[:, :-1], (1, 0), value=START).to(writer.device)
    scores = writer.write(memory.rows(torch.tensor(rows, device=writer.device)), before)
    chosen = scores[counted.to(writer.device)].float()
    allowed, target = masks[counted].to(writer.device), places[counted].to(writer.device)
    chosen = chosen.masked_fill(~allowed, _NOT_ALLOWED)
    right = float((chosen.argmax(-1) == target).float().sum())
    return Losses(functional.cross_entropy(chosen, target), held, right, len(target), odds)


def _fill(made: Batch, row: int, example: Example, to: tuple[Tensor, Tensor, Tensor]) -> None:
    places, masks, counted = to
    for number, (token, choices) in enumerate(zip(example.tokens, example.choices, strict=True)):
        places[number] = made.place(row, token)
        if len(choices) > 1:
            counted[number] = True
            masks[number] = made.mask(row, choices)


def _held(holds: Tensor, examples: Sequence[Example]) -> tuple[Tensor, list[tuple[float, bool]]]:
    """The loss of each passage's log-odds; and of each example the greatest with the truth."""
    truth = torch.zeros_like(holds)
    real = torch.zeros_like(holds)
    for row, example in enumerate(examples):
        real[row, : len(example.pages)] = 1.0
        truth[row, list(example.holds)] = 1.0
    loss = functional.binary_cross_entropy_with_logits(holds.float(), truth, weight=real)
    best = holds.masked_fill(real == 0, _NOT_ALLOWED).amax(1).tolist()
    odds = [(value, bool(example.holds)) for value, example in zip(best, examples, strict=True)]
    return loss * holds.numel() / real.sum(), odds


@dataclass(frozen=True)
class Validation:
    """On held-out entities: losses, the share of right choices, and how well "not here" is seen."""

    told: float
    held: float
    right: float
    not_here_auroc: float

    @property
    def loss(self) -> float:
        return self.told + self.held


def validate(writer: Writer, examples: Sequence[Example]) -> Validation:
    from sklearn.metrics import roc_auc_score

    writer.train(False)
    with torch.inference_mode():
        found = [
            losses(writer, examples[start : start + _VALIDATED_AT_ONCE])
            for start in range(0, len(examples), _VALIDATED_AT_ONCE)
        ]
    odds = [pair for part in found for pair in part.odds]
    decisions = max(1, sum(part.decisions for part in found))
    return Validation(
        told=sum(float(part.told) * part.decisions for part in found) / decisions,
        held=float(np.mean([float(part.held) for part in found])),
        right=sum(part.right for part in found) / decisions,
        not_here_auroc=float(roc_auc_score([here for _, here in odds], [odd for odd, _ in odds])),
    )
