"""The export: the same rows in all formats, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

import pyarrow.parquet
import pytest

from bot.export import COLUMNS, KINDS, Range, csv_lines, json_lines, rows, write_file


@pytest.mark.parametrize("kind", KINDS)
def test_all_three_formats_hold_the_same_rows(
    connection: sqlite3.Connection, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chosen = next(each for each in KINDS if each == kind)
    wanted = [
        dict(zip(COLUMNS[chosen], row, strict=True)) for row in rows(connection, chosen, Range())
    ]
    lines = "".join(json_lines(chosen, rows(connection, chosen, Range())))
    assert [json.loads(line) for line in lines.splitlines()] == wanted
    path = tmp_path_factory.mktemp("export") / "out.parquet"
    assert write_file(connection, chosen, Range(), path, "parquet") == len(wanted)
    assert pyarrow.parquet.read_table(path).to_pylist() == wanted
    text = "".join(csv_lines(chosen, rows(connection, chosen, Range())))
    read = list(csv.DictReader(io.StringIO(text)))
    first = next(iter(COLUMNS[chosen]))
    assert [row[first] for row in read] == [str(row[first]) for row in wanted]


def test_a_spreadsheet_runs_nothing_that_a_customer_wrote() -> None:
    row = dict.fromkeys(COLUMNS["turns"], None) | {"text": "=HYPERLINK(1)", "intent_confidence": -1}
    text = "".join(csv_lines("turns", iter([tuple(row.values())])))
    assert ",'=HYPERLINK(1)," in text
    assert ",-1," in text
