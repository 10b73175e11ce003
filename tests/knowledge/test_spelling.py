"""Misspelt words: put right where the knowledge knows what is meant, and otherwise left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.homophones import Homophones
from knowledge.spelling import Speller, is_plain_english, spelt_words

SPELLER = Speller(
    spelt_words("Change the address of your pre-order; jacket, socks, parcel, Averhaven.")
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cna i chnage the adress", "can i change the address"),
        ("my jaket and soks", "my jacket and socks"),
        ("Wher is my parsel?", "Where is my parcel?"),
        ("the shop in Avrehaven", "the shop in Averhaven"),
        ("WHER IS MY PRE-ORDER", "WHERE IS MY PRE-ORDER"),
    ],
)
def test_a_word_that_is_one_edit_away_is_put_right(written: str, meant: str) -> None:
    assert SPELLER.correct(written).lower() == meant.lower()


@pytest.mark.parametrize(
    "text",
    [
        "where are your tents sewn",
        "do you take amex or bitcoin",
        "is my airbnb deposit refunded",
        "batch E2-2507, see larkfel.example/adress or help@larkfel.example",
        "my name is Annna Svennson",
        "preorder",
        "退款要多久？",
    ],
)
def test_what_may_be_meant_as_it_is_stays(text: str) -> None:
    assert SPELLER.correct(text) == text


@given(st.text(max_size=80))
def test_nothing_but_words_is_changed(text: str) -> None:
    def rest(words: str) -> str:
        return "".join(c for c in words if not (c.isascii() and c.isalpha()))

    assert rest(SPELLER.correct(text)) == rest(text)


KNOWN = "优惠码怎么用运费是多少寄到奥地利二手的背包可以修吗"
PAIRS = {KNOWN[i : i + 2] for i in range(len(KNOWN) - 1)}
HOMOPHONES = Homophones(KNOWN, lambda pairs: PAIRS & set(pairs))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("优会码怎么用", "优惠码怎么用"), ("奥地力", "奥地利"), ("二受的背包", "二手的背包")],
)
def test_a_character_of_the_same_sound_is_put_right(written: str, meant: str) -> None:
    assert HOMOPHONES.correct(written) == meant


@pytest.mark.parametrize("text", ["教师有优惠吗", "鸭绒还是鹅绒", "优惠码怎么用", "how long?", ""])
def test_characters_that_nothing_speaks_for_stay(text: str) -> None:
    assert HOMOPHONES.correct(text) == text


@given(st.text(max_size=40))
def test_a_text_keeps_its_length(text: str) -> None:
    assert len(HOMOPHONES.correct(text)) == len(text)


@pytest.mark.parametrize("text", ["how long do refunds take", "HELLO", "my size?", "退款 where"])
def test_the_words_of_any_sentence_are_plain_english(text: str) -> None:
    assert is_plain_english(text)


@pytest.mark.parametrize(
    "text", ["", "ok", "asdf qwer", "iPhone 15 Pro", "LF-2041", "xiexie", "退"]
)
def test_codes_names_and_pinyin_are_no_plain_english(text: str) -> None:
    assert not is_plain_english(text)
