"""Long texts are split where it hurts least: between paragraphs, sentences, rows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.splitting import LONGEST, size, split

HEADER = "| To | Price |\n|---|---|"


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert split("a\n\n| b |\n|---|") == ["a\n\n| b |\n|---|"]
    assert split(" \n") == []


def test_english_is_split_between_sentences() -> None:
    parts = split("The parcel takes 2.5 days to arrive. " * 100)
    assert all(part.startswith("The") and part.endswith("arrive.") for part in parts)
    assert max(map(size, parts)) <= LONGEST


def test_chinese_parts_have_up_to_five_hundred_characters() -> None:
    parts = split("退款会在三到五个工作日内原路退回。" * 100)
    assert all(part.endswith("。") for part in parts)
    assert 400 <= len(parts[0]) <= 500


def test_a_table_stays_whole_when_it_fits() -> None:
    table = HEADER + "\n| Norway | €19.90 |" * 40
    parts = split(f"{'Before it. ' * 60}\n\n{table}\n\n{'After it. ' * 60}")
    assert sum(table in part for part in parts) == 1


def test_a_long_table_is_split_between_rows_under_its_header() -> None:
    rows = [f"| Country {number} | €{number}.90 |" for number in range(200)]
    parts = split("Costs:\n\n" + "\n".join([HEADER, *rows]) + "\n\nThat is all.")
    assert parts[0].startswith("Costs:\n\n" + HEADER)
    assert all(HEADER in part for part in parts)
    assert parts[-1].endswith("\n\nThat is all.")
    assert [row for part in parts for row in part.split("\n") if row in rows] == rows


def test_a_table_whose_row_is_too_long_is_split_like_prose() -> None:
    parts = split(f"{HEADER}\n| {'long cell ' * 300} | x |")
    assert max(map(size, parts)) <= LONGEST


@settings(deadline=None)
@given(st.text(st.sampled_from("ab中文。.!| -\n"), max_size=400), st.integers(1, 12))
def test_no_part_is_too_long_and_nothing_but_white_space_is_lost(text: str, times: int) -> None:
    parts = split(text * times)
    assert all(size(part) <= LONGEST for part in parts)
    if not any("|" in part for part in parts):
        assert "".join("".join(parts).split()) == "".join((text * times).split())
