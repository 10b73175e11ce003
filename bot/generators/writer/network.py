"""The writer's network: a small encoder-decoder Transformer that points at words.

Vaswani et al. 2017, with normalisation before each part. Every passage is read together
with the question, by itself, and the decoder attends to all of them (Izacard & Grave 2021). It
scores a few words of its own and every word of every passage in one softmax (CopyNet, Gu et al.
2016). It is trained here, and answers by graphs.py, which draws the same from its weights. Knows
tensors only; what a token means stands in walk.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel

KeysValues = tuple[Tensor, Tensor]


class WriterConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """`read_width` is the frozen encoder's; `joints` counts the words that are not copied."""

    model_type = "frontdesk_writer"

    def __init__(
        self,
        *,
        joints: int = 7,
        read_width: int = 384,
        width: int = 192,
        heads: int = 4,
        encoder_layers: int = 1,
        decoder_layers: int = 2,
        longest_answer: int = 200,
        dropout: float = 0.1,
        **other: Any,
    ) -> None:
        self.joints = joints
        self.read_width = read_width
        self.width = width
        self.heads = heads
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.longest_answer = longest_answer
        self.dropout = dropout
        super().__init__(**other)


@dataclass(frozen=True)
class Reading:
    """Passages as they go in, each behind the question: (examples, passages, length, ...).

    `kinds` is 0 for padding, 1 for the question, 2 for a heading and 3 for a text; `shared` is 1
    where the word stands both in the question and in the passage.
    """

    states: Tensor
    kinds: Tensor
    shared: Tensor

    def to(self, device: torch.device) -> Reading:
        return Reading(self.states.to(device), self.kinds.to(device), self.shared.to(device))


@dataclass(frozen=True)
class Memory:
    """What was read: `words` (examples, passages * length, width) with what attention needs of it.

    `holds` (examples, passages) are the log-odds that a passage holds the answer.
    """

    words: Tensor
    padding: Tensor
    keys: Tensor
    prior: Tensor
    holds: Tensor
    crossed: tuple[KeysValues, ...]

    def rows(self, index: Tensor) -> Memory:
        """The memory of the examples `index`, in that order, as long as the longest needs."""
        padding = self.padding[index]
        end = int((~padding).any(0).nonzero().max()) + 1
        return Memory(
            self.words[index, :end],
            padding[:, :end],
            self.keys[index, :end],
            self.prior[index, :end],
            self.holds[index],
            tuple((k[index, :, :end], v[index, :, :end]) for k, v in self.crossed),
        )


class Attention(nn.Module):
    """Scaled dot-product attention with several heads."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key_value = nn.Linear(config.width, 2 * config.width)
        self.mix = nn.Linear(config.width, config.width)

    def read(self, source: Tensor) -> KeysValues:
        keys, values = self.key_value(source).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(self, x: Tensor, known: KeysValues, mask: Tensor | None) -> Tensor:
        found = functional.scaled_dot_product_attention(self._split(self.query(x)), *known, mask)
        mixed: Tensor = self.mix(found.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)


class FeedForward(nn.Sequential):
    def __init__(self, config: WriterConfig) -> None:
        wide = 4 * config.width
        super().__init__(nn.Linear(config.width, wide), nn.GELU(), nn.Linear(wide, config.width))


class EncoderLayer(nn.Module):
    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(2))
        self.attention = Attention(config)
        self.feed = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        normed = self.norms[0](x)
        x = x + self.dropout(self.attention(normed, self.attention.read(normed), mask))
        out: Tensor = x + self.dropout(self.feed(self.norms[1](x)))
        return out


class DecoderLayer(nn.Module):
    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(3))
        self.own = Attention(config)
        self.crossed = Attention(config)
        self.feed = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, crossed: KeysValues, masks: tuple[Tensor, Tensor]) -> Tensor:
        normed = self.norms[0](x)
        x = x + self.dropout(self.own(normed, self.own.read(normed), masks[0]))
        x = x + self.dropout(self.crossed(self.norms[1](x), crossed, masks[1]))
        out: Tensor = x + self.dropout(self.feed(self.norms[2](x)))
        return out


class Writer(PreTrainedModel):  # type: ignore[no-untyped-call]
    """`read` once for all passages, then `write` tokens: numbers below `joints`, then memory words.

    A token that copies is `joints` plus the word's place in the memory.
    """

    config_class = WriterConfig
    main_input_name = "tokens"

    def __init__(self, config: WriterConfig) -> None:
        super().__init__(config)
        width = config.width
        self.bring_in = nn.Linear(config.read_width, width)
        self.kinds = nn.Embedding(4, width)
        self.shared = nn.Embedding(2, width)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.read_norm = nn.LayerNorm(width)
        self.judge = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, 1))
        self.joints = nn.Embedding(config.joints, width)
        self.positions = nn.Embedding(config.longest_answer + 1, width)
        self.recall = nn.Linear(width, width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.write_norm = nn.LayerNorm(width)
        self.say = nn.Linear(width, config.joints)
        self.point = nn.Linear(width, width)
        self.pointed = nn.Linear(width, width)
        self.trust = nn.Parameter(torch.ones(()))
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def read(self, reading: Reading) -> Memory:
        examples, passages, length = reading.kinds.shape
        kinds = reading.kinds.flatten(0, 1)
        x = self.bring_in(reading.states.flatten(0, 1))
        x = x + self.kinds(kinds) + self.shared(reading.shared.flatten(0, 1))
        real = kinds > 0
        # A passage of padding alone attends to itself: a row without keys would not be a number.
        mask = (real | ~real.any(1, keepdim=True))[:, None, None, :]
        for layer in self.encoder:
            x = layer(x, mask)
        x = self.read_norm(x)
        holds = self._holds(x, kinds).view(examples, passages)
        words = x.reshape(examples, passages * length, -1)
        padding = ~real.view(examples, -1)
        prior = functional.logsigmoid(holds).repeat_interleave(length, 1)
        crossed = tuple(self._crossed(words))
        return Memory(words, padding, self.pointed(words), prior, holds, crossed)

    def _crossed(self, words: Tensor) -> Iterator[KeysValues]:
        for layer in self.decoder:
            assert isinstance(layer, DecoderLayer)  # noqa: S101 - for the type checker
            yield layer.crossed.read(words)

    def _holds(self, x: Tensor, kinds: Tensor) -> Tensor:
        """Log-odds from the question's mean, the passage's mean and its strongest signs."""
        asked = (kinds == 1).unsqueeze(-1)
        told = (kinds > 1).unsqueeze(-1)
        pooled = [
            (x * part).sum(1) / part.sum(1).clamp(min=1) for part in (asked.float(), told.float())
        ]
        strongest = x.masked_fill(~told, -1e4).amax(1).clamp(min=-1e3)
        odds: Tensor = self.judge(torch.cat([*pooled, strongest], -1)).squeeze(-1)
        return odds

    def write(self, memory: Memory, tokens: Tensor) -> Tensor:
        """Scores (examples, tokens, joints + memory words) of what follows each token."""
        order = torch.arange(tokens.shape[1], device=tokens.device)
        masks = (order[:, None] >= order, ~memory.padding[:, None, None, :])
        x = self._embed(memory, tokens) + self.positions(order)
        for layer, crossed in zip(self.decoder, memory.crossed, strict=True):
            x = layer(x, crossed, masks)
        x = self.write_norm(x)
        scale = self.config.width**-0.5
        pointing = self.point(x) @ memory.keys.transpose(1, 2) * scale
        pointing = pointing + self.trust * memory.prior.unsqueeze(1)
        return torch.cat((self.say(x), pointing), -1)

    def _embed(self, memory: Memory, tokens: Tensor) -> Tensor:
        copies = tokens >= self.config.joints
        places = (tokens - self.config.joints).clamp(min=0)
        index = places.unsqueeze(-1).expand(-1, -1, memory.words.shape[-1])
        recalled = self.recall(memory.words.gather(1, index))
        own = self.joints(tokens.clamp(max=self.config.joints - 1))
        return torch.where(copies.unsqueeze(-1), recalled, own)
