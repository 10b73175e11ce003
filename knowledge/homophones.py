"""Chinese characters typed wrong put right: the same sound, another character.

Whoever types by pinyin and picks the wrong word writes 优会码 for 优惠码. Knows nothing of search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property

from knowledge.language import HAN

# Of two characters neither tells that the other is wrong: 再见 would be 再减 where that is known.
_RUN = re.compile(rf"[{HAN}]{{3,}}")
# Stands behind any word, and is seldom typed wrong.
_PARTICLES = frozenset("的地得了着过吗呢吧啊呀么是不没有在就也都还很和与我你您他她它们这那个")
# Of a longer message enough characters are right.
_MOST_CHARACTERS = 200


class Homophones:
    """`characters`: those of the knowledge. `holds`: which of some pairs of characters it holds."""

    def __init__(
        self, characters: Collection[str], holds: Callable[[Sequence[str]], set[str]]
    ) -> None:
        self._characters = characters
        self._holds = holds

    def correct(self, text: str) -> str:
        """The text with each character put right that makes no known pair with its neighbours,
        where one of the same sound makes a known pair with each of them. Tones do not count.
        """
        if sum(len(run[0]) for run in _RUN.finditer(text)) > _MOST_CHARACTERS:
            return text
        return _RUN.sub(lambda run: self._corrected(run[0]), text)

    def _corrected(self, run: str) -> str:
        known = self._holds([run[i : i + 2] for i in range(len(run) - 1)])
        for place in range(len(run)):
            pairs = _pairs(run, place)
            if run[place] not in _PARTICLES and not any(pair in known for pair in pairs):
                run = self._put_right(run, place)
        return run

    def _put_right(self, run: str, place: int) -> str:
        others = [
            run[:place] + other + run[place + 1 :]
            for other in self._by_sound.get(_sound(run[place]), "")
            if other != run[place]
        ]
        held = self._holds([pair for other in others for pair in _pairs(other, place)])
        fitting = [other for other in others if all(p in held for p in _pairs(other, place))]
        return fitting[0] if len(fitting) == 1 else run

    @cached_property
    def _by_sound(self) -> dict[str, str]:
        sounds: dict[str, str] = {}
        for character in sorted(self._characters):
            sound = _sound(character)
            sounds[sound] = sounds.get(sound, "") + character
        return sounds


def _pairs(run: str, place: int) -> Iterator[str]:
    """The character at `place` with the one before it, and with the one behind it."""
    if place > 0:
        yield run[place - 1 : place + 1]
    if place + 1 < len(run):
        yield run[place : place + 2]


def _sound(character: str) -> str:
    """Its most common reading in pinyin, without the tone."""
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(character))
