"""What stands ready before anybody is answered: knowledge and intents, made with progress bars.

Every import of weight waits until a command needs it.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.config import Config
    from knowledge.ingest import IngestReport


def prepare_knowledge(config: Config) -> None:
    """The demo shop for who starts without documents; a new version of the knowledge where the
    encoder or Frontdesk has changed. Tells it on stderr: stdout may be one JSON object.
    """
    from knowledge.embedder import load_embedder
    from knowledge.sources import DEMO_PACK
    from knowledge.status import is_readable, read_status
    from knowledge.versions import Versions

    with redirect_stdout(sys.stderr):
        if not Versions(config.home).names():
            click.echo("No documents yet: the demo shop answers. Your own: frontdesk ingest FOLDER")
            ingest_documents(config, [DEMO_PACK])
        elif not is_readable(config.home):
            click.echo(
                "Another version of Frontdesk made this knowledge: it is brought up to date."
            )
            ingest_documents(config, [])
        elif read_status(config.home)["embedder"] != load_embedder(config.embedder).name:
            click.echo("The sentence encoder has changed: all documents are embedded again.")
            ingest_documents(config, [])


def ingest_documents(config: Config, paths: list[Path], *, remove: bool = False) -> IngestReport:
    from knowledge.embedder import load_embedder
    from knowledge.ingest import Ingest
    from ui.terminal import progress_bars

    with progress_bars() as progress:
        run = Ingest(
            config.home,
            load_embedder(config.embedder),
            chroma_url=config.chroma_url,
            progress=progress,
        )
        report = run.remove(*paths) if remove else run.run(paths)
    for sentence in report.broken + report.skipped:
        click.echo(f"Skipped: {sentence}", err=True)
    if report.published:
        click.echo(
            f"Version {report.version}: {report.passages} passages from {report.documents} "
            f"documents ({len(report.added)} new, {len(report.changed)} changed, "
            f"{len(report.removed)} removed)."
        )
        fit_intents(config)
    else:
        click.echo(f"Nothing has changed: version {report.version} goes on answering.")
    return report


def fit_intents(config: Config) -> None:
    """Does nothing where the examples and the encoder are those of the saved classifier."""
    from bot.build import intent_classifier
    from knowledge.embedder import load_embedder
    from knowledge.search import KnowledgeBase
    from ui.terminal import progress_bars

    embedder = load_embedder(config.embedder)
    base = KnowledgeBase(config.home, embedder, chroma_url=config.chroma_url)
    with progress_bars() as progress:
        classifier = intent_classifier(config.home, base, embedder, progress=progress)
    examples = len(classifier.vectors) - len(classifier.names)
    click.echo(f"{len(classifier.names)} intents from {examples} examples.")
