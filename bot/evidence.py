"""One passage, taken apart to check sentences against: its words, facts, clauses and table rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from bot.blocks import Block, blocks, cells
from bot.contrast import limits_what_is_before, mixes, turns_round
from bot.facts import facts, foreign_facts, numbers
from bot.polarity import (
    clauses,
    denies,
    drops_restriction,
    negations,
    opening,
    segments,
    without_opener,
)
from bot.sentences import split
from bot.terms import normalise, terms
from knowledge.language import has_chinese
from knowledge.types import Passage

_MARKER = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
# "It is free" is not what "free in Germany for orders from €79" says: so much of a clause (Jaccard)
# must be in a sentence that rests on it.
_LEAST_LIKENESS = 0.25
_WHICH = re.compile(r"\b(?:which|what)\b|哪|什么")
_NOTHING = re.compile(r"\W*(?:nothing|nowhere|never|not|without)\b")
_NOT_A_WORD = re.compile(r"(?:[^\w€$£¥%]|_)+")


@dataclass(frozen=True)
class _Clause:
    """`is_cell`: it was put together from a table's row and its head."""

    text: str
    terms: frozenset[str]
    negations: int
    is_cell: bool = False


@dataclass(frozen=True)
class _Row:
    """A table's row: the words that only its first cell holds, its numbers, and its other cells.

    Each cell comes as the words that only its column's head holds, its own, and whether it says no.
    """

    key: frozenset[str]
    numbers: frozenset[str]
    cells: tuple[tuple[frozenset[str], frozenset[str], bool], ...]

    def columns_agree(self, words: set[str], *, denied: bool) -> bool:
        """Whether each column that the words name has its cell among them, too."""
        return all(
            not head & words or cell & words or (denies and denied)
            for head, cell, denies in self.cells
        )


class Evidence:
    """What a passage says. The three checks on a sentence are independent of each other."""

    def __init__(self, passage: Passage) -> None:
        parts = blocks(passage.text)
        head = "\n".join(part.head for part in parts if part.kind == "table")
        whole = "\n".join((passage.title, *passage.path, passage.question, passage.text))
        self.passage = passage
        self._terms = frozenset(terms(whole))
        self._facts = facts(whole, table_head=head)
        self._opening = opening(passage.text)
        self._clauses = [*_question_clauses(passage.question, self._opening), *_clauses(parts)]
        hanging = _hanging(parts)
        self._hanging = _units(hanging)
        self._units = _units(part for part in parts if part not in hanging)
        self._rows = [row for part in parts if part.kind == "table" for row in _rows(part)]
        prose = (head, *_prose(parts)) if self._rows else ()
        self._sentences = _prose(parts)
        self._elsewhere = [(frozenset(_words(text)), numbers(text)) for text in prose]

    def coverage(self, sentence: str) -> float:
        """The share of the sentence's words that the passage holds, 0..1."""
        if _key(sentence) in self._units | self._hanging:
            return 1.0
        words = set(terms(sentence))
        return len(words & self._terms) / len(words) if words else 0.0

    def holds_facts(self, sentence: str) -> bool:
        """Every hard fact stands here; numbers stand in the table's row that the sentence names."""
        if _key(sentence) in self._units | self._hanging:
            return True
        return not foreign_facts(sentence, self._facts) and self._row_agrees(sentence)

    def agrees(self, sentence: str, announcement: str = "") -> bool:
        """No clause says the opposite of the clause that it rests on, or drops its condition.

        `announcement` is the sentence that a list's item hangs on: "These cannot be returned:".
        """
        known = self._hanging if _key(announcement) in self._units else self._units
        if _key(sentence) in known:
            return True
        says = opening(sentence)
        if says is not None and not self.opens_like(says, without_opener(sentence)):
            return False
        if any(mixes(sentence, known) for known in self._sentences):
            return False
        return all(
            self._clause_agrees(_clause(_announced(announcement, text)))
            for text in clauses(sentence)
        )

    def opens_like(self, says_yes: bool, sentence: str) -> bool:
        """Whether a yes or no before the sentence is the passage's own, or at least fits it."""
        if self._opening is not None:
            return says_yes == self._opening
        first = next(iter(clauses(sentence)), "")
        denied = negations(first)
        # One negation must be the clause's own: "No, it costs nothing" turns an offer round.
        plainly = denied != 1 or has_chinese(first) or denies(first) or _NOTHING.match(first)
        return denied == 0 if says_yes else denied > 0 and bool(plainly)

    def _clause_agrees(self, clause: _Clause) -> bool:
        ranks = [_overlap(clause.terms, known.terms) for known in self._clauses]
        best = max(ranks, default=(0.0, 0.0))
        return best[1] >= _LEAST_LIKENESS and any(
            clause.negations == known.negations
            and not drops_restriction(clause.text, known.text)
            and (known.is_cell or not turns_round(clause.text, known.text))
            for known, rank in zip(self._clauses, ranks, strict=True)
            if rank == best
        )

    def _row_agrees(self, sentence: str) -> bool:
        words = _words(sentence)
        named = [row for row in self._rows if row.key & words]
        if not named:
            return True
        keys = frozenset().union(*(row.key for row in self._rows))
        allowed = set().union(*(row.numbers for row in named))
        for held, values in self._elsewhere:
            if not held & keys or held & keys & words:
                allowed |= values
        denied = negations(sentence) > 0
        return numbers(sentence) <= allowed and any(
            row.columns_agree(words, denied=denied) for row in named
        )


def _overlap(clause: frozenset[str], known: frozenset[str]) -> tuple[float, float]:
    """How much of the clause is known, then how alike both are (Jaccard)."""
    shared = len(clause & known)
    return shared / max(1, len(clause)), shared / max(1, len(clause | known))


def _clause(text: str, denied: int = 0) -> _Clause:
    return _Clause(text, frozenset(terms(text)), negations(text) + denied)


def _joined(parts: Sequence[_Clause]) -> _Clause:
    return _Clause(
        ", ".join(part.text for part in parts),
        frozenset().union(*(part.terms for part in parts)),
        sum(part.negations for part in parts),
    )


def _spans(text: str, announcement: str) -> Iterator[_Clause]:
    """Every run of neighbouring segments of a sentence: each may be what a clause rests on."""
    lead = [_clause(without_opener(announcement))] if announcement else []
    parts = [_clause(segment) for segment in segments(text)]
    for start in range(len(parts)):
        for end in range(start + 1, len(parts) + 1):
            if end < len(parts) and limits_what_is_before(parts[end].text):
                continue
            yield _joined([*lead, *parts[start:end]])


def _question_clauses(question: str, says_yes: bool | None) -> Iterator[_Clause]:
    """What a question tells: with an answer that opens with yes or no, or as "which can't ...?"."""
    if says_yes is not None:
        yield _clause(normalise(question), denied=0 if says_yes else 1)
    elif _WHICH.search(normalise(question)) and negations(question):
        yield _clause(normalise(question))


def _clauses(parts: Sequence[Block]) -> Iterator[_Clause]:
    announcement = ""
    for part in parts:
        if part.kind == "table":
            yield from (replace(_clause(text), is_cell=True) for text in _cell_clauses(part))
            continue
        for text in _sentences(part):
            yield from _spans(text, announcement if part.kind == "list" else "")
            if part.kind != "list":
                announcement = text if announces(text) else ""


def _announced(announcement: str, text: str) -> str:
    return f"{without_opener(announcement)} {text}" if announcement else text


def announces(sentence: str) -> bool:
    """Whether the sentence leads to a list: it ends with a colon."""
    return sentence.rstrip("*_ \n").endswith((":", "："))


def _cell_clauses(table: Block) -> Iterator[str]:
    """Each cell with its row's first cell and its column's head: "Austria Up to 5 kg €8.90"."""
    heads = cells(table.head.partition("\n")[0])
    for row in table.rows:
        first, *others = cells(row)
        for head, cell in zip(heads[1:], others, strict=False):
            yield f"{first} {head} {cell}"


def _rows(table: Block) -> list[_Row]:
    heads = _own_words([_words(cell) for cell in cells(table.head.partition("\n")[0])])
    rows = [cells(row) for row in table.rows]
    keys = _own_words([_words(row[0]) for row in rows])
    return [
        _Row(
            key,
            frozenset(numbers(text)),
            tuple(
                (head, frozenset(_words(cell)), negations(cell) > 0)
                for head, cell in zip(heads[1:], row[1:], strict=False)
            ),
        )
        for key, text, row in zip(keys, table.rows, rows, strict=True)
    ]


def _own_words(texts: Sequence[Set[str]]) -> list[frozenset[str]]:
    """Of each text, the words that none of the others holds."""
    counts = Counter(word for text in texts for word in text)
    return [frozenset(word for word in text if counts[word] == 1) for text in texts]


def _prose(parts: Iterable[Block]) -> list[str]:
    return [text for part in parts if part.kind != "table" for text in _sentences(part)]


def _sentences(part: Block) -> list[str]:
    """Without the marks of list items."""
    return [without_marker(text) for row in part.rows or (part.text,) for text in split(row)]


def without_marker(text: str) -> str:
    """The text without a list item's bullet or number."""
    return _MARKER.sub("", text, count=1) if _MARKER.match(text) else text


def _hanging(parts: Sequence[Block]) -> list[Block]:
    """The lists that a sentence announces; the items of the others stand by themselves."""
    lists: list[Block] = []
    announced = False
    for part in parts:
        if part.kind == "list" and announced:
            lists.append(part)
        elif part.kind != "list":
            told = _sentences(part)
            announced = bool(told) and part.kind != "table" and announces(told[-1])
    return lists


def _units(parts: Iterable[Block]) -> frozenset[str]:
    """All sentences and table lines, also without an opening yes or no, as they are compared."""
    texts: list[str] = []
    for part in parts:
        texts += part.text.split("\n") if part.kind == "table" else _sentences(part)
    return frozenset(filter(None, map(_key, texts + [without_opener(text) for text in texts])))


def _key(text: str) -> str:
    return _NOT_A_WORD.sub(" ", normalise(text)).strip()


def _words(text: str) -> set[str]:
    """Terms that name something: no single Chinese characters."""
    return {term for term in terms(text) if len(term) > 1 or not has_chinese(term)}
