"""What is said of examples held out is what a fit without them says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from bot.build import DESK_INTENTS
from bot.intent_rows import IntentRows, word_features_of
from knowledge.pack import read_intents
from knowledge.types import Embedder
from knowledge.words import words

EXAMPLES = read_intents(DESK_INTENTS)[::4]


def _share_right(rows: IntentRows) -> float:
    _, held = rows.chosen()
    return float((held.predicted.argmax(axis=1) == rows.labels[: rows.examples]).mean())


@pytest.fixture(scope="module")
def shuffled(built_in_embedder: Embedder) -> IntentRows:
    """Examples whose labels say nothing."""
    dice = np.random.default_rng(0)
    labels = dice.permutation([example.intent for example in EXAMPLES])
    examples = [replace(e, intent=str(intent)) for e, intent in zip(EXAMPLES, labels, strict=True)]
    return IntentRows.of(examples, built_in_embedder)


def test_labels_that_say_nothing_are_not_found_in_examples_held_out(
    shuffled: IntentRows, built_in_embedder: Embedder
) -> None:
    assert _share_right(shuffled) < 0.4
    assert _share_right(IntentRows.of(EXAMPLES, built_in_embedder)) > 0.7


def test_every_example_is_held_out_once(shuffled: IntentRows) -> None:
    _, held = shuffled.chosen()
    assert held.predicted.shape == (len(EXAMPLES), len(shuffled.names))
    assert np.isfinite(held.predicted).all()
    assert (held.likeness < 1.0 + 1e-5).all()


@given(st.text())
def test_a_word_lies_in_the_bucket_that_scikit_learn_gives_it(text: str) -> None:
    """A classifier that was saved before the library was changed is still right."""
    rarity = np.ones(2**15, dtype=np.float32)
    terms = words(text)
    terms += [f"{first} {second}" for first, second in pairwise(terms)]
    buckets, _ = word_features_of(text, rarity)
    assert set(buckets) == {abs(murmurhash3_32(term)) % 2**15 for term in terms}
