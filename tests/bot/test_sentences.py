"""Sentences of both languages, whole and while they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sentences import SentenceStream, sentences, split

# What the rules look at, so that random texts meet them often.
SIGNS = st.sampled_from(
    [*'ab AB15.!?。！；"“”*|#-`\n', "\n\n", ". ", "e.g. ", "5 p.m. ", "Mon", "退货", "1. ", "- "]
)
TEXTS = st.lists(SIGNS, max_size=40).map("".join) | st.text(max_size=60)


@pytest.mark.parametrize(
    "parts",
    [
        ["We open at 5.30 p.m. Monday to Friday. ", "See e.g. Dr. Smith, in room 5. ", "Bye."],
        ["It lives at https://a.b/c.html. ", "v2.0 is out! ", "Really? ", "Yes."],
        ["It costs approx. €5.00. ", "No. 5 is sold out. ", "Is it free? ", "No. ", "It is 5. "],
        ['"Hello." ', "She left. ", "Closed at 6 p.m. ", "Then we go."],
        ['"Is it free?" he asked. ', "It is big... and nice. ", "We ship U.S. orders."],
        ["可以退货。", "运费多少？", "免费！", "有电梯；", "没有停车场"],
        ["他说：“请等。”", "然后走了。", "**周六**不送。", "**注意**：不行。"],
        ["支持支付宝吗?", "可以!", "价格是 4.90 欧元。", "打 +49 000 555 0142。"],
        ["Do this:\n\n", "1. Enter the number.\n", "2. Wait.\n", "- one\n", "- two\nsoft wrap."],
        ["# Title\n", "One.\n\n", "| a. b | c。d |\n", "|---|---|\n", "| e | f |\n\n", "End"],
    ],
)
def test_text_is_cut_where_sentences_end(parts: list[str]) -> None:
    assert split("".join(parts)) == parts


@given(TEXTS)
def test_the_sentences_together_are_the_text(text: str) -> None:
    assert "".join(split(text)) == text


@given(TEXTS, st.data())
def test_where_pieces_are_cut_does_not_change_the_sentences(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    ends = [*cuts, len(text)]
    pieces = [text[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
    assert list(sentences(pieces)) == split(text)


@given(TEXTS)
def test_only_a_text_without_words_gives_a_blank_sentence(text: str) -> None:
    assert all(map(str.strip, split(text))) or not text.strip()


def test_a_sentence_is_released_with_the_first_sign_after_it() -> None:
    stream = SentenceStream()
    assert stream.feed("Refunds take 5 days. ") == []
    assert stream.feed("T") == ["Refunds take 5 days. "]
    assert stream.feed("hat is all") == []
    assert stream.finish() == ["That is all"]
    assert stream.finish() == []


def test_a_hundred_thousand_signs_take_no_time() -> None:
    assert len(split("e.g. " * 20_000)) == 1
    assert len(split("“" * 100_000)) == 1
