"""The entries that reviewers added: Markdown in the home folder that a person can edit, too.

`learned/en.md` and `learned/zh.md` are a source of the knowledge like any other. Each entry carries
the number that it was added under, so that it can be taken out again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.ingest import Ingest, IngestReport
from knowledge.sources import DEMO_PACK
from knowledge.store import KnowledgeStore
from knowledge.types import Embedder, Language, Progress
from knowledge.versions import Versions

FOLDER = "learned"
_TITLES: Mapping[Language, str] = {
    "en": "# Answers that our team added",
    "zh": "# 团队补充的回答",
}
_ASKS = re.compile(r"[?？]\s*$")
# What would begin a heading, or a block of HTML that swallows the entries below.
_OPENERS = re.compile(r"^([^\S\n]*)(?=#{1,6}\s|<|[=-]+[^\S\n]*$)", re.MULTILINE)
_FENCE = re.compile(r"^[^\S\n]*(`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True)
class LearnedEntry:
    """`asked` holds other ways in which customers ask it."""

    number: int
    language: Language
    question: str
    answer: str
    asked: tuple[str, ...] = ()

    def markdown(self) -> str:
        """As `knowledge/passages.py` reads it: an FAQ entry, whatever stands in its texts."""
        question = _one_line(self.question)
        if not _ASKS.search(question):
            question += "？" if self.language == "zh" else "?"
        lines = [f"## {question}", f"<!-- entry {self.number} -->"]
        if self.asked:
            lines += ["<!-- asked", *map(_one_line, self.asked), "-->"]
        answer = _OPENERS.sub(r"\1\\", _plain(self.answer).strip())
        answer = _FENCE.sub(lambda fence: "\\" + fence[0].strip(), answer)
        return "\n".join([*lines, "", answer, "", f"<!-- end of entry {self.number} -->", ""])


def add_entry(folder: Path, entry: LearnedEntry) -> None:
    """Writes the entry at the end of its language's document, in the place of an earlier one."""
    path = _path(folder, entry.language)
    kept = _without(_read(path), entry.number).rstrip() or _TITLES[entry.language]
    _write(path, f"{kept}\n\n{entry.markdown()}")


def remove_entry(folder: Path, number: int, language: Language) -> bool:
    """Whether the entry was there. A person may have taken it out by hand."""
    path = _path(folder, language)
    before = _read(path)
    after = _without(before, number)
    if after == before:
        return False
    if after.strip() == _TITLES[language]:
        path.unlink()  # without any entry there is no text to answer from
    else:
        _write(path, after.rstrip() + "\n")
    return True


def has_entry(home: Path, entry: LearnedEntry) -> bool:
    before = _read(_path(home / FOLDER, entry.language))
    return _without(before, entry.number) != before


def publish_entry(
    home: Path, entry: LearnedEntry, embedder: Embedder, *, chroma_url: str, progress: Progress
) -> IngestReport:
    """Adds the entry and ingests. Raises KnowledgeBusy and the errors of Ingest; the document is
    then as before.
    """
    folder = home / FOLDER
    with _changing(home, entry):
        add_entry(folder, entry)
        run = Ingest(home, embedder, chroma_url=chroma_url, progress=progress)
        return run.run([*_demo(home), folder])


def withdraw_entry(
    home: Path, entry: LearnedEntry, version: str, embedder: Embedder, *, chroma_url: str
) -> str:
    """Takes the entry out again, and returns the version that answers now.

    Where `version`, which brought it, still answers, the one before is switched back to at once.
    Raises KnowledgeBusy and the errors of Ingest; the document is then as before.
    """
    versions, folder = Versions(home), home / FOLDER
    with _changing(home, entry):
        if versions.current() == version:
            remove_entry(folder, entry.number, entry.language)
            return versions.rollback()
        if not has_entry(home, entry):
            raise KnowledgeError(
                f"Entry {entry.number} is no longer in {folder}: somebody has taken it out by hand."
            )
        return drop_entry(home, entry, embedder, chroma_url=chroma_url)


def drop_entry(home: Path, entry: LearnedEntry, embedder: Embedder, *, chroma_url: str) -> str:
    """The entry is in no document and not in the version that answers now, which is returned.

    Raises as withdraw_entry does.
    """
    folder = home / FOLDER
    with _changing(home, entry):
        remove_entry(folder, entry.number, entry.language)
        ingest = Ingest(home, embedder, chroma_url=chroma_url)
        if folder.resolve() in sources(home) and not any(folder.glob("*.md")):
            return ingest.remove(folder).version
        return ingest.run([]).version


def sources(home: Path) -> list[Path]:
    """What the current version was made of. Raises KnowledgeMissing."""
    versions = Versions(home)
    store = KnowledgeStore(versions.path(versions.current()) / "passages.db")
    try:
        return [Path(path) for path in store.fact("sources")]
    finally:
        store.close()


@contextmanager
def _changing(home: Path, entry: LearnedEntry) -> Iterator[None]:
    """Nobody else changes the document meanwhile. Where that fails, it is as before."""
    path = _path(home / FOLDER, entry.language)
    with Versions(home).writing():
        before = _read(path)
        try:
            yield
        except BaseException:
            _write(path, before) if before else path.unlink(missing_ok=True)
            raise


def _demo(home: Path) -> list[Path]:
    """The demo shop makes way for documents of one's own, but not for an entry about itself."""
    return [DEMO_PACK] if DEMO_PACK in sources(home) else []


def _without(markdown: str, number: int) -> str:
    """From the heading above the entry's first mark to its second one."""
    lines = markdown.split("\n")
    marks = f"<!-- entry {number} -->", f"<!-- end of entry {number} -->"
    if not all(mark in lines for mark in marks):
        return markdown
    first, last = (lines.index(mark) for mark in marks)
    return "\n".join(lines[: max(0, first - 1)] + lines[last + 1 :])


def _path(folder: Path, language: Language) -> Path:
    return folder / f"{language}.md"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _write(path: Path, text: str) -> None:
    """In one step: a reader, or a power cut, finds the old document or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Without the signs that begin and end a comment."""
    return text.replace("<!--", "‹!--").replace("-->", "--›")
