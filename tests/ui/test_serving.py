"""Many customers at one server: who waits, who is refused, who watches, and what a fault costs."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect
from pydantic import SecretStr

from bot.config import Config
from bot.line import Line
from bot.live import Live
from bot.types import Owner
from tests.bot.test_chat_model import free_port
from tests.ui.conftest import Site, Visitor
from tests.ui.desk import Desk, make_app, make_desk, wait_until
from tests.ui.running import running
from tests.ui.test_api import EVENTS, read_events
from ui.chat import Chat
from ui.limit_file import LimitFile
from ui.pace import Pace, TooFast
from ui.server import Server
from ui.visit import Visit

# A customer's, from a range that is kept for examples.
ADDRESS = "198.51.100.7"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path)


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_app(desk), raise_server_exceptions=False) as opened:
        yield opened


def started(client: TestClient) -> str:
    return f"/api/conversations/{client.post('/api/conversations').json()['id']}"


def line_of(desk: Desk, *, at_once: int, length: int) -> Line:
    desk.frontdesk.manager.line = Line(at_once=at_once, length=length)
    return desk.frontdesk.manager.line


def test_past_the_end_of_the_line_a_message_is_503_and_kept(desk: Desk, client: TestClient) -> None:
    other = line_of(desk, at_once=1, length=0).enter()
    path = started(client)
    for headers in ({}, EVENTS):
        refused = client.post(f"{path}/messages", json={"text": "refund?"}, headers=headers)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "busy" in refused.json()["detail"]
    turns = client.get(path).json()["turns"]
    assert [(turn["text"], turn["status"]) for turn in turns] == [("refund?", "failed")] * 2
    other.leave()
    assert client.post(f"{path}/messages", json={"text": "refund?"}).status_code == 200


def test_busy_is_said_in_the_customers_language(desk: Desk, client: TestClient) -> None:
    other = line_of(desk, at_once=1, length=0).enter()
    refused = client.post(
        f"{started(client)}/messages", json={"text": "退款"}, headers={"accept-language": "zh"}
    )
    assert "稍后再发" in refused.json()["detail"]
    other.leave()


def test_who_waits_is_told_the_place_as_an_event(desk: Desk, client: TestClient) -> None:
    other = line_of(desk, at_once=1, length=5).enter()
    path = started(client)
    threading.Timer(0.5, other.leave).start()
    response = client.post(f"{path}/messages", json={"text": "refund?"}, headers=EVENTS)
    events = read_events(response.text)
    assert events[0] == ("waiting", {"place": 1})
    assert events[-1][0] == "answer"


def test_too_many_messages_of_one_conversation_are_429_and_not_stored(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, messages_per_minute=3)
    with TestClient(make_app(desk)) as client:
        path = started(client)
        statuses = [
            client.post(f"{path}/messages", json={"text": "hello"}).status_code for _ in range(4)
        ]
        refused = client.post(f"{path}/messages", json={"text": "hello"})
        assert statuses == [200, 200, 200, 429]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert refused.headers["retry-after"] in refused.json()["detail"]
        assert len([t for t in client.get(path).json()["turns"] if t["role"] == "customer"]) == 3
        assert client.post(f"{started(client)}/messages", json={"text": "hi"}).status_code == 200


def test_what_is_no_message_is_limited_too_but_a_person_can_always_be_asked_for(
    tmp_path: Path,
) -> None:
    desk = make_desk(tmp_path, messages_per_minute=1, address_messages_per_minute=3)
    with TestClient(make_app(desk), client=(ADDRESS, 50_000)) as client:
        path = started(client)
        statuses = [
            client.post(f"{path}/messages", json={"text": "refund?"}).status_code for _ in range(2)
        ]
        assert statuses == [200, 429]
        turn = client.get(path).json()["turns"][-1]["id"]
        limited: list[tuple[str, str, dict[str, object]]] = [
            ("POST", "contact", {"email": "anna@example.com"}),
            ("PUT", "survey", {"solved": True}),
            ("PUT", f"turns/{turn}/feedback", {"rating": "up"}),
        ]
        for method, act, body in limited:
            statuses = [
                client.request(method, f"{path}/{act}", json=body).status_code for _ in range(4)
            ]
            assert statuses == [204, 204, 204, 429], act
        assert desk.log.database.db.table("contacts").count == 3
        # As often as the page says it while somebody types for a minute.
        statuses = [client.post(f"{path}/typing").status_code for _ in range(21)]
        assert set(statuses) == {204}
        assert client.post(f"{path}/person").status_code == 200
        assert desk.log.head(path.rsplit("/", 1)[1]).owner is Owner.WAITING
        again = [client.post(f"{path}/person") for _ in range(30)]
        assert again[-1].status_code == 429
        assert again[-1].headers["retry-after"] in again[-1].json()["detail"]


def test_an_address_cannot_fill_the_line_of_those_who_wait_for_a_person(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, address_messages_per_minute=1)
    live = Live(desk.log.database)
    chat = Chat(desk.frontdesk, live, Pace(desk.frontdesk.config))
    known = Visit(desk.log.start("en").id)
    assert chat.ask_for_person(Visit(), "en", ADDRESS).waiting
    with pytest.raises(TooFast):
        chat.ask_for_person(Visit(), "en", ADDRESS)
    assert chat.ask_for_person(known, "en", ADDRESS).waiting
    assert len(live.waiting()) == 2
    live.close()


def test_the_page_says_that_a_person_was_asked_for_too_fast(
    browser: Browser, tmp_path: Path
) -> None:
    app = make_app(make_desk(tmp_path, address_messages_per_minute=1))
    with running(app) as url:
        context = browser.new_context(extra_http_headers={"x-forwarded-for": ADDRESS})
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("body.ready")
        page.locator("#person").click()
        expect(page.locator(".waiting")).to_be_visible()
        page.locator("#new").click()
        expect(page.locator(".welcome")).to_be_visible()
        page.locator("#person").click()
        expect(page.locator("#notice")).to_contain_text("That was quite fast.")
        expect(page.locator(".welcome")).to_be_visible()
        context.close()


def test_two_copies_count_together_and_a_window_ends(tmp_path: Path) -> None:
    config = Config(home=tmp_path, messages_per_minute=2, address_messages_per_minute=3)
    one, other = Pace(config), Pace(config)
    one.check("a", ADDRESS)
    other.check("a", ADDRESS)
    with pytest.raises(TooFast):
        one.check("a", ADDRESS)
    one.check("b", ADDRESS)
    with pytest.raises(TooFast):
        other.check("c", ADDRESS)
    other.check("c", "127.0.0.1")
    store = LimitFile(tmp_path / "limits.db")
    assert store.incr("key", 0) == 1
    assert store.incr("key", 60) == 1  # the first window was over at once
    assert store.incr("key", 60) == 2
    assert store.get("key") == 2
    store.clear("key")
    assert store.get("key") == 0
    assert store.reset() > 0
    assert store.check()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of this test's own. Where the machine has none, the test is skipped."""
    pytest.importorskip("redis")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    command = [program, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: is_open(port))
        yield f"redis://127.0.0.1:{port}"
        process.terminate()


def is_open(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_two_machines_count_together_in_redis(tmp_path: Path, redis_url: str) -> None:
    config = Config(
        home=tmp_path,
        messages_per_minute=2,
        address_messages_per_minute=3,
        limits_url=redis_url,
    )
    one, other = Pace(config), Pace(config)
    one.check("a", ADDRESS)
    other.check("a", ADDRESS)
    with pytest.raises(TooFast) as refused:
        one.check("a", ADDRESS)
    assert 0 < refused.value.seconds <= 60
    one.check("b", ADDRESS)
    with pytest.raises(TooFast):
        other.check("c", ADDRESS)
    assert not (tmp_path / "limits.db").exists()


def test_a_redis_that_goes_down_refuses_nobody(
    tmp_path: Path, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    import redis

    pace = Pace(Config(home=tmp_path, messages_per_minute=1, limits_url=redis_url))
    pace.check("a", ADDRESS)
    with contextlib.suppress(redis.ConnectionError):
        redis.Redis.from_url(redis_url).shutdown(nosave=True)
    pace.check("a", ADDRESS)
    assert "not limited" in caplog.text


def test_a_store_of_limits_that_is_down_refuses_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pace = Pace(Config(home=tmp_path, messages_per_minute=1))
    with closing(sqlite3.connect(tmp_path / "limits.db")) as db:
        db.execute("drop table counters")
        db.commit()
    pace.check("a", ADDRESS)
    pace.check("a", ADDRESS)
    assert "not limited" in caplog.text


def test_metrics_tell_what_became_of_the_messages_and_nothing_of_what_was_said(site: Site) -> None:
    with httpx.Client(base_url=site.url) as http:
        path = f"/api/conversations/{http.post('/api/conversations').json()['id']}/messages"
        http.post(path, json={"text": "my very secret refund?"})
        text = http.get("/metrics").text
    assert 'frontdesk_turns_total{route="answer",status="done"}' in text
    assert "frontdesk_answer_seconds_count" in text
    assert "frontdesk_first_word_seconds_bucket" in text
    assert "frontdesk_line 0.0" in text
    assert "secret" not in text


def test_metrics_are_for_this_machine_or_for_who_has_the_token(tmp_path: Path, site: Site) -> None:
    forwarded = httpx.get(f"{site.url}/metrics", headers={"x-real-ip": ADDRESS})
    assert forwarded.status_code == 403
    desk = make_desk(tmp_path, metrics_token=SecretStr("s3cret"))
    with TestClient(make_app(desk)) as client:
        assert client.get("/metrics").status_code == 403
        wrong = client.get("/metrics", headers={"authorization": "Bearer no"})
        assert wrong.status_code == 403
        right = client.get("/metrics", headers={"authorization": "Bearer s3cret"})
        assert right.status_code == 200


def test_a_server_that_is_stopping_is_alive_but_not_ready(desk: Desk, client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "missing": []}
    desk.frontdesk.manager.line.close()
    stopping = client.get("/readyz")
    assert (stopping.status_code, stopping.json()["missing"]) == (503, ["stopping"])
    assert client.get("/healthz").status_code == 200


def test_a_stop_lets_an_answer_finish_and_refuses_the_rest(desk: Desk) -> None:
    desk.generator.pause_seconds = 0.02
    app = make_app(desk)
    line = desk.frontdesk.manager.line
    server = Server(
        uvicorn.Config(app, port=0, log_level="warning"), line, app.state.live, shutdown_seconds=30
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=30) as http:
        one, other = (http.post("/conversations").json()["id"] for _ in range(2))
        text = {"text": "slow please"}
        with http.stream("POST", f"/conversations/{one}/messages", json=text, headers=EVENTS) as s:
            lines = s.iter_lines()
            next(lines)
            server.should_exit = True
            wait_until(lambda: line.closed)
            refused = http.post(f"/conversations/{other}/messages", json=text)
            assert refused.status_code == 503
            assert any("event: answer" in line for line in lines)
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_thousand_connections_opened_and_closed_leave_the_server_as_it_was(site: Site) -> None:
    port = int(site.url.rsplit(":", 1)[1])
    created = httpx.post(f"{site.url}/api/conversations").json()["id"]
    starts = [
        b"",
        b"POST /api/conversations HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
        f"POST /api/conversations/{created}/messages HTTP/1.1\r\nhost: x\r\naccept: "
        "text/event-stream\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n"
        '{"text": "say hello"}'.encode(),
        b"\x16\x03\x01nonsense\r\n\r\n",
    ]
    for _ in range(10):
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for number, connection in enumerate(connections):
            connection.sendall(starts[number % len(starts)])
        for connection in connections:
            connection.close()
    wait_until(lambda: not any(thread.name == "reply" for thread in threading.enumerate()))
    wait_until(lambda: site.desk.frontdesk.manager.line.answering == 0)
    assert httpx.get(f"{site.url}/readyz").status_code == 200
    answer = httpx.post(f"{site.url}/api/conversations/{created}/messages", json={"text": "hello"})
    assert answer.status_code in (200, 429)


def fill_disk(desk: Desk) -> None:
    """SQLite may not take a page more, and uses up those that it has."""
    pages = desk.log._db.execute("pragma page_count").fetchone()[0]
    desk.log._db.execute(f"pragma max_page_count = {pages}")
    conversation = desk.log.start("en")
    with contextlib.suppress(sqlite3.OperationalError):
        while True:
            desk.log.add_customer_turn(conversation.id, "hello?")


def test_a_full_disk_is_an_honest_sentence_and_the_log_says_why(
    desk: Desk, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    path = started(client)
    fill_disk(desk)
    text = "refund? " * 20
    for headers in ({}, EVENTS):
        refused = client.post(f"{path}/messages", json={"text": text}, headers=headers)
        assert refused.status_code == 503
        assert refused.json()["detail"] == "That could not be stored. Please try again."
    assert "database or disk is full" in caplog.text
    assert client.get(path).json()["turns"] == []
    desk.log._db.execute("pragma max_page_count = 1000000")
    assert client.post(f"{path}/messages", json={"text": "refund?"}).status_code == 200


def test_a_disk_that_fills_up_while_the_bot_writes_is_said_too(
    desk: Desk, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    path = started(client)
    desk.generator.pause_seconds = 0.01
    with client.stream(
        "POST", f"{path}/messages", json={"text": "slow"}, headers=EVENTS
    ) as response:
        fill_disk(desk)
        events = read_events("".join(response.iter_text()))
    assert events[-1][0] == "error"
    assert "database or disk is full" in caplog.text
    assert desk.frontdesk.manager.line.answering == 0


def test_the_page_shows_the_place_in_line_and_then_the_answer(visitor: Visitor, site: Site) -> None:
    manager = site.desk.frontdesk.manager
    before, manager.line = manager.line, Line(at_once=1, length=5)
    other = manager.line.enter()
    try:
        page = visitor()
        page.locator("#box textarea").fill("refund?")
        page.keyboard.press("Enter")
        page.get_by_text("You are number 1 in line").wait_for()
        other.leave()
        page.get_by_role("strong").get_by_text("five working days").wait_for()
    finally:
        manager.line = before


def test_the_page_says_that_it_is_busy_and_gives_the_words_back(
    visitor: Visitor, site: Site
) -> None:
    manager = site.desk.frontdesk.manager
    before, manager.line = manager.line, Line(at_once=1, length=0)
    other = manager.line.enter()
    try:
        page = visitor(locale="zh-CN")
        page.locator("#box textarea").fill("退款")
        page.keyboard.press("Enter")
        page.get_by_text("现在咨询的顾客太多").wait_for()
        assert page.get_by_text("出了点问题").count() == 0
        assert page.locator("#box textarea").input_value() == "退款"
        other.leave()
    finally:
        manager.line = before


def test_a_span_tells_the_steps_of_a_turn(desk: Desk) -> None:
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from ui.tracing import Tracing

    exporter = InMemorySpanExporter()
    manager = desk.frontdesk.manager
    Tracing(manager, SimpleSpanProcessor(exporter))
    list(manager.reply(desk.log.start("en").id, "my refund?"))
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"turn", "embed", "classify", "search", "generate"}
    turn, search = spans["turn"], spans["search"]
    assert (turn.attributes or {})["frontdesk.route"] == "answer"
    assert search.parent is not None
    assert search.parent.span_id == turn.context.span_id
    assert "refund" not in str([span.to_json() for span in spans.values()])


def test_nothing_is_traced_where_no_endpoint_is_configured() -> None:
    import sys

    code = (
        "import sys; from ui.tracing import trace_turns; trace_turns(None);"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
