"""Lessons as the network takes them: pages, tokens, and what else could stand at each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.generators.writer.lessons import Lesson, Lessons
from bot.generators.writer.page import Page, page, question_words, source_words
from knowledge.word_states import States, WordStates


@dataclass(frozen=True)
class Example:
    """A lesson ready for the network. `choices[n]` are the tokens that could stand at place n."""

    pages: tuple[Page, ...]
    tokens: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...]
    holds: frozenset[int]


class Examples:
    """Lessons as examples, each made when it is first asked for and then kept."""

    def __init__(self, lessons: Lessons, encoder: WordStates) -> None:
        self._lessons = lessons
        self._encoder = encoder
        self._made: dict[int, Example] = {}
        self._states: dict[tuple[str, ...], States] = {}

    def get(self, numbers: Sequence[int]) -> list[Example]:
        missing = [number for number in numbers if number not in self._made]
        lessons = [self._lessons.lesson(number) for number in missing]
        self._encode(lessons)
        for number, lesson in zip(missing, lessons, strict=True):
            self._made[number] = self._example(lesson)
        return [self._made[number] for number in numbers]

    def _encode(self, lessons: Sequence[Lesson]) -> None:
        texts = {
            tuple(words)
            for lesson in lessons
            for words in (
                question_words(lesson.question),
                *(source_words(source) for source in lesson.walk.sources),
            )
        }
        new = [text for text in sorted(texts) if text not in self._states]
        for text, states in zip(new, self._encoder.states(new), strict=True):
            self._states[text] = states.astype(np.float16)

    def _example(self, lesson: Lesson) -> Example:
        walk = lesson.walk
        asked = self._states[tuple(question_words(lesson.question))]
        pages = tuple(
            page(lesson.question, source, (asked, self._states[tuple(source_words(source))]))
            for source in walk.sources
        )
        choices: list[tuple[int, ...]] = []
        for token in lesson.tokens:
            choices.append(tuple(walk.allowed()))
            walk = walk.take(token)
        return Example(pages, lesson.tokens, tuple(choices), lesson.holds)
