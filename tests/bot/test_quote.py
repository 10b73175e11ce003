"""The quotation: the passage's own words, trimmed to what answers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generators.quote import MAX_CHARS, QuoteGenerator, quote
from bot.grounding import Grounding
from bot.sentences import split
from bot.types import Prompt, Turn
from knowledge.language import language_of
from knowledge.sources import DEMO_PACK
from tests.conftest import make_passage

SHIPPING = """It depends on the country; in Germany shipping is €4.90.

| Destination | Up to 5 kg | Working days |
|---|---|---|
| Germany | €4.90 | 1–3 |
| Austria, Belgium | €8.90 | 2–4 |
| Canada | €34.90 | 7–14 |

For more than 20 kg, ask us for a quote."""

REFUNDS = f"""We refund you within **5 days** after your return has arrived. {"Filler text. " * 40}

After that it takes:

- cards: another 1 to 3 days
- bank transfer: 1 to 2 days
- store credit: at once

{"More filler here. " * 20}The money goes back to the original payment method."""

GUARANTEE = (
    "Tents are guaranteed for two years. "
    + "Nothing to see in this sentence at all. " * 20
    + "Zips are guaranteed for one year. However, sand in a zip is not covered. But we clean it. "
    + "Poles are another matter."
)


def test_a_short_answer_is_quoted_whole() -> None:
    text = "Yes, dogs are welcome. Keep them on a lead."
    assert quote("Can I bring my dog?", text) == text


def test_an_answers_yes_or_no_is_not_quoted_to_another_question() -> None:
    passage = make_passage("Yes, dogs are welcome.", question="Can I bring my dog?")

    def quoted(question: str) -> str:
        return "".join(QuoteGenerator().generate(Prompt(question, (passage,), "en")))

    assert quoted("Could I please bring dogs?") == "Yes, dogs are welcome."
    assert quoted("Is the cat forbidden?") == "Dogs are welcome."
    assert quoted("Are dogs unwelcome?") == "Dogs are welcome."


def test_what_stands_further_down_in_the_entry_is_no_word_of_its_question() -> None:
    text = "Yes, in the web shop. In our stores we take neither."
    passage = make_passage(text, question="Can I pay with Alipay?")
    prompt = Prompt("can I pay with alipay in the stores", (passage,), "en")
    assert "".join(QuoteGenerator().generate(prompt)) == "In" + text.removeprefix("Yes, in")


@pytest.mark.parametrize(
    ("text", "question", "told"),
    [
        ("Yes, for orders from €150.", "even in France?", "For orders from €150."),
        ("No: ropes stay with you.", "and unopened?", "Ropes stay with you."),
        ("Yes, but only in Italy.", "and in France?", "Yes, but only in Italy."),
        ("可以，网店两种都支持。", "押金也行吗", "网店两种都支持。"),
        ("可以，但只限德国。", "法国呢", "可以，但只限德国。"),
        ("有的话请告诉我们。", "法国呢", "有的话请告诉我们。"),
    ],
)
def test_an_answers_yes_or_no_is_not_quoted_to_a_follow_up(
    text: str, question: str, told: str
) -> None:
    language = language_of(text)
    passage = make_passage(text, question="?", language=language)
    before = Turn(1, "c", "customer", "?", "done", "")
    prompt = Prompt(question, (passage,), language, history=(before,))
    assert "".join(QuoteGenerator().generate(prompt)) == told


def test_a_chinese_answer_keeps_its_yes_for_its_own_question_in_other_words() -> None:
    text = "可以，网店两种都支持。"
    passage = make_passage(text, question="能用支付宝或微信支付吗？", language="zh")

    def quoted(question: str) -> str:
        return "".join(QuoteGenerator().generate(Prompt(question, (passage,), "zh")))

    assert quoted("支付宝支付可以吗") == text
    assert quoted("门店能用微信支付吗") == "网店两种都支持。"


def test_a_table_keeps_its_head_and_the_rows_that_match() -> None:
    found = quote("What does shipping to Austria cost?", SHIPPING)
    assert "| Destination | Up to 5 kg | Working days |\n|---|---|---|\n| Austria, Belg" in found
    assert "Canada" not in found
    assert found.startswith("It depends on the country")


def test_a_table_without_a_row_that_matches_is_quoted_whole() -> None:
    assert "Canada" in quote("How much is shipping?", SHIPPING)


def test_a_list_comes_with_the_sentence_that_announces_it() -> None:
    found = quote("How long do refunds by bank transfer take?", REFUNDS)
    assert found.startswith("We refund you within **5 days**")
    assert "After that it takes:\n\n- bank transfer: 1 to 2 days" in found
    assert "cards" not in found


def test_sentences_that_share_nothing_with_the_question_are_left_out() -> None:
    found = quote("Is a zip guaranteed?", GUARANTEE)
    assert "Nothing to see" not in found
    assert "Poles" not in found


def test_conditions_are_taken_along() -> None:
    found = quote("Is a zip guaranteed?", GUARANTEE)
    assert "However, sand in a zip is not covered. But we clean it." in found


def test_a_chinese_condition_is_taken_along() -> None:
    text = "可以退货。" + "这里没有别的内容。" * 40 + "鞋子三十天内可以退。但在户外穿过的不能退。"
    found = quote("鞋子可以退吗？", text)
    assert found.startswith("可以退货。")
    assert found.endswith("鞋子三十天内可以退。但在户外穿过的不能退。")


def test_a_chinese_table_is_matched_by_words_not_by_single_characters() -> None:
    rows = "| 德国 | 5 欧元 |\n| 奥地利 | 9 欧元 |\n| 法国 | 9 欧元 |"
    text = f"看国家。\n\n| 国家 | 运费 |\n|---|---|\n{rows}"
    assert quote("寄到德国多少钱", text).endswith("| 德国 | 5 欧元 |")


def test_a_heading_stays_above_what_is_kept() -> None:
    text = f"It depends. {'Filler. ' * 90}\n\n### Asia\n\nChina: pay duties.\n\n### Europe\n\nNone."
    assert quote("duties for China?", text).endswith("### Asia\n\nChina: pay duties.")


def test_no_passage_gives_no_words() -> None:
    assert list(QuoteGenerator().generate(Prompt("Why?", (), "en"))) == []


@pytest.mark.parametrize("text", ["", "  \n ", "[a]: http://b.example 'x'\n" * 40, "<b>" * 400])
def test_odd_passages_are_quoted_as_they_are(text: str) -> None:
    assert quote("Why?", text) == text.strip()


VOCABULARY = "refund return days card not but however the we you 退款 天 但 不"
WORDS = st.sampled_from(VOCABULARY.split())
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words) + ". ")
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=12).map("".join)


@given(st.lists(PARAGRAPHS, max_size=6).map("\n\n".join), SENTENCES)
def test_every_quoted_sentence_stands_in_the_passage_in_that_order(text: str, asked: str) -> None:
    found = quote(asked, text)
    position = 0
    for sentence in split(found):
        position = text.index(sentence.strip(), position)
    assert text.strip().startswith(split(found)[0].strip() if found else "")


def demo_answers() -> list[tuple[str, str]]:
    entries = []
    for path in sorted((DEMO_PACK / "faq").rglob("*.md")):
        text = re.sub(r"<!--.*?-->\n?", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for part in re.split(r"\n(?=## )", text)[1:]:
            question, _, answer = part.removeprefix("## ").partition("\n")
            entries.append((question.strip(), answer.strip()))
    return entries


def test_the_demo_packs_quotations_are_short_and_grounded() -> None:
    for question, answer in demo_answers():
        found = quote(question, answer)
        prose = [line for line in found.splitlines() if not line.startswith("|")]
        assert len("\n".join(prose)) <= MAX_CHARS * 1.5, question
        grounding = Grounding([make_passage(answer, question=question)], coverage=1.0)
        shown = "".join(part.text for part in grounding.release(split(found)))
        assert not grounding.dropped, question
        assert shown == found
