"""What a new entry would change: eval sets and logged questions, asked with it and without it.

Runs on a copy of the home that is thrown away: nothing is published, and no conversation is kept.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.types import Answer
from evals.compare import Comparison, compare
from evals.desk import Desk, Remembering, open_desk, silent
from evals.dialogues import measure_dialogues, whole_text
from evals.figures import written
from evals.questions import measure_questions
from evals.result import Result
from evals.suite import OWN_SCRIPTS, Suite, read_suite
from knowledge.decoding import readable_name
from knowledge.language import language_of
from knowledge.learned import FOLDER, LearnedEntry, publish_entry, sources
from knowledge.sources import DEMO_PACK
from knowledge.store import KnowledgeStore
from knowledge.taught import read_taught, write_taught
from knowledge.types import Embedder, Progress
from knowledge.versions import Versions

# Of each file of an eval set, and of the log: enough to see harm, and asked within a minute.
_ROWS = 25
_LOGGED = 40
_OWN_SUITE = "suite.toml"


@dataclass(frozen=True)
class Told:
    """What the bot says to a question; `cites` names the passages."""

    route: str
    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One question, without the entry and with it."""

    question: str
    before: Told
    after: Told


@dataclass(frozen=True)
class SetChange:
    """One eval set; `fixed` and `broken` hold its questions, `figures` what a person reads."""

    title: str
    rows: int
    figures: tuple[str, ...]
    fixed: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True)
class GateReport:
    """`own` are the entry's questions; `changed` those of the `logged` ones that change; `missing`
    the sources of the knowledge that have gone, of which what was read before was asked.
    """

    own: tuple[Asked, ...]
    logged: int
    changed: tuple[Asked, ...]
    sets: tuple[SetChange, ...]
    missing: tuple[str, ...]
    seconds: float


def check_entry(
    config: Config, entry: LearnedEntry, embedder: Embedder, *, progress: Progress = silent
) -> GateReport:
    """Raises KnowledgeMissing, the errors of Ingest, EvalError and what the Config names."""
    started = time.perf_counter()
    remembering = Remembering(embedder)
    with _home_with(config, entry, remembering, progress) as candidate:
        gone = [readable_name(path) for path in sources(candidate.home) if not os.path.exists(path)]
        own = [entry.question, *entry.asked]
        logged = [question for question in _logged(config) if question not in own]
        questions = [*own, *logged]
        remembering.warm(questions, progress)
        before = _ask(config, questions, remembering, progress)
        after = _ask(candidate, questions, remembering, progress)
        asked = [Asked(*each) for each in zip(questions, before, after, strict=True)]
        sets = [
            _set_change(comparison, len(old.rows))
            for old, new in zip(
                _measured(config, config.home, remembering, progress),
                _measured(candidate, config.home, remembering, progress),
                strict=True,
            )
            for comparison in compare([old], [new])
        ]
    return GateReport(
        own=tuple(asked[: len(own)]),
        logged=len(logged),
        changed=tuple(each for each in asked[len(own) :] if each.before != each.after),
        sets=tuple(sets),
        missing=tuple(gone),
        seconds=round(time.perf_counter() - started, 1),
    )


@contextmanager
def _home_with(
    config: Config, entry: LearnedEntry, embedder: Embedder, progress: Progress
) -> Iterator[Config]:
    """A home where the entry is published. Vectors and classifier are copied."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-gate-") as folder:
        home = Path(folder)
        _copy_knowledge(config.home, home)
        for name in ("models", FOLDER):
            if (config.home / name).is_dir():
                shutil.copytree(config.home / name, home / name)
        write_taught(home, read_taught(config.home))
        publish_entry(home, entry, embedder, chroma_url="", progress=progress)
        yield config.model_copy(update={"home": home, "chroma_url": ""})


def _copy_knowledge(home: Path, copy: Path) -> None:
    """What a publication starts from: the texts of sources that have gone stand nowhere else."""
    old, new = Versions(home), Versions(copy)
    name = old.current()
    new.path(name).mkdir(parents=True)
    moved = {(home / FOLDER).resolve(): copy / FOLDER}
    with closing(KnowledgeStore(old.path(name) / "passages.db")) as store:
        paths = [str(moved.get(path, path).resolve()) for path in sources(home)]
        store.copy_to(new.path(name) / "passages.db", {"sources": paths})
    with (
        closing(sqlite3.connect(old.embeddings)) as known,
        closing(sqlite3.connect(new.embeddings)) as embeddings,
    ):
        known.backup(embeddings)
    new.switch(name)


def _ask(
    config: Config, questions: Sequence[str], embedder: Embedder, progress: Progress
) -> list[Told]:
    told = []
    with open_desk(config, embedder=embedder) as desk:
        for question in questions:
            told.append(_told(desk, question))
            progress("ask", len(told), len(questions))
    return told


def _told(desk: Desk, question: str) -> Told:
    answer: Answer = desk.ask(question, language=language_of(question))
    cites = tuple(citation.passage_id for citation in answer.citations)
    return Told(answer.route.value, whole_text(answer), cites)


def _logged(config: Config) -> list[str]:
    """The newest questions that the bot answered, asked back or declined, each once."""
    path = config.home / "conversations.db"
    if not path.is_file():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select question.text from turns answer join turns question "
            "on question.id = answer.reply_to where answer.role = 'bot' "
            "and answer.route in ('answer', 'clarify', 'decline') order by answer.id desc limit ?",
            [3 * _LOGGED],
        ).fetchall()
    return list(dict.fromkeys(text for (text,) in rows))[:_LOGGED]


def _measured(
    config: Config, home: Path, embedder: Embedder, progress: Progress
) -> Iterator[Result]:
    """The owner's own dialogues and suite, and the demo shop's questions where it answers."""
    own = home / OWN_SCRIPTS
    if any(own.glob("*.yaml")):
        yield measure_dialogues(config, [own], embedder=embedder, progress=progress)
    for each in _suite(home).sets:
        if each.suite == "questions":
            files = dict(each.files)
            yield measure_questions(
                config, **files, limit=_ROWS, embedder=embedder, progress=progress
            )


def _suite(home: Path) -> Suite:
    own = home / OWN_SCRIPTS / _OWN_SUITE
    if own.is_file():
        return read_suite(own)
    return read_suite() if DEMO_PACK in sources(home) else Suite(())


def _set_change(comparison: Comparison, rows: int) -> SetChange:
    figures = [
        f"{change.title}: {written(change.metric, change.old)} → "
        f"{written(change.metric, change.new)}"
        for change in comparison.changes
        if "." not in change.metric and change.old != change.new
    ]
    return SetChange(
        title=comparison.title,
        rows=rows,
        figures=tuple(figures),
        fixed=tuple(_name(row.shown.get("query", row.id)) for row in comparison.fixed),
        broken=tuple(_name(row.shown.get("query", row.id)) for row in comparison.broken),
    )


def _name(value: object) -> str:
    return str(value)
