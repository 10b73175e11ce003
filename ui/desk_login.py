"""Logging in and out: the only pages of the desk that answer without a session."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bot.audit import write_audit
from bot.errors import WrongPassword
from ui.desk_pages import page
from ui.desk_session import LANGUAGE_COOKIE, PATH, NotAllowed, from_the_desk
from ui.desk_state import desk_of

_CSS = (Path(__file__).parent / "desk_login.css").read_text(encoding="utf-8")

router = APIRouter(default_response_class=Response)


@router.get("/login")
def login_page(request: Request, next: str = PATH, language: str = "") -> Response:
    if language in ("en", "zh"):
        response: Response = RedirectResponse(f"{PATH}/login", 303)
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=365 * 86400, path=PATH, httponly=True, samesite="lax"
        )
        return response
    if desk_of(request).sessions.agent(request):
        return RedirectResponse(PATH, 303)
    return _login(request, next=next)


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = PATH,
) -> Response:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed
    desk = desk_of(request)
    address = request.client.host if request.client else ""
    if not desk.login_limit.admits(name, address):
        return _login(request, 429, problem="login_limited", name=name, next=next)
    try:
        token = desk.staff.log_in(name, password)
    except WrongPassword:
        write_audit(desk.frontdesk.log.database, name[:40] or "-", "login_refused", detail=address)
        return _login(request, 401, problem="login_wrong", name=name, next=next)
    desk.login_limit.succeeded(name, address)
    response = RedirectResponse(local_path(next), 303)
    desk.sessions.begin(response, token, secure=request.url.scheme == "https")
    return response


@router.post("/logout", dependencies=[Depends(from_the_desk)])
def log_out(request: Request) -> Response:
    response = RedirectResponse(f"{PATH}/login", 303)
    desk = desk_of(request)
    agent = desk.sessions.end(request, response)
    if agent is not None and agent.name not in desk.live.present():  # on no other screen either
        desk.hand_off.release_all(agent.name)
    return response


def local_path(path: str) -> str:
    """A path of the desk, whatever a link says: nobody is sent elsewhere after logging in."""
    inside = path == PATH or path.startswith((f"{PATH}/", f"{PATH}?"))
    return path if inside and "\\" not in path else PATH


def _login(request: Request, status: int = 200, **values: Any) -> Response:
    nonce = secrets.token_urlsafe(16)
    shown = {"problem": "", "name": "", "css": _CSS, "nonce": nonce} | values
    return page(request, "login", status=status, style_nonce=nonce, **shown)
