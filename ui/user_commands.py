"""The commands `frontdesk users ...`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.options import HOME, config_of

if TYPE_CHECKING:
    from bot.staff import Staff


@click.group()
def users() -> None:
    """Who may log in at the desk."""


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True)
@HOME
@click.pass_obj
def add(config_path: Path | None, name: str, role: str, home: Path | None) -> None:
    """A new user. Customers read NAME: "Mei has joined". The password is asked for, or read from
    standard input where that is no terminal.
    """
    with _staff(config_path, home) as staff:
        agent = staff.add(name, _password(), role)
    click.echo(f"{agent.name} may log in at /desk as {agent.role}.")


@users.command("list")
@HOME
@click.pass_obj
def list_users(config_path: Path | None, home: Path | None) -> None:
    """All users, with their role and when they were last at the desk."""
    with _staff(config_path, home) as staff:
        for member in staff.members():
            seen = member.seen_at[:16].replace("T", " ") + " UTC" if member.seen_at else "never"
            click.echo(f"{member.agent.role:6}  {seen:20}  {member.agent.name}")


@users.command("remove")
@click.argument("name")
@HOME
@click.pass_obj
def remove(config_path: Path | None, name: str, home: Path | None) -> None:
    """Ends the user's sessions. What the user wrote and did stays in the log."""
    with _staff(config_path, home) as staff:
        staff.remove(name)
    click.echo(f"{name} may not log in any more.")


@users.command("passwd")
@click.argument("name")
@HOME
@click.pass_obj
def passwd(config_path: Path | None, name: str, home: Path | None) -> None:
    """A new password. Whoever is logged in as NAME is logged out."""
    with _staff(config_path, home) as staff:
        staff.set_password(name, _password())
    click.echo(f"{name} has a new password.")


@contextmanager
def _staff(config_path: Path | None, home: Path | None) -> Iterator[Staff]:
    from bot.database import ConversationDatabase
    from bot.staff import Staff

    config = config_of(config_path, home=home)
    database = ConversationDatabase(config.home / "conversations.db")
    try:
        yield Staff(database)
    finally:
        database.close()


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
