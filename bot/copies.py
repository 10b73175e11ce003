"""Which words of an answer stand in a passage in the same order: where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.generators.writer.words import is_word, words_of
from bot.terms import normalise
from bot.types import Span
from knowledge.types import Passage

# Fewer words in a row are no copy but chance, unless they are all of the answer.
SHORTEST = 3


def copies(text: str, passages: Sequence[Passage]) -> Iterator[Span]:
    """Runs of words that the text shares with a passage, in the text's order; case is ignored.

    Each word belongs to one span at most: of the first passage that has it in a run.
    """
    taken: set[int] = set()
    found: list[Span] = []
    for passage in passages:
        for span in _shared_runs(text, passage):
            if taken.isdisjoint(range(span.start, span.end)):
                taken.update(range(span.start, span.end))
                found.append(span)
    yield from sorted(found, key=lambda span: span.start)


def _shared_runs(text: str, passage: Passage) -> Iterator[Span]:
    mine = [word for word in words_of(text) if is_word(word.text)]
    theirs = [word for word in words_of(passage.text) if is_word(word.text)]
    matcher = SequenceMatcher(
        None,
        [normalise(word.text) for word in mine],
        [normalise(word.text) for word in theirs],
        autojunk=False,
    )
    for run in matcher.get_matching_blocks():
        if run.size >= min(SHORTEST, max(1, len(mine))):
            first, last = mine[run.a], mine[run.a + run.size - 1]
            start, end = theirs[run.b], theirs[run.b + run.size - 1]
            yield Span(first.start, last.end, passage.id, start.start, end.end)
