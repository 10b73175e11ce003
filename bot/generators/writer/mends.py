"""What may be wrong with a word of a sentence, and the small change that puts it right.

No change touches a word of content, a number, a name or a negation: articles, commas, "and" and
the ending of a verb is all that is mended, as a tag at the word (Omelianchuk et al. 2020, GECToR).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from bot.generators.writer.vocabulary import is_common
from bot.generators.writer.words import Word


class Tag(IntEnum):
    """What stands here never changes its place: it is trained. The change is made at the word:
    a comma behind it, an article or "and" before it, itself dropped, its verb with or without the
    ending of the third person, "a" for "an". OTHER and THE are wrong, and nothing mends them."""

    KEEP = 0
    COMMA = 1
    A = 2
    THE = 3
    DROP = 4
    THIRD_PERSON = 5
    BASE = 6
    AND = 7
    OTHER = 8
    AN = 9


_VERB_LIST = """
    offer provide serve accept take allow require charge cost open close need include have do cater
    support permit use want make give keep start end work hold feature host carry sell list lie stay
    run get go come help show
"""
_IRREGULAR = {
    "have": "has",
    "do": "does",
    "go": "goes",
    "carry": "carries",
    "don't": "doesn't",
    "haven't": "hasn't",
    "are": "is",
    "were": "was",
    "aren't": "isn't",
    "weren't": "wasn't",
}
_REGULAR = {verb: f"{verb}s" for verb in _VERB_LIST.split() if verb not in _IRREGULAR}
THIRD_PERSON = _REGULAR | _IRREGULAR
BASE = {third: base for base, third in THIRD_PERSON.items()}
# Beside the one behind an opener: "private, secured parking" is no list.
_COMMAS_OF_A_LIST = 2
ARTICLES = frozenset({"a", "an", "the"})
# Among the answers read for the model card, the tags were wrong of "is" and "are", of "has" where
# it ends a name in the plural, and of "the" in "the disabled": these are only doubted.
_TO_THIRD_PERSON = _REGULAR | {"have": "has", "do": "does", "don't": "doesn't"}
_TO_BASE = {third: base for base, third in _REGULAR.items()}


def mended(text: str, words: Sequence[Word], number: int, tag: Tag) -> str | None:
    """The text with the change at a word; None where the tag does not fit the word."""
    word = words[number]
    if tag == Tag.COMMA:
        return f"{text[: word.end]},{text[word.end :]}"
    if tag == Tag.AND:
        ends_list = sum(one.text == "," for one in words[2:number]) >= _COMMAS_OF_A_LIST
        return f"{text[: word.start]}and {text[word.start :]}" if ends_list else None
    if tag == Tag.A:
        fits = word.text.islower() or not number
        return _with_article(text, word, first=not number) if fits else None
    if tag == Tag.DROP:
        rest = f"{text[: word.start].rstrip()}{text[word.end :]}"
        return rest if number and _may_go(words, number) else None
    other = {
        Tag.THIRD_PERSON: _TO_THIRD_PERSON.get(word.text),
        Tag.BASE: _TO_BASE.get(word.text),
        Tag.AN: _other_article(words, number),
    }.get(tag)
    return None if other is None else f"{text[: word.start]}{other}{text[word.end :]}"


def _may_go(words: Sequence[Word], number: int) -> bool:
    """An "a" or "an", a word that stands there twice, a comma between verb and object."""
    plain = [word.text.casefold() for word in words]
    beside = plain[number - 1 : number] + plain[number + 1 : number + 2]
    if plain[number] == ",":
        return plain[number - 1] in _REGULAR or plain[number - 1] in _TO_BASE
    return plain[number] in ("a", "an") or (plain[number].isalpha() and plain[number] in beside)


def _other_article(words: Sequence[Word], number: int) -> str | None:
    """Where the sign that follows asks for it; of "u", "h" and digits the sign does not tell."""
    article, sign = words[number].text, "".join(word.text[:1] for word in words[number + 1 :][:1])
    if article == "a" and sign in tuple("aeio"):
        return "an"
    return "a" if article == "an" and sign in tuple("bcdfgjklmnpqrstvwxyz") else None


def _with_article(text: str, word: Word, *, first: bool) -> str:
    article = "an" if word.text[:1].casefold() in "aeiou" else "a"
    if not first:
        return f"{text[: word.start]}{article} {text[word.start :]}"
    lower = is_common(word.text) and word.text[1:].islower()
    told = word.text[:1].lower() + word.text[1:] if lower else word.text
    return f"{text[: word.start]}{article.capitalize()} {told}{text[word.end :]}"
