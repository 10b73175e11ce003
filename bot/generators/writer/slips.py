"""Sentences spoilt as people spoil them, with the tags that would mend them: grammar.py's lessons.

Each slip is one of a few kinds, and where it falls is drawn. None where the kind finds no place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.generators.writer.mends import ARTICLES, BASE, THIRD_PERSON, Tag

_LITTLE_LIST = """
    in at on of for to from by with is are be has have do does will can off over as its which that
"""
_LITTLE = frozenset(_LITTLE_LIST.split())
# A verb behind these has no ending, whatever its subject.
_BARE_BEHIND_LIST = """
    to not can will may must should would could do does did don't doesn't cannot can't please you
"""
_BARE_BEHIND = frozenset(_BARE_BEHIND_LIST.split())
_NO_ARTICLE_BEHIND_LIST = """
    a an the no this that my your his her its their our any some all each every and or ,
"""
_NO_ARTICLE_BEHIND = frozenset(_NO_ARTICLE_BEHIND_LIST.split())
_TRIES = 12


@dataclass(frozen=True)
class Spoilt:
    """A sentence's words, each with what would put it right."""

    words: tuple[str, ...]
    tags: tuple[Tag, ...]


def whole(words: Sequence[str]) -> Spoilt:
    return Spoilt(tuple(words), (Tag.KEEP,) * len(words))


def spoil(words: Sequence[str], dice: random.Random) -> Spoilt | None:
    for _ in range(_TRIES):
        kind = dice.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
        if (found := kind(list(words), dice)) is not None:
            return found
    return None


def _without(words: list[str], at: int, tag: Tag, *, behind: bool = False) -> Spoilt:
    """Without a word, whose place the word behind (or the one before it) remembers."""
    rest = words[:at] + words[at + 1 :]
    tags = [Tag.KEEP] * len(rest)
    tags[at - 1 if behind else at] = tag
    if not at:
        rest[0] = rest[0][:1].upper() + rest[0][1:]
    return Spoilt(tuple(rest), tuple(tags))


def _with(words: list[str], at: int, new: str) -> Spoilt:
    tags = [Tag.KEEP] * (len(words) + 1)
    tags[at] = Tag.DROP
    return Spoilt((*words[:at], new, *words[at:]), tuple(tags))


def _instead(words: list[str], at: int, new: str, tag: Tag) -> Spoilt:
    new = new[:1].upper() + new[1:] if words[at][:1].isupper() else new
    tags = [Tag.KEEP] * len(words)
    tags[at] = tag
    return Spoilt((*words[:at], new, *words[at + 1 :]), tuple(tags))


def _pick(places: Sequence[int], dice: random.Random) -> int | None:
    return dice.choice(places) if places else None


def _lost_article(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick(
        [
            number
            for number, word in enumerate(words[:-1])
            if word.casefold() in ARTICLES
            and words[number + 1][0].isalnum()
            # The article of a name may stay away.
            and not (word.casefold() == "the" and words[number + 1][:1].isupper())
        ],
        dice,
    )
    if at is None:
        return None
    return _without(words, at, Tag.THE if words[at].casefold() == "the" else Tag.A)


def _needless_article(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick(
        [
            number
            for number, word in enumerate(words)
            if number
            and word.isalpha()
            and word.islower()
            and word not in ARTICLES
            and words[number - 1].casefold() not in _NO_ARTICLE_BEHIND
            and (word.endswith("s") or word in _LITTLE)
        ],
        dice,
    )
    if at is None:
        return None
    article = "the" if words[at] in _LITTLE else "an" if words[at][0] in "aeiou" else "a"
    return _with(words, at, article)


def _agreement(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick(
        [
            number
            for number, word in enumerate(words)
            if word in BASE
            or (
                word in THIRD_PERSON and number and words[number - 1].casefold() not in _BARE_BEHIND
            )
        ],
        dice,
    )
    if at is None:
        return None
    if words[at] in BASE:
        return _instead(words, at, BASE[words[at]], Tag.THIRD_PERSON)
    return _instead(words, at, THIRD_PERSON[words[at]], Tag.BASE)


def _bare_third_person(words: list[str], dice: random.Random) -> Spoilt | None:
    """ "does not offers" """
    at = _pick([n for n, word in enumerate(words) if word in THIRD_PERSON and n], dice)
    return None if at is None else _instead(words, at, THIRD_PERSON[words[at]], Tag.BASE)


def _lost_comma(words: list[str], dice: random.Random) -> Spoilt | None:
    if words[0].casefold() in ("yes", "no") and words[1:2] == [","] and len(words) > 3:
        return _without(words, 1, Tag.COMMA, behind=True)
    at = _pick([n for n, word in enumerate(words[:-2]) if word == "," and n], dice)
    return None if at is None else _without(words, at, Tag.COMMA, behind=True)


def _needless_comma(words: list[str], dice: random.Random) -> Spoilt | None:
    known = THIRD_PERSON.keys() | BASE.keys() | {"of", "in", "and", "at"}
    at = _pick(
        [n for n, word in enumerate(words[:-1]) if n and word in known and words[n + 1].isalpha()],
        dice,
    )
    return None if at is None else _with(words, at + 1, ",")


def _lost_and(words: list[str], dice: random.Random) -> Spoilt | None:
    """A list that ends as if it went on."""
    at = _pick([n for n, word in enumerate(words[:-1]) if word == "and" and n > 2], dice)
    if at is None:
        return None
    if words[at - 1] == ",":
        return _without(words, at, Tag.AND)
    left = _without(words, at, Tag.AND)
    return Spoilt(
        (*left.words[:at], ",", *left.words[at:]), (*left.tags[:at], Tag.KEEP, *left.tags[at:])
    )


def _other_article(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick([n for n, word in enumerate(words[:-1]) if word in ("a", "an")], dice)
    if at is None:
        return None
    return _instead(words, at, "a" if words[at] == "an" else "an", Tag.AN)


def _twice(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick([n for n, word in enumerate(words) if word.isalpha() and word.islower()], dice)
    return None if at is None else _with(words, at + 1, words[at])


def _lost_word(words: list[str], dice: random.Random) -> Spoilt | None:
    known = (_LITTLE | THIRD_PERSON.keys() | BASE.keys()) - {"that"}
    places = [
        n
        for n, word in enumerate(words[:-1])
        if word.casefold() in known and words[n + 1][0].isalnum()
    ]
    at = _pick(places, dice)
    return None if at is None else _without(words, at, Tag.OTHER)


def _other_word(words: list[str], dice: random.Random) -> Spoilt | None:
    known = (_LITTLE - {"that", "which", "can", "will"}) | {"not", "no"}
    at = _pick([n for n, word in enumerate(words) if word.casefold() in known], dice)
    if at is None:
        return None
    near = {"not": "no", "no": "not", "of": "off", "off": "of"}
    plain = words[at].casefold()
    return _instead(words, at, near.get(plain) or dice.choice(sorted(_LITTLE - {plain})), Tag.OTHER)


def _fragment(words: list[str], dice: random.Random) -> Spoilt | None:
    """Without its subject, or without its subject and verb."""
    known = THIRD_PERSON.keys() | BASE.keys()
    at = _pick([n for n, word in enumerate(words[:-4]) if word in known and n], dice)
    if at is None:
        return None
    rest = words[at + dice.randrange(2) :]
    tags = (Tag.OTHER, *(Tag.KEEP,) * (len(rest) - 1))
    return Spoilt((rest[0][:1].upper() + rest[0][1:], *rest[1:]), tags)


def _other_form(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick(
        [
            n
            for n, word in enumerate(words)
            if len(word) > 3 and word.isalpha() and word.islower() and word not in _LITTLE
        ],
        dice,
    )
    if at is None:
        return None
    word = words[at]
    for ending in ("ing", "ed", "s"):
        if word.endswith(ending) and not word.endswith("ss"):
            return _instead(words, at, word.removesuffix(ending), Tag.OTHER)
    return _instead(words, at, word + dice.choice(["s", "s", "ed", "ing"]), Tag.OTHER)


def _swapped(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick(
        [
            n
            for n in range(1, len(words) - 1)
            if all(word.isalpha() and word.islower() for word in words[n : n + 2])
            and words[n] != words[n + 1]
        ],
        dice,
    )
    if at is None:
        return None
    tags = [Tag.KEEP] * len(words)
    tags[at] = Tag.OTHER
    return Spoilt((*words[:at], words[at + 1], words[at], *words[at + 2 :]), tuple(tags))


def _mistyped(words: list[str], dice: random.Random) -> Spoilt | None:
    at = _pick([n for n, word in enumerate(words) if len(word) > 4 and word.islower()], dice)
    if at is None or not words[at].isalpha():
        return None
    word = words[at]
    cut = dice.randrange(1, len(word) - 1)
    left, sign, right = word[:cut], word[cut], word[cut + 1 :]
    new = dice.choice([left + right, left + right[0] + sign + right[1:], left + "e" + right])
    return None if new == word else _instead(words, at, new, Tag.OTHER)


_KINDS: dict[Callable[[list[str], random.Random], Spoilt | None], int] = {
    _lost_article: 5,
    _needless_article: 1,
    _agreement: 3,
    _bare_third_person: 1,
    _lost_comma: 1,
    _needless_comma: 1,
    _lost_and: 3,
    _other_article: 3,
    _twice: 1,
    _lost_word: 1,
    _other_word: 1,
    _fragment: 1,
    _other_form: 1,
    _swapped: 1,
    _mistyped: 1,
}
