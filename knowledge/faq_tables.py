"""Tables and JSON of questions and answers -> entries; knows nothing of the columns' names."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from knowledge.conversion import conversion, fragment_to_markdown
from knowledge.errors import UnreadableFile
from knowledge.faq_columns import Pair, find_pairs, is_field, plain_name
from knowledge.spreadsheets import read_sheets
from knowledge.types import Entry

_COLLECTIONS = (
    "faq", "faqs", "items", "entries", "questions", "data", "rows", "results", "问题", "问答",
)  # fmt: skip
_WANTED = "a column for the question (question, q, 问题) and one for the answer (answer, a, 答案)"
_VARIANT_ENDS = re.compile(r"[\n|;；]")
_HEADER_ROWS = 10
_HTML_TAG = re.compile(r"</(?:p|div|a|ul|ol|li|strong|b|em|i|span|table|h\d)>|<br ?/?>", re.I)

Row = Sequence[str]


@dataclass(frozen=True)
class _Header:
    """The number of the row with the column names, and the columns that belong together."""

    row: int
    pairs: tuple[Pair, ...]


def read_csv(text: str, path: Path) -> tuple[Entry, ...]:
    """Entries of a table with commas, semicolons, tabs or bars; raises UnreadableFile.

    Here and below, an entry whose row holds no answer has an empty one, or no question.
    """
    widest: Row = ()
    for delimiter in ",;\t|":
        rows = _csv_rows(text, delimiter, path)
        header = _header(rows)
        if header is not None:
            _refuse_overlong(rows, header, path)
            return _answered(list(_rows_to_entries(rows, header)), path)
        widest = max(widest, next((row for row in rows if any(row)), ()), key=len)
    raise _columns_missing(path, widest)


def read_xlsx(data: bytes, path: Path) -> tuple[str, tuple[Entry, ...]]:
    """Sheets without the columns as Markdown tables, and the entries of the others."""
    tables: list[str] = []
    entries: list[Entry] = []
    for name, rows in read_sheets(data, path):
        header = _header(rows)
        if header is not None:
            entries.extend(_rows_to_entries(rows, header))
        elif rows:
            tables.append(f"## {name}\n\n{_markdown_table(rows)}")
    return "\n\n".join(tables), _answered(entries, path) if entries else ()


def read_json(text: str, path: Path) -> tuple[Entry, ...]:
    """Entries of a list of objects, of one under a name such as "faq", or of a map to answers."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{path} is no valid JSON: {error}. Correct it.") from error
    return _from_json(content, path)


def read_jsonl(text: str, path: Path) -> tuple[Entry, ...]:
    """Entries of one object per line; raises UnreadableFile naming the line that is none."""
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise UnreadableFile(
                    f"{path}, line {number}, is no valid JSON: {error}. Correct it."
                ) from error
    return _from_json(rows, path)


def _from_json(content: Any, path: Path) -> tuple[Entry, ...]:
    with conversion(path, "an FAQ in JSON"):
        entries = list(_walk(content, path, may_be_map=True))
    if not entries:
        raise UnreadableFile(
            f"{path} has the keys {_listed(_keys(content))}, but no entry with a question "
            "(question, q, 问题) and an answer (answer, a, 答案). Name them so in each entry."
        )
    return _answered(entries, path)


def _walk(node: Any, path: Path, *, may_be_map: bool) -> Iterator[Entry]:
    """Questions with their answers in objects, in lists of them, and in objects around those."""
    if isinstance(node, list):
        for each in _like_their_siblings(node):
            yield from _walk(each, path, may_be_map=False)
    elif isinstance(node, dict):
        if "acceptedAnswer" in node:  # a Question of schema.org's FAQPage
            node = {"question": node.get("name"), "answer": node["acceptedAnswer"]}
        fields = _fields(node)
        entries = list(_fields_to_entries(fields))
        yield from entries
        if not entries and may_be_map and all(isinstance(value, str) for value in node.values()):
            yield from (Entry(question, answer) for question, answer in node.items())
        below = [
            entry
            for key, value in node.items()
            for entry in _walk(value, path, may_be_map=plain_name(key) in _COLLECTIONS)
        ]
        yield from below
        if not (entries or below):
            _refuse_unread(node, fields, path)


def _like_their_siblings(rows: Sequence[Any]) -> Iterator[Any]:
    """Flat rows with an empty text for the question or the answer that they lack and others have:
    so they are told as those of a table are, and not lost without a word.
    """
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    both = [(names[p.question], names[p.answer]) for p in find_pairs(names, strictly=True)]
    for row in rows:
        flat = isinstance(row, dict) and not any(isinstance(v, dict | list) for v in row.values())
        halves = [pair for pair in both if flat and _is_half(row, pair)]
        blank = {name: "" for pair in halves for name in pair if row.get(name) is None}
        yield row | blank if blank else row


def _is_half(row: Mapping[str, Any], pair: tuple[str, str]) -> bool:
    return sum(row.get(name) is not None for name in pair) == 1


def _fields(node: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields that hold text; a text in several languages is several fields."""
    fields: dict[str, list[str]] = {}
    for name, value in node.items():
        nested = isinstance(value, dict) and is_field(name)
        for inner, each in (value if nested else {"": value}).items():
            texts = _texts(each)
            if texts:
                fields[f"{name} {inner}".strip()] = texts
    return fields


def _refuse_unread(node: Mapping[str, Any], fields: Mapping[str, list[str]], path: Path) -> None:
    """An answer that is nested deeper than is read must not be lost without a word."""
    names = list(node)
    for pair in find_pairs(names, strictly=True):
        question, answer = fields.get(names[pair.question]), node[names[pair.answer]]
        if question and answer and names[pair.answer] not in fields:
            raise UnreadableFile(
                f"{path} has an answer that cannot be read, to the question {question[0]!r:.80}. "
                "Give it as a text."
            )


def _fields_to_entries(fields: Mapping[str, list[str]]) -> Iterator[Entry]:
    """One entry for each language; several questions of an answer are ways to ask it."""
    texts = list(fields.values())
    for pair in find_pairs(list(fields)):
        question, *asked = texts[pair.question]
        asked += [] if pair.variants is None else texts[pair.variants]
        yield Entry(question, "\n\n".join(texts[pair.answer]), tuple(asked))


def _texts(value: Any) -> list[str]:
    """The text, or the list of texts, that a field holds; empty for anything nested deeper."""
    values = value if isinstance(value, list) else [value]
    values = [each.get("text") if isinstance(each, dict) else each for each in values]
    if any(each is None or isinstance(each, list | dict) for each in values):
        return []
    return [str(each).lower() if isinstance(each, bool) else str(each).strip() for each in values]


def _keys(content: Any) -> list[str]:
    while isinstance(content, list) and content:
        content = content[0]
    return list(content) if isinstance(content, dict) else []


def _csv_rows(text: str, delimiter: str, path: Path) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(reader)
    except csv.Error as error:
        raise UnreadableFile(
            f"{path}, line {reader.line_num}, is no valid CSV: {error}. Correct it."
        ) from error


def _header(rows: Sequence[Row]) -> _Header | None:
    """The first row that names columns for questions and answers; None without one."""
    for number, row in enumerate(rows[:_HEADER_ROWS]):
        pairs = find_pairs(row)
        if pairs:
            return _Header(number, pairs)
    return None


def rows_to_entries(rows: Sequence[Row]) -> list[Entry]:
    """Those of a table whose first row names both columns; else none."""
    pairs = find_pairs([name.strip("*_ ") for name in rows[0]], strictly=True) if rows else ()
    found = _rows_to_entries(rows, _Header(0, pairs))
    return [replace(entry, question=entry.question.strip("*_ ")) for entry in found]


def _rows_to_entries(rows: Sequence[Row], header: _Header) -> Iterator[Entry]:
    """One entry for all rows of a question below one another: a merged cell has several."""
    for pair in header.pairs:
        found = (_row_to_entry(row, pair) for row in rows[header.row + 1 :])
        for question, same in groupby(found, key=lambda entry: entry.question):
            entries = list(same)
            answers = dict.fromkeys(entry.answer for entry in entries if entry.answer.strip())
            asked = dict.fromkeys(text for entry in entries for text in entry.asked)
            yield Entry(question, "\n\n".join(answers), tuple(asked))


def _row_to_entry(row: Row, pair: Pair) -> Entry:
    def cell(column: int | None) -> str:
        return row[column] if column is not None and column < len(row) else ""

    asked = [each.strip() for each in _VARIANT_ENDS.split(cell(pair.variants))]
    return Entry(cell(pair.question), cell(pair.answer), tuple(filter(None, asked)))


def _refuse_overlong(rows: Sequence[Row], header: _Header, path: Path) -> None:
    """A comma without quotes around its text moves the cells: that would be a wrong answer."""
    width = len(rows[header.row])
    for number, row in enumerate(rows[header.row + 1 :], start=header.row + 2):
        if any(cell.strip() for cell in row[width:]):
            raise UnreadableFile(
                f"{path}, row {number}, has {len(row)} cells under {width} column names. "
                "Put texts that contain the delimiter in double quotes."
            )


def _answered(entries: Sequence[Entry], path: Path) -> tuple[Entry, ...]:
    """The entries that have a question or an answer, one of them perhaps empty.

    Where no answer is given at all, the file lists what can be asked, and each question stands
    for its own answer.
    """
    asking = [entry for entry in entries if entry.question.strip()]
    if not asking:
        raise UnreadableFile(f"{path} has no row with a question. Fill it in, or take it away.")
    if not any(entry.answer.strip() for entry in entries):
        return tuple(replace(entry, answer=entry.question) for entry in asking)
    told = [entry for entry in entries if entry.question.strip() or entry.answer.strip()]
    return tuple(replace(entry, answer=_readable(entry.answer.strip())) for entry in told)


def _readable(answer: str) -> str:
    """The answer as Markdown; exports of help desks often hold HTML."""
    return fragment_to_markdown(answer) if _HTML_TAG.search(answer) else answer


def _markdown_table(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(map(_one_cell, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _one_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _columns_missing(path: Path, found: Sequence[str]) -> UnreadableFile:
    return UnreadableFile(
        f"{path} has the columns {_listed(found)}, but needs {_WANTED}. "
        "Name them so in its first row."
    )


def _listed(names: Sequence[str]) -> str:
    short = (" ".join(name.split())[:40] for name in names[:_HEADER_ROWS] if name)
    return ", ".join(short) or "(none)"
