"""Rows of JSON Lines, each field checked where it is used: a bad row is named by file and line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import EvalError


@dataclass(frozen=True)
class Line:
    """One row with its place. Every reader of a field raises EvalError where it is not so."""

    path: Path
    number: int
    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f'needs "{key}" as text')
        return value

    def optional_text(self, key: str) -> str:
        return self.text(key) if self.values.get(key) not in (None, "") else ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(f'needs "{key}" as a list of texts')
        return tuple(value)

    def optional_texts(self, key: str) -> tuple[str, ...]:
        return self.texts(key) if self.values.get(key) is not None else ()

    def wrong(self, what: str) -> EvalError:
        return EvalError(f"{self.path}, line {self.number}, {what}. Correct it.")


def read_lines(paths: Iterable[Path], *, limit: int | None = None) -> list[Line]:
    """Objects of all files; blank lines are left out. Raises EvalError.

    `limit` rows of each file are taken from all over it: many files are sorted by topic.
    """
    return [line for path in paths for line in _spread(_read(path), limit)]


def _spread(lines: Sequence[Line], limit: int | None) -> Sequence[Line]:
    if limit is None or limit >= len(lines):
        return lines
    return [lines[n * len(lines) // limit] for n in range(limit)]


def _read(path: Path) -> list[Line]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{path} cannot be read: {error}. Name a JSON Lines file.") from error
    lines = [
        _parse(path, number, text)
        for number, text in enumerate(content.split("\n"), start=1)
        if text.strip()
    ]
    if not lines:
        raise EvalError(f"{path} has no rows. Give one JSON object a line.")
    return lines


def _parse(path: Path, number: int, text: str) -> Line:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvalError(f"{path}, line {number}, is no valid JSON: {error}. Correct it.") from error
    if not isinstance(values, dict):
        raise EvalError(f"{path}, line {number}, is no JSON object. Correct it.")
    return Line(path, number, values)


def refuse_double(lines: Sequence[Line], key: str) -> None:
    """Raises EvalError for the first row whose `key` an earlier one has."""
    seen: dict[str, Line] = {}
    for line in lines:
        value = line.text(key)
        if value in seen:
            raise line.wrong(f'has the "{key}" {value!r} of line {seen[value].number}')
        seen[value] = line
