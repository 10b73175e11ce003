"""Hard facts: what is the same in another spelling, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.facts import facts, foreign_facts, numbers
from bot.numerals import spelled_out_to_digits

SAME = [
    ("It costs €5.", "It costs 5 euros, or EUR 5, or € 5.00."),
    (
        "In 5 to 7 working days.",
        "In 5 business days, in 7 working days, in five to seven workdays.",
    ),
    ("5 至 7 个工作日", "5 个工作日，七个工作日，5–7 个工作日"),
    ("Open 9:00–18:00, €5–€7, 10 am to 9:00 p.m.", "9:00 to 18:00, €5 to 7, 10:00 am – 9 pm"),
    ("1,000.50 points", "1000.5 points"),
    ("２４小时，二十四小时", "24 小时，24小时"),
    ("On 24 and 31 December", "December 24th, 31 Dec, the 24th of December"),
    ("12 月 25 日和 26 日", "12月26日，十二月二十五日"),
    ("Open 09:00 to 6:00 p.m.", "Open 9:00 to 6 pm"),
    ("Mondays to Friday", "on Monday, on Fridays"),
    ("周一至周五", "星期一，礼拜五"),
    ("See https://a.example/x.", "see www.a.example/x or a.example/x/"),
    ("Call +49 000 555 0142.", "+49 (000) 555-0142"),
    ("Use WeChat Pay or Wi-Fi.", "by WeChat Pay over Wi-Fi or WiFi"),
    ("八折，百分之二十，1万元，两百五十克", "8 折，20%，10000 元，250 克"),
    ("At −15 °C", "at -15°C"),
]
DIFFERENT = [
    ("It costs €5.", "It costs $5."),
    ("It costs €5.", "It costs 5%."),
    ("5 to 7 days", "7 to 5 days"),
    ("| A | €5 |\n| B | €7 |", "€5–7"),
    ("5 working days", "5 days"),
    ("5 days", "5 weeks"),
    ("5 天", "5 个工作日"),
    ("-15 °C", "15 °C"),
    ("v2.0", "v2.1"),
    ("15 November, 24 December", "24 November"),
    ("11 月 15 日，12 月 24 日", "11 月 24 日"),
    ("a@b.example", "c@b.example"),
    ("https://a.example/x", "https://a.example/xy"),
    ("+49 000 555 0142", "+49 000 555 0143"),
    ("Ask Ann.", "Please ask Bob."),
    ("Ann and Bob Smith", "It is Ann Smith"),
    ("The store is open.", "Brandham is open."),
    ("点“换货”。", "点“退货”。"),
    ("支付宝可以用。", "PayPal 可以用。"),
    ("周一休息", "周二休息"),
    ("9:00", "9:30"),
    ("three days", "four days"),
    ("三天", "四天"),
]


@pytest.mark.parametrize(("source", "text"), SAME)
def test_spelling_does_not_make_a_fact_foreign(source: str, text: str) -> None:
    assert foreign_facts(text, facts(source)) == []


@pytest.mark.parametrize(("source", "text"), DIFFERENT)
def test_another_value_unit_or_name_is_foreign(source: str, text: str) -> None:
    assert foreign_facts(text, facts(source)) != []
    assert foreign_facts(source, facts(source)) == []


def test_a_tables_head_gives_the_unit_of_its_bare_numbers() -> None:
    assert foreign_facts("3 working days", facts("| 1–3 |")) == ["3 workday"]
    assert foreign_facts("3 working days", facts("| 1–3 |", table_head="| Working days |")) == []


CHARACTERS = st.characters(max_codepoint=0x17F) | st.sampled_from("退款三天，。：€￥５")


@given(st.text(CHARACTERS, max_size=80))
def test_every_text_holds_its_own_facts(text: str) -> None:
    assert foreign_facts(text, facts(text)) == []


@given(st.integers(0, 10**9))
def test_thousands_separators_change_nothing(value: int) -> None:
    assert numbers(f"{value:,} points") == numbers(f"{value} points") == {str(value)}


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("twenty-four hours", "24 hours"),
        ("two hundred and fifty grams", "250 grams"),
        ("a thousand days", "1000 days"),
        ("one of our stores, in one day", "one of our stores, in 1 day"),
        ("三天，四五天，两个", "3天，4-5天，2个"),
        ("一个包裹，第一次，周一", "一个包裹，第一次，周一"),
        ("一万五千元，二〇二六年，十二月", "15000元，2026年，12月"),
    ],
)
def test_numbers_are_read_in_words(text: str, digits: str) -> None:
    assert spelled_out_to_digits(text) == digits
