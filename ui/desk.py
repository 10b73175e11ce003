"""The desk: what is mounted below /desk, for whom, and what all of its pages share.

A new part of the desk is a router of its own (ui/desk_*.py) that is named in `_PARTS`: nothing in
it answers without a login, and a form without the session's token is refused.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response

from bot.errors import BotError, DraftError
from bot.handoff import HandOff
from bot.live import Live
from bot.staff import Staff
from knowledge.errors import KnowledgeError
from ui.desk_drafts import publication_of
from ui.desk_drafts import router as drafts_router
from ui.desk_events import router as events_router
from ui.desk_gaps import router as gaps_router
from ui.desk_inbox import router as inbox_router
from ui.desk_login import local_path
from ui.desk_login import router as login_router
from ui.desk_numbers import router as numbers_router
from ui.desk_pages import problem
from ui.desk_review import router as review_router
from ui.desk_session import (
    LANGUAGE_COOKIE,
    PATH,
    NotAllowed,
    NotLoggedIn,
    Sessions,
    from_the_desk,
    load_key,
    logged_in,
)
from ui.desk_state import DeskState
from ui.desk_users import router as users_router
from ui.desk_wordings import router as wordings_router
from ui.jobs import Jobs
from ui.login_limit import LoginLimit

if TYPE_CHECKING:
    from bot.build import Frontdesk

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
# For so many conversations replies are suggested at once: the others wait, and customers do not.
_SUGGESTING = 2
# All that may be fetched below /desk/files.
_FILES = {
    "desk.css": "text/css",
    "desk.js": "text/javascript",
    "desk_review.css": "text/css",
    "desk_review.js": "text/javascript",
    "desk_drafts.js": "text/javascript",
    "desk_numbers.css": "text/css",
    "desk_inbox.css": "text/css",
    "desk_inbox.js": "text/javascript",
}

shell = APIRouter(default_response_class=Response)
# Below /desk nothing falls through to the chat page.
_rest = APIRouter(default_response_class=Response)

# Each has its page, or pages, below /desk.
_PARTS = (
    shell,
    events_router,
    inbox_router,
    review_router,
    drafts_router,
    gaps_router,
    wordings_router,
    numbers_router,
    users_router,
)


def mount_desk(app: FastAPI, frontdesk: Frontdesk, live: Live) -> None:
    staff = Staff(frontdesk.log.database)
    sessions = Sessions(staff, load_key(frontdesk.config.home))
    hand_off = HandOff(frontdesk.log)
    app.state.desk = DeskState(
        frontdesk,
        staff,
        sessions,
        LoginLimit(frontdesk.config),
        live,
        hand_off,
        Jobs(),
        {},
        ThreadPoolExecutor(_SUGGESTING, "suggesting"),
    )
    try:
        publication_of(frontdesk).settle()
    except (KnowledgeError, BotError) as error:
        logger.warning("%s", error)  # the next publication tries again
    app.add_exception_handler(NotLoggedIn, _to_login)
    app.add_exception_handler(NotAllowed, _refused)
    app.add_exception_handler(DraftError, _no_draft)
    options: dict[str, Any] = {"prefix": PATH, "include_in_schema": False}
    app.include_router(login_router, **options)
    for part in _PARTS:
        guards = [Depends(logged_in), Depends(from_the_desk)]
        app.include_router(part, dependencies=guards, **options)
    app.include_router(_rest, dependencies=[Depends(logged_in)], **options)


@shell.get("")
def desk() -> RedirectResponse:
    return RedirectResponse(f"{PATH}/inbox", 303)


@shell.get("/files/{name}")
def file(name: str, request: Request) -> Response:
    if name not in _FILES:
        return problem(request, 404, "nothing_here")
    return FileResponse(
        _HERE / name, media_type=_FILES[name], headers={"cache-control": "no-cache"}
    )


@shell.post("/language")
async def switch_language(request: Request) -> RedirectResponse:
    """The rest of the page stays where it was."""
    form = await request.form()
    response = RedirectResponse(local_path(str(form.get("next", ""))), 303)
    language = "zh" if form.get("language") == "zh" else "en"
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=365 * 86400, path=PATH, httponly=True, samesite="lax"
    )
    return response


def _to_login(request: Request, error: Exception) -> Response:
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": "Log in at /desk/login first."}, status_code=401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{PATH}/login?next={quote(wanted)}", 303)


def _refused(request: Request, error: Exception) -> Response:
    return problem(request, 403, "not_allowed")


def _no_draft(request: Request, error: Exception) -> Response:
    return problem(request, 404, "nothing_here")


@_rest.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def _nothing_here(path: str, request: Request) -> Response:
    return problem(request, 404, "nothing_here")
