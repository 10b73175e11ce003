"""The command `frontdesk`. Every import of weight waits until a command needs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.eval_commands import evaluate
from ui.export_command import export
from ui.user_commands import users

if TYPE_CHECKING:
    from bot.config import Config
    from knowledge.ingest import IngestReport

_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of everything that is kept [default: frontdesk-data, or FRONTDESK_HOME]",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="frontdesk")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file [default: ./frontdesk.toml where there is one]",
)
@click.pass_context
def frontdesk(context: click.Context, config_path: Path | None) -> None:
    """A customer-service chatbot that answers from your own documents, with citations."""
    context.obj = config_path


@frontdesk.command()
@_HOME
@click.option("--host", help="Address to bind to [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to bind to [default: 7860]")
@click.pass_obj
def serve(config_path: Path | None, home: Path | None, host: str | None, port: int | None) -> None:
    """The chat page, the desk and the HTTP API on one port."""
    config = _config(config_path, home=home, host=host, port=port)
    _prepare_knowledge(config)
    from ui.server import serve as serve_until_stopped

    serve_until_stopped(config)


@frontdesk.command()
@_HOME
@click.pass_obj
def chat(config_path: Path | None, home: Path | None) -> None:
    """A conversation in the terminal. Ctrl-D ends it."""
    from ui.terminal import chat as chat_in_terminal

    config = _config(config_path, home=home)
    _prepare_knowledge(config)
    chat_in_terminal(config)


@frontdesk.command()
@click.argument("text")
@_HOME
@_JSON
@click.pass_obj
def ask(config_path: Path | None, text: str, home: Path | None, as_json: bool) -> None:
    """One question, one answer."""
    from bot.build import build
    from ui.terminal import print_answer, progress_bars

    config = _config(config_path, home=home)
    _prepare_knowledge(config)
    with progress_bars() as progress:
        desk = build(config, progress=progress)
    print_answer(desk.manager, text, as_json=as_json)


@frontdesk.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_HOME
@click.pass_obj
def ingest(config_path: Path | None, paths: tuple[Path, ...], home: Path | None) -> None:
    """Documents into the knowledge base; only what changed is worked on.

    PATHS are files and folders, and stay part of the knowledge: without PATHS, those of earlier
    runs are read again. Reads Markdown, HTML, text, PDF, DOCX, XLSX, CSV, JSON and JSONL.
    """
    config = _config(config_path, home=home)
    report = _ingest(config, list(paths))
    if report.broken:
        sys.exit(1)


@frontdesk.command()
@click.argument("text")
@click.option("-k", "count", type=click.IntRange(1), default=5, show_default=True)
@_HOME
@_JSON
@click.pass_obj
def search(
    config_path: Path | None, text: str, count: int, home: Path | None, as_json: bool
) -> None:
    """The passages that are found for TEXT."""
    from knowledge.embedder import load_embedder
    from knowledge.search import KnowledgeBase
    from ui.terminal import print_matches

    config = _config(config_path, home=home)
    base = KnowledgeBase(config.home, load_embedder(config.embedder), chroma_url=config.chroma_url)
    print_matches(base.search(text, k=count), as_json=as_json)


@frontdesk.group()
def knowledge() -> None:
    """What has been ingested, and the way back."""


@knowledge.command("status")
@_HOME
@_JSON
@click.pass_obj
def knowledge_status(config_path: Path | None, home: Path | None, as_json: bool) -> None:
    """The current version and what it was made of."""
    from knowledge.status import read_status

    status = read_status(_config(config_path, home=home).home)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False))
        return
    for name, value in status.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' ')}: {text}")


@knowledge.command("list")
@_HOME
@_JSON
@click.pass_obj
def knowledge_list(config_path: Path | None, home: Path | None, as_json: bool) -> None:
    """The documents, with their number of passages."""
    from knowledge.status import read_documents

    documents = read_documents(_config(config_path, home=home).home)
    for document in documents:
        click.echo(
            json.dumps(document, ensure_ascii=False)
            if as_json
            else f"{document['passages']:>6}  {document['id']}  {document['title']}"
        )


@knowledge.command("rollback")
@_HOME
@click.pass_obj
def knowledge_rollback(config_path: Path | None, home: Path | None) -> None:
    """Return to the version before the current one."""
    from knowledge.versions import Versions

    versions = Versions(_config(config_path, home=home).home)
    with versions.writing():
        click.echo(f"Version {versions.rollback()} answers now.")


@knowledge.command("remove")
@click.argument("path", type=click.Path(path_type=Path))
@_HOME
@click.pass_obj
def knowledge_remove(config_path: Path | None, path: Path, home: Path | None) -> None:
    """Drop a source (a PATH that was ingested) with all its documents."""
    _ingest(_config(config_path, home=home), [path], remove=True)


@frontdesk.group()
def train() -> None:
    """Fit the bot's own models."""


@train.command("intents")
@_HOME
@click.pass_obj
def train_intents(config_path: Path | None, home: Path | None) -> None:
    """The intent classifier, from the ingested packs and the built-in intents."""
    _fit_intents(_config(config_path, home=home))


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

    corpus = read_corpus(data, [DEMO_PACK], phrasebook=PHRASEBOOK, leave_out=leave_out)
    with progress_bars() as progress:
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

    material = read_material(data, faq or [DEMO_PACK / "faq" / "en"], leave_out=leave_out)
    if start is not None and numbers["rate"] is None:
        numbers["rate"] = 3e-4
    recipe = Recipe(**{name: value for name, value in numbers.items() if value is not None})
    with progress_bars() as progress:
        found = train_network(material, out, recipe=recipe, start=start, progress=progress)
    click.echo(f"Right choices {found.right:.1%}, AUROC of not-here {found.not_here_auroc:.3f}")


frontdesk.add_command(evaluate)
frontdesk.add_command(export)
frontdesk.add_command(users)


def _config(path: Path | None, **options: Any) -> Config:
    from bot.config import load_config

    return load_config(path, options=options)


def _prepare_knowledge(config: Config) -> None:
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
            _ingest(config, [DEMO_PACK])
        elif not is_readable(config.home):
            click.echo(
                "Another version of Frontdesk made this knowledge: it is brought up to date."
            )
            _ingest(config, [])
        elif read_status(config.home)["embedder"] != load_embedder(config.embedder).name:
            click.echo("The sentence encoder has changed: all documents are embedded again.")
            _ingest(config, [])


def _ingest(config: Config, paths: list[Path], *, remove: bool = False) -> IngestReport:
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
        report = run.remove(paths[0]) if remove else run.run(paths)
    for sentence in report.broken:
        click.echo(f"Skipped: {sentence}", err=True)
    if report.published:
        click.echo(
            f"Version {report.version}: {report.passages} passages from {report.documents} "
            f"documents ({len(report.added)} new, {len(report.changed)} changed, "
            f"{len(report.removed)} removed)."
        )
        _fit_intents(config)
    else:
        click.echo(f"Nothing has changed: version {report.version} goes on answering.")
    return report


def _fit_intents(config: Config) -> None:
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


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turns expected errors into a sentence on stderr and exit code 1."""
    from bot.errors import BotError
    from knowledge.errors import KnowledgeError

    try:
        yield
    except (BotError, KnowledgeError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. What was finished before is kept.", err=True)
        sys.exit(130)


def main() -> None:
    with _one_line_errors():
        frontdesk.main(standalone_mode=False)
