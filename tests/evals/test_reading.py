"""A bad row is named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.errors import EvalError
from evals.reading import read_lines, refuse_double
from tests.evals.conftest import write_rows


def test_rows_are_read_and_blank_lines_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('\ufeff{"text": "a"}\n\n{"text": "b"}\n', encoding="utf-8")
    assert [(line.number, line.text("text")) for line in read_lines([path])] == [(1, "a"), (3, "b")]


def test_a_limit_takes_rows_from_all_over_the_file(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [{"n": n} for n in range(10)])
    assert [line.values["n"] for line in read_lines([path, path], limit=3)] == [0, 3, 6] * 2
    assert len(read_lines([path], limit=99)) == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"rows\.jsonl, line 1, is no valid JSON"),
        ('{"a": 1}\n[]', r"rows\.jsonl, line 2, is no JSON object"),
        ("", r"rows\.jsonl has no rows"),
    ],
)
def test_what_is_no_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError, match=message):
        read_lines([path])


def test_a_wrong_field_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [{"text": " ", "relevant": [1], "id": "a"}] * 2)
    lines = read_lines([path])
    with pytest.raises(EvalError, match='line 1, needs "text" as text'):
        lines[0].text("text")
    with pytest.raises(EvalError, match='line 2, needs "relevant" as a list of texts'):
        lines[1].texts("relevant")
    with pytest.raises(EvalError, match="line 2, has the \"id\" 'a' of line 1"):
        refuse_double(lines, "id")
    with pytest.raises(EvalError, match="cannot be read"):
        read_lines([tmp_path / "nothing.jsonl"])
