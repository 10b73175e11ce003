"""Every conversation, or every turn, as rows: for CSV, JSON Lines and Parquet.

The columns are described in the README ("Export"); Datasette and DuckDB read conversations.db, too.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

Kind = Literal["conversations", "turns"]
TextFormat = Literal["csv", "jsonl"]
Format = Literal[TextFormat, "parquet"]

KINDS: tuple[Kind, ...] = ("conversations", "turns")
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet")

# Rows that are held at once.
_BATCH = 5000
# A spreadsheet would run what begins like a formula (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Column -> its type, in the order of every format.
COLUMNS: Mapping[Kind, Mapping[str, type]] = {
    "conversations": {
        "conversation_id": str,
        "started_at": str,
        "last_said_at": str,
        "language": str,
        "channel": str,
        "owner": str,
        "outcome": str,
        "customer_turns": int,
        "bot_turns": int,
        "answers": int,
        "clarifications": int,
        "declines": int,
        "failures": int,
        "ups": int,
        "downs": int,
        "solved": int,
        "satisfaction": int,
        "waiting_at": str,
        "joined_at": str,
        "reviews": int,
    },
    "turns": {
        "turn_id": int,
        "conversation_id": str,
        "reply_to": int,
        "created_at": str,
        "role": str,
        "status": str,
        "text": str,
        "language": str,
        "intent": str,
        "intent_confidence": float,
        "route": str,
        "rule": str,
        "generator": str,
        "model": str,
        "knowledge_version": str,
        "best_score": float,
        "cited": str,
        "first_word_ms": float,
        "total_ms": float,
        "dropped": str,
        "error": str,
        "rating": str,
        "comment": str,
        "verdicts": str,
    },
}

_SQL: Mapping[Kind, str] = {
    "conversations": "select {columns} from outcomes f where customer_turns > 0 "
    "and started_at >= ? and started_at < ? order by n",
    "turns": """
        select t.id as turn_id, t.conversation_id, t.reply_to, t.created_at, t.role, t.status,
            t.text, c.language, case when t.intent_known then t.intent end as intent,
            t.intent_confidence, t.route, t.rule, t.generator, t.model, t.knowledge_version,
            a.score as best_score,
            (select json_group_array(passage_id) from
                (select passage_id from matches where turn_id = t.id and cited order by rank))
                as cited,
            a.first_word_ms, a.total_ms, t.dropped, t.error, f.rating, f.comment,
            (select json_group_object(reviewer, verdict) from reviews r where r.turn_id = t.id)
                as verdicts
        from turns t
        join conversations c on c.id = t.conversation_id
        left join answer_facts a on a.turn_id = t.id
        left join feedback f on f.turn_id = t.id
        where t.created_at >= ? and t.created_at < ? order by t.id
    """,
}


@dataclass(frozen=True)
class Range:
    """Days of UTC, both included; empty is without an end."""

    since: str = ""
    until: str = ""

    def bounds(self) -> tuple[str, str]:
        return self.since, (self.until or "9999") + "~"


def rows(connection: sqlite3.Connection, kind: Kind, days: Range) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS[kind]; times are ISO 8601 in UTC, lists and maps are JSON."""
    sql = _SQL[kind].replace("{columns}", ", ".join(COLUMNS[kind]))
    yield from connection.execute(sql, days.bounds())


def csv_lines(kind: Kind, found: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    """With a head. Text that a spreadsheet would run gets an apostrophe before it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS[kind])
    for number, row in enumerate(found, start=1):
        writer.writerow([_harmless(value) for value in row])
        if number % _BATCH == 0:
            yield _drained(buffer)
    yield _drained(buffer)


def json_lines(kind: Kind, found: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    names = list(COLUMNS[kind])
    for row in found:
        yield json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n"


def encoded(kind: Kind, format_: TextFormat, found: Iterator[tuple[Any, ...]]) -> Iterator[bytes]:
    if format_ == "csv":
        yield b"\xef\xbb\xbf"  # else Excel takes Chinese for something else
    lines = csv_lines(kind, found) if format_ == "csv" else json_lines(kind, found)
    for line in lines:
        yield line.encode()


def write_parquet(kind: Kind, found: Iterator[tuple[Any, ...]], file: IO[bytes]) -> None:
    import pyarrow
    import pyarrow.parquet

    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, types[type_]) for name, type_ in COLUMNS[kind].items()])
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(found):
            columns = [list(column) for column in zip(*batch, strict=True)]
            arrays = [
                pyarrow.array(values, type=field.type)
                for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def write_file(
    connection: sqlite3.Connection, kind: Kind, days: Range, path: Path, format_: Format
) -> int:
    """Returns the number of rows. Beside the file first: one that is there stays whole until the
    new one is.
    """
    counted = _Counted(rows(connection, kind, days))
    found = iter(counted)
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        if format_ == "parquet":
            write_parquet(kind, found, file)
        else:
            file.writelines(encoded(kind, format_, found))
    draft.replace(path)
    return counted.count


class _Counted:
    """Rows, and how many have been taken."""

    def __init__(self, found: Iterator[tuple[Any, ...]]) -> None:
        self._found = found
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self._found:
            self.count += 1
            yield row


def _batches(found: Iterator[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in found:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
