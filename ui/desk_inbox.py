"""The desk's live page: who waits, who is served, and the conversation that is open."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ui.desk_pages import page
from ui.desk_session import CurrentAgent

router = APIRouter(default_response_class=Response)


@router.get("/inbox")
def inbox(request: Request, agent: CurrentAgent) -> Response:
    return page(request, "inbox", section="inbox")
