"""The Chinese tower of the built-in encoder as a network: token ids to unit vectors.

Knows nothing of text (chinese_text.py) and nothing of training (train_encoder.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from knowledge.encoder_graphs import bert_layer

PADDING = 0


@dataclass(frozen=True)
class TowerShape:
    """Sizes of the network. Those of the layers are the English encoder's, whose layers they are.

    `rank` is that of the corrections to the layers' matrices, `bag` the width in which the bag's
    vectors are kept; `epsilon` belongs to every norm.
    """

    tokens: int = 16_000
    positions: int = 258
    width: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    rank: int = 16
    bag: int = 256
    epsilon: float = 1e-12


class ChineseTower(nn.Module):
    """Two students of one teacher: the sum of their vectors is better than either.

    The reader knows what words do to each other, the bag places rare words more surely.
    """

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.shape = shape
        self.reader = Reader(shape)
        self.bag = NarrowBag(shape)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, length), padded with 0 on the right -> unit vectors (batch, width)."""
        vectors: Tensor = functional.normalize(self.reader(ids) + self.bag(ids), dim=-1)
        return vectors


class BagOfWords(nn.Module):
    """The vector of a text is the sum of its words', scaled to length 1."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.tokens, shape.width, padding_idx=PADDING)

    def forward(self, ids: Tensor) -> Tensor:
        vectors: Tensor = functional.normalize(self.words(ids).sum(1), dim=-1)
        return vectors


class NarrowBag(nn.Module):
    """A bag whose words' vectors are kept in fewer dimensions."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.tokens, shape.bag, padding_idx=PADDING)
        self.expand = nn.Linear(shape.bag, shape.width, bias=False)

    def take(self, bag: BagOfWords) -> None:
        """The dimensions that keep most of another bag's vectors (Eckart & Young 1936)."""
        left, sizes, right = torch.linalg.svd(bag.words.weight.float(), full_matrices=False)
        kept = self.words.embedding_dim
        with torch.no_grad():
            self.words.weight.copy_(left[:, :kept] * sizes[:kept])
            self.expand.weight.copy_(right[:kept].T)

    def forward(self, ids: Tensor) -> Tensor:
        vectors: Tensor = functional.normalize(self.expand(self.words(ids).sum(1)), dim=-1)
        return vectors


class Reader(nn.Module):
    """Chinese words, read by the layers of the English encoder.

    Artetxe et al. 2020 (On the Cross-lingual Transferability of Monolingual Representations): a
    Transformer that has learnt one language reads another one through new word vectors. Only what
    is new is in the `state_dict`: the words' and positions' vectors, the norms, the biases, small
    corrections to the matrices (LoRA, Hu et al. 2021), and the shortcut. The matrices themselves
    are borrowed (`borrow`) and stay as they are.

    The vector of a sentence is the mean of the last layer plus `shortcut` of the mean of its words,
    scaled to length 1.
    """

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.tokens, shape.width, padding_idx=PADDING)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm = Norm(shape)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.shortcut = nn.Linear(shape.width, shape.width, bias=False)
        self._precision = torch.float32
        nn.init.zeros_(self.shortcut.weight)

    def borrow(self, english: Mapping[str, Tensor]) -> None:
        """Takes the layers' matrices from the weights of Hugging Face's BertModel."""
        for number, layer in enumerate(self.layers):
            lent = bert_layer({k: v.numpy() for k, v in english.items()}, number)
            for name in ("qkv", "mix", "widen", "narrow"):
                matrix = torch.from_numpy(getattr(lent, name).T.copy())
                getattr(layer, name).weight.copy_(matrix)

    def lower(self, precision: torch.dtype) -> None:
        """The layers compute in another precision from now on; what is trained is kept in full."""
        self._precision = precision
        for module in self.modules():
            if isinstance(module, Corrected):
                module.weight = module.weight.to(precision)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, length), padded with 0 on the right -> unit vectors (batch, width).

        The divisor of both means is the same and cancels out: sums over the real tokens suffice.
        """
        words, present = self.words(ids), (ids != PADDING).unsqueeze(-1)
        hidden = self.norm(words + self.positions.weight[: ids.shape[1]]).to(self._precision)
        for layer in self.layers:
            hidden = layer(hidden, present)
        total = (hidden.float() * present).sum(1) + self.shortcut((words * present).sum(1))
        vectors: Tensor = functional.normalize(total, dim=-1)
        return vectors


class Layer(nn.Module):
    """One encoder layer of BERT (Devlin et al. 2019): layer norm after each sum, exact GELU."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = Corrected(shape.width, 3 * shape.width, shape.rank)
        self.mix = Corrected(shape.width, shape.width, shape.rank)
        self.mix_norm = Norm(shape)
        self.widen = Corrected(shape.width, shape.inner, shape.rank)
        self.narrow = Corrected(shape.inner, shape.width, shape.rank)
        self.narrow_norm = Norm(shape)

    def forward(self, hidden: Tensor, present: Tensor) -> Tensor:
        hidden = self.mix_norm(hidden + self.mix(self.attend(hidden, present)))
        inner = functional.gelu(self.widen(hidden))
        narrowed: Tensor = self.narrow_norm(hidden + self.narrow(inner))
        return narrowed

    def attend(self, hidden: Tensor, present: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        heads = self.qkv(hidden).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind()
        # Written out: scaled_dot_product_attention's kernel for the CPU is slow with narrow heads.
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        scores = scores.masked_fill(~present[:, None, None, :, 0], -torch.inf)
        seen: Tensor = scores.softmax(-1) @ value
        return seen.transpose(1, 2).reshape(batch, length, width)


class Corrected(nn.Module):
    """A borrowed matrix, which is neither trained nor saved, and what is ours: bias, correction."""

    weight: Tensor

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.empty(outputs, inputs), persistent=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.down = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, values: Tensor) -> Tensor:
        # As one matrix: three narrow products take longer than one wide one.
        weight = self.weight + (self.up @ self.down).to(self.weight.dtype)
        return functional.linear(values, weight, self.bias.to(weight.dtype))


class Norm(nn.Module):
    """A layer norm that keeps the precision of what comes in."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.epsilon = shape.epsilon
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.bias = nn.Parameter(torch.zeros(shape.width))

    def forward(self, values: Tensor) -> Tensor:
        kind = values.dtype
        weight, bias = self.weight.to(kind), self.bias.to(kind)
        return functional.layer_norm(values, weight.shape, weight, bias, self.epsilon)


def save_tower(tower: ChineseTower, folder: Path) -> None:
    """Writes model.safetensors (float16) and config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.half().contiguous() for name, value in tower.state_dict().items()}
    save_file(halves, folder / "model.safetensors")
    shape = json.dumps(asdict(tower.shape), indent=2) + "\n"
    (folder / "config.json").write_text(shape, encoding="utf-8")


def load_tower(folder: Path, english: Mapping[str, Tensor]) -> ChineseTower:
    """The saved network in float32, ready to embed; `english` is a BertModel's weights."""
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tower = ChineseTower(TowerShape(**shape))
    tower.reader.borrow(english)
    tower.load_state_dict(load_file(folder / "model.safetensors"))
    return tower.float().eval()
