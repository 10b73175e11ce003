"""The desk's page of customers' own words for entries that they had to pick: an admin teaches them.

Building the knowledge takes its time, so it runs beside the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from bot.audit import write_audit
from bot.wordings import PickedEntry, Wording, read_picked
from knowledge.embedder import load_embedder
from knowledge.errors import KnowledgeBusy
from knowledge.taught import Taught, read_taught
from knowledge.teach import teach
from ui.desk_pages import failure, page, text
from ui.desk_session import PATH, Admin, CurrentAgent, desk_language
from ui.desk_state import desk_of

if TYPE_CHECKING:
    from bot.build import Frontdesk
    from knowledge.types import Progress

router = APIRouter(prefix="/wordings", default_response_class=Response)

_DAYS = 365
_SHOWN = 100
_JOB = "wordings"


class Ticked(BaseModel):
    """The wordings that are ticked, and which were when the page was made: each is the id of its
    entry, a tab, and the words.
    """

    ticked: list[str] = Field(default_factory=list, max_length=10_000)
    before: list[str] = Field(default_factory=list, max_length=10_000)

    def change(self, taught: Taught) -> Taught:
        """What another admin has taught meanwhile stays."""
        ticked, before = _by_entry(self.ticked), _by_entry(self.before)
        for entry in ticked | before:
            kept = [words for words in taught.of(entry) if words not in before.get(entry, ())]
            taught = taught.changed(entry, [*kept, *ticked.get(entry, ())])
        return taught


def _by_entry(wordings: Sequence[str]) -> dict[str, list[str]]:
    by_entry: dict[str, list[str]] = {}
    for each in wordings:
        entry, _, words = each.partition("\t")
        by_entry.setdefault(entry, []).append(words)
    return by_entry


@dataclass(frozen=True)
class Shown:
    """`wordings` with whether each is taught; those that nobody picked lately have no turn."""

    entry: PickedEntry
    wordings: tuple[tuple[Wording, bool], ...]


@router.get("")
def wordings(request: Request, agent: CurrentAgent) -> Response:
    return _wordings_page(request)


@router.get("/progress")
def progress(request: Request, agent: CurrentAgent) -> Response:
    return JSONResponse(desk_of(request).jobs.progress(_JOB))


@router.post("")
def save(request: Request, admin: Admin, form: Annotated[Ticked, Form()]) -> Response:
    """Builds the knowledge in the background. One admin at a time: another is told to try again."""
    desk, language = desk_of(request).frontdesk, desk_language(request)

    def work(progress: Progress) -> None:
        config = desk.config
        embedder = load_embedder(config.embedder)
        url = config.chroma_url
        try:
            teach(config.home, form.change, embedder, chroma_url=url, progress=progress)
        except KnowledgeBusy as busy:
            raise KnowledgeBusy(text("draft_problem_busy", language)) from busy
        new = set(form.ticked) - set(form.before)
        gone = set(form.before) - set(form.ticked)
        detail = f"+{len(new)} -{len(gone)}"
        write_audit(desk.log.database, admin.name, "taught", detail=detail)

    if not desk_of(request).jobs.start(_JOB, work):
        return _wordings_page(request, text("draft_problem_busy", language))
    return RedirectResponse(f"{PATH}/wordings", 303)


def _wordings_page(request: Request, said: str = "") -> Response:
    desk = desk_of(request).frontdesk
    job = desk_of(request).jobs.get(_JOB)
    return page(
        request,
        "wordings",
        status=409 if said else 200,
        section="gaps",
        entries=_shown(_picked(desk), read_taught(desk.config.home))[:_SHOWN],
        running=bool(job and job.running),
        problem=said or failure(request, job),
    )


def _picked(desk: Frontdesk) -> list[PickedEntry]:
    since = datetime.now(UTC).date() - timedelta(days=_DAYS)
    with desk.log.database.reading() as connection:
        return read_picked(connection, since=since.isoformat())


def _shown(picked: Sequence[PickedEntry], taught: Taught) -> list[Shown]:
    """Those with something to decide first; at the end what was taught and is picked no more."""
    entries = {entry.id: entry for entry in picked}
    for name in taught.entries:
        entries.setdefault(name, PickedEntry(name, _readable(name), ()))
    shown = [_with_taught(entry, taught.of(entry.id)) for entry in entries.values()]
    return sorted(shown, key=lambda one: all(is_taught for _, is_taught in one.wordings))


def _with_taught(entry: PickedEntry, own: Sequence[str]) -> Shown:
    known = {words.casefold(): words for words in own}
    # As they were taught, whatever the capitals of who used them last.
    wordings = [
        (
            replace(each, text=known.get(each.text.casefold(), each.text)),
            each.text.casefold() in known,
        )
        for each in entry.wordings
    ]
    used = {each.text.casefold() for each in entry.wordings}
    wordings += [(Wording(words, 0, "", 0), True) for words in own if words.casefold() not in used]
    return Shown(entry, tuple(wordings))


def _readable(entry: str) -> str:
    return entry.rpartition("#")[2].replace("-", " ")
