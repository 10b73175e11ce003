"""Files of any kind -> Document. Knows formats and encodings; nothing of passages."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from knowledge.characters import clean, one_line
from knowledge.conversion import docx_to_markdown, html_to_markdown, pdf_to_markdown
from knowledge.decoding import decode, readable_name
from knowledge.errors import UnreadableFile
from knowledge.faq_tables import read_csv, read_json, read_jsonl, read_xlsx
from knowledge.headings import find_headings
from knowledge.markdown_tables import take_entries
from knowledge.types import Document, Entry

# Part of the cache key of every document: raise the first number when the rules change.
READER = f"read 5, markitdown {version('markitdown')}"

_MARKDOWN = {".md", ".markdown", ".txt", ".text"}
_HTML = {".html", ".htm", ".xhtml"}
_TABLES = {".csv": read_csv, ".tsv": read_csv, ".json": read_json, ".jsonl": read_jsonl}
READABLE: frozenset[str] = frozenset({*_MARKDOWN, *_HTML, *_TABLES, ".pdf", ".docx", ".xlsx"})

# Text of kinds that cannot be read, and what it can be saved as.
SAVE_AS: Mapping[str, str] = {
    **dict.fromkeys((".doc", ".odt", ".pages", ".rtf", ".wps"), ".docx"),
    **dict.fromkeys((".et", ".numbers", ".ods", ".xls"), ".xlsx"),
    **dict.fromkeys((".odp", ".ppt", ".pptx"), ".pdf"),
    **dict.fromkeys(("", ".mdx", ".rst"), ".md"),
}
# Files without a suffix that tell customers nothing.
_NOT_FOR_CUSTOMERS = {
    *("authors", "cname", "codeowners", "contributors", "copying", "licence", "license", "notice"),
    *("brewfile", "containerfile", "dockerfile", "gemfile", "jenkinsfile", "justfile", "makefile"),
    *("pipfile", "procfile", "rakefile", "vagrantfile", "version"),
}

_LARGEST_MEGABYTES = 50
_INTENTS = "intents"
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.{0,20000}?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)


@dataclass
class Listing:
    """What stands at a source: documents, and text of kinds that cannot be read.

    `closed` tells why a folder cannot be looked into.
    """

    documents: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    closed: dict[Path, str] = field(default_factory=dict)


def list_files(source: Path) -> Listing:
    """The file itself, or every file of text below a folder, sorted.

    Hidden files, Office's lock files (`~$...`) and `intents/` are left out; linked folders are
    followed, each real folder once. Raises UnreadableFile when nothing stands at `source`.
    """
    if source.is_file():
        return Listing([source])
    if not source.is_dir():
        raise UnreadableFile(f"{source} does not exist. Give the path of a file or a folder.")
    listing = Listing()
    for path in sorted(_below(source, listing.closed)):
        kind = listing.documents if path.suffix.lower() in READABLE else listing.unread
        kind.append(path)
    return listing


def document_paths(source: Path) -> list[Path]:
    """The documents of `list_files`."""
    return list_files(source).documents


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
    return Document(
        document_id,
        one_line(title) or _file_title(path),
        markdown,
        tuple(entry for entry in entries if entry.question.strip() and entry.answer),
        tuple(entry.question for entry in entries if not entry.answer),
        tuple(entry.answer for entry in entries if not entry.question.strip()),
    )


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


def _below(folder: Path, closed: dict[Path, str]) -> Iterator[Path]:
    seen: set[Path] = set()

    def close(error: OSError) -> None:
        closed[Path(error.filename)] = str(error.strerror)

    for here, folders, files in os.walk(folder, followlinks=True, onerror=close):
        real = Path(here).resolve()
        if real in seen or not _can_be_entered(here, close):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in sorted(folders) if name[0] != "." and name != _INTENTS]
        for name in files:
            path = Path(here, name)
            hidden = name.startswith((".", "~$")) or name.lower() in _NOT_FOR_CUSTOMERS
            if not hidden and path.suffix.lower() in READABLE | SAVE_AS.keys() and path.is_file():
                yield path


def _can_be_entered(folder: str, close: Callable[[OSError], None]) -> bool:
    """A folder without permission to enter it may still name its files."""
    try:
        os.stat(os.path.join(folder, "."))
    except OSError as error:
        close(error)
        return False
    return True


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
    name = Path(readable_name(path))
    words = " ".join(re.split(r"[\s_-]+", name.stem)).strip() or name.name
    return one_line(words[:1].upper() + words[1:])
