"""The commands `frontdesk eval ...`. Every import of weight waits until a command needs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ui.options import HOME, config_of

if TYPE_CHECKING:
    from bot.config import Config
    from evals.result import Result

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)
_FILE_OR_FOLDER = click.Path(path_type=Path)


def _measuring(command: Command) -> Command:
    """The options that every measurement has."""
    for option in reversed(
        (
            click.option("--json", "json_path", type=_FILE, help="Write figures and rows there"),
            click.option("--limit", type=click.IntRange(1), help="Rows of each file at most"),
            HOME,
        )
    ):
        command = option(command)
    return command


@click.group("eval")
def evaluate() -> None:
    """Measure every part of the bot, compare with a baseline, and fail on a regression."""


@evaluate.command()
@click.option("--test", type=_FILE, multiple=True, required=True, help="Rows {text, intent}")
@click.option("--train", type=_FILE, multiple=True, help="Fit on these [default: the home's]")
@click.option("--oos", type=_FILE, multiple=True, help="Rows {text} that fit no intent")
@_measuring
@click.pass_obj
def intents(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """How well intents are told apart, and what fits none of them."""
    from evals.intents import measure_intents

    _measure(config_of(config_path, home=home), measure_intents, options)


@evaluate.command()
@click.option(
    "--queries", type=_FILE, multiple=True, required=True, help="Rows {query, relevant: [id]}"
)
@click.option("--faq", type=_FILE, help="Rows {id, question, answer} [default: the home's]")
@_measuring
@click.pass_obj
def retrieval(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """How well the right entry is found."""
    from evals.retrieval import measure_retrieval

    _measure(config_of(config_path, home=home), measure_retrieval, options)


@evaluate.command()
@click.option(
    "--answerable", type=_FILE, multiple=True, required=True, help="Rows {query, relevant: [id]}"
)
@click.option("--unanswerable", type=_FILE, multiple=True, help="Rows {query}")
@_measuring
@click.pass_obj
def questions(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """Whether the bot answers what it can, and only that."""
    from evals.questions import measure_questions

    _measure(config_of(config_path, home=home), measure_questions, options)


@evaluate.command()
@click.option("--data", type=_FILE, multiple=True, required=True, help="Rows as in data/grounded")
@click.option("--generator", type=click.Choice(["quote", "transformers", "chat_model"]))
@click.option("--model", help="The generator's model")
@click.option(
    "--distractors",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Passages of other rows that are put beside the right ones",
)
@_measuring
@click.pass_obj
def answers(
    config_path: Path | None,
    /,
    home: Path | None,
    generator: str | None,
    model: str | None,
    **options: Any,
) -> None:
    """How good, grounded and well cited the answers from given passages are."""
    from evals.answers import measure_answers

    config = config_of(config_path, home=home, generator=generator, model=model)
    _measure(config, measure_answers, options)


@evaluate.command()
@click.argument("scripts", nargs=-1, required=True, type=_FILE_OR_FOLDER)
@_measuring
@click.pass_obj
def dialogues(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """Dialogue scripts (YAML) and what must hold after each turn."""
    from evals.dialogues import measure_dialogues

    _measure(config_of(config_path, home=home), measure_dialogues, options)


@evaluate.command()
@click.option("--queries", type=_FILE, multiple=True, required=True, help="The original questions")
@click.option("--written", type=_FILE, multiple=True, help="Rows {slice, query, of}")
@_measuring
@click.pass_obj
def fairness(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """Whether customers who write otherwise are served as well."""
    from evals.fairness import measure_fairness

    _measure(config_of(config_path, home=home), measure_fairness, options)


@evaluate.command()
@click.argument("attacks", nargs=-1, required=True, type=_FILE)
@_measuring
@click.pass_obj
def robustness(config_path: Path | None, /, home: Path | None, **options: Any) -> None:
    """What share of attacks gets through."""
    from evals.robustness import measure_robustness

    _measure(config_of(config_path, home=home), measure_robustness, options)


@evaluate.command("all")
@click.option("--suite", type=_FILE, help="The sets [default: those of the demo pack]")
@click.option("--html", "html_path", type=_FILE, help="Write the report there")
@_measuring
@click.pass_obj
def measure_all(
    config_path: Path | None, /, home: Path | None, suite: Path | None, **options: Any
) -> None:
    """All sets of a suite, and your own dialogue cases."""
    from evals.result import write_results
    from evals.suite import DEFAULT, read_suite, run_suite
    from ui.eval_output import print_result
    from ui.terminal import progress_bars

    config, chosen = config_of(config_path, home=home), read_suite(suite or DEFAULT)
    with progress_bars() as progress:
        results = list(run_suite(config, chosen, limit=options["limit"], progress=progress))
    if options["json_path"]:
        write_results(results, options["json_path"])
    for result in results:
        print_result(result)
    if options["html_path"]:
        _write_report(results, options["html_path"])


@evaluate.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--rows", type=click.IntRange(0), default=5, show_default=True)
def compare(old: Path, new: Path, rows: int) -> None:
    """What rose and what fell between two results; exit code 1 where a figure fell for real.

    For real: the 95 % interval of the paired difference lies wholly on the wrong side of 0.
    """
    from evals.compare import compare as compare_results
    from evals.result import read_results
    from ui.eval_output import print_comparison, print_fallen

    comparisons = compare_results(read_results(old), read_results(new))
    for comparison in comparisons:
        print_comparison(comparison, rows=rows)
    print_fallen(comparisons)
    if any(comparison.fell for comparison in comparisons):
        sys.exit(1)


@evaluate.command()
@click.argument("results", nargs=-1, required=True, type=_FILE)
@click.option("--html", "html_path", type=_FILE, required=True, help="Write the report there")
def report(results: tuple[Path, ...], html_path: Path) -> None:
    """One self-contained HTML file with plots and rows."""
    from evals.result import read_results

    _write_report([result for path in results for result in read_results(path)], html_path)


@evaluate.command()
@click.argument("results", nargs=-1, required=True, type=_FILE)
def table(results: tuple[Path, ...]) -> None:
    """The results as Markdown, beside the published figures: evals/RESULTS.md."""
    from evals.result import read_results
    from evals.table import markdown

    click.echo(markdown([result for path in results for result in read_results(path)]))


@evaluate.command()
@click.argument("turn_id", type=int)
@click.option(
    "--expect",
    multiple=True,
    metavar="KEY=VALUE",
    help="What must hold after the turn, such as route=answer [default: what happened]",
)
@click.option("--name", help="The case's name [default: the question]")
@HOME
@click.pass_obj
def add(
    config_path: Path | None,
    turn_id: int,
    expect: tuple[str, ...],
    name: str | None,
    home: Path | None,
) -> None:
    """Make a logged turn, with its history, a dialogue case of your own."""
    from evals.logged import add_case

    path = add_case(config_of(config_path, home=home), turn_id, expect=expect, name=name)
    click.echo(f"Written: {path}. It runs with: frontdesk eval dialogues {path.parent}")


@evaluate.command()
@click.option(
    "--since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), metavar="DATE"
)
@_measuring
@click.pass_obj
def replay(config_path: Path | None, /, home: Path | None, since: Any, **options: Any) -> None:
    """Ask logged questions again, with their history, and show what changed."""
    from evals.replay import measure_replay
    from ui.eval_output import print_changes

    options["since"] = since.isoformat()
    result = _measure(config_of(config_path, home=home), measure_replay, options)
    print_changes(result)


def _measure(config: Config, measure: Callable[..., Result], options: dict[str, Any]) -> Result:
    from evals.result import write_results
    from ui.eval_output import print_result
    from ui.terminal import progress_bars

    json_path = options.pop("json_path")
    with progress_bars() as progress:
        result = measure(config, **options, progress=progress)
    if json_path:
        write_results([result], json_path)
    print_result(result)
    return result


def _write_report(results: list[Result], path: Path) -> None:
    from evals.report import write_report

    write_report(results, path)
    click.echo(f"Written: {path}")
