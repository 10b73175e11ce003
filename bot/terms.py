"""The terms of a text that carry its content: no stop words, no particles, numbers as digits.

knowledge/words.py gives all words, for the full-text index; here two texts are compared.
"""

from __future__ import annotations

import re
import unicodedata

from bot.numerals import spelled_out_to_digits
from knowledge.words import words

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(
    rf"(?P<han>[{_HAN}]+)|\d+(?:[.,:]\d+)*|(?:(?![{_HAN}\d_])\w)+(?:'(?:(?![{_HAN}\d_])\w)+)?"
)

# Words without content of their own. Negations are here, too; bot/polarity.py weighs them.
_STOP_WORD_LIST = """
    a about above after again all also although am an and another any anyone anything are aren
    as at back be because been before being below between both but by can cannot could couldn
    did didn do does doesn doing don down during each either else ever every few for from
    further get gets getting got had hadn has hasn have haven having he her here hers herself
    him himself his how however i if in into is isn it its itself just let like ll made make
    many may me might more most much must my myself neither never no nor not now of off on once
    only onto or other our ours ourselves out over own per please quite rather really s same
    shall she should shouldn so some such sure t than that the their theirs them themselves then
    there these they thing things this those through to too under until unless up upon us ve
    very via was wasn we were weren what when where whether which while who whom whose why will
    with within without won would wouldn yes yet you your yours yourself
"""
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())
# Particles and negations are in no term; weak characters only in bigrams (会 is weak, 会员 is not).
_PARTICLES = frozenset(
    "的了是在也就都而吗呢吧啊呀嘛么您你我他她它们这那哪不没无未非别莫勿些什怎很又还"
)
_WEAK = frozenset("和及与或着其之于把被让给对向从到为以将会能可要想请有再才如若则因所但只仅个")


def normalise(text: str) -> str:
    """One form for full-width and half-width signs, capitals and apostrophes (NFKC, casefold)."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")


def is_stop_word(word: str) -> bool:
    return word in _STOP_WORDS


def terms(text: str) -> list[str]:
    """Content words in order: stems for Latin script, characters and bigrams for Chinese."""
    found: list[str] = []
    for match in _TOKEN.finditer(spelled_out_to_digits(normalise(text))):
        if match["han"]:
            found += _chinese_terms(match[0])
        elif (word := match[0].partition("'")[0]) not in _STOP_WORDS:
            found += words(word)
    return found


def _chinese_terms(run: str) -> list[str]:
    found = []
    for index, character in enumerate(run):
        if character in _PARTICLES:
            continue
        if character not in _WEAK:
            found.append(character)
        bigram = run[index : index + 2]
        if len(bigram) == 2 and bigram[1] not in _PARTICLES and not _WEAK.issuperset(bigram):
            found.append(bigram)
    return found
