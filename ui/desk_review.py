"""The desk's pages for review: the list of conversations, one conversation, and the queue."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from bot.audit import write_audit
from bot.errors import UnknownConversation, UnknownTurn
from bot.finding import COUNTED, Filter, choices, count, find, neighbours
from bot.outcomes import Outcome
from bot.reviews import REASONS, Review, Reviews, Verdict, Why, agreement, reviews_of
from bot.trace import read_trace
from bot.types import Owner, Route
from evals.logged import add_case
from ui.desk_pages import page, problem, text
from ui.desk_session import PATH, CurrentAgent, desk_language
from ui.desk_state import desk_of

router = APIRouter(prefix="/review", default_response_class=Response)

# Longer than this is no correction.
_MOST_CHARS = 8000
_PASSAGES = 8


@router.get("")
def conversations(request: Request, agent: CurrentAgent, after: str = "") -> Response:
    wanted = read_filter(request)
    database = desk_of(request).frontdesk.log.database
    with database.reading() as connection:
        found = find(connection, wanted, after=after)
        total = None if wanted.text.strip() else count(connection, wanted)
        offered, agreed = choices(connection), agreement(connection)
    return page(
        request,
        "review_list",
        section="review",
        wanted=wanted,
        found=found,
        choices=offered,
        agreement=agreed,
        query=_query(wanted, after),
        more=_query(wanted, found.after),
        first=_query(wanted) if after else "",
        total=total,
        counted=COUNTED,
        outcomes=[outcome.value for outcome in Outcome],
        owners=[owner.value for owner in Owner],
        routes=[*(route.value for route in Route if route is not Route.SILENT), "failed"],
        verdicts=[verdict.value for verdict in Verdict],
    )


@router.get("/queue")
def queue(request: Request, agent: CurrentAgent, skip: bool = False) -> Response:
    """To what this reviewer should look at next."""
    queued = _reviews(request).next(agent.name, skip=skip)
    if queued is None:
        return page(request, "review_queue_empty", section="review")
    why = urlencode({"queue": queued.why.value})
    return RedirectResponse(f"{PATH}/review/{queued.conversation_id}?{why}", 303)


@router.get("/passages")
def passages(request: Request, agent: CurrentAgent, q: str = "") -> Response:
    """What the knowledge holds on a few words: to name the right passage."""
    matches = desk_of(request).frontdesk.knowledge.search(q, k=_PASSAGES) if q.strip() else []
    found = [{"id": match.passage.id, "title": match.passage.heading} for match in matches]
    return JSONResponse(found)


@router.get("/{conversation_id}")
def conversation(
    request: Request, agent: CurrentAgent, conversation_id: str, after: str = "", queue: str = ""
) -> Response:
    desk, wanted = desk_of(request).frontdesk, read_filter(request)
    with desk.log.database.reading() as connection:
        try:
            trace = read_trace(connection, conversation_id, coverage=desk.config.grounding_coverage)
        except UnknownConversation:
            return problem(request, 404, "nothing_here")
        reviews = reviews_of(connection, conversation_id)
        newer, older = neighbours(connection, wanted, conversation_id)
        second = connection.execute(
            "select 1 from second_reviews where conversation_id = ?", [conversation_id]
        ).fetchone()
    holder = _reviews(request).open(conversation_id, agent.name)
    write_audit(desk.log.database, agent.name, "viewed", conversation_id=conversation_id)
    in_queue = queue in set(Why)
    return page(
        request,
        "review",
        section="review",
        trace=trace,
        mine={turn: r for turn, all_ in reviews.items() for r in all_ if r.reviewer == agent.name},
        others={
            turn: [r for r in all_ if r.reviewer != agent.name] for turn, all_ in reviews.items()
        },
        back=f"{PATH}/review?{_query(wanted, after)}#{conversation_id}",
        newer=_beside(newer, wanted, after),
        older=_beside(older, wanted, after),
        next=f"{PATH}/review/queue" if in_queue else _beside(older, wanted, after),
        why=queue if in_queue else "",
        held_by=holder if holder != agent.name else "",
        second_asked=second is not None,
        verdicts=[verdict.value for verdict in Verdict],
        reasons=REASONS,
    )


@router.post("/{conversation_id}/second")
def ask_for_second(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    _reviews(request).ask_for_second(conversation_id, agent.name)
    database = desk_of(request).frontdesk.log.database
    write_audit(database, agent.name, "asked_for_second_review", conversation_id=conversation_id)
    return RedirectResponse(f"{PATH}/review/{conversation_id}", 303)


class Judgement(BaseModel):
    """One turn's form."""

    verdict: Verdict
    reasons: list[str] = []
    corrected: str = Field("", max_length=_MOST_CHARS)
    right_passage: str = Field("", max_length=500)
    tags: str = Field("", max_length=500)
    note: str = Field("", max_length=_MOST_CHARS)

    def review(self, turn_id: int, reviewer: str) -> Review:
        tags = (tag.strip() for tag in self.tags.replace("，", ",").split(","))
        return Review(
            turn_id,
            reviewer,
            self.verdict,
            tuple(reason for reason in REASONS if reason in self.reasons),
            self.corrected.strip(),
            self.right_passage.strip(),
            tuple(tag for tag in tags if tag),
            self.note.strip(),
        )


@router.post("/{conversation_id}/turns/{turn_id}")
def judge(
    request: Request,
    agent: CurrentAgent,
    conversation_id: str,
    turn_id: int,
    judgement: Annotated[Judgement, Form()],
) -> Response:
    database = desk_of(request).frontdesk.log.database
    try:
        with database.transaction():
            _reviews(request).save(judgement.review(turn_id, agent.name))
            write_audit(
                database,
                agent.name,
                "reviewed",
                conversation_id=conversation_id,
                detail=f"{turn_id}: {judgement.verdict.value}",
            )
    except UnknownTurn:
        return problem(request, 404, "nothing_here")
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{PATH}/review/{conversation_id}#turn-{turn_id}", 303)
    return Response(status_code=204)


@router.post("/{conversation_id}/turns/{turn_id}/test")
def make_test(
    request: Request, agent: CurrentAgent, conversation_id: str, turn_id: int
) -> Response:
    """An eval case of the turn with its history; what must hold comes from this agent's review."""
    desk = desk_of(request).frontdesk
    with desk.log.database.reading() as connection:
        reviews = reviews_of(connection, conversation_id).get(turn_id, [])
    mine = next((review for review in reviews if review.reviewer == agent.name), None)
    expects = expectations(mine)
    try:
        path = add_case(desk.config, turn_id, expect=expects)
    except UnknownTurn:
        return problem(request, 404, "nothing_here")
    write_audit(
        desk.log.database,
        agent.name,
        "made_test",
        conversation_id=conversation_id,
        detail=path.name,
    )
    shown = ", ".join(expects) or text("verdict_right", desk_language(request))
    sentence = text("test_made", desk_language(request), expects=shown)
    return JSONResponse({"said": sentence, "file": path.name})


def expectations(review: Review | None) -> list[str]:
    """What must hold, as `frontdesk eval add --expect` takes it; empty where all was right.

    A corrected answer is not held against the words of the next one: it is told apart by its
    passage.
    """
    if review is None or review.verdict is Verdict.RIGHT:
        return []
    if review.verdict is Verdict.SHOULD_DECLINE:
        return ["route=decline", "cites="]
    wanted = ["route=answer"]
    return [*wanted, f"cites={review.right_passage}"] if review.right_passage else wanted


def read_filter(request: Request) -> Filter:
    given = {f.name: request.query_params.get(f.name, "") for f in fields(Filter)}
    return Filter(**given)


def _query(wanted: Filter, after: str = "") -> str:
    return urlencode(wanted.given() | ({"after": after} if after else {}))


def _beside(conversation_id: str, wanted: Filter, after: str) -> str:
    if not conversation_id:
        return ""
    query = _query(wanted, after)
    return f"{PATH}/review/{conversation_id}" + (f"?{query}" if query else "")


def _reviews(request: Request) -> Reviews:
    desk = desk_of(request).frontdesk
    return Reviews(desk.log.database, unsure_below=desk.config.review_score)
