"""What it learns from: questions with passages, the tokens of an answer, and who holds it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.generators.writer.entries import OF_ENTITIES, Entry, passage_of
from bot.generators.writer.page import question_words
from bot.generators.writer.source import Source, source_of
from bot.generators.writer.telling import best_clauses, like_a_person, natural_opener, tell
from bot.generators.writer.walk import COPY, STRIDE, Walk
from bot.generators.writer.words import words_of
from bot.terms import terms
from knowledge.types import Passage
from knowledge.word_states import WordStates

# Questions nearer than this (cosine) ask the same: one may stand for the other, and the passage of
# one is no fair distractor for the other.
_SAME_QUESTION = 0.88
_TOO_NEAR = 0.75
_PASSAGES = 4
# Entries that a person has answered are few and teach most; those of FAQ documents are what the
# writer will read: both are drawn more often.
_PERSON_COUNTS, _FAQ_COUNTS = 3, 2


@dataclass(frozen=True)
class Lesson:
    """`tokens` are those of walk.py, empty where only `holds` is learned: which passages answer."""

    question: str
    passages: tuple[Passage, ...]
    tokens: tuple[int, ...]
    holds: frozenset[int]

    @property
    def walk(self) -> Walk:
        return Walk(tuple(source_of(p, self.question) for p in self.passages), self.question)


class Lessons:
    """Makes lessons of entries, each drawn by its number: the same number, the same lesson."""

    def __init__(self, entries: Sequence[Entry], encoder: WordStates, *, seed: int) -> None:
        self._entries = entries
        self._seed = seed
        self._encoder = encoder
        self._groups: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(entries):
            self._groups[entry.group].append(number)
        self._drawn = [number for number, entry in enumerate(entries) for _ in range(_times(entry))]
        self._vectors = self._embed([entry.question for entry in entries])
        self._numbers = {entry.question: number for number, entry in enumerate(entries)}
        self._clause_vectors: dict[str, NDArray[np.float32]] = {}
        self._alike = self._likenesses()

    def lesson(self, number: int) -> Lesson:
        """Entry, distractors and what is done with them are drawn from the seed and the number."""
        dice = random.Random(f"{self._seed} {number}")
        index = dice.choice(self._drawn)
        entry = self._entries[index]
        kind = dice.random()
        if entry.source in OF_ENTITIES and kind < 0.2:
            return self._joined(index, dice)
        if entry.source in OF_ENTITIES and kind < 0.3:
            return self._two_parts(index, dice)
        return self._single(index, dice)

    def _single(self, index: int, dice: random.Random) -> Lesson:
        entry = self._entries[index]
        question = self._asked(index, dice)
        others = [self._passage(i, dice) for i in self._others([index], dice)]
        if dice.random() < 0.25 and others:
            return Lesson(question, tuple(others), (), frozenset())
        own = self._passage(index, dice)
        place = dice.randrange(len(others) + 1)
        passages = (*others[:place], own, *others[place:])
        lesson = Lesson(question, passages, (), frozenset({place}))
        return replace(lesson, tokens=self._answer(lesson, place, entry) or ())

    def _answer(self, lesson: Lesson, place: int, entry: Entry) -> tuple[int, ...] | None:
        walk = lesson.walk
        if entry.response and lesson.question.casefold().rstrip("?. ").endswith(
            entry.question.casefold().rstrip("?. ")
        ):
            alone = Walk((walk.sources[place],), lesson.question)
            if (said := like_a_person(alone, entry.response)) is not None:
                return _moved(said, place)
        source = walk.sources[place]
        if not source.plain:
            return None
        chosen = self._clauses(lesson.question, source)
        if not chosen:
            return None
        opener = natural_opener(walk, place, chosen[0])
        return tell(walk, [(place, number) for number in chosen], opener=opener)

    def _clauses(self, question: str, source: Source) -> list[int]:
        """Those nearest to the question, by the encoder and by the words that both hold."""
        if len(source.clauses) == 1:
            return [0] if source.clauses[0].tellable else []
        key = source.passage.id
        if key not in self._clause_vectors:
            self._clause_vectors[key] = self._embed(
                [_text(source, number) for number in range(len(source.clauses))]
            )
        asked = set(terms(question))
        scores = self._clause_vectors[key] @ self._question_vector(question)
        shares = [len(asked & clause.terms) / max(1, len(asked)) for clause in source.clauses]
        return best_clauses(source, list(scores + 0.5 * np.array(shares)), near=0.12, most=3)

    def _question_vector(self, question: str) -> NDArray[np.float32]:
        if question not in self._numbers:
            vector: NDArray[np.float32] = self._embed([question])[0]
        else:
            vector = self._vectors[self._numbers[question]]
        return vector

    def _joined(self, index: int, dice: random.Random) -> Lesson:
        """A document of several entries: the clause that answers stands among others."""
        entry = self._entries[index]
        others = self._others([index], dice, most=5)
        place = dice.randrange(len(others) + 1)
        texts = [self._entries[i].passage.text.strip() for i in others]
        texts.insert(place, entry.passage.text.strip())
        texts = [text if text.endswith((".", "!", "?")) else f"{text}." for text in texts]
        start = sum(len(text) + 1 for text in texts[:place])
        end = start + len(texts[place])
        passage = passage_of(entry.passage.title, "", " ".join(texts))
        question = self._asked(index, dice)
        lesson = Lesson(question, (passage,), (), frozenset({0}))
        source = lesson.walk.sources[0]
        chosen = [
            number
            for number, clause in enumerate(source.clauses)
            if start <= source.text[clause.first].start < end
        ]
        if not chosen:
            return lesson
        opener = natural_opener(lesson.walk, 0, chosen[0])
        told = tell(lesson.walk, [(0, number) for number in chosen[:3]], opener=opener)
        return replace(lesson, tokens=told or ())

    def _two_parts(self, index: int, dice: random.Random) -> Lesson:
        others = self._others([index], dice, most=3, least=1)
        if not others:
            return self._single(index, dice)
        second = others[0]
        passages = [self._passage(i, dice) for i in (index, *others)]
        order = list(range(len(passages)))
        dice.shuffle(order)
        first_at, second_at = order.index(0), order.index(1)
        question = _together(self._asked(index, dice), self._asked(second, dice), dice)
        given = tuple(passages[i] for i in order)
        lesson = Lesson(question, given, (), frozenset({first_at, second_at}))
        walk = lesson.walk
        plan = [
            (place, number)
            for place in (first_at, second_at)
            for number in self._clauses(question, walk.sources[place])[:1]
        ]
        return replace(lesson, tokens=tell(walk, plan) or ()) if len(plan) == 2 else lesson

    def _asked(self, index: int, dice: random.Random) -> str:
        alike = self._alike.get(index)
        if alike and dice.random() < 0.4:
            return _as_typed(self._entries[dice.choice(alike)].question, dice)
        return _as_typed(self._entries[index].question, dice)

    def _passage(self, index: int, dice: random.Random) -> Passage:
        """Now and then without its question: not every document is an FAQ."""
        passage = self._entries[index].passage
        if self._entries[index].source != "faq" and dice.random() < 0.3:
            return passage_of(passage.title, "", passage.text)
        return passage

    def _others(
        self, index: list[int], dice: random.Random, *, most: int = _PASSAGES - 1, least: int = 0
    ) -> list[int]:
        """Entries of the same group that answer something else; hard ones where it is one FAQ."""
        own = self._entries[index[0]]
        group = self._groups[own.group]
        near = self._vectors[group] @ self._vectors[index[0]]
        fair = [i for i, cosine in zip(group, near, strict=True) if cosine < _TOO_NEAR]
        fair = [i for i in fair if self._entries[i].passage.text != own.passage.text]
        count = dice.randint(least, most)
        if own.source == "faq":
            best: dict[str, tuple[float, int]] = {}
            for i, cosine in zip(group, near, strict=True):
                passage = self._entries[i].passage
                if passage.id != own.passage.id:
                    best[passage.id] = max(best.get(passage.id, (-1.0, i)), (float(cosine), i))
            ranked = [i for _, i in sorted(best.values(), reverse=True)]
            return dice.sample(ranked[:8], min(count, 8))
        dice.shuffle(fair)
        return _distinct(fair, self._entries)[:count]

    def _likenesses(self) -> dict[int, list[int]]:
        """For public entries, other entries whose questions ask the same, without any name."""
        open_ = [
            i
            for i, entry in enumerate(self._entries)
            if entry.source in OF_ENTITIES and not _names_itself(entry)
        ]
        found: dict[int, list[int]] = {}
        if not open_:
            return found
        vectors = self._vectors[open_]
        for start in range(0, len(open_), 512):
            cosines = vectors[start : start + 512] @ vectors.T
            for row, near in enumerate(cosines):
                index = open_[start + row]
                picks = np.argsort(-near)[:40]
                own = self._entries[index].question
                texts = {
                    self._entries[open_[p]].question: open_[p]
                    for p in picks
                    if near[p] >= _SAME_QUESTION
                }
                texts.pop(own, None)
                found[index] = list(texts.values())
        return found

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors: the mean of a text's word states."""
        unique = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        states = self._encoder.states([question_words(text) for text in unique])
        vectors = np.stack([words.mean(0) for words in states])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        found: NDArray[np.float32] = vectors[[unique[text] for text in texts]]
        return found


def _times(entry: Entry) -> int:
    if entry.source == "faq":
        return _FAQ_COUNTS
    return _PERSON_COUNTS if entry.response else 1


def _moved(tokens: Sequence[int], place: int) -> tuple[int, ...]:
    return tuple(token + STRIDE * place if token >= COPY else token for token in tokens)


def _distinct(indices: Sequence[int], entries: Sequence[Entry]) -> list[int]:
    seen: dict[str, int] = {}
    for index in indices:
        seen.setdefault(entries[index].passage.text, index)
    return list(seen.values())


def _together(first: str, second: str, dice: random.Random) -> str:
    """Two questions as one message."""
    joiner = dice.choice([" And ", " Also, ", " and ", ", and ", " "])
    if joiner.islower() or joiner == ", and ":
        return f"{first.rstrip('?. ')}{joiner}{second[:1].lower()}{second[1:]}"
    return f"{first}{joiner}{second[:1].lower() if joiner.strip() else second[:1]}{second[1:]}"


def _as_typed(question: str, dice: random.Random) -> str:
    """As customers write it: now and then in lower case, without its mark, or after a greeting."""
    if dice.random() < 0.3:
        question = question.strip().rstrip("?. ").lower()
    if dice.random() < 0.1:
        start = dice.choice(["hi, ", "Hello! ", "I'd like to know: ", "quick question: ", "so "])
        question = f"{start}{question}"
    return question


def _names_itself(entry: Entry) -> bool:
    names = {word.text.casefold() for word in words_of(entry.passage.title)} - {"the", "hotel"}
    return any(word.text.casefold() in names for word in words_of(entry.question))


def _text(source: Source, number: int) -> str:
    clause = source.clauses[number]
    return source.passage.text[source.text[clause.first].start : source.text[clause.last].end]
