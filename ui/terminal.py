"""What the commands print: answers, matches, progress bars, and a conversation in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markdown import Markdown

from bot.errors import BotError
from bot.types import Answer, Owner, Piece
from knowledge.language import language_of
from ui.records import answer_record
from ui.text import write

if TYPE_CHECKING:
    from bot.config import Config
    from bot.manager import DialogManager
    from knowledge.types import Language, Match, Progress


def print_answer(manager: DialogManager, text: str, *, as_json: bool) -> None:
    """One question in a conversation of its own. Raises BotError."""
    language = language_of(text)
    conversation = manager.log.start(language, channel="terminal")
    console = Console()
    for event in manager.reply(conversation.id, text):
        if isinstance(event, Answer) and as_json:
            print(json.dumps(answer_record(event), ensure_ascii=False))  # noqa: T201
        elif isinstance(event, Answer):
            _print_turn(console, event)


def print_matches(matches: Sequence[Match], *, as_json: bool) -> None:
    if as_json:
        rows = [asdict(match) for match in matches]
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201
        return
    console = Console()
    for match in matches:
        console.print(f"[bold]{match.score:.2f}[/]  {match.passage.heading}", highlight=False)
        console.print(f"      [dim]{match.passage.id}[/]", highlight=False)


def chat(config: Config) -> None:
    """Reads questions until the end of the input."""
    from bot.build import build

    with progress_bars() as progress:
        desk = build(config, progress=progress)
    console = Console()
    language: Language = "en"
    conversation = desk.log.start(language, channel="terminal")
    console.print(write("terminal_hint", language), style="dim")
    while True:
        try:
            text = console.input("[bold]> [/]")
        except (EOFError, KeyboardInterrupt):
            break
        try:
            with console.status("…"):
                answer = _last(desk.manager.reply(conversation.id, text))
        except BotError as error:
            console.print(str(error), style="red")
            continue
        _print_turn(console, answer)
    desk.close()


def _last(events: Iterator[Piece | Answer]) -> Answer:
    answer = [event for event in events if isinstance(event, Answer)]
    return answer[0]


def _print_turn(console: Console, answer: Answer) -> None:
    if answer.owner is not Owner.BOT and not answer.text:
        console.print(write("waiting", answer.language), style="dim")
        return
    console.print(Markdown(answer.text))
    for number, option in enumerate(answer.options, start=1):
        console.print(f"  {number}. {option}", highlight=False)
    for number, citation in enumerate(answer.citations, start=1):
        console.print(
            f"  [{number}] {citation.title} ({citation.document})",
            style="dim",
            markup=False,
            highlight=False,
        )


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """One bar a stage on stderr; nothing is drawn where stderr is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    console = Console(stderr=True)
    # Else rich writes the finished bars into a log.
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield progress
