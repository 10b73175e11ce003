"""Follow-ups: a message that needs the one before it to be understood. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.choices import meant
from bot.types import Turn

# How many messages a chain of follow-ups is read back.
_LONGEST_CHAIN = 3

# A message that opens or ends like this leans on the one before: it goes on, or corrects it.
_CUE = re.compile(
    r"^(?:ok(?:ay)?|all ?right|right|fine|good|hm+|oh|ah|wait|sorry|no)?[\s,.!:]*"
    r"(?:and|but|or|also|then|what about|how about|what if|same for|even|only|i meant?|not)\b"
    r"|^(?:oh|ah|wait|sorry|no)\b[\s,.!:]+(?!(?:thanks?|thank you|thx)\b)\w"
    r"|^(?:嗯|哦|好的?|好吧|行吧?|懂了|明白了?|知道了?|等等|不对|说错了|看错了|写错了|打错了)?[，。！\s]*"
    r"(?:那|还有|如果|要是|可是|但|或者|换成|同样|我是说|不是)"
    r"|^[^，。！？]{1,12}呢[，,]|呢\W*$",
    re.IGNORECASE,
)


def leans_on_history(text: str) -> bool:
    """Whether a message opens, ends or points back like a follow-up: "and for shoes?"."""
    return _CUE.search(text.strip()) is not None


def said_before(history: Sequence[Turn]) -> str:
    """The customer's last message, with those before it that it leans on itself; may be empty."""
    chain: list[str] = []
    for place, turn in reversed(list(enumerate(history))):
        if turn.role == "customer":
            text = meant(turn.text, history[:place])
            chain.append(text.strip())
            if len(chain) == _LONGEST_CHAIN or not leans_on_history(text):
                break
    return " ".join(reversed(chain))


def with_context(question: str, text: str) -> str:
    """What to search for when `text` follows `question`."""
    return f"{question.strip()} {text.strip()}"
