"""`frontdesk train writer`: the order of the work, and where its parts are kept."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from bot.errors import TrainingError
from bot.generators.writer.course import draw_curve, run
from bot.generators.writer.entries import Entry, is_held_out, read_entries
from bot.generators.writer.examples import Examples
from bot.generators.writer.lessons import Lessons
from bot.generators.writer.losses import Validation
from bot.generators.writer.network import Writer, WriterConfig
from bot.generators.writer.training import Recipe, Training
from bot.generators.writer.walk import COPY
from knowledge.types import Progress
from knowledge.word_states import WordStates

# Validation draws its lessons from another seed than the training.
_OTHER_SEED = 1000


@dataclass(frozen=True)
class Material:
    """Entries to learn from and, of public sets, those of entities that are held out."""

    training: tuple[Entry, ...]
    held: tuple[Entry, ...]


def read_material(
    data: Path, faq: Sequence[Path] = (), *, leave_out: Collection[str] = ()
) -> Material:
    """`leave_out` names sets that are not trained on. Raises TrainingError where none is left."""
    entries = read_entries(data, faq, ())
    held = [entry for entry in entries if entry.source != "faq" and is_held_out(entry.group)]
    known = {id(entry) for entry in held}
    rest = [e for e in entries if id(e) not in known and e.source not in leave_out]
    if not rest or not held:
        raise TrainingError(
            f"No questions with answers to learn from in {data}. It should hold grounded/dstc9/"
            "faq.jsonl and the like."
        )
    return Material(tuple(rest), tuple(held))


def train(
    material: Material, out: Path, *, recipe: Recipe, start: Path | None, progress: Progress
) -> Validation:
    """Trains in out/work, or goes on there, and leaves weights, their log and its curve in `out`.

    `start` holds weights to begin with instead of random ones.
    """
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    encoder = WordStates()
    progress("reading", 0, 2)
    lessons = Lessons(material.training, encoder, seed=recipe.seed)
    progress("reading", 1, 2)
    held = Lessons(material.held, encoder, seed=recipe.seed + _OTHER_SEED)
    validation = Examples(held, encoder).get(range(recipe.validation))
    progress("reading", 2, 2)
    training = Training(_writer(recipe, start), Examples(lessons, encoder), recipe)
    found = run(training, validation, work, progress)
    torch.nn.Module.half(training.writer).save_pretrained(out)
    shutil.copy(work / "log.jsonl", out / "log.jsonl")
    draw_curve(out / "log.jsonl", out / "curve.png")
    return found


def _writer(recipe: Recipe, start: Path | None) -> Writer:
    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if start is not None:
        writer: Writer = Writer.from_pretrained(start, dtype=torch.float32)
    else:
        writer = Writer(WriterConfig(joints=COPY))
    torch.nn.Module.to(writer, device)
    return writer
