"""How a new Chinese tower starts: its reader as the English encoder, with Chinese words.

Each Chinese token gets the mean vector of the English words that it stands for. Before any training
that already finds 83 % of everyday translations among 1,000, and 96 % of those of help documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from knowledge.alignment import Alignment, align
from knowledge.chinese import PADDING, BagOfWords, Reader
from knowledge.chinese_text import MARKS, ChineseTokenizer
from knowledge.encoder_graphs import bert_layer

# Links to English words from which on a token is trusted as much as its characters.
_TRUSTED = 1.0
# Arora et al. 2017: a word's weight is a / (a + its share of all words).
_FREQUENT = 1e-3
# Standard deviation of a rare word's random start. Found on held-out translations after three
# epochs: mean cosine to the teacher 0.683 at 0.05, 0.716 at 0.015, 0.719 at 0.005.
_START = 0.015


def start_reader(
    reader: Reader,
    chinese: ChineseTokenizer,
    weights: Mapping[str, Tensor],
    english: Tokenizer,
    texts: Iterable[tuple[Sequence[int], str]],
) -> None:
    """`weights` and `english` are the encoder's; `texts` are Chinese token ids beside English."""
    reader.borrow(weights)
    vocabulary = english.get_vocab()
    rows = [(ids[1:-1], text) for ids, text in dict.fromkeys((tuple(i), t) for i, t in texts)]
    encodings = english.encode_batch([text for _, text in rows], add_special_tokens=False)
    words = weights["embeddings.word_embeddings.weight"].numpy()
    alignment = align(
        ((ids, encoding.ids) for (ids, _), encoding in zip(rows, encodings, strict=True)),
        chinese=chinese.size,
        english=len(words),
        null=vocabulary["[CLS]"],
    )
    vectors = start_vectors(alignment, words, chinese.characters())
    for mark in MARKS:
        vectors[chinese.mark(mark)] = words[vocabulary[mark]]
    vectors[PADDING] = 0.0
    with torch.no_grad():
        reader.words.weight.copy_(torch.from_numpy(vectors))
        _copy_the_rest(reader, weights)


def start_vectors(
    alignment: Alignment, english: NDArray[np.float32], characters: Sequence[Sequence[int]]
) -> NDArray[np.float32]:
    """(Chinese tokens, width). A token that was seldom seen lies between what it stands for and
    its characters, or the mean of all tokens where it has none."""
    linked = np.asarray(alignment.shares @ english)
    counts = alignment.counts
    mean = counts @ linked / counts.sum()
    trust = (counts / (counts + _TRUSTED))[:, None]
    known = trust * linked + (1.0 - trust) * mean
    fallback = np.array([known[row].mean(axis=0) if row else mean for row in characters])
    vectors: NDArray[np.float32] = (trust * linked + (1.0 - trust) * fallback).astype(np.float32)
    return vectors


def start_bag(bag: BagOfWords, ids: Sequence[Sequence[int]], seed: int) -> None:
    """Random directions, as long as a word is rare: frequent words say little."""
    weight = bag.words.weight
    counts = np.bincount(np.concatenate(ids), minlength=len(weight))
    lengths = _START * _FREQUENT / (_FREQUENT + counts / counts.sum())
    lengths[PADDING] = 0.0
    chance = np.random.default_rng(seed)
    start = chance.standard_normal(weight.shape, dtype=np.float32) * lengths[:, None]
    with torch.no_grad():
        weight.copy_(torch.from_numpy(start))


def _copy_the_rest(reader: Reader, weights: Mapping[str, Tensor]) -> None:
    """Positions (with the one segment that there is), norms and biases: ours from now on."""
    arrays = {name: values.numpy() for name, values in weights.items()}
    positions = weights["embeddings.position_embeddings.weight"]
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    reader.positions.weight.copy_(positions[: reader.shape.positions] + segment)
    reader.norm.weight.copy_(weights["embeddings.LayerNorm.weight"])
    reader.norm.bias.copy_(weights["embeddings.LayerNorm.bias"])
    for number, layer in enumerate(reader.layers):
        lent = bert_layer(arrays, number)
        for name in ("qkv", "mix", "widen", "narrow"):
            getattr(layer, name).bias.copy_(torch.from_numpy(getattr(lent, f"{name}_bias")))
        for name in ("mix_norm", "narrow_norm"):
            weight, bias = getattr(lent, name)
            getattr(layer, name).weight.copy_(torch.from_numpy(weight))
            getattr(layer, name).bias.copy_(torch.from_numpy(bias))
