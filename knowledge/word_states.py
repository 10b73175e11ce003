"""English words to their states in the built-in encoder, before it pools them to one vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import (
    BATCH_SIZE,
    MAX_TOKENS,
    english_folder,
    pad,
    read_config,
    read_weights,
)

States = NDArray[np.float32]

WIDTH = 384
# Words that are encoded together. Longer texts are cut: a word rarely has more than two tokens.
_CHUNK = 100


class WordStates:
    """all-MiniLM-L6-v2, unchanged. A word's state is the mean of its tokens' states."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer

        from knowledge.encoder_graphs import english_states_graph

        folder = english_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        graph = english_states_graph(read_weights(folder), read_config(folder))
        self._session = graph.session()

    def states(self, texts: Sequence[Sequence[str]]) -> list[States]:
        """Of each text, given as words, the states (words, WIDTH)."""
        return self._read(texts, ["states"])

    def deep_states(self, texts: Sequence[Sequence[str]]) -> list[States]:
        """The same behind the states after half of the layers: (words, 2 * WIDTH)."""
        return self._read(texts, ["middle", "states"])

    def _read(self, texts: Sequence[Sequence[str]], outputs: list[str]) -> list[States]:
        width = WIDTH * len(outputs)
        chunks = [
            (row, start) for row, text in enumerate(texts) for start in range(0, len(text), _CHUNK)
        ]
        found = [np.zeros((len(text), width), dtype=np.float32) for text in texts]
        chunks.sort(key=lambda chunk: min(_CHUNK, len(texts[chunk[0]]) - chunk[1]))
        for first in range(0, len(chunks), BATCH_SIZE):
            batch = chunks[first : first + BATCH_SIZE]
            words = [list(texts[row][start : start + _CHUNK]) for row, start in batch]
            for (row, start), states in zip(batch, self._batch(words, outputs), strict=True):
                found[row][start : start + len(states)] = states
        return found

    def _batch(self, texts: Sequence[Sequence[str]], outputs: list[str]) -> list[States]:
        encodings = self._tokenizer.encode_batch(list(texts), is_pretokenized=True)
        read = self._session.run(outputs, pad([encoding.ids for encoding in encodings]))
        hidden = np.concatenate(read, axis=-1)
        return [
            _means(states, encoding.word_ids, len(text))
            for states, encoding, text in zip(hidden, encodings, texts, strict=True)
        ]


def _means(states: States, word_ids: Sequence[int | None], words: int) -> States:
    """A word without tokens (behind MAX_TOKENS, or of signs alone) has a state of zeros."""
    sums = np.zeros((words, states.shape[1]), dtype=np.float32)
    counts = np.zeros(words, dtype=np.float32)
    for state, word in zip(states, word_ids, strict=False):
        if word is not None:
            sums[word] += state
            counts[word] += 1
    sums /= np.maximum(counts, 1.0)[:, None]
    return sums
