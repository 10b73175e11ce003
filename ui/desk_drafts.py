"""The desk's pages for drafts of knowledge: written by anybody, checked against the eval sets,
looked at again and published by an admin, and taken back.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from bot.audit import Action, write_audit
from bot.drafts import Draft, Drafts, DraftState, Proposal
from bot.errors import BotError, DraftError
from bot.publication import Publication, entry_of
from bot.reviews import reviews_of
from evals.gate import check_entry
from knowledge.embedder import load_embedder
from knowledge.errors import KnowledgeBusy, KnowledgeError
from knowledge.language import language_of
from knowledge.types import Language
from ui.desk_pages import failure, page, problem, text
from ui.desk_session import PATH, Admin, CurrentAgent, desk_language
from ui.desk_state import desk_of

if TYPE_CHECKING:
    from bot.build import Frontdesk
    from bot.staff import Agent
    from knowledge.types import Progress

router = APIRouter(prefix="/drafts", default_response_class=Response)


class Written(BaseModel):
    """The form of a draft. `asked` is one question a line."""

    question: str = Field("", max_length=500)
    answer: str = Field("", max_length=8000)
    asked: str = Field("", max_length=8000)
    language: Language = "en"
    turn: int | None = None

    def proposal(self) -> Proposal:
        asked = tuple(line.strip() for line in self.asked.splitlines() if line.strip())
        return Proposal(self.language, self.question, self.answer, asked, self.turn)


@router.get("")
def drafts(request: Request, agent: CurrentAgent) -> Response:
    return page(request, "drafts", section="review", drafts=_drafts(request).list())


@router.get("/new")
def new_draft(
    request: Request, agent: CurrentAgent, turn: int | None = None, question: str = ""
) -> Response:
    """From a turn of the bot: its question, and the answer as somebody corrected it."""
    written = _from_turn(request, turn, agent) if turn else None
    if written is None:
        written = Written(question=question, language=_language(request, question))
    elif question:
        # Of a gap: its own question stands for all, and the one of the turn is another way.
        written = written.model_copy(update={"question": question, "asked": written.question})
    return page(request, "draft_edit", section="review", written=written, number=0, problem="")


@router.post("")
def add_draft(
    request: Request, agent: CurrentAgent, written: Annotated[Written, Form()]
) -> Response:
    try:
        number = _drafts(request).add(written.proposal(), agent.name)
    except DraftError as error:
        return page(
            request,
            "draft_edit",
            status=422,
            section="review",
            written=written,
            number=0,
            problem=_sentence(request, error),
        )
    _audit(request, agent, "drafted", number)
    return _to(number)


@router.get("/{number}")
def draft(request: Request, agent: CurrentAgent, number: int) -> Response:
    return _draft_page(request, agent, number)


@router.post("/{number}")
def change_draft(
    request: Request, agent: CurrentAgent, number: int, written: Annotated[Written, Form()]
) -> Response:
    try:
        _drafts(request).change(number, written.proposal(), agent.name)
    except DraftError as error:
        return _draft_page(request, agent, number, _sentence(request, error))
    _audit(request, agent, "drafted", number)
    return _to(number)


@router.post("/{number}/check")
def check(request: Request, agent: CurrentAgent, number: int) -> Response:
    """Starts the eval sets in the background; the page shows how far they are."""
    desk, drafts_ = desk_of(request).frontdesk, _drafts(request)
    chosen = drafts_.get(number)

    def work(progress: Progress) -> None:
        embedder = load_embedder(desk.config.embedder)
        report = check_entry(desk.config, entry_of(chosen), embedder, progress=progress)
        drafts_.keep_check(chosen, json.dumps(asdict(report), ensure_ascii=False))

    desk_of(request).jobs.start(_job(number), work)
    return _to(number)


@router.get("/{number}/progress")
def progress(request: Request, agent: CurrentAgent, number: int) -> Response:
    return JSONResponse(desk_of(request).jobs.progress(_job(number)))


@router.post("/{number}/publish")
def publish(request: Request, admin: Admin, number: int) -> Response:
    """Only what was checked, and only by a second pair of eyes where there is one."""
    chosen = _drafts(request).get(number)
    if not may_publish(request, admin, chosen) or not chosen.checked:
        return problem(request, 403, "not_allowed")

    def work(progress: Progress) -> None:
        try:
            publication_of(desk_of(request).frontdesk).publish(chosen, admin.name, progress)
        except (KnowledgeError, BotError) as error:
            raise BotError(_sentence(request, error)) from error
        _audit(request, admin, "published", number)

    desk_of(request).jobs.start(_job(number), work)
    return _to(number)


@router.post("/{number}/reject")
def reject(request: Request, admin: Admin, number: int) -> Response:
    try:
        publication_of(desk_of(request).frontdesk).reject(number, admin.name)
    except (KnowledgeError, BotError) as error:
        return _draft_page(request, admin, number, _sentence(request, error))
    _audit(request, admin, "rejected", number)
    return _to(number)


@router.post("/{number}/undo")
def undo(request: Request, admin: Admin, number: int) -> Response:
    if _drafts(request).get(number).state is not DraftState.PUBLISHED:
        return _to(number)
    try:
        publication_of(desk_of(request).frontdesk).undo(number, admin.name)
    except (KnowledgeError, BotError) as error:
        return _draft_page(request, admin, number, _sentence(request, error))
    _audit(request, admin, "undone", number)
    return _to(number)


def _language(request: Request, question: str) -> Language:
    """That of the question; without one, the one in which the desk is read."""
    return language_of(question) if question else desk_language(request)


def _sentence(request: Request, error: KnowledgeError | BotError) -> str:
    if isinstance(error, DraftError):
        return text(f"draft_problem_{error.reason}", desk_language(request))
    if isinstance(error, KnowledgeBusy):
        return text("draft_problem_busy", desk_language(request))
    return str(error)


def publication_of(frontdesk: Frontdesk) -> Publication:
    config = frontdesk.config
    load = partial(load_embedder, config.embedder)
    return Publication(Drafts(frontdesk.log.database), config, load)


def may_publish(request: Request, agent: Agent, chosen: Draft) -> bool:
    """An admin who wrote nothing of it; where all did, one who did not write it last; who wrote it
    where there is no other admin.
    """
    members = desk_of(request).staff.members()
    admins = {member.agent.name for member in members if member.agent.is_admin}
    fresh = admins - {chosen.created_by, *chosen.changed_by}
    if fresh or not agent.is_admin:
        return agent.name in fresh
    last = (chosen.created_by, *chosen.changed_by)[-1]
    return agent.name != last or admins == {agent.name}


def _draft_page(request: Request, agent: Agent, number: int, said: str = "") -> Response:
    try:
        chosen = _drafts(request).get(number)
    except DraftError:
        return problem(request, 404, "nothing_here")
    job = desk_of(request).jobs.get(_job(number))
    said = failure(request, job) or said
    written = Written(
        question=chosen.question,
        answer=chosen.answer,
        asked="\n".join(chosen.asked),
        language=chosen.language,
        turn=chosen.turn_id,
    )
    return page(
        request,
        "draft",
        status=422 if said else 200,
        section="review",
        draft=chosen,
        written=written,
        number=number,
        report=json.loads(chosen.checked) if chosen.checked else None,
        running=bool(job and job.running),
        problem=said,
        may_publish=may_publish(request, agent, chosen),
        conversation=_conversation(request, chosen.turn_id),
    )


def _from_turn(request: Request, turn_id: int, agent: Agent) -> Written | None:
    with desk_of(request).frontdesk.log.database.reading() as connection:
        row = connection.execute(
            "select question.text, answer.conversation_id from turns answer "
            "join turns question on question.id = answer.reply_to where answer.id = ?",
            [turn_id],
        ).fetchone()
        if row is None:
            return None
        reviews = reviews_of(connection, row[1]).get(turn_id, [])
    # One's own correction comes before a colleague's.
    reviews = sorted(reviews, key=lambda review: review.reviewer != agent.name)
    answer = next((review.corrected for review in reviews if review.corrected), "")
    return Written(question=row[0][:500], answer=answer, language=language_of(row[0]), turn=turn_id)


def _conversation(request: Request, turn_id: int | None) -> str:
    with desk_of(request).frontdesk.log.database.reading() as connection:
        sql = "select conversation_id from turns where id = ?"
        row: Any = connection.execute(sql, [turn_id]).fetchone()
    return str(row[0]) if row else ""


def _audit(request: Request, agent: Agent, action: Action, number: int) -> None:
    write_audit(
        desk_of(request).frontdesk.log.database, agent.name, action, detail=f"draft {number}"
    )


def _to(number: int) -> RedirectResponse:
    return RedirectResponse(f"{PATH}/drafts/{number}", 303)


def _job(number: int) -> str:
    return f"draft {number}"


def _drafts(request: Request) -> Drafts:
    return Drafts(desk_of(request).frontdesk.log.database)
