"""One passage as the writer reads it: words, clauses, and what of each clause must not be left out.

This is where the writer's truth comes from: it tells whole clauses from left to right, and may step
over nothing but names that the title gives and little words beside them (see walk.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.blocks import blocks
from bot.generators.writer.vocabulary import is_common
from bot.generators.writer.words import Word, is_word, words_of
from bot.polarity import negations, opening, without_opener
from bot.sentences import split
from bot.terms import normalise, terms
from knowledge.language import has_chinese
from knowledge.types import Passage

# What the network reads at most, in words: of the question, of a heading, and of a passage's text.
QUESTION_WORDS = 48
HEADING_WORDS = 32
TEXT_WORDS = 200
LONGEST_CLAUSE = 60

_LIGHT_LIST = """
    a an the is are was were be there it they here at in of by for on this that does do has have
    its their also please currently
"""
_LIGHT = frozenset(_LIGHT_LIST.split())
# A clause that starts like this leans on the one before it ...
_LEANS = re.compile(
    r"\W*(?:it|its|they|them|their|this|these|that|those|he|she|then|otherwise|however|but|and|or"
    r"|so|also|such|both(?!(?: \S+){1,4} and\b)|either|instead|except|unless|if not"
    r"|in (?:this|that|such|these) cases?"
    r"|afterwards|additionally|furthermore|therefore|for example|we then|not|only|each|one"
    r"|all of (?:them|these)|the (?:rest|same|other|latter|former)|a (?:second|third|further)\b)\b",
    re.IGNORECASE,
)
# ... and one that starts like this limits the one before it, which must not stand without it.
_LIMITS = re.compile(
    r"\W*(?:however|but|except|exceptions?|unless|only|not|no|never|otherwise|if|excluded"
    r"|there (?:is|are) no|(?:please )?note|the exception|(?:this|that|it) (?:does|is) not"
    r"|(?:it|they|this|that) (?:cannot|do not|are not|only)|it only)\b",
    re.IGNORECASE,
)
# A clause with a verb at its head lacks its subject. Behind an opening yes, and where it starts
# with a number or a preposition, it may lack its verb: "30 days from delivery". Both answer their
# own heading only.
_NO_SUBJECT = re.compile(
    r"\W*(?:is|are|was|were|has|does|isn't|doesn't|hasn't|can|cannot|may|will|must|offers|accepts"
    r"|provides|serves|allows|requires|charges|takes|costs|opens|closes|lies|includes|depends)\b"
)
_MAY_LACK_VERB = re.compile(
    r"\W*(?:\d|(?:in|at|on|by|for|from|to|with|within|under|between|because|about|up|free)\b)"
)
_VERB = re.compile(
    r"\b(?:am|is|are|was|were|be|has|have|had|can|cannot|could|may|might|must|should|will|would|do"
    r"|does|did|costs?|takes?|gets?|needs?|offers?|includes?|provides?|pays?|sends?|accepts?"
    r"|allows?|opens?|closes?|serves?|stands?|lies|gives?|keeps?|starts?|ends?|expires?|works?)\b"
    r"|'(?:s|re|ll|ve|m)\b|n't\b"
)
# An opener that is written together with the next word is part of that word.
_GLUED = re.compile(r"\W*(?:yes|no)[.,:]\w", re.IGNORECASE)
# People leave the comma out behind it, which polarity.py only dares to see before lower case.
_BARE_OPENER = re.compile(r"\W*(?P<said>yes|no) +(?=(?:the +)?(?P<next>[^\s.,]+))", re.IGNORECASE)
_MARKUP = re.compile(r"[`|<>{}]|^\s*#", re.MULTILINE)


@dataclass(frozen=True)
class Clause:
    """A sentence, the unit that is told. Numbers count in the source's words.

    `start` is the first word after an opening "Yes,"; `kept` are the words that must be told;
    `names` those that the title gives, too. `leans`: it may only follow the clause before;
    `limited`: the next clause must follow it. `denials` counts its negations.
    """

    first: int
    start: int
    last: int
    kept: frozenset[int]
    names: frozenset[int]
    terms: frozenset[str]
    denials: int
    leans: bool
    limited: bool
    tellable: bool


@dataclass(frozen=True)
class Source:
    """A passage's heading and text as words. `plain`: it is prose, without lists and tables."""

    passage: Passage
    heading: tuple[str, ...]
    text: tuple[Word, ...]
    clauses: tuple[Clause, ...]
    plain: bool
    says_yes: bool | None


@lru_cache(maxsize=32768)
def source_of(passage: Passage, question: str = "") -> Source:
    """`question` only matters for passages longer than TEXT_WORDS: the best part of it is read."""
    spans = _window(passage.text, list(_sentence_spans(passage.text)), question)
    words: list[Word] = []
    clauses: list[Clause] = []
    title = frozenset(normalise(word.text) for word in words_of(passage.title))
    for number, (start, end) in enumerate(spans):
        own = words_of(passage.text, start, end)[: TEXT_WORDS - len(words)]
        if not any(is_word(word.text) for word in own):
            continue
        following = passage.text[slice(*spans[number + 1])] if number + 1 < len(spans) else ""
        text = _with_comma(passage.text[start:end], passage.title)
        clauses.append(_clause(text, own, len(words), title, following))
        words += own
    heading = words_of(" ".join(dict.fromkeys([passage.title, passage.heading])))[-HEADING_WORDS:]
    return Source(
        passage=passage,
        heading=tuple(word.text for word in heading),
        text=tuple(words),
        clauses=tuple(clauses),
        plain=all(block.kind in ("text", "heading") for block in blocks(passage.text)),
        says_yes=opening(_with_comma(passage.text, passage.title)),
    )


def _sentence_spans(markdown: str) -> Iterator[tuple[int, int]]:
    """Of the paragraphs. Lists and tables have none: they are quoted."""
    position = 0
    for block in blocks(markdown):
        start = markdown.find(block.text, position)
        if block.kind != "text" or start < 0:
            continue
        position = start
        for sentence in whole_sentences(block.text):
            yield position, position + len(sentence)
            position += len(sentence)


def whole_sentences(text: str) -> list[str]:
    """What begins in lower case goes on with the sentence before: "Believe It! accepts cards"."""
    found: list[str] = []
    for part in split(text):
        if found and part.lstrip("*_ \"'([")[:1].islower():
            found[-1] += part
        else:
            found.append(part)
    return found


def _window(
    text: str, spans: Sequence[tuple[int, int]], question: str
) -> Sequence[tuple[int, int]]:
    """Neighbouring sentences of at most TEXT_WORDS words that hold most of the question's words."""
    sizes = [len(words_of(text, a, b)) for a, b in spans]
    if sum(sizes) <= TEXT_WORDS:
        return spans
    asked = set(terms(question))
    hits = [len(asked & set(terms(text[a:b]))) for a, b in spans]
    best, chosen = -1, (0, 1)
    start = size = 0
    for end in range(len(spans)):
        size += sizes[end]
        while size > TEXT_WORDS and start < end:
            size -= sizes[start]
            start += 1
        if sum(hits[start : end + 1]) > best:
            best, chosen = sum(hits[start : end + 1]), (start, end + 1)
    return spans[chosen[0] : chosen[1]]


def _with_comma(text: str, title: str) -> str:
    """The text, with the comma that lacks behind a yes or no before the title's name.

    No comma where the denial is the "no" itself ("No Yoda Cafe dogs may enter"), and none in
    "Yes Bank accepts Visa".
    """
    found = _BARE_OPENER.match(text)
    named = {normalise(word.text) for word in words_of(title)}
    if found is None or normalise(found["said"]) in named or normalise(found["next"]) not in named:
        return text
    end, rest = found.end("said"), text[found.end() :]
    told = is_common(found["next"]) or (normalise(found["said"]) == "no" and not negations(rest))
    return text if told else f"{text[:end]},{text[end:]}"


def _clause(
    text: str, own: Sequence[Word], first: int, title: frozenset[str], following: str
) -> Clause:
    said = opening(text) is not None
    start = first + (len(own) - len(words_of(without_opener(text))) if said else 0)
    names = frozenset(first + number for number in _named(own, title))
    kept = frozenset(
        first + number
        for number, word in enumerate(own)
        if first + number >= start
        and first + number not in names
        and is_word(word.text)
        and normalise(word.text) not in _LIGHT
    )
    return Clause(
        first=first,
        start=start,
        last=first + len(own) - 1,
        kept=kept,
        names=names,
        terms=frozenset(terms(text)),
        denials=negations(without_opener(text)),
        leans=_LEANS.match(text) is not None,
        limited=_LIMITS.match(following) is not None,
        tellable=bool(kept)
        and own[-1].text not in ("?", ":")
        and _is_sentence(without_opener(text), opened=said)
        and len(own) <= LONGEST_CLAUSE
        and not has_chinese(text)
        and not _GLUED.match(text)
        and not _MARKUP.search(text),
    )


def _is_sentence(text: str, *, opened: bool) -> bool:
    """Whether it has subject and verb, as far as that can be seen. `opened`: a "Yes," was cut."""
    plain = normalise(text)
    if _NO_SUBJECT.match(plain):
        return False
    return bool(_VERB.search(plain)) or not (opened or _MAY_LACK_VERB.match(plain))


def _named(own: Sequence[Word], title: frozenset[str]) -> Iterator[int]:
    """Runs of the title's words with at least one that is no common word: a name, known already."""
    run: list[int] = []
    for number, word in enumerate([*own, Word("", 0, 0)]):
        if normalise(word.text) in title and is_word(word.text):
            run.append(number)
            continue
        if any(not is_common(own[index].text) for index in run):
            yield from run
        run = []
