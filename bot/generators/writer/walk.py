"""Which words may come next: the rules that make it impossible to say what no passage says.

A sentence of the answer is one clause of one passage, told from left to right. Only a name that the
title gives may be left out: "it" may stand for it at the beginning, and "at the Gonville Hotel" may
go. A clause that limits the one before is always told with it, none is told twice, and "Yes" or
"No" needs a clause that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.generators.writer.openers import may_open, may_regret
from bot.generators.writer.source import Clause, Source
from bot.generators.writer.vocabulary import END, IT, JOINTS, OPENERS, SORRY, STOP, YES, is_common
from bot.generators.writer.words import is_word
from bot.terms import normalise

# Tokens from here on are copies: COPY + STRIDE * passage + word.
COPY = len(JOINTS)
STRIDE = 256
MOST_SENTENCES = 3
# Two clauses that share so much of their words (Jaccard) say the same.
_SAME = 0.7

_ARTICLES = frozenset({"the", "a", "an"})
# A name goes on behind these: "Cinderella Bakery & Cafe".
_JOINS = frozenset({"&", "and", "+", "/", "–", "-"})
_PLACES = frozenset({"at", "in", "by", "of"})
# What may follow "it" where "it" stands for a name.
_VERB_LIST = """
    is isn't does doesn't has hasn't offers accepts provides serves allows requires charges takes
    can cannot will may lies opens closes costs
"""
_VERBS = frozenset(_VERB_LIST.split())


def copied(token: int) -> tuple[int, int] | None:
    """The passage's and the word's number of a token that is a copy."""
    return divmod(token - COPY, STRIDE) if token >= COPY else None


@dataclass(frozen=True)
class Walk:
    """An answer under way. `at` is the passage, clause and word that was copied last.

    `told` holds the clauses that are done, in order; `it`: the last word stands for a name. Where
    `first` is given, the answer starts with that passage, and goes on in `others` at most.
    """

    sources: Sequence[Source]
    question: str = ""
    at: tuple[int, int, int] | None = None
    opener: int | None = None
    it: bool = False
    told: tuple[tuple[int, int], ...] = ()
    ended: bool = False
    first: int | None = None
    others: frozenset[int] = frozenset()

    def allowed(self) -> tuple[int, ...]:
        """The tokens that may come next; none where no clause can be told."""
        return self._allowed

    @cached_property
    def _allowed(self) -> tuple[int, ...]:
        """Asked for several times at each choice, and half of the rules' time is spent here."""
        if self.ended:
            return ()
        return tuple(self._between() if self.at is None else self._inside(*self.at))

    def take(self, token: int) -> Walk:
        """Raises ValueError where the token is not allowed."""
        if token not in self.allowed():
            raise ValueError(f"Token {token} may not stand here.")
        return self.taken(token)

    def taken(self, token: int) -> Walk:
        """As `take`, for a token that is known to be allowed."""
        if token == END:
            return replace(self, ended=True)
        if token == STOP and self.at is not None:
            told = (*self.told, self.at[:2])
            return replace(self, at=None, told=told)
        if token in OPENERS:
            return replace(self, opener=token)
        if (copy := copied(token)) is None:
            return replace(self, it=True)
        passage, word = copy
        return replace(self, at=(passage, self._clause(passage, word), word), it=False)

    def _clause(self, passage: int, word: int) -> int:
        clauses = self.sources[passage].clauses
        return next(number for number, c in enumerate(clauses) if c.first <= word <= c.last)

    def _between(self) -> Iterator[int]:
        """The start of a sentence."""
        open_clauses = list(self._open())
        behind_names = False
        for passage, number in open_clauses:
            source = self.sources[passage]
            base = COPY + STRIDE * passage
            behind = _behind_subject(source, source.clauses[number])
            behind_names = behind_names or behind is not None
            if not self.it:
                yield base + _first(source, source.clauses[number])
            elif behind is not None:
                yield base + behind
        if self.it:
            return
        if behind_names:
            yield IT
        if self.opener is None and not self.told:
            yield from self._openers(open_clauses)
        if self.told and not self.must_go_on() and not self._owes(open_clauses):
            yield END

    def _openers(self, clauses: Sequence[tuple[int, int]]) -> Iterator[int]:
        for opener in OPENERS:
            if any(self._opens(opener, passage, number) for passage, number in clauses):
                yield opener

    def _opens(self, opener: int, passage: int, number: int) -> bool:
        source = self.sources[passage]
        if opener == SORRY:
            return may_regret(self.question, source, number)
        return may_open(opener == YES, self.question, source, number)

    def _owes(self, clauses: Sequence[tuple[int, int]]) -> bool:
        """Whether one of the `others`, which answer too, has not been told and can be."""
        told = {passage for passage, _ in self.told}
        return any(passage in self.others - told for passage, _ in clauses)

    def must_go_on(self) -> bool:
        """Whether the clause told last may not stand without the next."""
        if not self.told:
            return False
        passage, number = self.told[-1]
        return self.sources[passage].clauses[number].limited

    def _open(self) -> Iterator[tuple[int, int]]:
        """The clauses that may be told now."""
        last = self.told[-1] if self.told else None
        if last is not None and self.must_go_on():
            yield (last[0], last[1] + 1)
            return
        for passage, source in enumerate(self.sources):
            if not self._may_tell(passage):
                continue
            for number, clause in enumerate(source.clauses):
                # A passage's first sentence leans on its heading, not on what was told before it.
                follows = last == (passage, number - 1) or not (number or self.told)
                fits = self.opener is None or self.told
                if (
                    clause.tellable
                    and (not clause.leans or follows)
                    and len(self.told) + chain(source, number) <= MOST_SENTENCES
                    and (fits or self._opens(self.opener or YES, passage, number))
                    and not self._was_said(clause)
                ):
                    yield passage, number

    def _may_tell(self, passage: int) -> bool:
        if self.first is None or passage == self.first:
            return True
        return bool(self.told) and passage in self.others

    def _was_said(self, clause: Clause) -> bool:
        for passage, number in self.told:
            said = self.sources[passage].clauses[number].terms
            if len(said & clause.terms) >= _SAME * max(1, len(said | clause.terms)):
                return True
        return False

    def _inside(self, passage: int, number: int, word: int) -> Iterator[int]:
        """The next word, the one behind "at the Gonville Hotel", or the end of the sentence."""
        source = self.sources[passage]
        clause = source.clauses[number]
        base = COPY + STRIDE * passage
        end = _end(source, clause)
        if word >= end:
            yield STOP
            return
        yield base + word + 1
        behind = _behind_place(source, clause, word + 1)
        if behind is not None and clause.start < word:
            yield base + behind if behind <= end else STOP


def chain(source: Source, number: int) -> int:
    """How many clauses must be told with this one; too many where one of them cannot be."""
    count = 1
    while source.clauses[number].limited:
        number += 1
        if number >= len(source.clauses) or not source.clauses[number].tellable:
            return MOST_SENTENCES + 1
        count += 1
    return count


def _first(source: Source, clause: Clause) -> int:
    word = clause.start
    while word < clause.last and not is_word(source.text[word].text):
        word += 1
    return word


def _behind_subject(source: Source, clause: Clause) -> int | None:
    """The verb behind the name that the clause starts with; None where it does not."""
    verb = _behind_name(source, clause, _first(source, clause))
    if verb is None or verb > clause.last:
        return None
    return verb if normalise(source.text[verb].text) in _VERBS else None


def _behind_place(source: Source, clause: Clause, word: int) -> int | None:
    """The word behind "at the Gonville Hotel", when `word` is the "at"."""
    if word >= clause.last or normalise(source.text[word].text) not in _PLACES:
        return None
    return _behind_name(source, clause, word + 1)


def _behind_name(source: Source, clause: Clause, word: int) -> int | None:
    """The word behind a whole name, with or without an article; None where none stands there."""
    if word <= clause.last and normalise(source.text[word].text) in _ARTICLES:
        word += 1
    first = word
    while word in clause.names:
        word += 1
    if word == first:
        return None
    following = source.text[word].text if word <= clause.last else ""
    if following in _JOINS:
        return None
    return None if following[:1].isupper() and not is_common(following) else word


def _end(source: Source, clause: Clause) -> int:
    """The last word before the marks that end the clause."""
    last = clause.last
    while last > clause.first and source.text[last].text in ".!;,:":
        last -= 1
    return last
