"""Follow-ups: a message that needs the one before it to be understood. Pure."""

from __future__ import annotations

import re

from knowledge.language import language_of

# A message that opens or ends like this leans on the one before.
_CUE = re.compile(
    r"^(and|but|or|also|then|what about|how about|what if|same for|even|only)\b"
    r"|^(那|那么|还有|另外|如果|要是|可是|但是|但|或者|换成|同样)"
    r"|\b(it|that|this|those|these|them|they|ones?|instead|too)\W*$"
    r"|呢\W*$",
    re.IGNORECASE,
)
# Shorter ones may lean on it: counted in English words or Chinese characters.
_SHORT = {"en": 5, "zh": 8}
_UNIT = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9]+")


def leans_on_history(text: str) -> bool:
    """Whether a message opens, ends or points back like a follow-up: "and for shoes?"."""
    return _CUE.search(text.strip()) is not None


def is_short(text: str) -> bool:
    return len(_UNIT.findall(text)) <= _SHORT[language_of(text)]


def with_context(question: str, text: str) -> str:
    """What to search for when `text` follows `question`."""
    return f"{question.strip()} {text.strip()}"
