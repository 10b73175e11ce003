"""Who is asking: the desk's signed cookie, the check of forms, and what every route depends on."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, Signer

from bot.staff import SESSION_SECONDS, Agent, Staff
from knowledge.types import Language
from ui.language import browser_language

COOKIE = "frontdesk_session"
LANGUAGE_COOKIE = "frontdesk_language"
PATH = "/desk"


class NotLoggedIn(Exception):
    """Becomes the login page, or 401 for a script."""


class NotAllowed(Exception):
    """A page for admins, or a form that did not come from the desk."""


class Sessions:
    """Sessions live in the database, so that a log-out ends them in every process; the cookie
    holds a session's token, signed with a key that lies beside the database.
    """

    def __init__(self, staff: Staff, key: bytes) -> None:
        self._staff = staff
        self._cookies = Signer(key, salt="desk-session")
        self._forms = Signer(key, salt="desk-form")

    def begin(self, response: Response, token: str, *, secure: bool) -> None:
        response.set_cookie(
            COOKIE,
            self._cookies.sign(token).decode(),
            max_age=SESSION_SECONDS,
            path=PATH,
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def token(self, request: Request) -> str:
        """Empty where there is no cookie, or it was not signed by us."""
        try:
            return self._cookies.unsign(request.cookies.get(COOKIE, "")).decode()
        except BadSignature:
            return ""

    def agent(self, request: Request) -> Agent | None:
        token = self.token(request)
        return self._staff.agent_of(token) if token else None

    def form_token(self, request: Request) -> str:
        """What a form of this session must bring along: nobody else can make it up."""
        return self._forms.get_signature(self.token(request)).decode()

    def end(self, request: Request, response: Response) -> Agent | None:
        response.delete_cookie(COOKIE, path=PATH)
        return self._staff.log_out(self.token(request))


def load_key(home: Path) -> bytes:
    """The key that cookies are signed with; made by whichever process comes first."""
    path = home / "desk.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def logged_in(request: Request) -> Agent:
    sessions: Sessions = request.app.state.desk.sessions
    agent = sessions.agent(request)
    if agent is None:
        raise NotLoggedIn
    request.state.agent = agent
    return agent


async def from_the_desk(request: Request) -> None:
    """Whatever changes something brings the session's token, in a field of its form or a header."""
    if request.method in ("GET", "HEAD"):
        return
    sessions: Sessions = request.app.state.desk.sessions
    given = request.headers.get("x-form-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("form_token", ""))
    if not secrets.compare_digest((given or "").encode(), sessions.form_token(request).encode()):
        raise NotAllowed


def admin(agent: Annotated[Agent, Depends(logged_in)]) -> Agent:
    if not agent.is_admin:
        raise NotAllowed
    return agent


CurrentAgent = Annotated[Agent, Depends(logged_in)]
Admin = Annotated[Agent, Depends(admin)]


def desk_language(request: Request) -> Language:
    """What the agent switched to, else what the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen == "zh":
        return "zh"
    if chosen == "en":
        return "en"
    return browser_language(request.headers)
