"""One student on its way: its steps, its rates, and checkpoints from which it goes on exactly.

Every step draws its chance from the seed and its own number: a run that resumes takes the steps
that the killed one would have taken. Knows token ids and the teacher's vectors, no text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from knowledge.chinese import PADDING, BagOfWords, Reader, TowerShape
from knowledge.contrast import Contrast, Weights
from knowledge.types import Vectors

_WARM_UP_STEPS = 100


@dataclass(frozen=True)
class Recipe:
    """What a training is made of: two runs of one recipe over one tokenizer give equal weights.

    The reader goes through the texts `epochs` times, the bag `bag_epochs` times.
    A batch has at most `batch` texts and about `tokens` tokens with their padding. The rates are
    those of the reader's words, of all else in it, and of the bag.
    """

    seed: int = 1
    shape: TowerShape = field(default_factory=TowerShape)
    weights: Weights = field(default_factory=Weights)
    epochs: int = 6
    batch: int = 256
    tokens: int = 16_000
    word_rate: float = 8e-4
    rate: float = 6e-4
    bag_epochs: int = 3
    bag_rate: float = 5e-3
    word_dropout: float = 0.1


class WithCharacters(nn.Module):
    """A token's vector is its own plus the mean of its characters' (fastText, Bojanowski 2017).

    Rare words are then placed by their characters. It is folded into one table before saving.
    """

    def __init__(self, characters: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.flat: Tensor
        self.starts: Tensor
        flat = [number for numbers in characters for number in numbers]
        starts = np.cumsum([0] + [len(numbers) for numbers in characters[:-1]])
        self.register_buffer("flat", torch.tensor(flat), persistent=False)
        self.register_buffer("starts", torch.from_numpy(starts), persistent=False)

    def forward(self, own: Tensor) -> Tensor:
        return own + self._of_characters(own)

    def right_inverse(self, table: Tensor) -> Tensor:
        """Characters are whole by themselves: what is left of a word without them is its own."""
        return table - self._of_characters(table)

    def _of_characters(self, table: Tensor) -> Tensor:
        return functional.embedding_bag(self.flat, table, self.starts, mode="mean")


@dataclass(frozen=True)
class Lessons:
    """Training texts as token ids, the teacher's unit vectors of their translations, and their
    kinds as numbers."""

    ids: Sequence[Sequence[int]]
    vectors: Vectors
    kinds: NDArray[np.int64]

    def batches(self, recipe: Recipe, epoch: int) -> list[NDArray[np.int64]]:
        """Row numbers. Texts of like length share a batch, so that little is padded, and texts of
        one kind, for they are the hardest to tell apart."""
        chance = np.random.default_rng([recipe.seed, epoch])
        lengths = np.array([len(row) for row in self.ids])
        order = np.lexsort((lengths + chance.uniform(0, 4, len(self.ids)), self.kinds))
        batches, start = [], 0
        while start < len(order):
            rows = order[start : start + recipe.batch]
            rows = rows[self.kinds[rows] == self.kinds[rows[0]]]
            rows = rows[: max(1, recipe.tokens // int(lengths[rows].max()))]
            batches.append(rows)
            start += len(rows)
        return [batches[index] for index in chance.permutation(len(batches))]


class Distillation:
    """A student under training; `step` counts through all epochs, up to `steps`."""

    def __init__(
        self,
        student: Reader | BagOfWords,
        characters: Sequence[Sequence[int]],
        lessons: Lessons,
        recipe: Recipe,
    ) -> None:
        self.student, self.recipe = student, recipe
        self.step = 0
        self._lessons = lessons
        self._contrast = Contrast(lessons.vectors, lessons.kinds, recipe.weights)
        self._device = next(student.parameters()).device
        if isinstance(student, Reader) and _has_bfloat16(self._device):
            student.lower(torch.bfloat16)
        counts = [len(lessons.batches(recipe, epoch)) for epoch in range(recipe.epochs)]
        self._first_steps = np.cumsum([0, *counts])
        composed = WithCharacters(characters).to(self._device)
        parametrize.register_parametrization(student.words, "weight", composed)
        self._optimizer = torch.optim.AdamW(
            [
                {"params": words, "weight_decay": 0.0}
                for words in (list(student.words.parameters()), self._not_words())
            ],
            betas=(0.9, 0.98),
        )
        self._batches: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    @property
    def steps(self) -> int:
        return int(self._first_steps[-1])

    @property
    def epochs_done(self) -> int | None:
        """Their number where one has just ended, else None."""
        ended = np.flatnonzero(self._first_steps == self.step)
        return int(ended[0]) if self.step and len(ended) else None

    def advance(self) -> float:
        """One step; returns its loss."""
        seed = [self.recipe.seed, self.step]
        chance = np.random.default_rng(seed)
        rows = self._rows()
        ids = self._without_some_words([self._lessons.ids[row] for row in rows], chance)
        loss = self._contrast.loss(self.student(pad(ids).to(self._device)), rows, chance)
        self._set_rates()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    def finish(self) -> None:
        """The student's characters are folded into its words; the training is over."""
        parametrize.remove_parametrizations(self.student.words, "weight")
        self.student.cpu().eval()

    def save(self, path: Path) -> None:
        """One safetensors file: weights, Adam's moments, what the loss remembers, and the step;
        replaced atomically."""
        tensors = {f"student.{name}": value for name, value in self.student.state_dict().items()}
        tensors |= {f"contrast.{name}": value for name, value in self._contrast.state().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        new = path.with_suffix(".new")
        save_file(tensors, new, metadata={"step": str(self.step)})
        new.replace(path)

    def resume(self, path: Path) -> None:
        """Goes back to where `save` was called."""
        parts = defaultdict[str, dict[str, Tensor]](dict)
        adam = defaultdict[int, dict[str, Tensor]](dict)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
            for key in file.keys():  # noqa: SIM118 - no mapping
                owner, _, name = key.partition(".")
                parts[owner][name] = file.get_tensor(key)
        for key, value in parts["adam"].items():
            number, _, moment = key.partition(".")
            adam[int(number)][moment] = value
        self.student.load_state_dict(parts["student"])
        self._contrast.restore(parts["contrast"])
        self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": adam})

    def _rows(self) -> NDArray[np.int64]:
        epoch = int(np.searchsorted(self._first_steps, self.step, side="right")) - 1
        if self._batches[0] != epoch:
            self._batches = epoch, self._lessons.batches(self.recipe, epoch)
        return self._batches[1][self.step - int(self._first_steps[epoch])]

    def _without_some_words(
        self, ids: Sequence[Sequence[int]], chance: np.random.Generator
    ) -> list[list[int]]:
        """A customer's sentence is never complete: each token is left out now and then. The marks
        at both ends stay."""
        share = self.recipe.word_dropout
        return [
            [row[0], *(i for i in row[1:-1] if chance.random() >= share), row[-1]] for row in ids
        ]

    def _not_words(self) -> list[nn.Parameter]:
        words = set(self.student.words.parameters())
        return [value for value in self.student.parameters() if value not in words]

    def _set_rates(self) -> None:
        """They warm up for a moment and then fall to nothing, in straight lines."""
        height = min(1.0, (self.step + 1) / _WARM_UP_STEPS) * (1.0 - self.step / self.steps)
        rates = self.recipe.word_rate, self.recipe.rate
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * height


def pad(ids: Sequence[Sequence[int]]) -> Tensor:
    """(len(ids), longest), filled up with PADDING on the right."""
    padded = np.full((len(ids), max(map(len, ids))), PADDING, dtype=np.int64)
    for row, numbers in enumerate(ids):
        padded[row, : len(numbers)] = numbers
    return torch.from_numpy(padded)


def _has_bfloat16(device: torch.device) -> bool:
    return device.type != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)
