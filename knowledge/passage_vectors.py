"""Which vectors a passage has: of its text, of each way in which it is asked, and of their mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.types import Passage, Vectors

# An entry that is asked in fewer ways has no centre. Of customers' close paraphrases at 21 English
# companies (evals/data/companies/fit), each entry asked in 1 / 2 / 4 ways more, 40 / 65 / 79 % are
# answered rightly with the weights for many ways, and 91 / 92 / 94 % with those for few. At the
# demo shop with 6 / 12 of its ways, of all dev, seen and own-words questions, where 92 % of what
# has no answer is kept out, 62 / 74 % with those for many and 50 / 57 % with those for few.
_MANY_QUESTIONS = 8


def text_key(n: int) -> str:
    """The key of the vector of passage n's heading and text."""
    return f"{n}.text"


def question_key(n: int, position: int) -> str:
    """The key of one way in which passage n is asked; position 0 is its own question."""
    return f"{n}.question.{position}"


def centre_key(n: int) -> str:
    """The key of the mean of all vectors of the many ways in which passage n is asked."""
    return f"{n}.centre"


def passage_number(key: str) -> int:
    return int(key.partition(".")[0])


def is_question(key: str) -> bool:
    return ".question." in key


def vector_texts(passages: Sequence[Passage]) -> tuple[list[str], list[str]]:
    """Keys and texts of all vectors: what a passage says, and each way in which it is asked."""
    keys: list[str] = []
    texts: list[str] = []
    for n, passage in enumerate(passages, start=1):
        heading = passage.question or " / ".join(passage.path) or passage.title
        questions = [passage.question] if passage.question else []
        keys.append(text_key(n))
        texts.append(f"{heading}\n{passage.text}")
        for position, question in enumerate([*questions, *passage.asked]):
            keys.append(question_key(n, position))
            texts.append(question)
    return keys, texts


def with_centres(keys: list[str], vectors: Vectors) -> tuple[list[str], Vectors]:
    """Adds the normalised mean of the questions of each passage that is asked in many ways."""
    rows: dict[int, list[int]] = {}
    for row, key in enumerate(keys):
        n = passage_number(key)
        if key != text_key(n):
            rows.setdefault(n, []).append(row)
    many = {n: indices for n, indices in rows.items() if len(indices) >= _MANY_QUESTIONS}
    if not many:
        return keys, vectors
    centres = np.stack([vectors[indices].mean(axis=0) for indices in many.values()])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return [*keys, *map(centre_key, many)], np.concatenate([vectors, centres])


class PassageVectors:
    """Text, own question and centre of every passage, by its number, in one file.

    The file is mapped into memory: a search touches the rows of its candidates and no others, where
    asking Chroma for them again by their keys would cost more than finding them.
    """

    def __init__(self, path: Path) -> None:
        rows: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
        self._rows = np.asarray(rows)

    @staticmethod
    def save(path: Path, count: int, keys: Sequence[str], vectors: Vectors) -> None:
        """`vectors` has the shape (len(keys), dimensions); passages are numbered 1 to `count`."""
        rows = np.full((count, 3, vectors.shape[1]), np.nan, dtype=np.float32)
        for key, vector in zip(keys, vectors, strict=True):
            n = passage_number(key)
            kinds = (text_key(n), question_key(n, 0), centre_key(n))
            if key in kinds:
                rows[n - 1, kinds.index(key)] = vector
        np.save(path, rows, allow_pickle=False)

    def meanings(self) -> Vectors:
        """(passages, dimensions): what each says and how it is asked, in one unit vector."""
        texts, questions, centres = (self._rows[:, kind] for kind in range(3))
        asked = np.where(np.isnan(centres), questions, centres)
        sums = texts + np.where(np.isnan(asked), 0.0, asked)
        meanings: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return meanings

    def products(self, vectors: Vectors, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        """(len(vectors), 3, len(numbers)): of each of the vectors with the text, the own question
        and the centre, cosines where its length is 1; nan where a passage has none."""
        products: NDArray[np.float32] = self._rows[numbers - 1] @ vectors.T
        return products.T.astype(np.float64)
