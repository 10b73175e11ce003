"""From what an answer should tell to the tokens that tell it, within the rules of walk.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.generators.writer.source import Source
from bot.generators.writer.vocabulary import END, IT, JOINTS, NO, SORRY, STOP, YES
from bot.generators.writer.walk import COPY, STRIDE, Walk, copied
from bot.generators.writer.words import is_word, words_of
from bot.terms import normalise

# The end of a spoken answer that offers more instead of answering.
_CLOSING = re.compile(
    r"\?\s*$|\b(?:anything else|help you|let me know|would you like|how about|shall i|should i"
    r"|do you (?:want|need|have)|may i|can i)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*\s*")
_SORRY = re.compile(
    r"\W*(?:unfortunately|(?:i'?m |we(?: are|'re) )?(?:afraid|sorry)|sadly)\b", re.I
)
_OPENERS = (
    (YES, re.compile(r"\W*(?:yes|sure|of course)\b", re.I)),
    (NO, re.compile(r"\W*no,", re.I)),
)
_MOST_WAYS = 200


def without_closing(response: str) -> str:
    """A person's answer without its last sentences that ask the customer back."""
    parts = _SENTENCE.findall(response) or [response]
    while len(parts) > 1 and _CLOSING.search(parts[-1]):
        parts.pop()
    return "".join(parts).strip()


def tell(
    walk: Walk, plan: Sequence[tuple[int, int]], *, opener: int | None = None
) -> tuple[int, ...] | None:
    """The clauses of the plan (passage, clause), whole; None where the rules forbid it."""
    tokens = [] if opener is None else [opener]
    for passage, number in plan:
        source = walk.sources[passage]
        tokens += _whole(walk, passage, source, number)
    return _walked(walk, [*tokens, END])


def natural_opener(walk: Walk, passage: int, number: int) -> int | None:
    """The opener that a clause allows, where the question asks for yes or no."""
    base = COPY + STRIDE * passage
    clause = walk.sources[passage].clauses[number]
    for opener in (YES, NO):
        if opener in walk.allowed():
            after = walk.take(opener).allowed()
            if any(base + clause.first <= token <= base + clause.last for token in after):
                return opener
    return None


def like_a_person(walk: Walk, response: str) -> tuple[int, ...] | None:
    """The way through one clause of the only source that comes nearest to a person's answer.

    None where it stays far from it: the person said it in words of their own.
    """
    said = _plain(without_closing(response))
    if not said or len(walk.sources) != 1:
        return None
    best, score = None, 0.0
    for tokens in _ways(walk, response):
        likeness = SequenceMatcher(None, _words(walk, tokens), said, autojunk=False).ratio()
        if likeness > score:
            best, score = tokens, likeness
    return tuple(best) if best is not None and score >= 0.6 else None


def _ways(walk: Walk, response: str) -> Iterator[list[int]]:
    """All ways to tell one clause with the opener that the person used, at most _MOST_WAYS."""
    opener = _opener(response)
    first: list[int] = []
    if opener is not None and opener in walk.allowed():
        walk, first = walk.take(opener), [opener]
    stack = [(walk, first)]
    found = 0
    while stack and found < _MOST_WAYS:
        here, tokens = stack.pop()
        for token in here.allowed():
            if token == STOP:
                found += 1
                after = here.take(STOP)
                if END in after.allowed():
                    yield [*tokens, STOP, END]
            elif (copied(token) or token == IT) and len(stack) < _MOST_WAYS:
                stack.append((here.take(token), [*tokens, token]))


def _opener(response: str) -> int | None:
    if _SORRY.match(response):
        return SORRY
    return next((opener for opener, pattern in _OPENERS if pattern.match(response)), None)


def _words(walk: Walk, tokens: Sequence[int]) -> list[str]:
    found = []
    for token in tokens:
        copy = copied(token)
        word = walk.sources[copy[0]].text[copy[1]].text if copy else JOINTS[token].strip(",.")
        if is_word(word) and token != END:
            found.append(normalise(word))
    return found


def _plain(text: str) -> list[str]:
    return [normalise(word.text) for word in words_of(text) if is_word(word.text)]


def _whole(walk: Walk, passage: int, source: Source, number: int) -> list[int]:
    clause = source.clauses[number]
    start = clause.start
    while start < clause.last and not is_word(source.text[start].text):
        start += 1
    end = clause.last
    while end > start and source.text[end].text in ".!;,:":
        end -= 1
    base = COPY + STRIDE * passage
    return [*range(base + start, base + end + 1), STOP]


def _walked(walk: Walk, tokens: Sequence[int]) -> tuple[int, ...] | None:
    for token in tokens:
        if token not in walk.allowed():
            return None
        walk = walk.take(token)
    return tuple(tokens)


def best_clauses(source: Source, scores: Sequence[float], *, near: float, most: int) -> list[int]:
    """The clause with the highest score, those nearly as good, and what they lean on, in order."""
    able = [number for number, clause in enumerate(source.clauses) if clause.tellable]
    if not able:
        return []
    top = max(scores[number] for number in able)
    ranked = sorted((n for n in able if scores[n] >= top - near), key=lambda n: -scores[n])
    chosen: set[int] = set()
    for number in ranked:
        group = _with_neighbours(source, number)
        if group and len(chosen | group) <= most:
            chosen |= group
    return sorted(chosen)


def _with_neighbours(source: Source, number: int) -> set[int]:
    """The clause, those before that it leans on, and those behind that limit them."""
    first = last = number
    while first and source.clauses[first].leans:
        first -= 1
    while last + 1 < len(source.clauses) and source.clauses[last].limited:
        last += 1
    group = set(range(first, last + 1))
    return group if all(source.clauses[n].tellable for n in group) else set()
