"""Trains the Chinese tower: a sentence gets the English encoder's vector of its translation.

Knowledge distillation over parallel text (Reimers & Gurevych 2020). Knows the order of the work and
where its parts are kept; the steps are in distillation.py, the text in parallel.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from torch.nn.utils import parametrize

from knowledge.chinese import BagOfWords, ChineseTower, Reader, save_tower
from knowledge.chinese_text import MARKS, ChineseTokenizer, Simplifier
from knowledge.distillation import Distillation, Lessons, Recipe, pad
from knowledge.embedder import BuiltInEmbedder, english_folder, read_weights
from knowledge.embedding_cache import EmbeddingCache
from knowledge.parallel import (
    Pair,
    balance,
    hold_out,
    join,
    read_pairs,
    read_twins,
    without_texts_of,
)
from knowledge.phrasebook import read_phrasebook
from knowledge.tower_start import start_bag, start_reader
from knowledge.translation_check import Found, check_translations
from knowledge.types import TOKEN_DIMENSIONS, Embedder, Progress, Reading, Vectors

# Steps between two checkpoints: what a killed run has to do again at most.
_CHECKPOINT_STEPS = 50
# Runs of Han characters, Latin words, single digits, single signs: no token crosses their borders.
_BORDERS = r"\p{Han}+|[a-z]+|\d|[^\s\w]|\s+"
_LONGEST_TOKEN = 6
_VALIDATION_BATCH = 128
# Passages of neighbouring sentences that are trained on.
_PASSAGES = 5_000
# Help documents are long and soon learnt: their share of the training's time, not of its texts.
_HELP_DOCS = 12_000


class Teacher(Embedder, Protocol):
    """An encoder of English whose inside can be borrowed: a BertModel of Hugging Face's."""

    @property
    def weights(self) -> Mapping[str, Tensor]: ...

    @property
    def tokenizer(self) -> Tokenizer: ...


class EnglishTeacher:
    """The built-in encoder for English texts, under a name that outlives its Chinese student."""

    name = "all-MiniLM-L6-v2/onnx-1"
    dimensions = BuiltInEmbedder.dimensions

    def __init__(self) -> None:
        self._encoder = BuiltInEmbedder()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.embed(texts)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Without the tokens, which no student is taught."""
        none = np.empty((0, TOKEN_DIMENSIONS), dtype=np.float32)
        return [Reading(vector, none, np.empty(0, np.int32)) for vector in self.embed(texts)]

    @cached_property
    def weights(self) -> Mapping[str, Tensor]:
        return {k: torch.from_numpy(v) for k, v in read_weights(english_folder()).items()}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(english_folder() / "tokenizer.json"))
        # As it lies there it fills every text up to 128 tokens, and cuts it there.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


@dataclass(frozen=True)
class Corpus:
    """Pairs to learn from, and pairs held out, which no part of the training sees."""

    training: tuple[Pair, ...]
    held: tuple[Pair, ...]


def read_corpus(
    data: Path,
    packs: Sequence[Path] = (),
    *,
    phrasebook: Path | None = None,
    leave_out: Collection[str] = (),
    cap: int = 25_000,
) -> Corpus:
    """At most `cap` training pairs of each kind of text, lest help documents drown the others, and
    passages of neighbouring sentences. The twins of packs are all for training, the phrasebook is
    but for what is held out. Kinds and sources that are named in `leave_out` are never trained on.

    Raises KnowledgeError where `data` holds no parallel text.
    """
    rest, held = hold_out(read_pairs(data))
    own = [twin for pack in packs for twin in read_twins(pack)]
    if phrasebook:
        own += without_texts_of(held, read_phrasebook(phrasebook))
    rest, own = (
        [p for p in pairs if not {p.kind, p.source} & set(leave_out)] for pairs in (rest, own)
    )
    training = balance(rest, cap=cap) + join(rest, count=_PASSAGES)
    help_docs = sorted((p for p in training if p.kind == "help_docs"), key=lambda p: p.digest)
    training = [p for p in training if p.kind != "help_docs"] + help_docs[:_HELP_DOCS]
    training += own
    # Little text, freely translated: it needs more rounds than the others.
    training += [pair for pair in training if pair.kind == "dialogue"]
    return Corpus(tuple(training), tuple(held))


def train(
    corpus: Corpus, out: Path, *, recipe: Recipe, teacher: Teacher, progress: Progress
) -> list[Found]:
    """Writes model.safetensors, config.json and tokenizer.json to `out`; called again, it goes on
    where it was killed. Returns what the finished tower finds of the held-out translations.

    `out`/training keeps the teacher's vectors, and of the bag and the reader the checkpoint,
    log.jsonl and curve.png.
    """
    work = out / "training"
    work.mkdir(parents=True, exist_ok=True)
    if not (out / "tokenizer.json").exists():
        progress("tokenizer", 0, 1)
        texts = [pair.chinese for pair in corpus.training]
        make_tokenizer(texts, recipe.shape.tokens).save(str(out / "tokenizer.json"))
    tokenizer = ChineseTokenizer(out / "tokenizer.json")
    vectors = _teach(corpus, work / "teacher.db", teacher, progress)
    lessons = _lessons(corpus.training, tokenizer, vectors[: len(corpus.training)])
    validation = Validation(corpus.held, tokenizer, vectors[len(corpus.training) :])
    torch.manual_seed(recipe.seed)
    tower = ChineseTower(replace(recipe.shape, tokens=tokenizer.size))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def distil(student: Reader | BagOfWords, name: str, recipe: Recipe) -> None:
        course = Distillation(student.to(device), tokenizer.characters(), lessons, recipe)
        _run(course, validation, work / name, progress)
        course.finish()

    bag = BagOfWords(tower.shape)
    start_bag(bag, lessons.ids, recipe.seed)
    distil(bag, "bag", replace(recipe, epochs=recipe.bag_epochs, word_rate=recipe.bag_rate))
    tower.bag.take(bag)
    sides = zip(lessons.ids, (pair.english for pair in corpus.training), strict=True)
    start_reader(tower.reader, tokenizer, teacher.weights, teacher.tokenizer, sides)
    distil(tower.reader, "reader", recipe)
    save_tower(tower, out)
    return validation.check(tower, by=lambda pair: pair.source)


def _lessons(pairs: Sequence[Pair], tokenizer: ChineseTokenizer, vectors: Vectors) -> Lessons:
    # Texts of one source are the hardest to tell apart; only dialogue has sources large enough.
    kinds = [pair.source if pair.kind == "dialogue" else pair.kind for pair in pairs]
    _, numbers = np.unique(kinds, return_inverse=True)
    return Lessons(tokenizer.ids([pair.chinese for pair in pairs]), vectors, numbers)


def make_tokenizer(texts: Sequence[str], size: int) -> Tokenizer:
    """Unigram pieces (Kudo 2018) of the simplified text: all its characters, its frequent words."""
    simplify = Simplifier()
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_BORDERS), "isolated"),
            pre_tokenizers.Split(Regex(r"\s+"), "removed"),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=list(MARKS),
        unk_token="[UNK]",  # noqa: S106 - no password
        max_piece_length=_LONGEST_TOKEN,
        show_progress=False,
    )
    tokenizer.train_from_iterator((simplify(text) for text in texts), trainer)
    ends = [(mark, tokenizer.token_to_id(mark)) for mark in MARKS[2:]]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    return tokenizer


@dataclass(frozen=True)
class Validation:
    """Held-out pairs, and the teacher's vectors of their English."""

    pairs: Sequence[Pair]
    tokenizer: ChineseTokenizer
    english: Vectors

    def check(self, student: nn.Module, *, by: Callable[[Pair], str]) -> list[Found]:
        ids = self.tokenizer.ids([pair.chinese for pair in self.pairs])
        return check_translations(
            self.pairs, _embed(student, self.english.shape[1], ids), self.english, by=by
        )


def _teach(corpus: Corpus, path: Path, teacher: Embedder, progress: Progress) -> Vectors:
    """The teacher's vectors of all English texts, the training's first; each is computed once."""
    cache = EmbeddingCache(path, teacher)
    texts = [pair.english for pair in (*corpus.training, *corpus.held)]
    try:
        return cache.embed(texts, progress=lambda done, of: progress("teacher", done, of))
    finally:
        cache.close()


def _run(course: Distillation, validation: Validation, work: Path, progress: Progress) -> None:
    work.mkdir(exist_ok=True)
    checkpoint, losses = work / "checkpoint.safetensors", list[float]()
    if checkpoint.exists():
        course.resume(checkpoint)
    while course.step < course.steps:
        losses.append(course.advance())
        epoch = course.epochs_done
        if epoch is not None:
            found = validation.check(course.student, by=lambda pair: pair.kind)
            _log(work / "log.jsonl", epoch, course, float(np.mean(losses)), found)
            losses.clear()
        if epoch is not None or course.step % _CHECKPOINT_STEPS == 0:
            course.save(checkpoint)
        progress(f"training the {work.name}", course.step, course.steps)
    draw_curve(work / "log.jsonl", work / "curve.png")


def _embed(student: nn.Module, width: int, ids: list[list[int]]) -> Vectors:
    """float32 (len(ids), width); texts of like length share a batch."""
    vectors = np.empty((len(ids), width), dtype=np.float32)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    device = next(student.parameters()).device
    student.eval()
    with torch.inference_mode(), parametrize.cached():
        for start in range(0, len(order), _VALIDATION_BATCH):
            rows = order[start : start + _VALIDATION_BATCH]
            vectors[rows] = student(pad([ids[row] for row in rows]).to(device)).cpu().numpy()
    student.train()
    return vectors


def _log(path: Path, epoch: int, course: Distillation, loss: float, found: list[Found]) -> None:
    groups = [asdict(group) for group in found]
    row = {"epoch": epoch, "step": course.step, "loss": round(loss, 4), "found": groups}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def draw_curve(log: Path, picture: Path) -> None:
    """The share of translations that each epoch found, a line for each kind of text."""
    from matplotlib.figure import Figure

    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for group in rows[0]["found"] if rows else []:
        shares = [
            found["english_from_chinese"]
            for row in rows
            for found in row["found"]
            if found["group"] == group["group"]
        ]
        axes.plot([row["epoch"] for row in rows], shares, marker="o", label=group["group"])
    axes.set(xlabel="epoch", ylabel="right translation first among 1,000")
    axes.legend()
    figure.savefig(picture, dpi=120)
