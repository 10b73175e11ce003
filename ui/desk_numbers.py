"""The desk's page of numbers: figures and plots of a period, each with the conversations behind it,
and the export of all of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from bot.audit import write_audit
from bot.export import Format, Kind, Range, encoded, rows, write_parquet
from bot.numbers import Numbers, read_numbers
from bot.outcomes import Outcome
from bot.period import Period
from knowledge.errors import KnowledgeMissing
from knowledge.status import read_documents
from knowledge.types import Language
from ui.charts import Chart, bars, timing_bars, widths
from ui.desk_pages import TEXTS, page, text
from ui.desk_session import PATH, Admin, CurrentAgent, desk_language
from ui.desk_state import desk_of

if TYPE_CHECKING:
    from bot.build import Frontdesk

router = APIRouter(prefix="/numbers", default_response_class=Response)

SPANS = (7, 30, 90, 365)
_DEFAULT_SPAN = 30
_LONGEST_DAYS = 3660
_DOCUMENTS = 15
_BLOCK = 1 << 20


@router.get("")
def numbers(
    request: Request, agent: CurrentAgent, since: str = "", until: str = "", days: int = 0
) -> Response:
    period = read_period(since, until, days)
    desk, language = desk_of(request).frontdesk, desk_language(request)
    with desk.log.database.reading() as connection:
        found = read_numbers(connection, period)
    documents = dict(list(found.documents.items())[:_DOCUMENTS])
    return page(
        request,
        "numbers",
        section="numbers",
        numbers=found,
        charts=_charts(found, language),
        solved=_sum(found, Outcome.CONFIRMED_SOLVED, Outcome.ASSUMED_SOLVED),
        link=partial(_link, period),
        documents=documents,
        widths=widths(documents),
        never=_never_cited(desk, found),
        spans=SPANS,
        today=_today(),
        days=period.days if period.until == _today() else 0,
        stars=_mean_stars(found),
    )


@router.get("/export/{kind}.{format_}")
def export(
    request: Request, admin: Admin, kind: Kind, format_: Format, since: str = "", until: str = ""
) -> Response:
    """Streamed: what customers wrote is personal data, so it is for admins, and in the audit."""
    database = desk_of(request).frontdesk.log.database
    days = Range(since, until)
    write_audit(database, admin.name, "exported", detail=f"{kind}.{format_} {since} {until}")
    media = {
        "csv": "text/csv; charset=utf-8",
        "jsonl": "application/jsonl",
        "parquet": "application/vnd.apache.parquet",
    }[format_]
    name = "-".join(filter(None, (kind, since, until)))
    headers = {"content-disposition": f'attachment; filename="{name}.{format_}"'}
    return StreamingResponse(
        _exported(request, kind, format_, days), media_type=media, headers=headers
    )


def _exported(request: Request, kind: Kind, format_: Format, days: Range) -> Iterator[bytes]:
    with desk_of(request).frontdesk.log.database.reading() as connection:
        found = rows(connection, kind, days)
        if format_ != "parquet":
            yield from encoded(kind, format_, found)
            return
        with tempfile.TemporaryFile() as file:
            write_parquet(kind, found, file)
            file.seek(0)
            while block := file.read(_BLOCK):
                yield block


def read_period(since: str, until: str, days: int) -> Period:
    """What is missing or wrong becomes the last 30 days."""
    last = _date(until) or _today()
    if days not in range(1, _LONGEST_DAYS):
        days = _DEFAULT_SPAN
    first = _date(since) or last - timedelta(days=days - 1)
    first = max(first, last - timedelta(days=_LONGEST_DAYS))
    return Period(min(first, last), last)


def _charts(found: Numbers, language: Language) -> dict[str, Chart]:
    def chart(name: str, prefix: str, field: str) -> Chart:
        return bars(
            getattr(found, name),
            found.period,
            label=partial(_label, prefix, language),
            link=lambda period, value: _link(period, **{field: value}),
        )

    return {
        "outcome": chart("by_outcome", "outcome", "outcome"),
        "language": chart("by_language", "language", "language"),
        "route": chart("by_route", "route", "route"),
        "intent": chart("by_intent", "intent", "intent"),
        "rating": chart("by_rating", "rating", "rating"),
        "timing": timing_bars(
            found.timings, found.period, link=lambda period, _: _link(period, route="answer")
        ),
    }


def _label(prefix: str, language: Language, name: str) -> str:
    """An intent's own name; a text for what we named."""
    key = f"{prefix}_{name}"
    return text(key, language) if key in TEXTS else name


def _link(period: Period, **wanted: str) -> str:
    """The conversations of the period that are so. What has no name has no filter, either."""
    known = {name: value for name, value in wanted.items() if value and value != "other"}
    dates = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    return f"{PATH}/review?{urlencode(known | dates)}"


def _sum(found: Numbers, *names: Outcome) -> float | None:
    shares = [each.value for each in found.outcomes if each.name in names]
    return sum(shares) if shares else None


def _mean_stars(found: Numbers) -> float | None:
    given = sum(found.satisfaction.values())
    return sum(s * n for s, n in found.satisfaction.items()) / given if given else None


def _never_cited(desk: Frontdesk, found: Numbers) -> list[str]:
    try:
        known = [document["id"] for document in read_documents(desk.config.home)]
    except KnowledgeMissing:
        return []
    return [name for name in known if name not in found.documents]


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _today() -> date:
    return datetime.now(UTC).date()
