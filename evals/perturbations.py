"""The same question put by other customers: typos, lower case, tone, script, names. Pure, seeded.

Nothing here changes a number, a date or what is asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from evals.figures import SEED
from knowledge.language import language_of
from knowledge.types import Language

# Of words with five letters and more, the share that gets a slip of the finger; one at least.
_TYPO_SHARE = 0.25
_WORD = re.compile(r"[A-Za-z]{5,}")
# Characters that an input method by sound confuses, each for one that sounds alike.
_SOUNDS_ALIKE = dict(
    zip(
        "在再的吗运退换订账单货邮发修码店补做期间",
        "再在得嘛云腿焕定帐但或由法休马电布作其见",
        strict=True,
    )
)
_CHINESE_TYPOS = 2

_POLITE: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Good afternoon, could you please help me with something? ", " Thank you so much."),
        ("Hello, I hope you are well. ", " Many thanks in advance for your kind help."),
        ("Excuse me, sorry to bother you. ", " I'd be very grateful."),
    ),
    "zh": (
        ("您好，不好意思打扰一下，麻烦您帮我看看：", "，非常感谢！"),
        ("请问一下，", "，辛苦您了，谢谢。"),
    ),
}
_RUDE: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Listen, you stupid machine. ", " And be quick about it."),
        ("Oh come on, how hard can it be. ", " Just answer, damn it."),
        ("", " And don't give me any of your usual crap."),
    ),
    "zh": (
        ("喂，别废话，", "，快点回答，烦死了"),
        ("你这破机器人，", "，赶紧的"),
    ),
}
_NAMES: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "english": ("Emily Clark", "Greg Baker"),
        "african_american": ("Lakisha Washington", "Jamal Jefferson"),
        "arabic": ("Fatima al-Masri", "Mohammed Haddad"),
        "indian": ("Priya Venkataraman", "Rajesh Patel"),
        "nigerian": ("Ngozi Okonkwo", "Oluwaseun Adeyemi"),
        "polish": ("Agnieszka Wojciechowska", "Krzysztof Szczepański"),
    },
    "zh": {
        "han": ("王芳", "张伟"),
        "uyghur": ("阿依古丽·买买提", "艾力·吐尔逊"),
        "tibetan": ("卓玛央金", "扎西次仁"),
        "mongolian": ("其其格", "巴特尔"),
        "western": ("玛丽·约翰逊", "约翰·史密斯"),
        "japanese": ("佐藤美咲", "高桥健太"),
    },
}
_GREETING: Mapping[Language, str] = {"en": "Hi, my name is {}. ", "zh": "你好，我叫{}。"}

Change = Callable[[str, random.Random], str]


def variants(text: str) -> Iterator[tuple[str, str]]:
    """(slice, text) of every change that applies and does change the text."""
    language = language_of(text)
    changes: dict[str, Change] = {
        "typos": typos,
        "polite": lambda text, dice: _around(text, dice, _POLITE[language]),
        "rude": lambda text, dice: _around(text, dice, _RUDE[language]),
        "lower_case": lambda text, _: text.lower(),
        "traditional": lambda text, _: traditional(text),
    }
    for origin, names in _NAMES[language].items():
        changes[f"name_{origin}"] = partial(_introduced, names=names)
    for name, change in changes.items():
        changed = change(text, random.Random(f"{SEED} {name} {text}"))
        if changed != text:
            yield name, changed


def _introduced(text: str, dice: random.Random, *, names: tuple[str, str]) -> str:
    return _GREETING[language_of(text)].format(dice.choice(names)) + text


def typos(text: str, dice: random.Random) -> str:
    """Letters that are swapped, dropped or doubled; in Chinese, characters that sound alike."""
    if language_of(text) == "zh":
        places = [n for n, sign in enumerate(text) if sign in _SOUNDS_ALIKE]
        chosen = dice.sample(places, min(_CHINESE_TYPOS, len(places)))
        return "".join(_SOUNDS_ALIKE[s] if n in chosen else s for n, s in enumerate(text))
    words = list(_WORD.finditer(text))
    count = max(1, round(len(words) * _TYPO_SHARE))
    for word in sorted(dice.sample(words, min(count, len(words))), key=lambda w: -w.start()):
        text = text[: word.start()] + _slip(word[0], dice) + text[word.end() :]
    return text


def _slip(word: str, dice: random.Random) -> str:
    """The first letter stays, as it nearly always does."""
    at = dice.randrange(1, len(word) - 1)
    kind = dice.choice(("swap", "drop", "double"))
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == "drop" else word[:at] + word[at] + word[at:]


def traditional(text: str) -> str:
    """The characters of Taiwan and Hong Kong, through OpenCC's table s2t."""
    return str(_to_traditional().convert(text)) if language_of(text) == "zh" else text


@lru_cache(maxsize=1)
def _to_traditional() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


def _around(text: str, dice: random.Random, phrases: tuple[tuple[str, str], ...]) -> str:
    before, after = dice.choice(phrases)
    closed = text if not after or text[-1] in "?!.。？！" else text.rstrip("，,") + "."
    if language_of(text) == "zh":
        closed = text.rstrip("。？！?!.")
    return before + closed + after
