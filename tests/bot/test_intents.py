"""The intent classifier: learns from examples, knows what it does not know, is kept whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bot.build import BACKGROUND_INTENTS, DESK_INTENTS
from bot.errors import BotError
from bot.intent_rows import thinned
from bot.intents import KernelIntentClassifier, examples_key, fit
from knowledge.pack import read_intents
from knowledge.types import Embedder, IntentExample, Reading, Vectors, deep_vectors
from tests.conftest import BagEmbedder

EXAMPLES = read_intents(DESK_INTENTS)
MESSAGES = {
    "Hello there!": "greeting",
    "could I speak with a human please": "ask_for_person",
    "many thanks, that helps": "thanks",
    "你好呀": "greeting",
    "谢谢你": "thanks",
    "转人工": "ask_for_person",
}


@pytest.fixture(scope="module")
def classifier(built_in_embedder: Embedder) -> KernelIntentClassifier:
    return fit(EXAMPLES, built_in_embedder)


@pytest.mark.parametrize(("text", "intent"), MESSAGES.items())
def test_the_built_in_intents_are_known_in_both_languages(
    classifier: KernelIntentClassifier, built_in_embedder: Embedder, text: str, intent: str
) -> None:
    found = classifier.classify(text, deep_vectors(built_in_embedder, [text])[0])
    assert (found.name, found.known) == (intent, True)


def test_what_fits_no_intent_is_unknown(
    classifier: KernelIntentClassifier, built_in_embedder: Embedder
) -> None:
    text = "the boiling point of water at 3000 metres above the sea"
    assert not classifier.classify(text, deep_vectors(built_in_embedder, [text])[0]).known


def test_a_company_without_intents_of_its_own_does_not_greet_its_questions(
    built_in_embedder: Embedder,
) -> None:
    alone = fit([*EXAMPLES, *read_intents(BACKGROUND_INTENTS)], built_in_embedder)
    questions = [
        "I am very forgetful person. You write me some message before the day, yes?",
        "Stuck in traffic, will get to you about quarter past instead of three.",
        "Bought twelve months on the 3rd, boss hates it. Any chance we see that cash again?",
        "Some bastard took my wallet on the train!!! what now",
        "昨天抽的血，什么时候能看到结果",
        "明天早上孩子发烧去不了，课怎么办",
    ]
    texts = [*questions, *MESSAGES]
    found = [
        alone.classify(text, vector)
        for text, vector in zip(texts, deep_vectors(built_in_embedder, texts), strict=True)
    ]
    assert not any(each.known for each in found[: len(questions)])
    assert [each.name for each in found[len(questions) :]] == list(MESSAGES.values())


def test_a_saved_classifier_says_what_the_fitted_one_says(
    classifier: KernelIntentClassifier, built_in_embedder: Embedder, tmp_path: Path
) -> None:
    classifier.save(tmp_path)
    loaded = KernelIntentClassifier.load(tmp_path)
    for text in MESSAGES:
        vector = deep_vectors(built_in_embedder, [text])[0]
        assert loaded.classify(text, vector) == classifier.classify(text, vector)
    assert loaded.key == examples_key(EXAMPLES, built_in_embedder.name)
    assert np.array_equal(loaded.dual, classifier.dual)


def test_of_many_examples_the_encoders_vectors_are_kept_once(
    built_in_embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.intent_rows._FEW", 10)
    once = fit(EXAMPLES, built_in_embedder)
    assert once.plain.shape == (0, built_in_embedder.dimensions)
    twice = replace(once, plain=once.vectors)
    for text in MESSAGES:
        vector = deep_vectors(built_in_embedder, [text])[0]
        assert once.classify(text, vector) == twice.classify(text, vector)


def test_confidence_is_how_often_the_name_is_right(
    classifier: KernelIntentClassifier, built_in_embedder: Embedder
) -> None:
    taught, held = EXAMPLES[::2], EXAMPLES[1::2]
    half = fit(taught, built_in_embedder)
    vectors = deep_vectors(built_in_embedder, [example.text for example in held])
    found = [half.classify(e.text, vector) for e, vector in zip(held, vectors, strict=True)]
    right = np.mean([f.name == e.intent for f, e in zip(found, held, strict=True)])
    assert abs(right - np.mean([f.confidence for f in found])) < 0.05


def test_an_intents_own_name_is_an_example_of_it(built_in_embedder: Embedder) -> None:
    pair = [e for e in EXAMPLES if e.intent in ("greeting", "thanks")]
    renamed = [
        IntentExample("penguin_feeding" if e.intent == "thanks" else e.intent, e.text, e.language)
        for e in pair
    ]
    vector = deep_vectors(built_in_embedder, ["penguin feeding"])[0]
    assert fit(renamed, built_in_embedder).classify("penguin feeding", vector).name == (
        "penguin_feeding"
    )


class _Halfway:
    """Tells texts apart by their last letter in the middle, and not at all at the end."""

    name = "halfway"
    dimensions = 2

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.array([(1.0, 0.0)] * len(texts), dtype=np.float32)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Reading:
        middle = {"a": (1.0, 0.0), "b": (0.0, 1.0)}.get(text[-1], (0.6, 0.8))
        vector = self.embed([text])
        ids = np.zeros(1, dtype=np.int32)
        return Reading(vector[0], vector, ids, np.array(middle, dtype=np.float32))


def test_the_encoders_middle_counts_where_it_tells_the_examples_apart(tmp_path: Path) -> None:
    examples = [
        IntentExample(letter, f"{chr(ord('k') + number) * 3} {number}{letter}", "en")
        for number in range(9)
        for letter in "ab"
    ]
    fitted = fit(examples, _Halfway())
    assert fitted.middle_weight > 0
    fitted.save(tmp_path)
    loaded = KernelIntentClassifier.load(tmp_path)
    for letter in "ab":
        vector = deep_vectors(_Halfway(), [f"xyz{letter}"])[0]
        assert loaded.classify(f"xyz{letter}", vector).name == letter


def test_an_encoder_without_a_middle_is_enough() -> None:
    bag = BagEmbedder()
    fitted = fit(EXAMPLES, bag)
    assert (fitted.middle_weight, fitted.middles.size) == (0.0, 0)
    vector = deep_vectors(bag, ["Hello there!"])[0]
    assert fitted.classify("Hello there!", vector).name == "greeting"


# In a process of its own, where nothing has loaded scipy yet: its threads, too, must be held.
_FIT = """
from bot.build import DESK_INTENTS
from bot.intents import fit
from knowledge.pack import read_intents
from tests.conftest import BagEmbedder
from threadpoolctl import threadpool_info

def tell(stage, done, total):
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    print(stage, done, total, max(pool["num_threads"] for pool in blas))

fit(read_intents(DESK_INTENTS), BagEmbedder(), progress=tell)
"""


def test_a_fit_keeps_to_one_core_and_says_how_far_it_is() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _FIT],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(told) == 10
    assert told[-1] == "intents 10 10 1"


def test_the_largest_intents_are_thinned_first() -> None:
    many = [IntentExample("many", f"a{number}", "en") for number in range(50)]
    few = [IntentExample("few", f"b{number}", "en") for number in range(5)]
    kept = thinned([*many, *few], 20)
    assert [each for each in kept if each.intent == "few"] == few
    assert 15 <= len(kept) <= 20
    assert thinned(few, 20) == few


def test_two_intents_are_enough_and_one_is_not(built_in_embedder: Embedder) -> None:
    pair = [e for e in EXAMPLES if e.intent in ("greeting", "thanks")]
    small = fit(pair, built_in_embedder)
    vector = deep_vectors(built_in_embedder, ["thank you"])[0]
    assert small.classify("thank you", vector).name == "thanks"
    with pytest.raises(BotError, match="two intents"):
        fit([e for e in EXAMPLES if e.intent == "greeting"], built_in_embedder)


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="Run: frontdesk train intents"):
        KernelIntentClassifier.load(tmp_path)


def test_a_model_of_another_version_names_the_command(tmp_path: Path) -> None:
    weights = {"weights": np.zeros((2, 2), dtype=np.float32)}
    save_file(weights, tmp_path / "intents.safetensors", metadata={"settings": "{}"})
    with pytest.raises(BotError, match="of another version"):
        KernelIntentClassifier.load(tmp_path)


def test_the_key_changes_with_the_examples_and_the_encoder() -> None:
    other = [*EXAMPLES, IntentExample("greeting", "ahoy", "en")]
    keys = {examples_key(EXAMPLES, "a"), examples_key(EXAMPLES, "b"), examples_key(other, "a")}
    assert len(keys) == 3
