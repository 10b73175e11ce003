"""A tiny English encoder whose layers a Chinese tower can borrow."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import BertConfig, BertModel

from knowledge.chinese import TowerShape
from knowledge.chinese_text import MARKS


def lent_weights(shape: TowerShape, *, words: int = 40) -> dict[str, Tensor]:
    config = BertConfig(
        vocab_size=words,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        initializer_range=0.2,
    )
    torch.manual_seed(0)
    return dict(BertModel(config).state_dict())


def lent_tokenizer(words: list[str]) -> Tokenizer:
    vocabulary = {word: number for number, word in enumerate([*MARKS, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer
