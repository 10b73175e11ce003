"""What the commands of `frontdesk` share: the home, and the settings that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.config import Config

HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of everything that is kept [default: frontdesk-data, or FRONTDESK_HOME]",
)


def config_of(path: Path | None, **options: Any) -> Config:
    """`path` is the settings file; `options` that are None are left to it. Raises BotError."""
    from bot.config import load_config

    return load_config(path, options=options)
