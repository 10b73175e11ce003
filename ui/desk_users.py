"""The desk's page of users and of what they did, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from bot.audit import audit_entries
from bot.errors import StaffError
from ui.desk_pages import page
from ui.desk_session import PATH, Admin
from ui.desk_state import desk_of

router = APIRouter(default_response_class=Response)


@router.get("/users")
def users(request: Request, admin: Admin) -> Response:
    return _users(request)


@router.post("/users")
def add_user(
    request: Request,
    admin: Admin,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "agent",
) -> Response:
    try:
        desk_of(request).staff.add(name, password, role, by=admin.name)
    except StaffError as error:
        return _users(request, 422, problem=error.reason, name=name)
    return RedirectResponse(f"{PATH}/users", 303)


@router.post("/users/remove")
def remove_user(request: Request, admin: Admin, name: Annotated[str, Form()] = "") -> Response:
    desk = desk_of(request)
    try:
        desk.staff.remove(name, by=admin.name)
    except StaffError as error:
        return _users(request, 422, problem=error.reason)
    desk.hand_off.release_all(name)
    return RedirectResponse(f"{PATH}/users", 303)


def _users(request: Request, status: int = 200, *, problem: str = "", name: str = "") -> Response:
    desk = desk_of(request)
    return page(
        request,
        "users",
        status=status,
        section="users",
        members=desk.staff.members(),
        entries=audit_entries(desk.frontdesk.log.database),
        problem=problem,
        name=name,
    )
