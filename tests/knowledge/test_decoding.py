"""Text in whatever encoding Windows, Excel or an old server saved it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge.decoding import decode, decode_html, readable_name
from knowledge.errors import UnreadableFile

CHINESE = "退款会原路退回，一般需要三到五个工作日。\n周末和节假日顺延，请您耐心等待。"
TRADITIONAL = "退款會原路退回，一般需要三到五個工作天。\n週末和節假日順延，請您耐心等待。"
GERMAN = "Rückgabe: Größe wählen, Bestellung über 40 € zurückschicken."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_chinese_text_is_read_in_any_usual_encoding(encoding: str) -> None:
    assert decode(CHINESE.encode(encoding), Path("faq.txt")) == CHINESE


def test_traditional_chinese_is_read_from_big5() -> None:
    assert decode(TRADITIONAL.encode("big5"), Path("faq.txt")) == TRADITIONAL


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be", "utf-8"])
def test_western_text_is_read_without_a_mark_of_its_encoding(encoding: str) -> None:
    assert decode(GERMAN.encode(encoding), Path("faq.txt")) == GERMAN


def test_a_long_chinese_file_is_not_misread_where_the_probe_cuts_a_character() -> None:
    text = "x" + CHINESE * 5000
    assert decode(text.encode("gb18030"), Path("faq.txt")) == text


def test_stray_control_characters_do_not_make_a_text_binary() -> None:
    assert decode(b"Hi\x00 there\x07", Path("a.md")) == "Hi\x00 there\x07"


def test_nothing_is_text_of_no_length() -> None:
    assert decode(b"", Path("a.md")) == ""


@pytest.mark.parametrize("data", [bytes(1000), b"\xff\xfe\x00", bytes(range(256)) * 50])
def test_binary_data_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.md is not text"):
        decode(data, Path("a.md"))


def test_a_page_that_declares_a_wrong_or_unknown_encoding_is_read_all_the_same() -> None:
    for name in ("big5", "nonsense", "ascii"):
        page = f"<meta charset='{name}'><p>退款€</p>"
        assert decode_html(page.encode(), Path("a.html")) == page


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("帮助/退货.md".encode(), "帮助/退货.md"),
        ("帮助/".encode() + "退货.md".encode("gbk"), "帮助/退货.md"),
        (b"caf\xe9.md", "caf\\xe9.md"),
    ],
)
def test_a_name_that_is_no_utf_8_becomes_text(name: bytes, told: str) -> None:
    assert readable_name(Path(os.fsdecode(name))) == told
