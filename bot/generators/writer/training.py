"""Trains the writer: batches of lessons, their loss, validation, and checkpoints to go on from.

Every lesson and every step draws its chance from the seed and its own number: a run that resumes
takes the steps that the killed one would have taken.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from bot.generators.writer.batch import Batch, batch
from bot.generators.writer.lessons import Lesson, Lessons
from bot.generators.writer.network import Writer
from bot.generators.writer.page import Page, page, question_words, source_words
from bot.generators.writer.vocabulary import START
from knowledge.word_states import States, WordStates

# Told what is being done, how far it is, and how far it goes.
Progress = Callable[[str, int, int], None]

_CHECKPOINT_STEPS = 100
_NOT_ALLOWED = -1e4
# Lessons of like size share a batch, so that little is padded: so many batches are sorted together.
_SORTED_BATCHES = 25


@dataclass(frozen=True)
class Recipe:
    """`lessons` are made once and taken again in each epoch. `patience` counts validations."""

    seed: int = 1
    lessons: int = 4_000
    validation: int = 240
    batch: int = 16
    epochs: int = 5
    rate: float = 1e-3
    warm_up: int = 100
    decay: float = 0.05
    patience: int = 3


@dataclass(frozen=True)
class Example:
    """A lesson ready for the network. `choices[n]` are the tokens that could stand at place n."""

    pages: tuple[Page, ...]
    tokens: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...]
    holds: frozenset[int]


class Examples:
    """Lessons as examples, each made when it is first asked for and then kept."""

    def __init__(self, lessons: Lessons, encoder: WordStates) -> None:
        self._lessons = lessons
        self._encoder = encoder
        self._made: dict[int, Example] = {}
        self._states: dict[tuple[str, ...], States] = {}

    def get(self, numbers: Sequence[int]) -> list[Example]:
        missing = [number for number in numbers if number not in self._made]
        lessons = [self._lessons.lesson(number) for number in missing]
        self._encode(lessons)
        for number, lesson in zip(missing, lessons, strict=True):
            self._made[number] = self._example(lesson)
        return [self._made[number] for number in numbers]

    def _encode(self, lessons: Sequence[Lesson]) -> None:
        texts = {
            tuple(words)
            for lesson in lessons
            for words in (
                question_words(lesson.question),
                *(source_words(source) for source in lesson.walk.sources),
            )
        }
        new = [text for text in sorted(texts) if text not in self._states]
        for text, states in zip(new, self._encoder.states(new), strict=True):
            self._states[text] = states.astype(np.float16)

    def _example(self, lesson: Lesson) -> Example:
        walk = lesson.walk
        asked = self._states[tuple(question_words(lesson.question))]
        pages = tuple(
            page(lesson.question, source, (asked, self._states[tuple(source_words(source))]))
            for source in walk.sources
        )
        choices: list[tuple[int, ...]] = []
        for token in lesson.tokens:
            choices.append(tuple(walk.allowed()))
            walk = walk.take(token)
        return Example(pages, lesson.tokens, tuple(choices), lesson.holds)


def _size(example: Example) -> int:
    """Words to read once the passages are padded to one length."""
    return len(example.pages) * max(map(len, example.pages))


@dataclass(frozen=True)
class Losses:
    """`told`: of the choices in the answers; `held`: of which passages answer; means."""

    told: Tensor
    held: Tensor
    right: float
    decisions: int
    odds: list[tuple[float, bool]]


def losses(writer: Writer, examples: Sequence[Example]) -> Losses:
    """Only places with more than one choice count: the rules of walk.py decide the others."""
    made = batch([example.pages for example in examples])
    memory = writer.read(made.reading.to(writer.device))
    held, odds = _held(memory.holds, examples)
    rows = [row for row, example in enumerate(examples) if example.tokens]
    if not rows:
        return Losses(held * 0, held, 0.0, 0, odds)
    told = [examples[row] for row in rows]
    longest = max(len(example.tokens) for example in told)
    places = torch.zeros((len(rows), longest), dtype=torch.long)
    masks = torch.zeros((len(rows), longest, made.size), dtype=torch.bool)
    counted = torch.zeros((len(rows), longest), dtype=torch.bool)
    for index, (row, example) in enumerate(zip(rows, told, strict=True)):
        _fill(made, row, example, (places[index], masks[index], counted[index]))
    before = functional.pad(places[:, :-1], (1, 0), value=START).to(writer.device)
    scores = writer.write(memory.rows(torch.tensor(rows, device=writer.device)), before)
    chosen = scores[counted.to(writer.device)].float()
    allowed, target = masks[counted].to(writer.device), places[counted].to(writer.device)
    chosen = chosen.masked_fill(~allowed, _NOT_ALLOWED)
    right = float((chosen.argmax(-1) == target).float().sum())
    return Losses(functional.cross_entropy(chosen, target), held, right, len(target), odds)


def _fill(made: Batch, row: int, example: Example, to: tuple[Tensor, Tensor, Tensor]) -> None:
    places, masks, counted = to
    for number, (token, choices) in enumerate(zip(example.tokens, example.choices, strict=True)):
        places[number] = made.place(row, token)
        if len(choices) > 1:
            counted[number] = True
            masks[number] = made.mask(row, choices)


def _held(holds: Tensor, examples: Sequence[Example]) -> tuple[Tensor, list[tuple[float, bool]]]:
    """The loss of each passage's log-odds; and of each example the greatest with the truth."""
    truth = torch.zeros_like(holds)
    real = torch.zeros_like(holds)
    for row, example in enumerate(examples):
        real[row, : len(example.pages)] = 1.0
        truth[row, list(example.holds)] = 1.0
    loss = functional.binary_cross_entropy_with_logits(holds.float(), truth, weight=real)
    best = holds.masked_fill(real == 0, _NOT_ALLOWED).amax(1).tolist()
    odds = [(value, bool(example.holds)) for value, example in zip(best, examples, strict=True)]
    return loss * holds.numel() / real.sum(), odds


class Training:
    """A writer on its way. `step` counts up to `steps`."""

    def __init__(self, writer: Writer, examples: Examples, recipe: Recipe) -> None:
        self.writer, self.recipe = writer, recipe
        self._examples = examples
        self.epoch_steps = recipe.lessons // recipe.batch
        self.steps = self.epoch_steps * recipe.epochs
        self.step = 0
        self._optimizer = torch.optim.AdamW(
            writer.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )

    def advance(self) -> tuple[float, float]:
        """One step; returns the losses of telling and of holding."""
        torch.manual_seed(hash((self.recipe.seed, self.step)))
        self.writer.train()
        device = self.writer.device.type
        with torch.autocast(device, torch.bfloat16, enabled=_has_bfloat16(device)):
            found = losses(self.writer, self._batch())
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.rate * self._pace()
        self._optimizer.zero_grad()
        (found.told + found.held).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.writer.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        return float(found.told.detach()), float(found.held.detach())

    def _batch(self) -> list[Example]:
        """Lessons are shuffled, then those of neighbouring batches sorted by size."""
        size, chunk = self.recipe.batch, self.recipe.batch * _SORTED_BATCHES
        epoch, place = divmod(self.step, self.epoch_steps)
        chance = np.random.default_rng([self.recipe.seed, epoch])
        order = chance.permutation(self.recipe.lessons)[: self.epoch_steps * size]
        part, rank = divmod(place, _SORTED_BATCHES)
        numbers = order[part * chunk : (part + 1) * chunk].tolist()
        examples = sorted(self._examples.get(numbers), key=_size)
        ranks = np.random.default_rng([self.recipe.seed, epoch, part]).permutation(
            -(-len(examples) // size)
        )
        start = int(ranks[rank]) * size
        return examples[start : start + size]

    def _pace(self) -> float:
        """Linear warm-up, then a cosine down to a twentieth."""
        if self.step < self.recipe.warm_up:
            return (self.step + 1) / self.recipe.warm_up
        share = (self.step - self.recipe.warm_up) / max(1, self.steps - self.recipe.warm_up)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    def save(self, path: Path) -> None:
        """One safetensors file: weights, AdamW's moments and the step; replaced atomically."""
        tensors = {f"writer.{name}": value for name, value in self.writer.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        new = path.with_suffix(".new")
        save_file(tensors, new, metadata={"step": str(self.step)})
        new.replace(path)

    def resume(self, path: Path) -> None:
        """Goes back to where `save` was called."""
        writer: dict[str, Tensor] = {}
        adam: dict[int, dict[str, Tensor]] = defaultdict(dict)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
            for key in file.keys():  # noqa: SIM118 - not a dict
                part, name = key.split(".", 1)
                if part == "writer":
                    writer[name] = file.get_tensor(key)
                else:
                    number, moment = name.split(".")
                    adam[int(number)][moment] = file.get_tensor(key)
        self.writer.load_state_dict(writer)
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": dict(adam), "param_groups": groups})


def _has_bfloat16(device: str) -> bool:
    """Whether the machine multiplies it faster: CUDA, or a CPU with AMX."""
    return device == "cuda" or torch.cpu._is_amx_tile_supported()


@dataclass(frozen=True)
class Validation:
    """On held-out entities: losses, the share of right choices, and how well "not here" is seen."""

    told: float
    held: float
    right: float
    not_here_auroc: float

    @property
    def loss(self) -> float:
        return self.told + self.held


def validate(writer: Writer, examples: Sequence[Example], size: int = 32) -> Validation:
    from sklearn.metrics import roc_auc_score

    writer.train(False)
    with torch.inference_mode():
        found = [
            losses(writer, examples[start : start + size])
            for start in range(0, len(examples), size)
        ]
    odds = [pair for part in found for pair in part.odds]
    decisions = max(1, sum(part.decisions for part in found))
    return Validation(
        told=sum(float(part.told) * part.decisions for part in found) / decisions,
        held=float(np.mean([float(part.held) for part in found])),
        right=sum(part.right for part in found) / decisions,
        not_here_auroc=float(roc_auc_score([here for _, here in odds], [odd for odd, _ in odds])),
    )


def run(
    training: Training, validation: Sequence[Example], work: Path, progress: Progress
) -> Validation:
    """Trains to the end, or until `patience` validations bring nothing; the best is in `best`."""
    checkpoint, best_file = work / "checkpoint.safetensors", work / "best.safetensors"
    if checkpoint.exists():
        training.resume(checkpoint)
    log = work / "log.jsonl"
    rows = _read(log)[: training.step // _every(training)]
    recent: list[tuple[float, float]] = []
    while training.step < training.steps and not _is_over(rows, training.recipe.patience):
        recent.append(training.advance())
        if training.step % _every(training) == 0:
            found = validate(training.writer, validation)
            if not rows or found.loss < min(row["validation_loss"] for row in rows):
                save_file(training.writer.state_dict(), best_file)
            rows.append(_row(training.step, recent, found))
            log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            recent = []
            training.save(checkpoint)
        elif training.step % _CHECKPOINT_STEPS == 0:
            training.save(checkpoint)
        progress("training", training.step, training.steps)
    with safe_open(best_file, framework="pt") as file:
        training.writer.load_state_dict({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
    return validate(training.writer, validation)


def _every(training: Training) -> int:
    """Half an epoch lies between two validations."""
    return max(1, training.epoch_steps // 2)


def _is_over(rows: Sequence[dict[str, float]], patience: int) -> bool:
    losses = [row["validation_loss"] for row in rows]
    return len(losses) > patience and min(losses[-patience:]) > min(losses[:-patience])


def _row(step: int, recent: Sequence[tuple[float, float]], found: Validation) -> dict[str, float]:
    told, held = (float(np.mean(column)) for column in zip(*recent, strict=True))
    row = {
        "told": told,
        "held": held,
        "validation_told": found.told,
        "validation_held": found.held,
        "validation_loss": found.loss,
        "right": found.right,
        "not_here_auroc": found.not_here_auroc,
    }
    return {"step": step, **{name: round(value, 4) for name, value in row.items()}}


def _read(log: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def draw_curve(log: Path, picture: Path) -> None:
    """Losses and right choices over the steps."""
    from matplotlib.figure import Figure

    rows = _read(log)
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row["step"] for row in rows]
    for name in ("told", "held", "validation_told", "validation_held"):
        left.plot(steps, [row[name] for row in rows], marker="o", label=name.replace("_", " "))
    for name in ("right", "not_here_auroc"):
        right.plot(steps, [row[name] for row in rows], marker="o", label=name.replace("_", " "))
    left.set(xlabel="step", ylabel="loss")
    right.set(xlabel="step", ylabel="share", ylim=(0.5, 1))
    left.legend()
    right.legend()
    figure.savefig(picture, dpi=120)
