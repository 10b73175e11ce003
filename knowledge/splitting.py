"""Long text -> parts that an encoder can hold; a table keeps its header row in every part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.headings import parse

# In Latin letters. all-MiniLM-L6-v2 reads 256 tokens: about 1,200 letters of English.
LONGEST = 1200
# An East Asian character holds as much as 2.4 letters, so Chinese parts have up to 500.
_EAST_ASIAN_WEIGHT = 2.4
_EAST_ASIAN = re.compile(r"[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")
# Paragraphs, lines, sentences, clauses, words, characters. A blank stays with what stands before.
_SEPARATORS = [
    r"\n\n+",
    r"\n",
    r"(?<=[。！？；])",
    r"(?<=[.!?])\s+",
    r"(?<=[，、：])|(?<=[;,:])\s+",
    r"\s+",
    "",
]


def size(text: str) -> int:
    """The length of a text in Latin letters."""
    if text.isascii():
        return len(text)
    return round(len(text) + (_EAST_ASIAN_WEIGHT - 1) * len(_EAST_ASIAN.findall(text)))


def split(markdown: str) -> list[str]:
    """Parts of `size` up to LONGEST, cut where it hurts least and without overlap.

    Nothing is lost but the white space at the cuts; a text that fits is returned as it is, and a
    text of white space gives no parts.
    """
    if size(markdown) <= LONGEST:
        return [markdown] if markdown.strip() else []
    parts: list[str] = []
    for block in _blocks(markdown):
        whole = f"{parts[-1]}\n\n{block}" if parts else block
        if size(whole) <= LONGEST:
            parts[-1:] = [whole]
            continue
        pieces = _split_table(block) if _is_table(block) else _split_prose(block)
        if parts and pieces and size(parts[-1]) + 2 + size(pieces[0]) <= LONGEST:
            pieces[0] = f"{parts.pop()}\n\n{pieces[0]}"
        parts.extend(pieces)
    return parts


def _blocks(markdown: str) -> Iterator[str]:
    """The text in its order, cut around its tables."""
    lines, start = markdown.split("\n"), 0
    for token in parse(markdown):
        if token.type == "table_open" and token.level == 0 and token.map is not None:
            yield from _stripped(lines[start : token.map[0]])
            yield from _stripped(lines[token.map[0] : token.map[1]])
            start = token.map[1]
    yield from _stripped(lines[start:])


def _stripped(lines: list[str]) -> Iterator[str]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield text


def _is_table(block: str) -> bool:
    return any(token.type == "table_open" and token.level == 0 for token in parse(block)[:1])


def _split_table(table: str) -> list[str]:
    """Groups of rows, each under the header row and its line of dashes."""
    rows = table.split("\n")
    header, body = "\n".join(rows[:2]), rows[2:]
    if not body or size(header) + max(map(size, body)) >= LONGEST:
        return _split_prose(table)
    parts, part, room = [], [header], LONGEST - size(header)
    for row in body:
        if room < size(row) + 1:
            parts.append("\n".join(part))
            part, room = [header], LONGEST - size(header)
        part.append(row)
        room -= size(row) + 1
    return [*parts, "\n".join(part)]


def _split_prose(text: str) -> list[str]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=_SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=LONGEST,
        chunk_overlap=0,
        length_function=size,
    )
    return splitter.split_text(text)
