"""Sentences that a passage supports are shown, all others are not; the shop's passages are real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.grounding import Grounding, Released, is_filler
from bot.sentences import split
from knowledge.types import Passage
from tests.conftest import make_passage

SHIPPING = make_passage(
    """In Germany standard shipping is €4.90 and takes 1 to 3 working days.
Orders placed before 14:00 (Monday to Friday) leave the same day.

| Destination | Up to 5 kg | 5 to 20 kg | Free from order value | Working days |
|---|---|---|---|---|
| Germany | €4.90 | €8.90 | €79 | 1–3 |
| Austria, Belgium | €8.90 | €14.90 | €120 | 2–4 |
| Canada, USA | €34.90 | €79.00 | never | 7–14 |""",
    question="How much does shipping cost, and how long does delivery take?",
    name="shipping",
)
HOLIDAYS = make_passage(
    "No, on public holidays all three stores are closed. On **24 and 31 December** Averhaven is "
    "open from 9:00 to 13:00; Hohenlark is closed on the 24th.",
    question="Are the stores open on public holidays?",
    name="holidays",
)
EXPRESS = make_passage(
    "Yes, inside the EU. There is no express on Saturdays, for bulky items or for gas. You can "
    "cancel within 30 minutes unless the parcel has been packed. Climbing shoes are only sent to "
    "Germany. Write to help@larkfell.example, see https://larkfell.example/track or call "
    "+49 000 555 0142. Ridge Gold members pay nothing with WeChat Pay.",
    question="Is there express delivery?",
    name="express",
)
EXCLUDED = make_passage(
    "A few things are excluded:\n\n- items marked **Final sale**\n- underwear and socks\n"
    "- food; food in cans, too",
    question="Which items cannot be returned?",
    name="excluded",
)
GAS = make_passage(
    "只能走陆运寄到**德国和奥地利**，每单最多 **4 个气罐或 2 升液体燃料**，不能加急，"
    "也不能寄快递柜。打开过的气罐不允许邮寄。",
    question="气罐和炉具燃料能邮寄吗？",
    name="gas",
    language="zh",
)
HOLIDAYS_ZH = make_passage(
    "不开，法定节假日三家都休息：1 月 1 日、12 月 25 日和 26 日。周一阿弗港店 9:00 到 13:00 营业。",
    question="法定节假日门店开门吗？",
    name="holidays-zh",
    language="zh",
)
PASSAGES = (SHIPPING, HOLIDAYS, EXPRESS, EXCLUDED, GAS, HOLIDAYS_ZH)


def released(text: str, *passages: Passage) -> list[Released]:
    return list(Grounding(passages, coverage=0.7).release(split(text)))


def shown(text: str, *passages: Passage) -> str:
    return "".join(part.text for part in released(text, *passages))


SUPPORTED = {
    SHIPPING: [
        "Standard shipping to Germany costs € 4.9 and takes one to three working days.",
        "Shipping to Austria costs €8.90 up to 5 kg.",
        "Shipping to the USA is never free.",
        "Orders placed before 14:00 leave the same day.",
    ],
    HOLIDAYS: [
        "The stores are not open on public holidays.",
        "No, the stores are closed on public holidays.",
        "Averhaven is open from 9:00 to 13:00 on 24 December.",
        "Averhaven is open from 09:00 to 13:00 on December 31st.",
    ],
    EXPRESS: [
        "Yes, there is express delivery inside the EU.",
        "There is no express on Saturdays.",
        "Write to help@larkfell.example or call +49 (000) 555-0142.",
        "See larkfell.example/track.",
        "You can cancel within thirty minutes unless the parcel was packed.",
        "You can cancel within 30 minutes, unless it has been packed.",
        "Climbing shoes are sent to Germany.",
        "Ridge Gold members pay nothing with WeChat Pay.",
    ],
    EXCLUDED: ["Items marked Final sale cannot be returned.", "Underwear and socks are excluded."],
    GAS: [
        "气罐只能走陆运寄到德国和奥地利。",
        "每单最多四个气罐。",
        "每单最多4个气罐或者２升液体燃料。",
        "打开过的气罐不能邮寄。",
    ],
    HOLIDAYS_ZH: [
        "法定节假日门店不开门。",
        "好的，法定节假日三家门店都休息。",
        "十二月二十五日休息。",
        "星期一阿弗港店 9:00 到 13:00 营业。",
    ],
}
UNSUPPORTED = {
    SHIPPING: [
        "Shipping to Germany costs €5.90.",
        "Shipping to Germany costs $4.90.",
        "Shipping to Germany costs 4.90 kg.",
        "Shipping to Germany takes 1 to 3 days.",
        "Shipping to Germany takes four working days.",
        "Shipping to Austria costs €4.90.",
        "Shipping to Austria costs €34.90.",
        "Shipping to Canada is free from €79.",
        "Orders placed before 14:00 do not leave the same day.",
        "Orders placed before 14:00 on Sunday leave the same day.",
        "Refunds take a while.",
    ],
    HOLIDAYS: [
        "The stores are open on public holidays.",
        "Yes, the stores are closed on public holidays.",
        "Averhaven is open from 9:00 to 13:00 on 24 January.",
        "Averhaven is not open from 9:00 to 13:00 on 24 December.",
        "Brandham is open from 9:00 to 13:00, as Averhaven is.",
    ],
    EXPRESS: [
        "No, there is express delivery inside the EU.",
        "There is express on Saturdays.",
        "Express is available for bulky items.",
        "Express for gas is possible.",
        "You can cancel within 30 minutes.",
        "You can't cancel within 30 minutes unless the parcel has been packed.",
        "Climbing shoes are sent.",
        "Write to sales@larkfell.example.",
        "See https://larkfell.example/track-it.",
        "Call +49 000 555 0143.",
        "Ridge members pay nothing with AliPay.",
        'Ridge Gold members pay nothing with "WeChat Card".',
    ],
    EXCLUDED: [
        "Underwear and socks can be returned.",
        "You can return items marked Final sale.",
        "You can return:\n\n- underwear and socks\n- food",
        "- underwear and socks",
    ],
    GAS: [
        "气罐可以加急。",
        "气罐不能寄到德国和奥地利。",
        "每单最多五个气罐。",
        "每单最多 2 个气罐和 4 升液体燃料。",
        "打开过的气罐允许邮寄。",
        "气罐用 UPS 走陆运寄到德国和奥地利。",
    ],
    HOLIDAYS_ZH: [
        "法定节假日门店开门。",
        "12 月 24 日休息。",
        "星期二阿弗港店 9:00 到 13:00 营业。",
        "周一阿弗港店 9:00 到 14:00 营业。",
    ],
}


def cases(table: dict[Passage, list[str]]) -> list[tuple[Passage, str]]:
    return [(passage, text) for passage, texts in table.items() for text in texts]


@pytest.mark.parametrize(("passage", "text"), cases(SUPPORTED))
def test_what_the_passage_says_is_shown(passage: Passage, text: str) -> None:
    assert shown(text, passage) == text


@pytest.mark.parametrize(("passage", "text"), cases(UNSUPPORTED))
def test_what_the_passage_does_not_say_is_not_shown(passage: Passage, text: str) -> None:
    assert shown(text, passage) == ""


@pytest.mark.parametrize("passage", PASSAGES, ids=lambda passage: passage.id)
def test_a_passage_supports_itself(passage: Passage) -> None:
    assert shown(passage.text, passage) == passage.text


@pytest.mark.parametrize("passage", PASSAGES, ids=lambda passage: passage.id)
def test_the_citation_is_the_passage_that_covers_the_sentence(passage: Passage) -> None:
    assert {part.support.passage.id for part in released(passage.text, *PASSAGES)} == {passage.id}


def test_facts_of_two_passages_do_not_make_one_sentence() -> None:
    text = "Averhaven is open from 9:00 to 13:00 for €4.90."
    assert not shown(text, HOLIDAYS, SHIPPING)


def test_polite_words_are_shown_only_with_what_they_lead_to() -> None:
    text = "Sure! Orders placed before 14:00 leave the same day. Anything else I can help you with?"
    assert shown(text, SHIPPING) == "Sure! Orders placed before 14:00 leave the same day. "
    assert shown("Sure! Happy to help.", SHIPPING) == ""
    assert shown("您好！法定节假日三家都休息。", HOLIDAYS_ZH) == "您好！法定节假日三家都休息。"


def test_a_yes_that_does_not_fit_is_left_out() -> None:
    closed = "The stores are closed on public holidays."
    assert shown(f"No. {closed}", HOLIDAYS) == f"No. {closed}"
    assert shown(f"Yes. {closed}", HOLIDAYS) == closed


@pytest.mark.parametrize("text", ["Yes.", "Sure:", "Of course!", "好的，", "您好！", "|---|---|\n"])
def test_words_without_a_claim_are_fillers(text: str) -> None:
    assert is_filler(text)


@pytest.mark.parametrize("text", ["Shipping is free.", "Sure, 5 days.", "当天发货。", "5"])
def test_words_with_a_claim_are_no_fillers(text: str) -> None:
    assert not is_filler(text)


def test_dropped_sentences_are_collected() -> None:
    grounding = Grounding([SHIPPING], coverage=0.7)
    text = "Great! It is free for all. Orders placed before 14:00 leave the same day."
    assert [part.text for part in grounding.release(split(text))] == [
        "Orders placed before 14:00 leave the same day."
    ]
    assert grounding.dropped == ["Great! ", "It is free for all. "]
    assert not grounding.says_unknown


def test_a_sentence_is_released_before_the_next_one_is_asked_for() -> None:
    def writing() -> Iterator[str]:
        yield "Orders placed before 14:00 leave the same day. "
        raise AssertionError("asked for more")

    parts = Grounding([SHIPPING], coverage=0.7).release(writing())
    assert next(parts).text.startswith("Orders")


@pytest.mark.parametrize(
    "text", ["I don't know.", "I don’t know.", "Sorry, I do not know", "我不知道。"]
)
def test_an_answer_that_knows_nothing_says_so(text: str) -> None:
    grounding = Grounding([SHIPPING], coverage=0.7)
    assert not list(grounding.release([text]))
    assert grounding.says_unknown
    assert not grounding.dropped


def test_numbers_of_passages_are_taken_off() -> None:
    text = (
        "Orders placed before 14:00 leave the same day [1]. Shipping to Austria costs €8.90【2】."
    )
    assert shown(text, SHIPPING) == (
        "Orders placed before 14:00 leave the same day. Shipping to Austria costs €8.90."
    )


def test_a_list_goes_with_the_sentence_that_announces_it() -> None:
    text = "These items are excluded:\n\n- underwear and socks\n- food; food in cans, too\n"
    assert shown(text, EXCLUDED) == text
    assert shown("These are free:\n\n- underwear and socks\n", EXCLUDED) == ""


def test_blocks_stay_apart_when_a_sentence_between_them_is_dropped() -> None:
    text = "Orders placed before 14:00 leave the same day. It is free.\n\n- Austria, Belgium: €8.90"
    assert shown(text, SHIPPING) == (
        "Orders placed before 14:00 leave the same day. \n\n- Austria, Belgium: €8.90"
    )


@pytest.mark.parametrize("text", ["", " \n", "x", "|", "- ", "[1]", "🙂" * 10, "\x00", "<b>"])
def test_odd_passages_and_answers_do_no_harm(text: str) -> None:
    assert released(text, make_passage(text)) is not None
    assert released(text, SHIPPING) == []


VOCABULARY = "refund card return parcel store order tent warranty 退款 运费 包邮 to the is for and"
WORDS = st.sampled_from(VOCABULARY.split())
CONTENT = st.lists(WORDS, min_size=1, max_size=10).map(" ".join)
SENTENCE = CONTENT.map(lambda words: f"Parcel {words}. ")


@given(st.lists(SENTENCE, min_size=1, max_size=5), st.data())
def test_a_sentence_of_a_passages_own_is_supported(
    sentences: list[str], data: st.DataObject
) -> None:
    sentence = data.draw(st.sampled_from(sentences))
    support = Grounding([make_passage("".join(sentences))], coverage=1.0).support(sentence)
    assert support
    assert support.coverage == 1.0


NUMBER = st.integers(0, 10**7) | st.decimals(0, 9999, places=2)
PATTERN = st.sampled_from(
    ["{n}", "€{n}", "$ {n}", "{n}%", "{n} days", "{n}天", "-{n}", "{n}:30", "v{n}", "{n}kg", "№{n}"]
)


@settings(max_examples=300)
@given(SENTENCE, PATTERN, NUMBER, NUMBER)
def test_a_number_that_stands_in_no_passage_is_never_shown(
    sentence: str, pattern: str, held: int, told: int
) -> None:
    passage = make_passage(sentence + pattern.format(n=held) + ".")
    text = sentence.replace(". ", " ") + pattern.format(n=told) + "."
    if str(held) == str(told):
        assert shown(text, passage) == text
    elif held != told:
        assert not shown(text, passage)
    assert not shown(text, make_passage(sentence))


@given(st.lists(SENTENCE, max_size=5).map("".join), st.lists(SENTENCE, max_size=5))
def test_only_sentences_of_the_answer_are_shown_in_their_order(
    text: str, sentences: list[str]
) -> None:
    grounding = Grounding([make_passage(text)], coverage=0.7)
    parts = [part.text for part in grounding.release(sentences)]
    position = 0
    for part in parts:
        position = sentences.index(part, position) + 1
    assert sorted([*parts, *grounding.dropped]) == sorted(sentences)
