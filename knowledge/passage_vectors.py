"""Which vectors a passage has: of its text, of each way in which it is asked, and of their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.types import Passage, Vectors


def text_key(n: int) -> str:
    """The key of the vector of passage n's heading and text."""
    return f"{n}.text"


def question_key(n: int, position: int) -> str:
    """The key of one way in which passage n is asked; position 0 is its own question."""
    return f"{n}.question.{position}"


def centre_key(n: int) -> str:
    """The key of the mean of all vectors of ways in which passage n is asked."""
    return f"{n}.centre"


def passage_number(key: str) -> int:
    return int(key.partition(".")[0])


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
    """Adds the normalised mean of the questions of each passage that is asked in several ways."""
    rows: dict[int, list[int]] = {}
    for row, key in enumerate(keys):
        n = passage_number(key)
        if key != text_key(n):
            rows.setdefault(n, []).append(row)
    several = {n: indices for n, indices in rows.items() if len(indices) > 1}
    if not several:
        return keys, vectors
    centres = np.stack([vectors[indices].mean(axis=0) for indices in several.values()])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return [*keys, *map(centre_key, several)], np.concatenate([vectors, centres])
