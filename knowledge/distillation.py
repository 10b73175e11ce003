"""One tower on its way: its losses, its two phases, and checkpoints from which it goes on exactly.

Every step draws its chance from the seed and its own number: a run that resumes takes the steps
that the killed one would have taken. Knows token ids and the teacher's vectors, no text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from knowledge.chinese import PADDING, ChineseTower, TowerShape
from knowledge.types import Vectors

_WARM_UP_STEPS = 50
# Arora et al. 2017: a word's weight is a / (a + its share of all words).
_FREQUENT = 1e-3
# Standard deviation of a rare word's random start. Found on held-out translations after three
# epochs: mean cosine to the teacher 0.683 at 0.05, 0.716 at 0.015, 0.719 at 0.005.
_START = 0.015


@dataclass(frozen=True)
class Recipe:
    """What a training is made of: two runs of one recipe over one tokenizer give equal weights.

    `distance` weighs 1 - cosine to the teacher's vector, `contrast` the cross-entropy of finding
    the right translation in the batch, with cosines times `scale`. Texts whose teacher's vectors
    have a cosine above `same` say the same, and are not told apart. The rates are the learning
    rates of the word vectors in both phases and of the Transformer.
    """

    seed: int = 1
    shape: TowerShape = field(default_factory=TowerShape)
    batch: int = 512
    bag_epochs: int = 3
    tower_epochs: int = 6
    bag_rate: float = 5e-3
    word_rate: float = 5e-4
    tower_rate: float = 1e-3
    distance: float = 1.0
    contrast: float = 1.0
    scale: float = 20.0
    same: float = 0.98
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
        return own + functional.embedding_bag(self.flat, own, self.starts, mode="mean")


@dataclass(frozen=True)
class Lessons:
    """Training texts as token ids, the teacher's unit vectors of their translations, and their
    kinds as numbers."""

    ids: Sequence[Sequence[int]]
    vectors: Vectors
    kinds: NDArray[np.int64]

    def batches(self, size: int, epoch_seed: Sequence[int]) -> list[NDArray[np.int64]]:
        """Row numbers. Texts of like length share a batch, so that little is padded, and texts of
        one kind, for they are the hardest to tell apart."""
        chance = np.random.default_rng(epoch_seed)
        lengths = np.array([len(row) for row in self.ids]) + chance.uniform(0, 4, len(self.ids))
        order = np.lexsort((lengths, self.kinds))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        return [batches[index] for index in chance.permutation(len(batches))]


class Distillation:
    """A student under training: first its words alone (the bag), then all of it.

    `step` counts through both phases, up to `steps`.
    """

    def __init__(
        self,
        tower: ChineseTower,
        characters: Sequence[Sequence[int]],
        lessons: Lessons,
        recipe: Recipe,
    ) -> None:
        self.tower, self.recipe = tower, recipe
        self._lessons = lessons
        self._device = next(tower.parameters()).device
        self.step = 0
        self.epoch_steps = -(-len(lessons.ids) // recipe.batch)
        self._bag_steps = self.epoch_steps * recipe.bag_epochs
        self.steps = self._bag_steps + self.epoch_steps * recipe.tower_epochs
        _start_words(tower.words.weight, lessons.ids, recipe.seed)
        composed = WithCharacters(characters).to(self._device)
        parametrize.register_parametrization(tower.words, "weight", composed)
        self._optimizer = self._adam()
        self._batches: list[NDArray[np.int64]] = []

    @property
    def phase(self) -> Literal["bag", "tower"]:
        return "bag" if self.step < self._bag_steps else "tower"

    def advance(self) -> float:
        """One step; returns its loss."""
        seed = [self.recipe.seed, self.step]
        rows = self._rows()
        torch.manual_seed(hash(tuple(seed)))
        chance = np.random.default_rng(seed)
        ids = self._without_some_words([self._lessons.ids[row] for row in rows], chance)
        target = torch.from_numpy(self._lessons.vectors[rows]).to(self._device)
        loss = self._loss(self.embed(ids), target)
        self._set_rates()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.tower.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    def embed(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """Unit vectors (len(ids), width), in the phase's way, in bfloat16 where it is quick."""
        padded = pad(ids).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=_has_bfloat16(self._device)):
            return self.tower.bag(padded) if self.phase == "bag" else self.tower(padded)

    def finish(self) -> ChineseTower:
        """The tower with its characters folded into its words; the training is over."""
        parametrize.remove_parametrizations(self.tower.words, "weight")
        return self.tower.eval()

    def save(self, path: Path) -> None:
        """One safetensors file: weights, Adam's moments and the step; replaced atomically."""
        tensors = {f"tower.{name}": value for name, value in self.tower.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        new = path.with_suffix(".new")
        save_file(tensors, new, metadata={"step": str(self.step)})
        new.replace(path)

    def resume(self, path: Path) -> None:
        """Goes back to where `save` was called."""
        tower, adam = {}, defaultdict[int, dict[str, Tensor]](dict)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
            for key in file.keys():  # noqa: SIM118 - no mapping
                owner, _, name = key.partition(".")
                if owner == "tower":
                    tower[name] = file.get_tensor(key)
                else:
                    number, _, moment = name.partition(".")
                    adam[int(number)][moment] = file.get_tensor(key)
        self.tower.load_state_dict(tower)
        self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": adam})
        self._batches = []

    def _rows(self) -> NDArray[np.int64]:
        epoch, place = divmod(self.step, self.epoch_steps)
        if place == 0 or not self._batches:
            self._batches = self._lessons.batches(self.recipe.batch, [self.recipe.seed, epoch])
        return self._batches[place]

    def _without_some_words(
        self, ids: Sequence[Sequence[int]], chance: np.random.Generator
    ) -> list[list[int]]:
        """A customer's sentence is never complete: each token is left out now and then."""
        share = self.recipe.word_dropout
        return [[i for i in row if chance.random() >= share] or list(row) for row in ids]

    def _loss(self, student: Tensor, teacher: Tensor) -> Tensor:
        cosines = student @ teacher.T
        right = torch.arange(len(cosines), device=cosines.device)
        scaled = self.recipe.scale * cosines
        # Other texts that say the same are no wrong answers.
        same = teacher @ teacher.T > self.recipe.same
        scaled = scaled.masked_fill(same.fill_diagonal_(False), -torch.inf)
        to_english = functional.cross_entropy(scaled, right)
        to_chinese = functional.cross_entropy(scaled.T, right)
        distance = (1.0 - cosines.diagonal()).mean()
        contrast = (to_english + to_chinese) / 2
        return self.recipe.distance * distance + self.recipe.contrast * contrast

    def _adam(self) -> torch.optim.AdamW:
        words = list(self.tower.words.parameters())
        known = {id(parameter) for parameter in words}
        rest = [value for value in self.tower.parameters() if id(value) not in known]
        groups = [{"params": words, "weight_decay": 0.0}, {"params": rest, "weight_decay": 0.01}]
        return torch.optim.AdamW(groups, betas=(0.9, 0.98))

    def _set_rates(self) -> None:
        """Each phase warms up for a moment and then falls to nothing, in straight lines."""
        recipe, bag = self.recipe, self.phase == "bag"
        first, last = (0, self._bag_steps) if bag else (self._bag_steps, self.steps)
        warm = min(1.0, (self.step - first + 1) / _WARM_UP_STEPS)
        height = warm * (last - self.step) / (last - first)
        rates = (recipe.bag_rate, 0.0) if bag else (recipe.word_rate, recipe.tower_rate)
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * height


def pad(ids: Sequence[Sequence[int]]) -> Tensor:
    """(len(ids), longest), filled up with PADDING on the right."""
    padded = np.full((len(ids), max(map(len, ids))), PADDING, dtype=np.int64)
    for row, numbers in enumerate(ids):
        padded[row, : len(numbers)] = numbers
    return torch.from_numpy(padded)


def _start_words(weight: Tensor, ids: Sequence[Sequence[int]], seed: int) -> None:
    """Random directions, as long as a word is rare: frequent words say little."""
    counts = np.bincount(np.concatenate(ids), minlength=len(weight))
    lengths = _START * _FREQUENT / (_FREQUENT + counts / counts.sum())
    lengths[PADDING] = 0.0
    chance = np.random.default_rng(seed)
    start = chance.standard_normal(weight.shape, dtype=np.float32) * lengths[:, None]
    with torch.no_grad():
        weight.copy_(torch.from_numpy(start))


def _has_bfloat16(device: torch.device) -> bool:
    return device.type != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)
