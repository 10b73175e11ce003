"""The command `frontdesk`. Every import of weight waits until a command needs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ui.eval_commands import evaluate
from ui.export_command import export
from ui.options import HOME, config_of
from ui.preparation import ingest_documents, prepare_knowledge
from ui.train_commands import train
from ui.user_commands import users

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
@HOME
@click.option("--host", help="Address to bind to [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to bind to [default: 7860]")
@click.pass_obj
def serve(config_path: Path | None, home: Path | None, host: str | None, port: int | None) -> None:
    """The chat page, the desk and the HTTP API on one port."""
    config = config_of(config_path, home=home, host=host, port=port)
    prepare_knowledge(config)
    from ui.server import serve as serve_until_stopped

    serve_until_stopped(config)


@frontdesk.command()
@HOME
@click.pass_obj
def chat(config_path: Path | None, home: Path | None) -> None:
    """A conversation in the terminal. Ctrl-D ends it."""
    from ui.terminal import chat as chat_in_terminal

    config = config_of(config_path, home=home)
    prepare_knowledge(config)
    chat_in_terminal(config)


@frontdesk.command()
@click.argument("text")
@HOME
@_JSON
@click.pass_obj
def ask(config_path: Path | None, text: str, home: Path | None, as_json: bool) -> None:
    """One question, one answer."""
    from bot.build import build
    from ui.terminal import print_answer, progress_bars

    config = config_of(config_path, home=home)
    prepare_knowledge(config)
    with progress_bars() as progress:
        desk = build(config, progress=progress)
    print_answer(desk.manager, text, as_json=as_json)


@frontdesk.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@HOME
@click.pass_obj
def ingest(config_path: Path | None, paths: tuple[Path, ...], home: Path | None) -> None:
    """Documents into the knowledge base; only what changed is worked on.

    PATHS are files and folders, and stay part of the knowledge: without PATHS, those of earlier
    runs are read again. Reads Markdown, HTML, text, PDF, DOCX, XLSX, CSV, JSON and JSONL.
    """
    config = config_of(config_path, home=home)
    report = ingest_documents(config, list(paths))
    if report.broken:
        sys.exit(1)


@frontdesk.command()
@click.argument("text")
@click.option("-k", "count", type=click.IntRange(1), default=5, show_default=True)
@HOME
@_JSON
@click.pass_obj
def search(
    config_path: Path | None, text: str, count: int, home: Path | None, as_json: bool
) -> None:
    """The passages that are found for TEXT."""
    from knowledge.embedder import load_embedder
    from knowledge.search import KnowledgeBase
    from ui.terminal import print_matches

    config = config_of(config_path, home=home)
    base = KnowledgeBase(config.home, load_embedder(config.embedder), chroma_url=config.chroma_url)
    print_matches(base.search(text, k=count), as_json=as_json)


@frontdesk.group()
def knowledge() -> None:
    """What has been ingested, and the way back."""


@knowledge.command("status")
@HOME
@_JSON
@click.pass_obj
def knowledge_status(config_path: Path | None, home: Path | None, as_json: bool) -> None:
    """The current version and what it was made of."""
    from knowledge.status import read_status

    status = read_status(config_of(config_path, home=home).home)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False))
        return
    for name, value in status.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' ')}: {text}")


@knowledge.command("list")
@HOME
@_JSON
@click.pass_obj
def knowledge_list(config_path: Path | None, home: Path | None, as_json: bool) -> None:
    """The documents, with their number of passages."""
    from knowledge.status import read_documents

    documents = read_documents(config_of(config_path, home=home).home)
    for document in documents:
        click.echo(
            json.dumps(document, ensure_ascii=False)
            if as_json
            else f"{document['passages']:>6}  {document['id']}  {document['title']}"
        )


@knowledge.command("rollback")
@HOME
@click.pass_obj
def knowledge_rollback(config_path: Path | None, home: Path | None) -> None:
    """Return to the version that answered before the current one."""
    from knowledge.versions import Versions

    versions = Versions(config_of(config_path, home=home).home)
    with versions.writing():
        click.echo(f"Version {versions.rollback()} answers now.")


@knowledge.command("remove")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@HOME
@click.pass_obj
def knowledge_remove(config_path: Path | None, paths: tuple[Path, ...], home: Path | None) -> None:
    """Drop sources (PATHS that were ingested) with all their documents."""
    ingest_documents(config_of(config_path, home=home), list(paths), remove=True)


frontdesk.add_command(evaluate)
frontdesk.add_command(export)
frontdesk.add_command(train)
frontdesk.add_command(users)


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
