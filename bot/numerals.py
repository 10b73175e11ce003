"""Numbers that are spelled out, as digits: "twenty-four hours" -> "24 hours", "三天" -> "3天"."""

from __future__ import annotations

import re

_UNIT_WORDS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
_UNITS = {word: value for value, word in enumerate(_UNIT_WORDS.split())}
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * value for value, word in enumerate(_TEN_WORDS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS)}))?|{'|'.join(reversed(_UNITS))})"
# "one" is a number before a unit only: "one of our stores" counts nothing.
_AFTER_ENGLISH_ONE = (
    r"[ -](?:hundred|thousand|million|(?:(?:working|business|calendar) )?"
    r"(?:day|week|month|year|hour|minute|night|person|item|time|euro|dollar)s?\b)"
)
_ENGLISH = re.compile(
    rf"\b(?!one\b(?!{_AFTER_ENGLISH_ONE}))(?P<count>{_SMALL}|a(?= hundred| thousand))"
    rf"(?: (?P<scale>hundred|thousand|million)(?:(?: and)? (?P<rest>{_SMALL})\b)?)?\b"
)

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
}
_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_NUMERAL = "[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿]*"
# What is counted. 一 before a measure word such as 个 is an article.
_AFTER_ONE = (
    r"(?:个?(?:工作日|月|小时|星期|礼拜)|天|日|周|年|分|秒|元|块钱|欧元|美元|英镑|折|公|千克|米|升)"
)
_COUNTED = rf"(?:{_AFTER_ONE}|[个件名位人倍层楼米厘克度张双条箱单家门辆晚岁款台瓶罐份级点次%])"
_CHINESE = re.compile(
    rf"(?P<share>百分之)(?P<percent>{_NUMERAL})"
    rf"|(?<![第周期拜\d])(?P<number>(?!一(?![零〇一二两三四五六七八九十百千万亿])\s?(?!{_AFTER_ONE})){_NUMERAL})(?=\s?{_COUNTED})"
)
_TEN_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?) ?万")


def spelled_out_to_digits(text: str) -> str:
    """`text` is normalised (bot.terms.normalise). Ordinals and "one" as a pronoun stay words."""
    text = _ENGLISH.sub(_english, text)
    text = _CHINESE.sub(_chinese, text)
    return _TEN_THOUSANDS.sub(lambda match: f"{float(match[1]) * 10_000:.0f}", text)


def _english(match: re.Match[str]) -> str:
    scale = _SCALES[match["scale"]] if match["scale"] else 1
    rest = _small(match["rest"]) if match["rest"] else 0
    return str(_small(match["count"]) * scale + rest)


def _small(words: str) -> int:
    """1..99."""
    parts = re.split("[- ]", words)
    return sum(1 if part == "a" else _TENS.get(part) or _UNITS[part] for part in parts)


def _chinese(match: re.Match[str]) -> str:
    if match["share"]:
        return f"{_chinese_value(match['percent'])}%"
    return _chinese_value(match["number"])


def _chinese_value(numeral: str) -> str:
    """四五 is "four or five" and becomes 4-5; 二〇二六 is read digit by digit."""
    if not _POWERS.keys() & set(numeral):
        return ("-" if len(numeral) == 2 else "").join(str(_DIGITS[sign]) for sign in numeral)
    total = section = digit = 0
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif _POWERS[sign] >= 10_000:
            total, section, digit = (total + section + digit) * _POWERS[sign], 0, 0
        else:
            section, digit = section + (digit or 1) * _POWERS[sign], 0
    return str(total + section + digit)
