"""The command `frontdesk export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.export import FORMATS, KINDS, Kind, Range, write_file
from ui.options import HOME, config_of

if TYPE_CHECKING:
    from datetime import datetime

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", type=_DAY, metavar="DATE", help="First day, in UTC [default: all]")
@click.option("--until", type=_DAY, metavar="DATE", help="Last day, in UTC [default: today]")
@HOME
@click.pass_obj
def export(
    config_path: Path | None,
    /,
    kind: Kind,
    file: Path,
    home: Path | None,
    **days: datetime | None,
) -> None:
    """Conversations or turns as rows, into FILE.csv, FILE.jsonl or FILE.parquet."""
    from bot.database import ConversationDatabase

    chosen = [each for each in FORMATS if file.suffix == f".{each}"]
    if not chosen:
        raise click.UsageError(f"{file} must end with .csv, .jsonl or .parquet.")
    given = {name: day.date().isoformat() if day else "" for name, day in days.items()}
    config = config_of(config_path, home=home)
    path = config.home / "conversations.db"
    if not path.is_file():
        raise click.ClickException(
            f"No conversations at {path}. Name the home that has them with --home."
        )
    database = ConversationDatabase(path)
    try:
        with database.reading() as connection:
            written = write_file(connection, kind, Range(**given), file, chosen[0])
    finally:
        database.close()
    click.echo(f"Written: {file}, {written:,} rows.")
