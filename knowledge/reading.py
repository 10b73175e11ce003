"""Files of any kind -> Document. Knows formats and encodings; nothing of passages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from knowledge.characters import clean, one_line
from knowledge.conversion import docx_to_markdown, html_to_markdown, pdf_to_markdown
from knowledge.decoding import decode
from knowledge.errors import UnreadableFile
from knowledge.faq_tables import read_csv, read_json, read_jsonl, read_xlsx
from knowledge.headings import find_headings
from knowledge.markdown_tables import take_entries
from knowledge.types import Document, Entry

# Part of the cache key of every document: raise the first number when the rules change.
READER = f"read 2, markitdown {version('markitdown')}"

_MARKDOWN = {".md", ".markdown", ".txt", ".text"}
_HTML = {".html", ".htm", ".xhtml"}
_TABLES = {".csv": read_csv, ".tsv": read_csv, ".json": read_json, ".jsonl": read_jsonl}
READABLE: frozenset[str] = frozenset({*_MARKDOWN, *_HTML, *_TABLES, ".pdf", ".docx", ".xlsx"})

_LARGEST_MEGABYTES = 50
_INTENTS = "intents"
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.{0,20000}?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)


def document_paths(source: Path) -> list[Path]:
    """The file itself, or every readable file below a folder, sorted.

    Hidden files, Office's lock files (`~$...`) and `intents/` are left out; linked folders are
    followed, each real folder once. Raises UnreadableFile when nothing stands at `source`.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise UnreadableFile(f"{source} does not exist. Give the path of a file or a folder.")
    return sorted(_below(source))


def read_document(path: Path, document_id: str) -> Document:
    """One file as Markdown, FAQ entries, or both (a workbook); raises UnreadableFile."""
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        kinds = ", ".join(sorted(READABLE))
        raise UnreadableFile(f"{path} is of no kind that can be read. Readable: {kinds}.")
    title, markdown, entries = _content(_bytes(path), suffix, path)
    if suffix != ".xlsx":
        markdown, of_tables = take_entries(clean(markdown))
        entries += of_tables
    if not entries and not clean(markdown).strip():
        raise UnreadableFile(f"{path} holds no text. Write some, or take it away.")
    return Document(document_id, one_line(title) or _file_title(path), markdown, entries)


def _content(data: bytes, suffix: str, path: Path) -> tuple[str, str, tuple[Entry, ...]]:
    """Title, Markdown and entries; each of them empty where the file has none."""
    title, markdown, entries = "", "", tuple[Entry, ...]()
    if suffix in _TABLES:
        entries = _TABLES[suffix](decode(data, path), path)
    elif suffix == ".xlsx":
        markdown, entries = read_xlsx(data, path)
    elif suffix == ".pdf":
        markdown = pdf_to_markdown(data, path)
    elif suffix == ".docx":
        markdown = docx_to_markdown(data, path)
        title = _first_heading(markdown)
    elif suffix in _HTML:
        page_title, markdown = html_to_markdown(data, path)
        title = _first_heading(markdown) or page_title
    else:
        title, markdown = _without_front_matter(decode(data, path))
        title = title or _first_heading(markdown)
    return title, markdown, entries


def _below(folder: Path) -> Iterator[Path]:
    seen: set[Path] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = Path(here).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in sorted(folders) if name[0] != "." and name != _INTENTS]
        for name in files:
            path = Path(here, name)
            hidden = name.startswith((".", "~$"))
            if not hidden and path.suffix.lower() in READABLE and path.is_file():
                yield path


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_MEGABYTES * 1_000_000:
            raise UnreadableFile(
                f"{path} is larger than {_LARGEST_MEGABYTES} MB. Split it into smaller files."
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be opened: {error.strerror}.") from error


def _without_front_matter(text: str) -> tuple[str, str]:
    """The title that the YAML between two lines of dashes gives, and the text below it."""
    found = _FRONT_MATTER.match(clean(text))
    if not found:
        return "", text
    import yaml

    try:
        settings = yaml.safe_load(found[1])
    except (ValueError, RecursionError, yaml.YAMLError):
        return "", text
    if not isinstance(settings, dict):
        return "", text
    return str(settings.get("title") or ""), clean(text)[found.end() :]


def _first_heading(markdown: str) -> str:
    return next(
        (heading.text for heading in find_headings(clean(markdown)) if heading.level == 1), ""
    )


def _file_title(path: Path) -> str:
    words = " ".join(re.split(r"[\s_-]+", path.stem)).strip() or path.name
    return one_line(words[:1].upper() + words[1:])
