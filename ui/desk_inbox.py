"""The desk's live page: who waits, who is served, and the conversation that is open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.audit import write_audit
from bot.database import now
from bot.errors import (
    Busy,
    EmptyMessage,
    OwnershipError,
    ReaderLeft,
    UnknownConversation,
    UnknownSuggestion,
)
from bot.live import PRESENT_SECONDS
from bot.presence import agent_types
from bot.suggestions import Suggestion
from bot.summary import summarize
from bot.types import Owner
from ui.desk_pages import page, part, problem
from ui.desk_session import CurrentAgent
from ui.desk_state import DeskState, desk_of
from ui.inbox_text import INBOX_TEXTS

router = APIRouter(prefix="/inbox", default_response_class=Response)

# An e-mail's length: agents paste instructions.
MAX_CHARS = 10_000
# How soon it is noticed that an agent waits no more for suggestions.
_LOOK_SECONDS = 0.2


class Said(BaseModel):
    """What an agent sends. `suggestion` is the suggested reply that it began as."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=4 * MAX_CHARS)
    suggestion: int | None = None


@router.get("")
def inbox(request: Request, agent: CurrentAgent) -> Response:
    lists = _lists(desk_of(request), agent.name, "")
    return page(request, "inbox", section="inbox", conversation=None, **lists)


@router.get("/lists")
def lists(request: Request, agent: CurrentAgent, current: str = "") -> Response:
    return part(request, "inbox_lists", **_lists(desk_of(request), agent.name, current))


@router.get("/{conversation_id}")
def conversation(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    desk = desk_of(request)
    try:
        talk = _talk(desk, agent.name, conversation_id)
    except UnknownConversation:
        return problem(request, 404, "conversation_gone")
    database = desk.frontdesk.log.database
    write_audit(database, agent.name, "viewed", conversation_id=conversation_id)
    shown = talk | _lists(desk, agent.name, conversation_id)
    return page(request, "inbox", section="inbox", max_chars=MAX_CHARS, **shown)


@router.get("/{conversation_id}/parts")
def parts(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    """What changes on the page while a conversation is open."""
    try:
        talk = _talk(desk_of(request), agent.name, conversation_id)
    except UnknownConversation:
        return problem(request, 404, "conversation_gone")
    return part(request, "inbox_parts", **talk)


@router.get("/{conversation_id}/suggestions")
async def suggestions(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    """Takes as long as the generator does, the first time. The work ends, and there is no content,
    where the agent leaves the page or the conversation goes back to the bot.
    """
    try:
        found = await _suggest(request, conversation_id)
    except UnknownConversation:
        return problem(request, 404, "conversation_gone")
    except (ReaderLeft, OwnershipError, Busy):
        return Response(status_code=204)
    return part(request, "inbox_suggestions", suggestions=found)


async def _suggest(request: Request, conversation_id: str) -> list[Suggestion]:
    """In a thread of the few that there are for it. Raises what Suggestions.of raises."""
    desk, left = desk_of(request), threading.Event()
    suggest = partial(desk.frontdesk.suggestions.of, conversation_id, left=left)
    work = asyncio.get_running_loop().run_in_executor(desk.suggesting, suggest)
    try:
        while not work.done():
            await asyncio.wait([work], timeout=_LOOK_SECONDS)
            if await request.is_disconnected():
                left.set()
        return await work
    finally:
        left.set()


@router.post("/{conversation_id}/take")
def take(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    return _act(request, conversation_id, lambda d: d.hand_off.take(conversation_id, agent.name))


@router.post("/{conversation_id}/hand-back")
def hand_back(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    return _act(
        request, conversation_id, lambda d: d.hand_off.hand_back(conversation_id, agent.name)
    )


@router.post("/{conversation_id}/release")
def release(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    return _act(request, conversation_id, lambda d: d.hand_off.release(conversation_id, agent.name))


@router.post("/{conversation_id}/close")
def close(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    return _act(request, conversation_id, lambda d: d.hand_off.close(conversation_id, agent.name))


@router.post("/{conversation_id}/say")
def say(request: Request, agent: CurrentAgent, conversation_id: str, said: Said) -> Response:
    if len(said.text) > MAX_CHARS:
        return problem(request, 413, "message_too_long", limit=MAX_CHARS)
    return _act(
        request,
        conversation_id,
        lambda d: d.hand_off.say(
            conversation_id, agent.name, said.text, suggestion_id=said.suggestion
        ),
    )


@router.post("/{conversation_id}/typing")
async def typing(request: Request, agent: CurrentAgent, conversation_id: str) -> Response:
    log = desk_of(request).frontdesk.log
    await asyncio.to_thread(agent_types, log, conversation_id, agent.name)
    return Response(status_code=204)


def _act(request: Request, conversation_id: str, act: Callable[[DeskState], object]) -> Response:
    """Does it, or says why it is not possible, and who has the conversation now."""
    desk = desk_of(request)
    try:
        act(desk)
    except UnknownConversation:
        return problem(request, 404, "conversation_gone")
    except EmptyMessage:
        return problem(request, 422, "message_empty")
    except UnknownSuggestion:
        return problem(request, 422, "not_suggested")
    except OwnershipError:
        owner = desk.frontdesk.log.head(conversation_id)
        if owner.agent:
            return problem(request, 409, "taken_by", name=owner.agent)
        return problem(request, 409, "not_possible")
    return JSONResponse({})


def _lists(desk: DeskState, agent: str, current: str) -> dict[str, Any]:
    served = desk.live.with_agents()
    return {
        "waiting": desk.live.waiting(),
        "my_own": [item for item in served if item.agent == agent],
        "others": [item for item in served if item.agent != agent],
        "with_bot": desk.live.with_the_bot(),
        "present": sorted({*desk.live.present(), agent}),
        "current": current,
        "why_key": _why_key,
    }


def _talk(desk: DeskState, agent: str, conversation_id: str) -> dict[str, Any]:
    conversation = desk.frontdesk.log.conversation(conversation_id, half_answers=True)
    line = desk.live.open(conversation_id)
    return {
        "conversation": conversation,
        "mine": conversation.owner is Owner.AGENT and conversation.agent == agent,
        "summary": summarize(conversation.turns),
        "line": line,
        "is_here": line.here_at > now(ago_seconds=PRESENT_SECONDS),
    }


def _why_key(why: str) -> str:
    key = f"why_{why}"
    return key if key in INBOX_TEXTS else "why_other"
