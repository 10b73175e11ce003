"""A writer on its way: its steps, their batches and rates, and checkpoints to go on from.

Every lesson and every step draws its chance from the seed and its own number: a run that resumes
takes the steps that the killed one would have taken.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from bot.generators.writer.examples import Example, Examples
from bot.generators.writer.losses import losses
from bot.generators.writer.network import Writer

# Lessons of like size share a batch, so that little is padded: so many batches are sorted together.
_SORTED_BATCHES = 25


@dataclass(frozen=True)
class Recipe:
    """`lessons` are made once and taken again in each epoch. `patience` counts validations."""

    seed: int = 1
    lessons: int = 4_000
    validation: int = 240
    batch: int = 16
    epochs: int = 5
    rate: float = 1e-3
    warm_up: int = 100
    decay: float = 0.05
    patience: int = 3


class Training:
    """A writer on its way. `step` counts up to `steps`."""

    def __init__(self, writer: Writer, examples: Examples, recipe: Recipe) -> None:
        self.writer, self.recipe = writer, recipe
        self._examples = examples
        self.epoch_steps = recipe.lessons // recipe.batch
        self.steps = self.epoch_steps * recipe.epochs
        self.step = 0
        self._optimizer = torch.optim.AdamW(
            writer.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )

    def advance(self) -> tuple[float, float]:
        """One step; returns the losses of telling and of holding."""
        torch.manual_seed(hash((self.recipe.seed, self.step)))
        self.writer.train()
        device = self.writer.device.type
        with torch.autocast(device, torch.bfloat16, enabled=_has_bfloat16(device)):
            found = losses(self.writer, self._batch())
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.rate * self._pace()
        self._optimizer.zero_grad()
        (found.told + found.held).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.writer.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        return float(found.told.detach()), float(found.held.detach())

    def _batch(self) -> list[Example]:
        """Lessons are shuffled, then those of neighbouring batches sorted by size."""
        size, chunk = self.recipe.batch, self.recipe.batch * _SORTED_BATCHES
        epoch, place = divmod(self.step, self.epoch_steps)
        chance = np.random.default_rng([self.recipe.seed, epoch])
        order = chance.permutation(self.recipe.lessons)[: self.epoch_steps * size]
        part, rank = divmod(place, _SORTED_BATCHES)
        numbers = order[part * chunk : (part + 1) * chunk].tolist()
        examples = sorted(self._examples.get(numbers), key=_size)
        ranks = np.random.default_rng([self.recipe.seed, epoch, part]).permutation(
            -(-len(examples) // size)
        )
        start = int(ranks[rank]) * size
        return examples[start : start + size]

    def _pace(self) -> float:
        """Linear warm-up, then a cosine down to a twentieth."""
        if self.step < self.recipe.warm_up:
            return (self.step + 1) / self.recipe.warm_up
        share = (self.step - self.recipe.warm_up) / max(1, self.steps - self.recipe.warm_up)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    def save(self, path: Path) -> None:
        """One safetensors file: weights, AdamW's moments and the step; replaced atomically."""
        tensors = {f"writer.{name}": value for name, value in self.writer.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        new = path.with_suffix(".new")
        save_file(tensors, new, metadata={"step": str(self.step)})
        new.replace(path)

    def resume(self, path: Path) -> None:
        """Goes back to where `save` was called."""
        writer: dict[str, Tensor] = {}
        adam: dict[int, dict[str, Tensor]] = defaultdict(dict)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
            for key in file.keys():  # noqa: SIM118 - not a dict
                part, name = key.split(".", 1)
                if part == "writer":
                    writer[name] = file.get_tensor(key)
                else:
                    number, moment = name.split(".")
                    adam[int(number)][moment] = file.get_tensor(key)
        self.writer.load_state_dict(writer)
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": dict(adam), "param_groups": groups})


def _has_bfloat16(device: str) -> bool:
    """Whether the machine multiplies it faster: CUDA, or a CPU with AMX."""
    return device == "cuda" or torch.cpu._is_amx_tile_supported()


def _size(example: Example) -> int:
    """Words to read once the passages are padded to one length."""
    return len(example.pages) * max(map(len, example.pages))
