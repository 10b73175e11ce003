"""Chinese text as its encoder reads it: simplified, lower case, cut into tokens. No vectors."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from opencc import OpenCC
from tokenizers import Tokenizer

# An FAQ entry with its answer is seldom longer; the network has no positions beyond.
MAX_TOKENS = 256
# Tokens that are no text: filling, what the vocabulary lacks, and the two ends of a text, which the
# English encoder's layers look for.
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


class Simplifier:
    """Folds what is written differently and means the same.

    Compatibility forms (NFKC), upper case, and traditional characters, through OpenCC's table t2s.
    """

    def __init__(self) -> None:
        self._traditional_to_simplified = OpenCC("t2s")

    def __call__(self, text: str) -> str:
        plain = unicodedata.normalize("NFKC", text).lower()
        simplified: str = self._traditional_to_simplified.convert(plain)
        return simplified


class ChineseTokenizer:
    """Text to token ids. `size` is the number of different ids; 0 is padding."""

    def __init__(self, path: Path) -> None:
        self._simplify = Simplifier()
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self.size: int = self._tokenizer.get_vocab_size()

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Two to MAX_TOKENS ids for each text, [CLS] first and [SEP] last."""
        encodings = self._tokenizer.encode_batch_fast([self._simplify(text) for text in texts])
        return [encoding.ids for encoding in encodings]

    def mark(self, name: str) -> int:
        """The id of one of MARKS. Raises KeyError."""
        return self._tokenizer.get_vocab()[name]

    def characters(self) -> list[list[int]]:
        """For each token of two characters and more, the ids of its characters; else nothing."""
        pieces = {number: piece for piece, number in self._tokenizer.get_vocab().items()}
        return [self._characters_of(pieces[number]) for number in range(self.size)]

    def _characters_of(self, piece: str) -> list[int]:
        if len(piece) == 1 or piece in MARKS:
            return []
        found = (self._tokenizer.token_to_id(character) for character in piece)
        return [number for number in found if number is not None]
