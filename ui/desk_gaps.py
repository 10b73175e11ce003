"""The desk's page of gaps. Grouping takes its time, so it runs beside the page and is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.gaps import FoundGaps, GapFinder, read_unanswered
from knowledge.embedder import load_embedder
from ui.desk_pages import failure, page
from ui.desk_session import CurrentAgent
from ui.desk_state import desk_of

if TYPE_CHECKING:
    from bot.build import Frontdesk
    from knowledge.types import Progress
    from ui.jobs import Job

router = APIRouter(prefix="/gaps", default_response_class=Response)

SPANS = (7, 30, 90, 365)
_DEFAULT_SPAN = 30
_SHOWN = 100


@router.get("")
def gaps(
    request: Request, agent: CurrentAgent, days: int = _DEFAULT_SPAN, sort: str = "count"
) -> Response:
    days = days if days in SPANS else _DEFAULT_SPAN
    job = _bring_up_to_date(request, days)
    known = desk_of(request).gaps.get(days)
    shown = list(known.gaps if known else ())
    if sort == "newest":
        shown.sort(key=lambda gap: gap.newest, reverse=True)
    shown.sort(key=lambda gap: gap.closed)
    return page(
        request,
        "gaps",
        section="gaps",
        gaps=shown[:_SHOWN],
        total=len(shown),
        known=known is not None,
        running=bool(job and job.running),
        problem=failure(request, job),
        days=days,
        spans=SPANS,
        sort=sort,
    )


@router.get("/progress")
def progress(request: Request, agent: CurrentAgent, days: int = _DEFAULT_SPAN) -> Response:
    return JSONResponse(desk_of(request).jobs.progress(_job(days)))


def _bring_up_to_date(request: Request, days: int) -> Job | None:
    """Begins the grouping where log or knowledge have changed since the last one."""
    desk, found = desk_of(request).frontdesk, desk_of(request).gaps
    since = _since(days)
    made_of = (desk.knowledge.version, since.isoformat(), _newest_turn(desk))
    known = found.get(days)
    if known is None or known.made_of != made_of:

        def work(progress: Progress) -> None:
            with desk.log.database.reading() as connection:
                unanswered = read_unanswered(connection, since=since.isoformat())
            finder = GapFinder(desk.config, load_embedder(desk.config.embedder), desk.knowledge)
            gaps = finder.find(unanswered, progress=progress)
            found[days] = FoundGaps(made_of, tuple(gaps))

        before = desk_of(request).jobs.get(_job(days))
        if before is None or not before.problem:
            desk_of(request).jobs.start(_job(days), work)
    return desk_of(request).jobs.get(_job(days))


def _newest_turn(desk: Frontdesk) -> str:
    """Of those that can be a gap."""
    with desk.log.database.reading() as connection:
        row = connection.execute(
            "select max(created_at) from answer_facts where route in ('decline', 'hand_off')"
        ).fetchone()
        reviews = connection.execute(
            "select count(*) from reviews where verdict = 'should_answer'"
        ).fetchone()
    return f"{row[0]} {reviews[0]}"


def _since(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days - 1)


def _job(days: int) -> str:
    return f"gaps {days}"
