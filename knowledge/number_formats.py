"""Numbers and times as Excel shows them by their cell's format; knows nothing of workbooks."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

# ECMA-376, part 1, 18.8.31: texts in quotes or behind a backslash, a currency in brackets, colours
# and widths (they show nothing), and the places of the digits.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]'
    r"|[_*].|(?P<digits>[#0?.][#0?,.]*)|(?P<other>.)",
    re.DOTALL,
)
_SECTION_END = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
# Powers, fractions and conditions: rare where customers are told a price.
_NOT_FOLLOWED = re.compile(r"E[+-]|\?/|#/|\[[<>=]|General|@", re.IGNORECASE)
_LONGEST = 15  # Excel keeps no more digits of a number


def shown_number(number: float, number_format: str) -> str:
    """A fraction under `0%` is a percentage, and a price has its currency and its cents."""
    section = _section(number, number_format)
    places = [found["digits"] for found in _TOKEN.finditer(section) if found["digits"]]
    if len(places) > 1 or _NOT_FOLLOWED.search(section) or abs(number) >= 10**_LONGEST:
        return _plain(number)
    shown = Decimal(repr(number)).copy_abs()
    percents = sum(found["other"] == "%" for found in _TOKEN.finditer(section))
    text = "".join(
        _digits(shown.scaleb(2 * percents), found["digits"])
        if found["digits"]
        else found["quoted"] or found["escaped"] or found["currency"] or found["other"] or ""
        for found in _TOKEN.finditer(section)
    ).strip()
    minus = number < 0 and section == number_format and re.search("[1-9]", text)
    return f"-{text}" if minus else text


def shown_time(value: date | time | timedelta) -> str:
    """ISO 8601, without the seconds and the midnight that nobody wrote."""
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime):
        day, clock = value.date().isoformat(), value.time()
        return f"{day} {shown_time(clock)}" if clock != time() else day
    return value.isoformat()


def _section(number: float, number_format: str) -> str:
    """The part of a format that is for positive numbers, for negative ones, or for zero."""
    sections = _SECTION_END.split(number_format)
    wanted = 1 if number < 0 else 2 if number == 0 else 0
    return sections[wanted] if wanted < len(sections) else sections[0]


def _digits(number: Decimal, places: str) -> str:
    thousands = len(places) - len(places.rstrip(","))
    whole, _, cents = places.rstrip(",").partition(".")
    number = number.scaleb(-3 * thousands)
    rounded = number.quantize(Decimal(1).scaleb(-len(cents)), ROUND_HALF_UP)
    if not rounded and "0" not in places:
        return ""
    text = f"{rounded:,f}" if "," in whole else f"{rounded:f}"
    while cents and cents[-1] != "0" and text[-1] in "0.":
        text, cents = text[:-1], cents[:-1]
    head, point, tail = text.rstrip(".").partition(".")
    return head.zfill(whole.count("0")) + point + tail


def _plain(number: float) -> str:
    """Ten places behind the point: 0.1 + 0.2 is 0.3."""
    if number % 1 == 0:
        return f"{int(number)}"
    return np.format_float_positional(number, precision=10, trim="-")
