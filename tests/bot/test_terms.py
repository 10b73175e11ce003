"""Content words of both languages."""

from __future__ import annotations

from bot.terms import normalise, terms


def test_english_words_are_stemmed_and_stop_words_left_out() -> None:
    assert terms("Don't you ship Larkfell's TENTS for two days?") == [
        "ship", "larkfel", "tent", "2", "day"
    ]  # fmt: skip


def test_chinese_gives_characters_and_bigrams_without_particles() -> None:
    assert terms("退款的会员") == ["退", "退款", "款", "会员", "员"]


def test_full_width_signs_and_curly_quotes_are_the_plain_ones() -> None:
    assert normalise("ＡＢ１ Don’t") == "ab1 don't"
