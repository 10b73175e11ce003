"""The sets of `frontdesk eval all`, as a TOML file lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.config import Config
from evals.answers import measure_answers
from evals.desk import Remembering, silent, temporary_home
from evals.dialogues import measure_dialogues
from evals.errors import EvalError
from evals.fairness import measure_fairness
from evals.intents import measure_intents
from evals.questions import measure_questions
from evals.result import Result
from evals.retrieval import measure_retrieval
from evals.robustness import measure_robustness
from knowledge.embedder import load_embedder
from knowledge.types import Progress

DEFAULT = Path(__file__).parent / "suite.toml"
# Where `frontdesk eval add` puts an owner's own scripts, below the home.
OWN_SCRIPTS = "evals"

# Each suite with the files that it takes; the first of them is needed.
_SUITES: Mapping[str, tuple[Callable[..., Result], tuple[str, ...]]] = {
    "intents": (measure_intents, ("test", "train", "oos")),
    "retrieval": (measure_retrieval, ("queries",)),
    "questions": (measure_questions, ("answerable", "unanswerable")),
    "answers": (measure_answers, ("data",)),
    "dialogues": (measure_dialogues, ("scripts",)),
    "fairness": (measure_fairness, ("queries", "written")),
    "robustness": (measure_robustness, ("attacks",)),
}


@dataclass(frozen=True)
class Set:
    name: str
    suite: str
    files: Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True)
class Suite:
    """`knowledge` is empty where the sets are asked of the home."""

    sets: tuple[Set, ...]
    knowledge: tuple[Path, ...] = ()


def run_suite(
    config: Config,
    suite: Suite,
    *,
    limit: int | None = None,
    progress: Progress = silent,
) -> Iterator[Result]:
    """One result a set, as soon as it is there, then the owner's own scripts where there are any.

    Raises EvalError, KnowledgeMissing, the errors of Ingest and of what the Config names.
    """
    embedder = Remembering(load_embedder(config.embedder))
    with _home(config, suite, embedder, progress) as at:
        for each in suite.sets:
            yield _run(at, each, limit, embedder, progress)
    own = config.home / OWN_SCRIPTS
    if any(own.glob("*.yaml")):
        yield _run(
            config,
            Set("own dialogues", "dialogues", {"scripts": (own,)}),
            limit,
            embedder,
            progress,
        )


def read_suite(path: Path = DEFAULT) -> Suite:
    """Raises EvalError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise EvalError(f"{path} is no valid TOML: {error}. Correct it.") from error
    _refuse_unknown(content, {"knowledge", "set"}, str(path))
    sets = content.get("set")
    if not isinstance(sets, list) or not sets:
        raise EvalError(f"{path} has no [[set]]. The one in evals/ shows how to write them.")
    read = tuple(_read_set(value, path, n) for n, value in enumerate(sets, start=1))
    names = [each.name for each in read]
    if double := {name for name in names if names.count(name) > 1}:
        raise EvalError(f"{path} has several sets named {min(double)!r}. Rename one of them.")
    return Suite(read, _paths(content.get("knowledge", []), path, "knowledge"))


def _run(
    config: Config, each: Set, limit: int | None, embedder: Remembering, progress: Progress
) -> Result:
    measure, _ = _SUITES[each.suite]

    def named(stage: str, done: int, total: int) -> None:
        progress(f"{each.name}: {stage}", done, total)

    result = measure(config, **each.files, limit=limit, embedder=embedder, progress=named)
    return replace(result, name=each.name)


@contextmanager
def _home(
    config: Config, suite: Suite, embedder: Remembering, progress: Progress
) -> Iterator[Config]:
    if not suite.knowledge:
        yield config
        return
    with temporary_home(config, suite.knowledge, embedder=embedder, progress=progress) as at:
        yield at


def _read_set(value: object, path: Path, number: int) -> Set:
    place = f"{path}, set {number}"
    if not isinstance(value, dict) or not isinstance(value.get("suite"), str):
        raise EvalError(f"{place} needs a suite. Known: {', '.join(_SUITES)}.")
    suite = value["suite"]
    if suite not in _SUITES:
        raise EvalError(f"{place} names the suite {suite!r}. Known: {', '.join(_SUITES)}.")
    _, keys = _SUITES[suite]
    _refuse_unknown(value, {"name", "suite", *keys}, place)
    if keys[0] not in value:
        raise EvalError(f"{place} needs {keys[0]}, a list of files.")
    files = {key: _paths(value[key], path, f"set {number}, {key}") for key in keys if key in value}
    return Set(str(value.get("name", suite)), suite, files)


def _paths(value: object, path: Path, place: str) -> tuple[Path, ...]:
    names: Sequence[Any] = value if isinstance(value, list) else [value]
    found = tuple(path.parent / str(name) for name in names)
    for each in found:
        if not each.exists():
            raise EvalError(f"{path}, {place}: there is no file or folder {each}.")
    return found


def _refuse_unknown(content: Mapping[str, Any], known: set[str], place: str) -> None:
    for key in content:
        if key not in known:
            raise EvalError(
                f"{place} has the unknown key {key}. Known: {', '.join(sorted(known))}."
            )
