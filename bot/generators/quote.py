"""The generator without a model: the best passage's own words, trimmed to what answers.

It never cuts a sentence, and never leaves a condition behind.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.blocks import Block, blocks, cells
from bot.sentences import split
from bot.terms import terms
from bot.types import Prompt
from knowledge.language import has_chinese

# A screenful on a phone. Chinese says the same in about half as many characters.
MAX_CHARS = 600
MAX_CHARS_CHINESE = 300
# Lists and tables up to this size are quoted whole.
FEW_ROWS = 2

# A sentence that starts like this limits or denies the one before it.
_CONDITION = re.compile(
    r"\W*(?:however|but|except|exceptions?|unless|only|not|no|never|otherwise|if|excluded"
    r"|there (?:is|are) no|(?:please )?note|the exception|(?:this|that|it) (?:does|is) not)\b"
    r"|\W*(?:但|不过|然而|可是|除|只有|只能|仅|否则|例外|注意|请注意|如果|若|不|没|无)",
    re.IGNORECASE,
)


# Not before "but" and "only", which need the word before them, nor where nothing else follows.
_YES_OR_NO = re.compile(
    r"(?:yes|no)[,.:] +(?=[A-Za-z0-9])(?!but\b|only\b|and\b|never\b)"
    r"|(?:可以|能|行|会|有|开|是的?|不可以|不能|不行|不会|没有|不开|不是)的?[，。：](?=\w)(?!但|不过|只|除)",
    re.IGNORECASE,
)
# Words that questions hold beside what they are about.
_GENERAL = frozenset(
    terms(
        "available offer offered provide provided possible allow allowed accept accepted serve "
        "able place service option know tell find out make use currently today anyone want need "
        "wish go come please let wonder question 可以 用 有 行 问 给 做 需要 支持 提供"
    )
)


class QuoteGenerator:
    """Quotes the first passage of the prompt; yields nothing where there is none."""

    name = "quote"
    model = ""

    def generate(self, prompt: Prompt) -> Iterator[str]:
        if prompt.passages:
            text = quote(prompt.question, prompt.passages[0].text)
            yield from split(_for_another_question(prompt, text))


def _for_another_question(prompt: Prompt, text: str) -> str:
    """Without the yes or no that opens an answer, where it may be false to the customer's question:
    an entry answers its own one. That is so of a message that goes on from others, and of one with
    words that the entry's question does not have: "Yes, in the web shop. Not in the stores" is no
    answer to who would pay in a store.
    """
    passage = prompt.passages[0]
    match = _YES_OR_NO.match(text)
    if match is None:
        return text
    if not any(turn.role == "customer" for turn in prompt.history):
        known = {*terms(f"{passage.title}\n{passage.question}"), *_GENERAL}
        if {term for term in terms(prompt.question) if not _is_pair(term)} <= known:
            return text
    rest = text[match.end() :]
    return rest[:1].upper() + rest[1:]


def _is_pair(term: str) -> bool:
    """Of Chinese characters, whose order is the customer's own."""
    return len(term) > 1 and has_chinese(term)


@dataclass(frozen=True)
class _Part:
    """What is kept or left out as a whole. `group` numbers the block that it comes from."""

    text: str
    group: int
    kind: str


def quote(question: str, markdown: str) -> str:
    """The parts of the passage that share the question's information, in their own order.

    Short passages are returned whole. Of long ones the first sentence stays, then the others by the
    inverse frequency of the question's words in them, until MAX_CHARS are full. Tables stay, with
    the rows that match.
    """
    markdown = markdown.strip()
    limit = MAX_CHARS_CHINESE if has_chinese(markdown) else MAX_CHARS
    found = blocks(markdown)
    if len(markdown) <= limit and not any(block.kind == "table" for block in found):
        return markdown
    asked = set(terms(question))
    parts = _parts(found, asked)
    if not parts:  # link definitions and the like
        return markdown
    kept = _with_headings(parts, _with_conditions(parts, _choose(parts, asked, limit)))
    return _join([part for index, part in enumerate(parts) if index in kept])


def _parts(found: Sequence[Block], asked: set[str]) -> list[_Part]:
    """A list or table is one part together with the sentence that announces it."""
    parts: list[_Part] = []
    for group, block in enumerate(found):
        if block.kind == "text":
            parts += [_Part(text, group, "text") for text in _sentences(block.text)]
            continue
        text = _matching_rows(block, asked) if block.rows else block.text
        last = parts[-1] if parts else None
        if block.rows and last and last.text.rstrip("*_ ").endswith((":", "：")):
            parts[-1] = _Part(f"{last.text.rstrip()}\n\n{text}", last.group, block.kind)
        else:
            parts.append(_Part(text, group, block.kind))
    return parts


def _sentences(text: str) -> list[str]:
    """Clauses that end with a semicolon stay with what follows them."""
    found: list[str] = []
    for sentence in split(text):
        if found and found[-1].rstrip().endswith("；"):
            found[-1] += sentence
        else:
            found.append(sentence)
    return found


def _matching_rows(block: Block, asked: set[str]) -> str:
    """The rows that hold a word of the question which fewer than half of the rows hold.

    Of a table's row only the first cell counts: it says what the row is about.
    """
    if len(block.rows) <= FEW_ROWS:
        return block.text
    names = [cells(row)[0] if block.head else row for row in block.rows]
    words = [_telling(name) for name in names]
    counts = Counter(word for row in words for word in row)
    telling = {word for word in asked if 0 < counts[word] < len(words) / 2}
    telling -= _telling(block.head)
    chosen = [row for row, held in zip(block.rows, words, strict=True) if held & telling]
    return "\n".join(filter(None, [block.head, *(chosen or block.rows)]))


def _telling(row: str) -> set[str]:
    """Single Chinese characters tell too little to choose a row by."""
    return {term for term in terms(row) if len(term) > 1 or not has_chinese(term)}


def _choose(parts: Sequence[_Part], asked: set[str], limit: int) -> set[int]:
    """The first part, then the others by their share of the question's information."""
    words = [set(terms(part.text)) & asked for part in parts]
    counts = Counter(word for held in words for word in held)
    weights = [sum(math.log(1 + len(parts) / counts[word]) for word in held) for held in words]
    if not any(weights[1:]):
        weights = [1.0] * len(parts)
    chosen = {0} | {index for index, part in enumerate(parts) if part.kind == "table"}
    size = _size(parts[0])
    for index in sorted(range(1, len(parts)), key=lambda index: (-weights[index], index)):
        if not weights[index] or parts[index].kind == "heading" or index in chosen:
            continue
        size += _size(parts[index])
        if size > limit:
            break
        chosen.add(index)
    return chosen


def _size(part: _Part) -> int:
    """Characters of prose; a table counts nothing."""
    return 0 if part.kind == "table" else len(part.text)


def _with_conditions(parts: Sequence[_Part], chosen: set[int]) -> set[int]:
    for index, part in enumerate(parts):
        if index - 1 in chosen and part.kind == "text" and _CONDITION.match(part.text):
            chosen = chosen | {index}
    return chosen


def _with_headings(parts: Sequence[_Part], chosen: set[int]) -> set[int]:
    """The heading above a part that is kept, unless the part is the passage's beginning."""
    headings: set[int] = set()
    latest: int | None = None
    for index, part in enumerate(parts):
        if part.kind == "heading":
            latest = index
        elif index in chosen and latest is not None:
            headings.add(latest)
    return chosen | headings


def _join(parts: Sequence[_Part]) -> str:
    text = ""
    for index, part in enumerate(parts):
        if index and parts[index - 1].group != part.group:
            text = text.rstrip() + "\n\n"
        text += part.text
    return text.strip()
