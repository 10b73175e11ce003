"""The writer's network: a small encoder-decoder Transformer that points at words.

Vaswani et al. 2017, with normalisation before each part. Every passage is read together
with the question, by itself, and the decoder attends to all of them (Izacard & Grave 2021). It
scores a few words of its own and every word of every passage in one softmax (CopyNet, Gu et al.
2016). Knows tensors only; what a token means stands in walk.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    def joined(self, other: Memory) -> Memory:
        """The examples of both; the shorter memory is padded at its end."""
        one, two = self._padded(other), other._padded(self)
        parts = [torch.cat(pair) for pair in zip(one._tensors(), two._tensors(), strict=True)]
        return _memory(parts)

    def _padded(self, other: Memory) -> Memory:
        """As long as the other at least."""
        more = max(0, other.words.shape[1] - self.words.shape[1])
        passages = max(0, other.holds.shape[1] - self.holds.shape[1])
        return Memory(
            functional.pad(self.words, (0, 0, 0, more)),
            functional.pad(self.padding, (0, more), value=True),
            functional.pad(self.keys, (0, 0, 0, more)),
            functional.pad(self.prior, (0, more)),
            functional.pad(self.holds, (0, passages)),
            tuple(
                (functional.pad(keys, (0, 0, 0, more)), functional.pad(values, (0, 0, 0, more)))
                for keys, values in self.crossed
            ),
        )

    def _tensors(self) -> list[Tensor]:
        crossed = [tensor for pair in self.crossed for tensor in pair]
        return [self.words, self.padding, self.keys, self.prior, self.holds, *crossed]


def _memory(tensors: Sequence[Tensor]) -> Memory:
    words, padding, keys, prior, holds, *crossed = tensors
    pairs = tuple(zip(crossed[::2], crossed[1::2], strict=True))
    return Memory(words, padding, keys, prior, holds, pairs)


@dataclass(frozen=True)
class Past:
    """Keys and values of the tokens that were written. `real` (rows, tokens) is False where a row
    has none: rows of one batch need not have come together, nor be equally far."""

    layers: tuple[KeysValues, ...]
    real: Tensor

    def rows(self, index: Tensor) -> Past:
        """Without the places where none of these rows has a token."""
        real = self.real[index]
        used = real.any(0)
        layers = tuple((k[index][:, :, used], v[index][:, :, used]) for k, v in self.layers)
        return Past(layers, real[:, used])

    def blank(self, rows: int) -> Past:
        """Rows that have no token yet."""
        layers = tuple(
            (k.new_zeros((rows, *k.shape[1:])), v.new_zeros((rows, *v.shape[1:])))
            for k, v in self.layers
        )
        return Past(layers, self.real.new_zeros((rows, self.real.shape[1])))

    def joined(self, other: Past) -> Past:
        """The rows of both, the shorter ones padded at their beginning."""
        one, two = self._padded(other), other._padded(self)
        layers = tuple(
            (torch.cat((k, other_k)), torch.cat((v, other_v)))
            for (k, v), (other_k, other_v) in zip(one.layers, two.layers, strict=True)
        )
        return Past(layers, torch.cat((one.real, two.real)))

    def _padded(self, other: Past) -> Past:
        more = max(0, other.real.shape[1] - self.real.shape[1])
        layers = tuple(
            (functional.pad(k, (0, 0, more, 0)), functional.pad(v, (0, 0, more, 0)))
            for k, v in self.layers
        )
        return Past(layers, functional.pad(self.real, (more, 0)))


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

    def forward(
        self, x: Tensor, past: KeysValues | None, crossed: KeysValues, masks: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, KeysValues]:
        normed = self.norms[0](x)
        own = self.own.read(normed)
        if past is not None:
            own = (torch.cat((past[0], own[0]), 2), torch.cat((past[1], own[1]), 2))
        x = x + self.dropout(self.own(normed, own, masks[0]))
        x = x + self.dropout(self.crossed(self.norms[1](x), crossed, masks[1]))
        return x + self.dropout(self.feed(self.norms[2](x))), own


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

    def write(
        self,
        memory: Memory,
        tokens: Tensor,
        past: Past | None = None,
        *,
        real: Tensor | None = None,
    ) -> tuple[Tensor, Past]:
        """Scores (examples, tokens, joints + memory words) of what follows each token.

        `past` is what an earlier call returned for the tokens before these. `real` (examples,
        tokens) is False where a token is padding.
        """
        real = torch.ones_like(tokens, dtype=torch.bool) if real is None else real
        order = torch.arange(tokens.shape[1], device=tokens.device)
        seen = real[:, None, :] & (order[:, None] >= order)
        places = real.cumsum(1) - 1
        if past is not None:
            before = past.real[:, None, :].expand(-1, tokens.shape[1], -1)
            seen = torch.cat((before, seen), 2)
            places = places + past.real.sum(1, keepdim=True)
            real = torch.cat((past.real, real), 1)
        x = self._embed(memory, tokens) + self.positions(places.clamp(min=0))
        masks = (seen[:, None], ~memory.padding[:, None, None, :])
        known: list[KeysValues] = []
        for number, layer in enumerate(self.decoder):
            layer_past = past.layers[number] if past else None
            x, own = layer(x, layer_past, memory.crossed[number], masks)
            known.append(own)
        x = self.write_norm(x)
        scale = self.config.width**-0.5
        pointing = self.point(x) @ memory.keys.transpose(1, 2) * scale
        pointing = pointing + self.trust * memory.prior.unsqueeze(1)
        return torch.cat((self.say(x), pointing), -1), Past(tuple(known), real)

    def _embed(self, memory: Memory, tokens: Tensor) -> Tensor:
        copies = tokens >= self.config.joints
        places = (tokens - self.config.joints).clamp(min=0)
        index = places.unsqueeze(-1).expand(-1, -1, memory.words.shape[-1])
        recalled = self.recall(memory.words.gather(1, index))
        own = self.joints(tokens.clamp(max=self.config.joints - 1))
        return torch.where(copies.unsqueeze(-1), recalled, own)
