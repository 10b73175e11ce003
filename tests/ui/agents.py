"""Agents for the tests of the desk: who may log in, and a client that has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page

from tests.ui.desk import wait_until
from ui.desk_state import DeskState

PASSWORD = "correct horse"
# What the browser says where a test cuts the connection.
CUT_OFF = "net::ERR_FAILED"


def desk_of(app: FastAPI) -> DeskState:
    state: DeskState = app.state.desk
    return state


def add_agent(app: FastAPI, name: str, role: str = "agent") -> None:
    desk_of(app).staff.add(name, PASSWORD, role)


@contextmanager
def desk_client(app: FastAPI, *, raises: bool = True) -> Iterator[TestClient]:
    """One that asks for pages, as a browser does; where the server fails, its test does."""
    client = TestClient(app, follow_redirects=True, raise_server_exceptions=raises)
    client.headers["accept"] = "text/html"
    yield client
    client.close()


def finish_job(app: FastAPI, name: str) -> None:
    """Waits until it has ended; a job that failed fails the test."""
    jobs = desk_of(app).jobs
    wait_until(lambda: (job := jobs.get(name)) is not None and not job.running, seconds=120)
    job = jobs.get(name)
    assert job is not None
    assert job.problem == ""


def log_in(client: TestClient, name: str) -> TestClient:
    """The client with a session, and with the token that the desk's forms bring along."""
    page = client.post("/desk/login", data={"name": name, "password": PASSWORD})
    assert page.status_code == 200, page.text
    found = re.search(r'data-form-token="([^"]+)"', page.text)
    assert found is not None
    client.headers["x-form-token"] = found.group(1)
    return client


@contextmanager
def desk_page(browser: Browser, address: str, name: str) -> Iterator[Page]:
    """The desk in a new browser profile, logged in. An error on the console fails the test."""
    context = browser.new_context(locale="en-GB", base_url=address)
    context.set_default_timeout(30_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto("/desk/login")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/desk/inbox*")
    yield page
    context.close()
    assert [each for each in problems if CUT_OFF not in each] == []
