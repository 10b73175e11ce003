"""Agents for the tests of the desk: who may log in, and a client that has."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.desk_state import DeskState

PASSWORD = "correct horse"


def desk_of(app: FastAPI) -> DeskState:
    state: DeskState = app.state.desk
    return state


def add_agent(app: FastAPI, name: str, role: str = "agent") -> None:
    desk_of(app).staff.add(name, PASSWORD, role)


def log_in(client: TestClient, name: str) -> TestClient:
    """The client with a session, and with the token that the desk's forms bring along."""
    page = client.post("/desk/login", data={"name": name, "password": PASSWORD})
    assert page.status_code == 200, page.text
    found = re.search(r'data-form-token="([^"]+)"', page.text)
    assert found is not None
    client.headers["x-form-token"] = found.group(1)
    return client
