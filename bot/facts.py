"""The hard facts of a text: what may be told only as it stands in a passage.

Numbers with their units, prices with their currency, dates, times, links, addresses, phone numbers,
quoted words and names. Only typography is normalised: 1,000 is 1000, € 5 is €5, two is 2, 三 is 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bot.numerals import spelled_out_to_digits
from bot.terms import is_stop_word, normalise
from bot.units import AFTER_NUMBER, ANYWHERE, LINK, RANGE, currency_before, unit_name
from knowledge.language import has_chinese
from knowledge.words import words

_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>()\[\]|\"'`，。！？；：、）】》」』”\u3400-\u9fff]+"
    r"|[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<![A-Za-z0-9_.@])(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[A-Za-z0-9_./?=&%#~-]*)?(?![A-Za-z0-9_])"
)
_PHONE = re.compile(r"(?<![\w.,:])\+?\(?\d[\d ()/-]{6,}\d(?![\w%:.,]\d)")
_SHORTEST_PHONE = 7  # digits
_CODE = re.compile(r"(?<!\w)(?=[a-z0-9_.-]*\d)[a-z]+[a-z0-9]*(?:[-_.]?[a-z0-9]+)*", re.ASCII)
_CURRENCY_CODE = re.compile(r"(?:eur|usd|gbp|cny|rmb|chf|jpy)\d")

_SIGN = r"(?:(?<![\w)\]%.])[-−](?=\d))?"
_NUMBER = re.compile(rf"{_SIGN}\d{{1,2}}:\d{{2}}(?!\d)|{_SIGN}\d+(?:[.,]\d+)*", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+(?:[.,]\d+)?")

_MONTH_NAMES = """
    january jan, february feb, march mar, april apr, may, june jun, july jul, august aug,
    september sept sep, october oct, november nov, december dec
"""
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.split(","), start=1)
    for name in names.split()
}
_MONTH = "|".join(_MONTHS)
# Not "may" and "march", which are words, too.
_MONTH_ALONE = re.compile(rf"\b(?!may|mar|sept?\b)(?:{_MONTH})\b")
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:(?:,| and| or| to| ?[-–]) ?\d{1,2}(?:st|nd|rd|th)?)*"
_DATE = re.compile(
    rf"(?<![\d.:])(?P<before>{_DAYS})(?: of)? (?P<m1>{_MONTH})\b"
    rf"|\b(?P<m2>{_MONTH})\.? (?:the )?(?P<after>{_DAYS})(?![\d.:])"
    r"|(?P<m3>\d{1,2}) ?月 ?(?P<chinese>\d{1,2}(?: ?[日号]? ?(?:至|到|和|、|-|–) ?\d{1,2}"
    r"(?!\d| ?月))*)"
)
_WEEKDAY = re.compile(
    r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:周|星期|礼拜)([一二三四五六日天])"
)
_WEEKDAYS = dict(
    zip(["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"], "一二三四五六日", strict=True)
)
_QUOTED = re.compile(r"[“「『《]([^”」』》]+)[”」』》]|(?<![\w\"])\"([^\"]+)\"(?!\w)")

_MARKS = re.compile(r"[*`]|__|~~")
_BLANK = re.compile(r"\s+")
_WORD = re.compile(r"(?:(?![\u3400-\u9fff\d_])\w)+")
_NAME = re.compile(r"(?<![\w°])(?:[A-Z]|[a-z]+[A-Z])[A-Za-zÀ-ÿ]*(?:[ -][A-Z][A-Za-zÀ-ÿ]*)*(?!\w)")
_VERB = re.compile(r"(?:'s)?\s+(?:is|are|was|were|has|have|can|will|does|offers?|costs?|takes?)\b")
_HYPHENED = re.compile(r"[a-z]+(?:-[a-z]+)+")


@dataclass(frozen=True)
class Facts:
    """`exact`: links, phone numbers, codes, dates, ranges. `numbers`: values with their units.

    `heads` are the units that a table's header gives to all the numbers below it.
    """

    exact: frozenset[str]
    numbers: frozenset[tuple[str, str]]
    heads: frozenset[str]
    words: str
    text: str


def facts(text: str, *, table_head: str = "") -> Facts:
    """The facts of a passage, to check sentences against."""
    plain = _plain(text)
    exact, rest = _take_exact(plain)
    joined = " ".join(word[0].replace("-", "") for word in _HYPHENED.finditer(plain))
    heads = {unit_name(unit) for unit in ANYWHERE.finditer(_plain(table_head))}
    return Facts(
        frozenset(exact),
        frozenset(_numbers(rest)),
        frozenset(heads),
        f" {_stems(plain)} {_stems(joined)} ",
        _BLANK.sub("", plain),
    )


def foreign_facts(sentence: str, source: Facts) -> list[str]:
    """The facts of the sentence that do not stand in the source."""
    exact, rest = _take_exact(_plain(sentence))
    foreign = sorted(exact - source.exact)
    for value, unit in _numbers(rest):
        if not _has_number(source, value, unit):
            foreign.append(f"{value} {unit}".strip())
    foreign += [name for name in _names(sentence) if not _has_name(source, name)]
    foreign += [
        quoted for quoted in _quoted(sentence) if _BLANK.sub("", _plain(quoted)) not in source.text
    ]
    return foreign


def numbers(text: str) -> set[str]:
    """The values of all numbers in the text, without their units."""
    return {value for value, _ in _numbers(_take_exact(_plain(text))[1])}


def _plain(text: str) -> str:
    text = _MARKS.sub("", text).replace("，", ", ").replace("：", ": ")
    return spelled_out_to_digits(normalise(text))


def _take_exact(plain: str) -> tuple[set[str], str]:
    """Links, phone numbers and codes leave the text; dates stay, for their numbers."""
    exact: set[str] = set()

    def take(match: re.Match[str]) -> str:
        exact.add(_bare_link(match[0]))
        return " "

    def take_phone(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        if len(digits) < _SHORTEST_PHONE or (digits == match[0] and digits[0] != "0"):
            return match[0]
        exact.add(digits)
        return " "

    def take_code(match: re.Match[str]) -> str:
        if _CURRENCY_CODE.match(match[0]):
            return match[0]
        exact.add(match[0])
        return " "

    rest = _CODE.sub(take_code, _PHONE.sub(take_phone, _LINK.sub(take, plain)))
    exact.update(_dates(rest))
    exact.update(_ranges(rest))
    exact.update(f"month {_MONTHS[month[0]]}" for month in _MONTH_ALONE.finditer(rest))
    exact.update(
        f"weekday {_WEEKDAYS.get(day[1], day[2]).replace('天', '日')}"
        for day in _WEEKDAY.finditer(rest)
    )
    return exact, rest


def _bare_link(link: str) -> str:
    link = link.rstrip(".,;:!?'*_").removeprefix("https://").removeprefix("http://")
    return link.removeprefix("www.").rstrip("/")


def _dates(plain: str) -> Iterator[str]:
    """Month and day as "11-15", one for each day of "24 and 31 December"."""
    for match in _DATE.finditer(plain):
        name = match["m1"] or match["m2"]
        month = _MONTHS[name] if name else int(match["m3"])
        days = match["before"] or match["after"] or match["chinese"]
        for day in re.findall(r"\d+", days):
            yield f"{month}-{int(day)}"


def _numbers(plain: str) -> set[tuple[str, str]]:
    """Values with their units; a range's or list's numbers share the unit that one of them has."""
    found = list(_NUMBER.finditer(plain))
    units = [_unit(plain, number) for number in found]
    linked = [
        LINK.fullmatch(plain, left.end(), right.start()) and ":" not in left[0] + right[0]
        for left, right in pairwise(found)
    ]
    for index in reversed(range(len(linked))):
        if linked[index] and not units[index]:
            units[index] = units[index + 1]
    for index, follows in enumerate(linked):
        if follows and not units[index + 1]:
            units[index + 1] = units[index]
    return {(_value(number[0], unit), unit) for number, unit in zip(found, units, strict=True)}


def _ranges(plain: str) -> Iterator[str]:
    """ "5 to 7 days" is not "7 to 5 days", nor a range that goes from one row to another."""
    for left, right in pairwise(_NUMBER.finditer(plain)):
        unit = AFTER_NUMBER.match(plain, left.end(), right.start())
        if RANGE.fullmatch(plain, unit.end() if unit else left.end(), right.start()):
            ends = (_value(number[0], _unit(plain, number)) for number in (left, right))
            yield "range " + " ".join(ends)


def _unit(plain: str, number: re.Match[str]) -> str:
    before = currency_before(plain[: number.start()])
    after = AFTER_NUMBER.match(plain, number.end())
    return before or (unit_name(after) if after else "")


def _value(number: str, unit: str) -> str:
    """4.90 -> 4.9, 1,000 -> 1000, 09:00 -> 9:00, 9:00 p.m. -> 9 p.m., 31.12.2026 as it is."""
    sign = "-" if number[0] in "-−" else ""
    number = number.lstrip("-−")
    if ":" in number:
        number = number[1:] if number[0] == "0" else number
        return sign + (number.removesuffix(":00") if unit in ("am", "pm") else number)
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    if not _DECIMAL.fullmatch(number):
        return sign + number
    return sign + format(Decimal(number.replace(",", ".")).normalize(), "f")


def _has_number(source: Facts, value: str, unit: str) -> bool:
    return any(
        value == known and (not unit or unit == its_unit or (not its_unit and unit in source.heads))
        for known, its_unit in source.numbers
    )


def _names(sentence: str) -> Iterator[str]:
    """Capitalised words, the first one where a verb follows; in Chinese, all Latin words."""
    text = _LINK.sub(" ", _MARKS.sub("", sentence))
    if has_chinese(text):
        for word in _WORD.findall(text):
            if len(word) > 1 and not _is_no_name(word.casefold()):
                yield word
        return
    for run in _NAME.finditer(text):
        parts = re.split("[ -]", run[0])
        if not re.search(r"\w", text[: run.start()]) and not _is_subject(parts, text[run.end() :]):
            parts = parts[1:]
        while parts and is_stop_word(parts[0].casefold()):
            parts = parts[1:]
        if parts and not _is_no_name(parts[0].casefold()):
            yield " ".join(parts)


def _is_subject(run: list[str], following: str) -> bool:
    """Whether a sentence's first word, which always has a capital, may be a name all the same."""
    has_capitals = any(map(str.isupper, run[0][1:]))
    return has_capitals or (len(run) == 1 and _VERB.match(following) is not None)


def _is_no_name(word: str) -> bool:
    """Units, months and weekdays are checked as such."""
    return any(known.fullmatch(word) for known in (ANYWHERE, _MONTH_ALONE, _WEEKDAY))


def _has_name(source: Facts, name: str) -> bool:
    stems = _stems(normalise(name))
    return f" {stems} " in source.words or f" {stems.replace(' ', '')} " in source.words


def _stems(plain: str) -> str:
    return " ".join(stem for word in _WORD.findall(plain) for stem in words(word))


def _quoted(sentence: str) -> Iterator[str]:
    for match in _QUOTED.finditer(sentence):
        yield match[1] or match[2]
