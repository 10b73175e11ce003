"""Dialogue scripts: turns of a customer with what must hold after each, as YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml

from evals.errors import EvalError
from knowledge.types import Language

_SCRIPT_KEYS = {"name", "language", "turns", "pinned"}
_TURN_KEYS = {"customer", "expect"}
EXPECT_KEYS = ("route", "intent", "cites", "contains", "lacks", "language", "owner")


@dataclass(frozen=True)
class ScriptTurn:
    """`expect` maps a key of EXPECT_KEYS to its choices; an empty tuple of `cites` means none."""

    customer: str
    expect: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """`pinned` says what a logged turn was answered with when it became a script."""

    name: str
    language: Language
    turns: tuple[ScriptTurn, ...]
    source: str = ""
    pinned: Mapping[str, Any] = field(default_factory=dict)


def read_scripts(paths: Sequence[Path]) -> list[Script]:
    """Of files and of every `*.yaml` in folders. Raises EvalError, also for a name used twice."""
    scripts = [script for path in paths for file in _files(path) for script in _read(file)]
    seen: dict[str, str] = {}
    for script in scripts:
        if script.name in seen:
            raise EvalError(
                f"{script.source} has a script {script.name!r}, which {seen[script.name]} already "
                "has. Rename one of them."
            )
        seen[script.name] = script.source
    return scripts


def write_script(script: Script, path: Path) -> None:
    """One script to a file, in the shape that read_scripts reads."""
    content: dict[str, Any] = {"name": script.name, "language": script.language}
    if script.pinned:
        content["pinned"] = dict(script.pinned)
    content["turns"] = [_turn_as_yaml(turn) for turn in script.turns]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump([content], allow_unicode=True, sort_keys=False, width=100)
    path.write_text(text, encoding="utf-8")


def _turn_as_yaml(turn: ScriptTurn) -> dict[str, Any]:
    expect = {
        key: values[0] if len(values) == 1 else list(values) for key, values in turn.expect.items()
    }
    return {"customer": turn.customer} | ({"expect": expect} if expect else {})


def _files(path: Path) -> list[Path]:
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    if not files:
        raise EvalError(f"{path} has no dialogue scripts (*.yaml). Name another folder or file.")
    return files


def _read(path: Path) -> list[Script]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise EvalError(f"{path} is no valid YAML: {reason}. Correct it.") from error
    if not isinstance(content, list) or not content:
        raise EvalError(f"{path} must hold a list of scripts: - name: ...")
    return [_script(value, path, number) for number, value in enumerate(content, start=1)]


def _script(value: object, path: Path, number: int) -> Script:
    place = f"{path}, script {number}"
    if not isinstance(value, dict):
        raise EvalError(f"{place} must have name, language and turns.")
    _refuse_unknown(value, _SCRIPT_KEYS, place)
    name = value.get("name")
    if not isinstance(name, str) or not name.strip():
        raise EvalError(f"{place} needs a name as text.")
    place = f"{path}, script {name!r}"
    language = value.get("language", "en")
    if language not in get_args(Language):
        raise EvalError(f"{place} has the language {language!r}. Known: en, zh.")
    turns = value.get("turns")
    if not isinstance(turns, list) or not turns:
        raise EvalError(f"{place} needs a list of turns.")
    read = tuple(_turn(turn, f"{place}, turn {n}") for n, turn in enumerate(turns, start=1))
    return Script(name, language, read, str(path), value.get("pinned") or {})


def _turn(value: object, place: str) -> ScriptTurn:
    if not isinstance(value, dict):
        raise EvalError(f"{place} must have customer, and may have expect.")
    _refuse_unknown(value, _TURN_KEYS, place)
    customer = value.get("customer")
    if not isinstance(customer, str) or not customer.strip():
        raise EvalError(f"{place} needs the customer's words as text.")
    expect = value.get("expect") or {}
    if not isinstance(expect, dict):
        raise EvalError(f"{place}: expect must give a value for each of its keys.")
    _refuse_unknown(expect, set(EXPECT_KEYS), place)
    return ScriptTurn(customer, {key: _choices(expect[key], key, place) for key in expect})


def _choices(value: object, key: str, place: str) -> tuple[str, ...]:
    if value is None and key == "cites":
        return ()
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values) or not (values or key == "cites"):
        raise EvalError(f"{place}: {key} must be text or a list of texts, not {value!r:.60}.")
    return tuple(values)


def _refuse_unknown(content: Mapping[Any, Any], known: set[str], place: str) -> None:
    for key in content:
        if key not in known:
            raise EvalError(
                f"{place} has the unknown key {key!r}. Known: {', '.join(sorted(known))}."
            )
