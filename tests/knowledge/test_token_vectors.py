"""Coverage of a query by a passage's tokens: its bounds, its files, what it tells apart."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from knowledge.token_vectors import Tokens, TokenVectors
from knowledge.types import Embedder, Reading

ONE, TWO, THREE = (np.eye(3, dtype=np.float32)[row] for row in range(3))


def reading(*tokens: Any, ids: Sequence[int] = ()) -> Reading:
    rows = np.array(tokens, dtype=np.float32).reshape(len(tokens), -1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Reading(ONE, rows, np.array(ids or range(len(rows)), dtype=np.int32))


def some_tokens() -> st.SearchStrategy[Reading]:
    values = st.floats(0.125, 1, width=32) | st.floats(-1, -0.125, width=32)
    rows = arrays.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(8)), elements=values)
    return rows.map(lambda each: reading(*each))


def covered(query: Reading, *passages: Sequence[Reading]) -> list[float]:
    """By passages of one text or several."""
    keys = [f"{n}.question.{i}" for n, texts in enumerate(passages, 1) for i in range(len(texts))]
    with tempfile.TemporaryDirectory() as folder:
        tokens = [Tokens.of(text) for texts in passages for text in texts]
        TokenVectors.save(Path(folder), len(passages), keys, tokens)
        numbers = np.arange(1, len(passages) + 1)
        coverage: list[float] = TokenVectors(Path(folder)).coverage(query, numbers).tolist()
        return coverage


@given(query=some_tokens(), passage=some_tokens(), more=some_tokens())
def test_coverage_is_whole_for_a_querys_own_tokens_and_grows_with_what_is_said(
    query: Reading, passage: Reading, more: Reading
) -> None:
    # A byte for each coordinate: a hundredth may be lost.
    part, grown, whole = covered(query, [passage], [passage, more], [passage, query])
    assert -1.02 <= part <= 1.02
    assert grown >= part - 1e-5
    assert whole == pytest.approx(1.0, abs=0.02)


def test_each_passage_is_asked_for_its_own_tokens_alone() -> None:
    assert covered(reading(ONE), [reading(ONE)], [], [reading(TWO), reading(THREE)]) == [1, 0, 0]
    assert covered(reading(THREE), [reading(ONE)], [], [reading(TWO), reading(THREE)]) == [0, 0, 1]


def test_a_token_that_every_passage_holds_counts_for_little() -> None:
    common, rare = reading(ONE, TWO, ids=[7, 8]), reading(ONE, THREE, ids=[7, 9])
    with_common, with_rare = covered(
        rare, [common], [rare], *([reading(ONE, ids=[7])] for _ in range(8))
    )[:2]
    assert with_common < 0.1
    assert with_rare == pytest.approx(1.0, abs=0.01)


def test_where_there_are_no_tokens_nothing_is_covered() -> None:
    none = Reading(ONE, np.empty((0, 3), dtype=np.float32), np.empty(0, dtype=np.int32))
    assert covered(reading(ONE), [none]) == [0.0]
    assert covered(none, [reading(ONE)]) == [0.0]


def test_a_question_about_something_else_is_covered_less(built_in_embedder: Embedder) -> None:
    """Both questions are about refunds; only one of them is answered."""
    told, same, other = built_in_embedder.read(
        [
            "Refunds take five working days after the parcel has arrived.",
            "How many days until my refund after the parcel arrived?",
            "Is my refund taxed in Norway when the bank is closed?",
        ]
    )
    assert covered(same, [told])[0] > covered(other, [told])[0] + 0.1


def test_as_many_passages_are_read_as_there_are_tokens_for(tmp_path: Path) -> None:
    texts = [Tokens.of(reading(*[ONE] * count)) for count in (3, 4, 5)]
    TokenVectors.save(tmp_path, 3, ["1.text", "2.text", "3.text"], texts)
    tokens = TokenVectors(tmp_path)
    assert tokens.within(np.array([3, 1, 2]), most=8, least=0) == 2
    assert tokens.within(np.array([3, 1, 2]), most=12, least=0) == 3
    assert tokens.within(np.array([2, 3]), most=3, least=1) == 1
    assert tokens.within(np.array([], dtype=np.intp), most=3, least=0) == 0
