"""Units of measure and currencies, as they are written in English and Chinese."""

from __future__ import annotations

import re

# Texts are normalised first (bot.terms.normalise): lower case, half width, ° and C apart.
_UNITS = {
    "eur": r"€|eur\b|euros?\b|欧元|欧(?![盟洲])",
    "usd": r"us\$|\$|usd\b|(?:us[ -])?dollars?\b|美元|美金",
    "gbp": r"£|gbp\b|pounds? sterling\b|pounds?\b|英镑",
    "cny": r"¥|cny\b|rmb\b|yuan\b|人民币|元|块钱|块",
    "jpy": r"jpy\b|yen\b|日元",
    "chf": r"chf\b|(?:swiss )?francs?\b|瑞士法郎|瑞郎",
    "percent": r"%|percent\b|per cent\b",
    "workday": r"(?:working|business|work|week)[ -]?days?\b|个? ?工作日",
    "day": r"days?\b|天|日(?!元)",
    "hour": r"(?:hours?|hrs?|h)\b|个? ?小时|个? ?钟头",
    "minute": r"(?:minutes?|mins?)\b|分钟",
    "second": r"(?:seconds?|secs?)\b|秒",
    "week": r"weeks?\b|周(?![一二三四五六日天])|个? ?星期|个? ?礼拜",
    "month": r"months?\b|个月",
    "calendar_month": r"月",
    "year": r"(?:years?|yrs?)\b|年",
    "night": r"nights?\b|晚",
    "am": r"a\.?m\b",
    "pm": r"p\.?m\b",
    "kg": r"kgs?\b|kilograms?\b|kilos?\b|公斤|千克",
    "g": r"g\b|grams?\b|克",
    "km": r"km\b|kilomet(?:er|re)s?\b|公里|千米",
    "cm": r"cm\b|centimet(?:er|re)s?\b|厘米|公分",
    "mm": r"mm\b|millimet(?:er|re)s?\b|毫米",
    "m": r"m\b|met(?:er|re)s?\b|米",
    "foot": r"(?:feet|foot|ft)\b|英尺",
    "mile": r"miles?\b|英里",
    "inch": r"inch(?:es)?\b|英寸",
    "ml": r"ml\b|millilit(?:er|re)s?\b|毫升",
    "l": r"l\b|lit(?:er|re)s?\b|升",
    "gallon": r"gallons?\b|加仑",
    "celsius": r"° ?c\b|degrees?(?: celsius)?\b|摄氏度|度",
    "gb": r"gb\b",
    "mb": r"mb\b",
    "times": r"times\b|次",
    "discount": r"折",
}
_NAMED = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
_BEFORE = r"€|us\$|\$|£|¥|eur|usd|gbp|cny|rmb|chf|jpy"

# "30-day", "5 full days", "2 opening hours"
AFTER_NUMBER = re.compile(
    rf"[\s-]*(?:(?:full|calendar|opening|more|whole|consecutive) )?(?:{_NAMED})"
)
ANYWHERE = re.compile(rf"(?<![a-z])(?:{_NAMED})")
CURRENCY_BEFORE = re.compile(rf"(?:(?<![a-z])(?:{_BEFORE}))\s*$")
# Between the two numbers of a range or list that share one unit: "5 to 7 days", "€5-€7".
LINK = re.compile(rf"\s*(?:to|and|or|-|–|—|~|/|、|至|到|或|和|与)\s*(?:(?:{_BEFORE})\s*)?")
# ... of a range, whose order counts. A unit may stand before it.
RANGE = re.compile(rf"\.?\s*(?:to|until|-|–|—|~|至|到)\s*(?:(?:{_BEFORE})\s*)?")


def unit_name(match: re.Match[str]) -> str:
    return match.lastgroup or ""


def currency_before(text: str) -> str:
    """The currency at the end of `text`, or nothing."""
    match = CURRENCY_BEFORE.search(text[-8:])
    unit = ANYWHERE.match(match[0].strip()) if match else None
    return unit_name(unit) if unit else ""
