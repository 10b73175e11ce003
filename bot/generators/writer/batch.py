"""Lessons together as the tensors that the network learns from, tokens as its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bot.generators.writer.network import Reading
from bot.generators.writer.page import Page
from bot.generators.writer.walk import COPY, copied
from knowledge.word_states import WIDTH


@dataclass(frozen=True)
class Batch:
    """`offsets[example][passage]` is where the text of a passage starts in the memory."""

    reading: Reading
    offsets: tuple[tuple[int, ...], ...]

    @property
    def size(self) -> int:
        """How many numbers the network tells apart: joints and words of the memory."""
        return COPY + self.reading.kinds.shape[1] * self.reading.kinds.shape[2]

    def place(self, example: int, token: int) -> int:
        """The network's number of a token of walk.py."""
        copy = copied(token)
        return token if copy is None else COPY + self.offsets[example][copy[0]] + copy[1]

    def mask(self, example: int, allowed: Sequence[int]) -> Tensor:
        """Which of the `size` numbers may come next."""
        mask = torch.zeros(self.size, dtype=torch.bool)
        mask[[self.place(example, token) for token in allowed]] = True
        return mask


def batch(examples: Sequence[Sequence[Page]]) -> Batch:
    """Pads the pages of all examples to one size."""
    passages = max(map(len, examples))
    length = max(len(page) for pages in examples for page in pages)
    shape = (len(examples), passages, length)
    states = np.zeros((*shape, WIDTH), dtype=np.float32)
    kinds = np.zeros(shape, dtype=np.int64)
    shared = np.zeros(shape, dtype=np.int64)
    for row, pages in enumerate(examples):
        for column, page in enumerate(pages):
            end = len(page)
            np.concatenate(page.states, out=states[row, column, :end], casting="same_kind")
            kinds[row, column, :end] = page.kinds
            shared[row, column, :end] = page.shared
    offsets = tuple(
        tuple(column * length + page.text_at for column, page in enumerate(pages))
        for pages in examples
    )
    reading = Reading(*(torch.from_numpy(array) for array in (states, kinds, shared)))
    return Batch(reading, offsets)
