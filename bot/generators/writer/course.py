"""A training from its first step to its end or an early stop, with the log of its losses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file

from bot.generators.writer.examples import Example
from bot.generators.writer.losses import Validation, validate
from bot.generators.writer.training import Training
from knowledge.types import Progress

_CHECKPOINT_STEPS = 100


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
