"""A workbook says what its reader sees: formats applied, what is hidden left out."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from knowledge.faq_tables import read_xlsx
from knowledge.number_formats import shown_number
from knowledge.spreadsheets import read_sheets
from knowledge.types import Entry

PATH = Path("faq.xlsx")


def sheet(*rows: list[object]) -> Worksheet:
    active = Workbook().active
    for row in [["问题", "Answer"], *rows]:
        active.append(row)
    return active


def saved(active: Worksheet) -> bytes:
    file = io.BytesIO()
    active.parent.save(file)
    return file.getvalue()


def entries(active: Worksheet) -> tuple[Entry, ...]:
    return read_xlsx(saved(active), PATH)[1]


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.1, "0%", "10%"),
        (12.5, '"€"0.00', "€12.50"),
        (12.5, "General", "12.5"),
        (True, "General", "TRUE"),
        ("5 days_x000D_\nor 6", "General", "5 days\r\nor 6"),
        (datetime.time(9, 30), "h:mm", "09:30"),
        (datetime.time(9, 30, 5), "h:mm:ss", "09:30:05"),
        (datetime.timedelta(hours=30), "[h]:mm", "30:00"),
        (datetime.datetime(2026, 3, 1), "yyyy-mm-dd", "2026-03-01"),
        (datetime.datetime(2026, 3, 1, 9, 30), "yyyy-mm-dd h:mm", "2026-03-01 09:30"),
    ],
)
def test_an_answer_is_what_its_cell_shows(value: object, number_format: str, shown: str) -> None:
    active = sheet(["How much?", value])
    active["B2"].number_format = number_format
    assert [entry.answer for entry in entries(active)] == [shown]


def test_an_error_in_a_cell_is_no_answer() -> None:
    assert entries(sheet(["How much?", "#N/A"], ["When?", "now"])) == (
        Entry("How much?", ""),
        Entry("When?", "now"),
    )


@pytest.mark.parametrize(
    ("number", "number_format", "shown"),
    [
        (0.125, "0.0%", "12.5%"),
        (1234.5, '#,##0.00\\ "€"', "1,234.50 €"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (-3, "#,##0_);[Red](#,##0)", "(3)"),
        (-3, "0.00", "-3.00"),
        (-0.001, "0.00", "0.00"),
        (0, '0;-0;"free"', "free"),
        (0, "#", ""),
        (12, "0.##", "12"),
        (100, "0", "100"),
        (1.005, "0.00", "1.01"),
        (7, "00000", "00007"),
        (1_500_000, '0.0,,"M"', "1.5M"),
        (0.1 + 0.2, "General", "0.3"),
        (80012345678.0, "General", "80012345678"),
        (0.5, "# ?/?", "0.5"),
        (1e300, "0.00", str(int(1e300))),
    ],
)
def test_a_number_is_shown_by_its_format(number: float, number_format: str, shown: str) -> None:
    assert shown_number(number, number_format) == shown


def test_a_stray_cell_far_away_makes_no_billion_cells() -> None:
    active = sheet(["How?", "So."])
    active["XFD1048576"] = "x"
    assert read_sheets(saved(active), PATH) == [
        ("Sheet", [["问题", "Answer", ""], ["How?", "So.", ""], ["", "", "x"]])
    ]


def test_what_is_hidden_from_readers_is_hidden_from_customers() -> None:
    active = sheet(["What is the margin?", "38 percent"], ["How?", "So.", "note", "note", "shown"])
    active.row_dimensions[2].hidden = True
    active.column_dimensions.group("C", "D", hidden=True)
    old = active.parent.create_sheet("Old")
    old.append(["Question", "Answer"])
    old.append(["What was it?", "Obsolete"])
    old.sheet_state = "hidden"
    assert read_sheets(saved(active), PATH) == [
        ("Sheet", [["问题", "Answer", ""], ["How?", "So.", "shown"]])
    ]


def test_a_merged_answer_belongs_to_each_of_its_questions() -> None:
    active = sheet(["Return shoes?", "30 days."], ["Return coats?", None])
    active.merge_cells("B2:B3")
    assert entries(active) == (
        Entry("Return shoes?", "30 days."),
        Entry("Return coats?", "30 days."),
    )


def test_a_merged_question_has_all_of_its_answers() -> None:
    active = sheet(["How do I cancel?", "Online."], [None, "Or by phone."], ["How?", "So."])
    active.merge_cells("A2:A3")
    active.merge_cells("A4:A9")
    assert entries(active) == (
        Entry("How do I cancel?", "Online.\n\nOr by phone."),
        Entry("How?", "So."),
    )
