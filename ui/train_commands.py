"""The commands `frontdesk train ...`. Every import of weight waits until a command needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ui.options import HOME, config_of
from ui.preparation import fit_intents


@click.group()
def train() -> None:
    """Fit the bot's own models."""


@train.command("intents")
@HOME
@click.pass_obj
def train_intents(config_path: Path | None, home: Path | None) -> None:
    """The intent classifier, from the ingested packs and the built-in intents."""
    fit_intents(config_of(config_path, home=home))


@train.command("encoder")
@click.option(
    "--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--leave-out", multiple=True, help="A kind or source of text that is not trained on")
@click.option("--seed", type=int, default=1, show_default=True)
def train_encoder(data: Path, out: Path, leave_out: tuple[str, ...], seed: int) -> None:
    """The Chinese tower of the built-in encoder, from aligned English-Chinese text.

    --data holds *.jsonl files of rows {en, zh, source}. Called again with the same --out, a run
    that was killed goes on where it was.
    """
    from knowledge.distillation import Recipe
    from knowledge.phrasebook import PHRASEBOOK
    from knowledge.sources import DEMO_PACK
    from knowledge.train_encoder import EnglishTeacher, read_corpus
    from knowledge.train_encoder import train as train_tower
    from ui.terminal import progress_bars

    with _alone_in(out), progress_bars() as progress:
        corpus = read_corpus(data, [DEMO_PACK], phrasebook=PHRASEBOOK, leave_out=leave_out)
        found = train_tower(
            corpus, out, recipe=Recipe(seed=seed), teacher=EnglishTeacher(), progress=progress
        )
    for row in found:
        shares = f"{row.english_from_chinese:6.1%} {row.chinese_from_english:6.1%}"
        click.echo(f"{row.group:24} {row.pairs:6} {shares}")


@train.command("writer")
@click.option(
    "--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--faq",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Documents with questions of your own [default: those of the demo shop]",
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Weights to go on from, such as those that are built in",
)
@click.option("--leave-out", multiple=True, help="A set of the data that is not trained on")
@click.option("--lessons", type=click.IntRange(32), help="How many different lessons are made")
@click.option("--epochs", type=click.IntRange(1), help="How often each is learned")
@click.option("--rate", type=float, help="Learning rate [default: 0.001, 0.0003 with --start]")
@click.option("--seed", type=int, default=1, show_default=True)
def train_writer(
    data: Path,
    out: Path,
    faq: tuple[Path, ...],
    start: Path | None,
    leave_out: tuple[str, ...],
    **numbers: Any,
) -> None:
    """The generator that is built in, from questions with passages and people's answers.

    --data holds grounded/dstc9 and the other sets that the model card names. Called again with the
    same --out, a run that was killed goes on where it was.
    """
    from bot.generators.writer.train import read_material
    from bot.generators.writer.train import train as train_network
    from bot.generators.writer.training import Recipe
    from knowledge.sources import DEMO_PACK
    from ui.terminal import progress_bars

    if start is not None and numbers["rate"] is None:
        numbers["rate"] = 3e-4
    recipe = Recipe(**{name: value for name, value in numbers.items() if value is not None})
    with _alone_in(out), progress_bars() as progress:
        material = read_material(data, faq or [DEMO_PACK / "faq" / "en"], leave_out=leave_out)
        found = train_network(material, out, recipe=recipe, start=start, progress=progress)
    click.echo(f"Right choices {found.right:.1%}, AUROC of not-here {found.not_here_auroc:.3f}")


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Two trainings that go on from the same checkpoints would each write over the other's."""
    from filelock import FileLock, Timeout

    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / "lock", timeout=0):
            yield
    except Timeout:
        raise click.ClickException(
            f"Another training writes to {out}. Wait until it is done, or name another --out."
        ) from None
