"""Excel workbooks -> rows of text as a reader of a sheet sees them; knows no questions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.conversion import check_office_file, conversion
from knowledge.number_formats import shown_number, shown_time

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

Rows = list[list[str]]


def read_sheets(data: bytes, path: Path) -> list[tuple[str, Rows]]:
    """The names and rows of the sheets, without what is empty or hidden; raises UnreadableFile."""
    check_office_file(data, path, "an Excel workbook")
    import openpyxl

    with conversion(path, "an Excel workbook"):
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return [(sheet.title, _rows(sheet)) for sheet in shown]


def _rows(sheet: Worksheet) -> Rows:
    cells = dict(_texts(sheet))
    _fill_merged(sheet, cells)
    hidden_rows = {row for row, layout in sheet.row_dimensions.items() if layout.hidden}
    hidden_columns = _hidden_columns(sheet)
    rows = sorted({row for row, _ in cells} - hidden_rows)
    columns = sorted({column for _, column in cells} - hidden_columns)
    shown = [[cells.get((row, column), "") for column in columns] for row in rows]
    return [row for row in shown if any(row)]


def _fill_merged(sheet: Worksheet, cells: dict[tuple[int, int], str]) -> None:
    """A text that stands over several rows stands in each of them that holds something."""
    used = {row for row, _ in cells}
    for merged in sheet.merged_cells.ranges:
        column = merged.min_col
        text = cells.get((merged.min_row, column), "")
        for row in used & set(range(merged.min_row + 1, merged.max_row + 1)) if text else ():
            cells[row, column] = text


def _hidden_columns(sheet: Worksheet) -> set[int]:
    hidden = [layout for layout in sheet.column_dimensions.values() if layout.hidden]
    return {column for layout in hidden for column in range(layout.min, layout.max + 1)}


def _texts(sheet: Worksheet) -> Iterator[tuple[tuple[int, int], str]]:
    """Row, column and text of every cell that has one."""
    # `iter_rows` makes a cell for every place up to the last one: a stray one makes a billion.
    for place, cell in sheet._cells.items():
        text = _shown(cell)
        if text:
            yield place, text


def _shown(cell: Cell) -> str:
    from openpyxl.utils.escape import unescape

    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return shown_number(value, cell.number_format)
    if isinstance(value, date | time | timedelta):
        return shown_time(value)
    return str(unescape(str(value))).strip()
