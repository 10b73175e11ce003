"""Nothing of the desk answers without a login, whatever the route and whoever adds it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.config import Config
from tests.ui.agents import PASSWORD, add_agent, desk_client, desk_of, log_in
from tests.ui.desk import make_app, make_desk
from ui.login_limit import LoginLimit

BROWSER = {"accept": "text/html"}
OPEN = {("/desk/login", "GET"), ("/desk/login", "POST")}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    app = make_app(make_desk(tmp_path_factory.mktemp("access")))
    add_agent(app, "Mei")
    add_agent(app, "Root", "admin")
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with desk_client(app, raises=False) as client:
        yield client


def desk_routes(app: FastAPI) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in app.routes:
        # FastAPI keeps the routers that were included as branches of their own.
        branch: Any = getattr(part, "effective_route_contexts", list)
        for route in (part, *branch()):
            if str(getattr(route, "path", "")).startswith("/desk"):
                found += [(route.path, method) for method in sorted(route.methods)]
    return found


def test_no_route_of_the_desk_answers_without_a_login(app: FastAPI, client: TestClient) -> None:
    routes = desk_routes(app)
    assert len(routes) > 8
    for path, method in routes:
        if (path, method) in OPEN:
            continue
        address = path.replace("{path:path}", "x").replace("{", "").replace("}", "")
        for headers in (BROWSER, {"accept": "*/*"}):
            answer = client.request(method, address, headers=headers, follow_redirects=False)
            to_login = answer.headers.get("location", "").startswith("/desk/login")
            assert answer.status_code in (401, 403) or to_login, (method, path, answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/desk/",
        "/desk/inbox",
        "/desk/files/desk.js",
        "/desk/files/../server.py",
        "/desk/nothing",
        "/desk/gradio_api/info",
        "//desk/inbox",
    ],
)
def test_below_desk_nothing_falls_through_to_the_chat_page(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"accept": "*/*"}, follow_redirects=False)
    assert answer.status_code in (307, 401, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=ui/desk.py",
        "/gradio_api/file=frontdesk-data/desk.key",
        "/gradio_api/upload",
        "/gradio_api/proxy=http://127.0.0.1",
        "/gradio_api/info",
        "/monitoring",
    ],
)
def test_gradios_own_routes_lead_to_no_file(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_chat_pages_queue_knows_nothing_of_the_desk(client: TestClient) -> None:
    config = client.get("/config")
    assert config.status_code in (200, 404)
    assert "/desk" not in config.text
    joined = client.post("/gradio_api/queue/join", json={"fn_index": 0, "data": [None]})
    assert "form_token" not in joined.text


def test_a_wrong_password_says_no_more_than_that(client: TestClient) -> None:
    for name in ("Mei", "Nobody"):
        answer = client.post("/desk/login", data={"name": name, "password": "wrong password"})
        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(tmp_path: Path) -> None:
    app = make_app(make_desk(tmp_path))
    add_agent(app, "Mei")
    client = TestClient(app)
    for _ in range(5):
        client.post("/desk/login", data={"name": "mei", "password": "wrong password"})
    # Another copy of the server, on the same home, knows of it.
    copy = TestClient(make_app(make_desk(tmp_path)))
    for each in (client, copy):
        answer = each.post("/desk/login", data={"name": "Mei", "password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many attempts" in answer.text


def test_of_many_wrong_passwords_at_the_same_moment_five_are_tried(tmp_path: Path) -> None:
    app = make_app(make_desk(tmp_path))
    add_agent(app, "Mei")
    wrong = {"name": "Mei", "password": "wrong password"}
    with TestClient(app) as client, ThreadPoolExecutor(12) as pool:
        statuses = list(
            pool.map(lambda _: client.post("/desk/login", data=wrong).status_code, range(12))
        )
    assert sorted(statuses) == [401] * 5 + [429] * 7


def test_strangers_cannot_lock_an_agent_out_of_the_office(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    office, elsewhere = "203.0.113.9", "203.0.113.10"
    limit = LoginLimit(config)
    assert limit.admits("Mei", office)
    limit.succeeded("Mei", office)
    guesses = [limit.admits("mei", f"198.51.100.{n}") for n in range(60) for _ in range(6)]
    assert guesses.count(True) == 40
    assert not limit.admits("Mei", elsewhere)
    copy = LoginLimit(config)
    for _ in range(10):
        assert copy.admits("Mei", office)
        copy.succeeded("Mei", office)
    # Of the office, too, no more than five guesses are taken.
    assert [limit.admits("Mei", office) for _ in range(6)] == [True] * 5 + [False]


def test_who_logs_in_takes_nothing_from_the_limit_of_the_office(tmp_path: Path) -> None:
    limit = LoginLimit(Config(home=tmp_path))
    for n in range(40):
        assert limit.admits(f"Agent {n}", "203.0.113.9")
        limit.succeeded(f"Agent {n}", "203.0.113.9")
    wrong = [limit.admits(f"Agent {n}", "203.0.113.9") for n in range(40)]
    assert wrong == [True] * 30 + [False] * 10


def test_logging_out_ends_the_session_for_whoever_has_the_cookie(
    app: FastAPI, client: TestClient
) -> None:
    log_in(client, "Mei")
    cookies = dict(client.cookies)
    client.post("/desk/logout")
    thief = TestClient(app, cookies=cookies)
    assert thief.get("/desk/inbox", headers={"accept": "*/*"}).status_code == 401


def test_the_cookie_is_signed_and_out_of_reach_of_scripts(app: FastAPI) -> None:
    client = TestClient(app, base_url="https://desk.example")
    answer = client.post(
        "/desk/login", data={"name": "Mei", "password": PASSWORD}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "Path=/desk"} <= {part.strip() for part in cookie.split(";")}
    token, _, signature = client.cookies["frontdesk_session"].partition(".")
    assert desk_of(app).staff.agent_of(token) is not None
    for forged in (token, f"{token}.", f"{token}.{signature[::-1]}", "", "."):
        other = TestClient(app, cookies={"frontdesk_session": forged})
        assert other.get("/desk/inbox", headers={"accept": "*/*"}).status_code == 401


def test_a_form_without_the_sessions_token_is_refused(app: FastAPI, client: TestClient) -> None:
    log_in(client, "Root")
    token = client.headers.pop("x-form-token")
    fields = {"name": "Eve", "password": PASSWORD, "role": "admin"}
    assert client.post("/desk/users", data=fields).status_code == 403
    assert client.post("/desk/users", data=fields | {"form_token": "guess"}).status_code == 403
    assert client.post("/desk/users", data=fields | {"form_token": token}).status_code == 200
    desk_of(app).staff.remove("Eve")


def test_a_login_form_of_another_site_is_refused(client: TestClient) -> None:
    fields = {"name": "Mei", "password": PASSWORD}
    answer = client.post("/desk/login", data=fields, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_only_admins_see_the_users(client: TestClient) -> None:
    log_in(client, "Mei")
    assert client.get("/desk/users").status_code == 403
    assert "/desk/users" not in client.get("/desk/inbox").text
    log_in(client, "Root")
    page = client.get("/desk/users").text
    assert "Mei" in page
    assert "Logged in" in page


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
def test_logging_in_leads_nowhere_but_to_the_desk(client: TestClient, there: str) -> None:
    fields = {"name": "Mei", "password": PASSWORD, "next": there}
    answer = client.post("/desk/login", data=fields, follow_redirects=False)
    assert answer.headers["location"] == "/desk"


def test_the_desk_speaks_the_browsers_language_and_switches(client: TestClient) -> None:
    assert "登录" in client.get("/desk/login", headers={"accept-language": "zh-CN"}).text
    log_in(client, "Mei")
    page = client.post("/desk/language", data={"language": "zh", "next": "/desk/inbox"})
    assert 'lang="zh-CN"' in page.text
    assert "接待" in page.text


def test_scripts_and_styles_come_from_the_desk_only(client: TestClient) -> None:
    login = client.get("/desk/login")
    log_in(client, "Mei")
    for answer in (login, client.get("/desk/inbox")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
