"""What tells the desk's pages that something has changed; an open page is an agent who is there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse

from bot.errors import UnknownConversation
from bot.live import Live
from ui.desk_session import CurrentAgent
from ui.desk_state import DeskState, desk_of
from ui.live_events import UNBUFFERED, changes

router = APIRouter(default_response_class=Response)


class _LoggedOut(Exception):
    """The session has ended, here or in another process."""


@router.get("/waiting")
def waiting(request: Request, agent: CurrentAgent) -> JSONResponse:
    """For the pages that do not follow the events: who waits. Also says that the agent is there."""
    desk = desk_of(request)
    _beat(desk, desk.sessions.token(request))
    return JSONResponse({"waiting": [item.id for item in desk.live.waiting()]})


@router.get("/events")
async def events(request: Request, agent: CurrentAgent, conversation: str = "") -> Response:
    """`state`: who waits, whether the customer types, and marks that change with the lists and the
    open conversation.
    """
    desk = desk_of(request)
    token = desk.sessions.token(request)
    stream = _events(desk, token, conversation)
    return EventSourceResponse(stream, headers=UNBUFFERED)


async def _events(desk: DeskState, token: str, conversation_id: str) -> AsyncIterator[bytes]:
    def check() -> None:
        if desk.staff.agent_of(token) is None:
            raise _LoggedOut

    def read() -> dict[str, Any]:
        check()
        return _state(desk.live, conversation_id)

    def beat() -> None:
        check()
        _beat(desk, token)

    try:
        async for each in changes(desk.live, read, beat):
            yield each
    except _LoggedOut:
        yield b"event: logged_out\ndata: {}\n\n"
        # Long enough for the page to react; else it would connect again.
        await asyncio.sleep(1)


def _beat(desk: DeskState, token: str) -> None:
    desk.staff.seen(token)
    desk.hand_off.release_absent(desk.live)


def _state(live: Live, conversation_id: str) -> dict[str, Any]:
    waiting = live.waiting()
    lists = [waiting, live.with_agents(), live.with_the_bot(), live.present()]
    return {
        "waiting": [item.id for item in waiting],
        "lists": _mark(lists),
        "conversation": _conversation_mark(live, conversation_id),
        "typing": live.customer_types(conversation_id),
    }


def _conversation_mark(live: Live, conversation_id: str) -> str:
    if not conversation_id:
        return ""
    try:
        state, line = live.state(conversation_id), live.open(conversation_id)
    except UnknownConversation:
        return "gone"
    return _mark([state.owner, state.agent, state.turn, line.email, live.marks(conversation_id)])


def _mark(data: object) -> str:
    return hashlib.sha256(repr(data).encode()).hexdigest()[:16]
