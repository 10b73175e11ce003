"""The Chinese tower of the built-in encoder as a network: token ids to unit vectors.

Knows nothing of text (chinese_text.py) and nothing of training (train_encoder.py).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

PADDING = 0


@dataclass(frozen=True)
class TowerShape:
    """Sizes of the network; `epsilon` belongs to every layer norm."""

    tokens: int = 16_000
    positions: int = 256
    width: int = 384
    layers: int = 2
    heads: int = 12
    inner: int = 768
    dropout: float = 0.1
    epsilon: float = 1e-12


class ChineseTower(nn.Module):
    """A bag of words, and a small Transformer that adds what the words' order and company say.

    The vector of a sentence is the mean of its words' vectors plus the mean of what `context` makes
    of the Transformer's output, scaled to length 1. `context` starts at zero: a new tower is its
    bag. The Transformer reads the words' vectors through `reader`, which turns the space of
    sentences into the space of inputs, so one table serves both.
    """

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.tokens, shape.width, padding_idx=PADDING)
        self.reader = nn.Linear(shape.width, shape.width, bias=False)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.context = nn.Linear(shape.width, shape.width, bias=False)
        nn.init.normal_(self.positions.weight, std=0.02)
        nn.init.eye_(self.reader.weight)
        nn.init.zeros_(self.context.weight)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, length), padded with 0 on the right -> unit vectors (batch, width).

        The divisor of both means is the same and cancels out: sums over the real tokens suffice.
        """
        words, present = self.words(ids), (ids != PADDING).unsqueeze(-1)
        hidden = self.norm(self.reader(words) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            hidden = layer(hidden, present)
        total = (words * present).sum(1) + self.context((hidden * present).sum(1))
        vectors: Tensor = functional.normalize(total.float(), dim=-1)
        return vectors

    def bag(self, ids: Tensor) -> Tensor:
        """The same without the Transformer, for the first phase of the training."""
        return functional.normalize(self.words(ids).sum(1), dim=-1)


class Layer(nn.Module):
    """One encoder layer of BERT (Devlin et al. 2019): layer norm after each sum, exact GELU."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.mix = nn.Linear(shape.width, shape.width)
        self.mix_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.widen = nn.Linear(shape.width, shape.inner)
        self.narrow = nn.Linear(shape.inner, shape.width)
        self.narrow_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, hidden: Tensor, present: Tensor) -> Tensor:
        hidden = self.mix_norm(hidden + self.dropout(self.mix(self.attend(hidden, present))))
        inner = functional.gelu(self.widen(hidden))
        narrowed: Tensor = self.narrow_norm(hidden + self.dropout(self.narrow(inner)))
        return narrowed

    def attend(self, hidden: Tensor, present: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        heads = self.qkv(hidden).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind()
        # Written out: a training step takes 1.0 s so, and 2.8 s with scaled_dot_product_attention,
        # whose kernel for the CPU is slow with narrow heads (512 texts of 16 tokens, one core).
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        scores = scores.masked_fill(~present[:, None, None, :, 0], -torch.inf)
        seen: Tensor = scores.softmax(-1).to(value.dtype) @ value
        return seen.transpose(1, 2).reshape(batch, length, width)


def save_tower(tower: ChineseTower, folder: Path) -> None:
    """Writes model.safetensors (float16) and config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.half().contiguous() for name, value in tower.state_dict().items()}
    save_file(halves, folder / "model.safetensors")
    shape = json.dumps(asdict(tower.shape), indent=2) + "\n"
    (folder / "config.json").write_text(shape, encoding="utf-8")


def load_tower(folder: Path) -> ChineseTower:
    """The saved network in float32, ready to embed."""
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tower = ChineseTower(TowerShape(**shape))
    tower.load_state_dict(load_file(folder / "model.safetensors"))
    return tower.float().eval()
