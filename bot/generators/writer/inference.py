"""The writer's network without torch: pages in, a memory of them and scores of tokens out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.generators.writer.graphs import reading_graph, writing_graph
from bot.generators.writer.page import Page
from bot.generators.writer.walk import COPY, copied
from knowledge.embedder import read_config, read_weights
from knowledge.graph import Array

# Keys and values of the tokens that were written, a pair for each decoder layer.
Past = tuple[Array, ...]


@dataclass(frozen=True)
class Memory:
    """What was read, all passages one behind the other: the arrays that writing_graph takes.

    `text_at` is where each passage's text starts in them; `holds` are the probabilities that the
    passages hold the answer.
    """

    read: Mapping[str, Array]
    text_at: tuple[int, ...]
    holds: list[float]

    def place(self, token: int) -> int:
        """The network's number of a token of walk.py."""
        copy = copied(token)
        return token if copy is None else COPY + self.text_at[copy[0]] + copy[1]


class Network:
    """`folder` holds config.json and model.safetensors. Safe for several threads: each of them
    computes by itself, on one core."""

    def __init__(self, folder: Path) -> None:
        weights, config = read_weights(folder), read_config(folder)
        self._reading = reading_graph(weights, config).session(threads=1)
        self._writing = writing_graph(weights, config).session(threads=1)
        self._read_names = [output.name for output in self._reading.get_outputs()]
        self._write_names = [
            "scores",
            *(f"known{layer}" for layer in range(config["decoder_layers"])),
        ]
        self.longest_answer: int = config["longest_answer"]
        heads = config["heads"]
        blank = np.zeros((2, 1, heads, 0, config["width"] // heads), dtype=np.float32)
        self.blank: Past = (blank,) * config["decoder_layers"]

    def read(self, pages: Sequence[Page]) -> Memory:
        read = [self._read(page) for page in pages]
        odds = np.concatenate([given.pop("holds")[0] for given in read])
        prior = -np.logaddexp(0, -odds)
        starts = np.cumsum([0, *map(len, pages[:-1])])
        together = {name: _behind(name, [given[name] for given in read]) for name in read[0]}
        together["prior"] = np.repeat(prior, [len(page) for page in pages])[None]
        text_at = tuple(int(at) + page.text_at for at, page in zip(starts, pages, strict=True))
        return Memory(together, text_at, np.exp(prior).tolist())

    def _read(self, page: Page) -> dict[str, Array]:
        asked = len(page.states[0])
        given = self._reading.run(
            self._read_names,
            {
                "states": np.concatenate(page.states)[None],
                "kinds": page.kinds[None],
                "shared": page.shared[None],
                "asked": np.array([asked], dtype=np.int32),
            },
        )
        return dict(zip(self._read_names, given, strict=True))

    def write(self, memory: Memory, tokens: Sequence[int], past: Past) -> tuple[Array, Past]:
        """Scores (joints + words) of what follows the tokens, which follow those of the past."""
        before = past[0].shape[3]
        inputs = {f"past{layer}": array for layer, array in enumerate(past)}
        inputs["tokens"] = np.array([tokens], dtype=np.int32)
        inputs["places"] = np.arange(before, before + len(tokens), dtype=np.int32)[None]
        scores, *known = self._writing.run(self._write_names, {**memory.read, **inputs})
        return scores[0], tuple(known)


def _behind(name: str, arrays: Sequence[Array]) -> Array:
    """Keys and values are (1, heads, words, width / heads), the others (words, width)."""
    return np.concatenate(arrays, axis=2 if arrays[0].ndim == 4 else 0)
