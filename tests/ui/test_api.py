"""The HTTP API over HTTP, with a real log behind it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from bot.handoff import HandOff
from bot.types import Owner, Route
from tests.ui.chatting import begun_since
from tests.ui.conftest import Site
from tests.ui.desk import Desk, make_app, make_desk, wait_until

EVENTS = {"accept": "text/event-stream"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_app(desk), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def conversation(client: TestClient) -> str:
    return f"/api/conversations/{client.post('/api/conversations').json()['id']}"


def sentence(response: Any) -> str:
    """The error's `detail`: one sentence, and nothing else in the body."""
    assert set(response.json()) == {"detail"}
    detail = response.json()["detail"]
    assert isinstance(detail, str)
    assert detail
    assert "Traceback" not in detail
    return detail


def read_events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in blocks
    ]


def test_a_conversation_starts_in_the_language_that_is_asked_for(client: TestClient) -> None:
    created = client.post("/api/conversations", json={"language": "zh"})
    assert created.status_code == 201
    assert created.json()["language"] == "zh"
    assert created.json()["owner"] == "bot"
    assert len(created.json()["id"]) >= 22


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de-DE,de;q=0.9,en;q=0.5", "en"),
        ("en;q=0.3, zh-Hant;q=0.7", "zh"),
        ("fr", "en"),
        ("zh;q=nonsense", "en"),
        ("zh;q=0", "en"),
        ("", "en"),
    ],
)
def test_else_the_browser_says_the_language(client: TestClient, header: str, language: str) -> None:
    created = client.post("/api/conversations", headers={"accept-language": header})
    assert created.json()["language"] == language


def test_a_message_is_answered_with_citations(client: TestClient, conversation: str) -> None:
    answer = client.post(f"{conversation}/messages", json={"text": "my refund?"}).json()
    assert set(answer) == {
        "answer",
        "route",
        "intent",
        "citations",
        "options",
        "owner",
        "conversation_id",
        "turn_id",
        "spans",
        "timings_ms",
    }
    assert "five working days" in answer["answer"]
    assert answer["route"] == "answer"
    assert set(answer["intent"]) == {"name", "confidence", "known"}
    assert [c["title"] for c in answer["citations"]] == [
        "How long do refunds take?",
        "And with a <b>card</b>?",
    ]
    assert set(answer["citations"][0]) == {"passage_id", "document", "title", "text", "score"}


def test_the_same_answer_comes_in_pieces_as_events(client: TestClient, conversation: str) -> None:
    response = client.post(f"{conversation}/messages", json={"text": "my refund?"}, headers=EVENTS)
    assert response.headers["content-type"].startswith("text/event-stream")
    *pieces, (last, answer) = read_events(response.text)
    assert len(pieces) >= 3
    assert {name for name, _ in pieces} == {"piece"}
    assert last == "answer"
    assert "".join(piece["text"] for _, piece in pieces) == answer["answer"]
    assert len(answer["citations"]) == 2


def test_a_conversation_reads_back_with_its_citations(
    client: TestClient, conversation: str
) -> None:
    client.post(f"{conversation}/messages", json={"text": "my refund?"})
    turns = client.get(conversation).json()["turns"]
    assert [turn["role"] for turn in turns] == ["customer", "bot"]
    assert turns[0]["text"] == "my refund?"
    assert len(turns[1]["citations"]) == 2


def test_a_clarifying_answer_offers_its_options(client: TestClient, conversation: str) -> None:
    answer = client.post(f"{conversation}/messages", json={"text": "return"}).json()
    assert answer["route"] == "clarify"
    assert answer["options"] == ["How do I send it back?", "When must it be back?"]


def test_feedback_is_stored_with_the_answer(
    client: TestClient, conversation: str, desk: Desk
) -> None:
    turn = client.post(f"{conversation}/messages", json={"text": "my refund?"}).json()["turn_id"]
    body = {"rating": "down", "comment": "too slow"}
    assert client.put(f"{conversation}/turns/{turn}/feedback", json=body).status_code == 204
    assert client.put(f"{conversation}/turns/{turn}/feedback", json=body).status_code == 204
    assert client.get(conversation).json()["turns"][-1]["rating"] == "down"


def test_feedback_on_a_turn_of_somebody_else_is_refused(
    client: TestClient, conversation: str
) -> None:
    other = client.post("/api/conversations").json()["id"]
    path = f"/api/conversations/{other}/messages"
    turn = client.post(path, json={"text": "my refund?"}).json()["turn_id"]
    response = client.put(f"{conversation}/turns/{turn}/feedback", json={"rating": "up"})
    assert response.status_code == 404
    assert "no such answer" in sentence(response)


def test_whoever_asks_for_a_person_gets_no_more_answers(
    client: TestClient, conversation: str
) -> None:
    assert client.post(f"{conversation}/person").json()["role"] == "system"
    assert client.post(f"{conversation}/person").status_code == 200
    answer = client.post(f"{conversation}/messages", json={"text": "my refund?"}).json()
    assert (answer["route"], answer["answer"], answer["owner"]) == (Route.SILENT, "", Owner.WAITING)
    assert client.get(conversation).json()["turns"][-1]["text"] == "my refund?"


def test_whoever_waits_may_go_back_to_the_bot_until_a_person_joins(
    client: TestClient, conversation: str, desk: Desk
) -> None:
    client.post(f"{conversation}/person")
    assert client.delete(f"{conversation}/person").json()["role"] == "system"
    answer = client.post(f"{conversation}/messages", json={"text": "my refund?"}).json()
    assert answer["owner"] == "bot"
    HandOff(desk.log).take(conversation.rsplit("/", 1)[1], "Mei")
    refused = client.delete(f"{conversation}/person")
    assert refused.status_code == 409
    assert "A person has" in sentence(refused)
    told = client.get(conversation).json()
    assert (told["owner"], told["agent"]) == ("agent", "Mei")
    assert told["turns"][-1]["text"] == "Mei has joined."


def test_whoever_follows_a_conversation_is_told_at_once(site: Site) -> None:
    hand_off = HandOff(site.desk.log)
    created = httpx.post(f"{site.url}/api/conversations").json()["id"]
    url = f"{site.url}/api/conversations/{created}/events"
    states: list[dict[str, Any]] = []
    with httpx.stream("GET", url, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            states.append(json.loads(line.removeprefix("data: ")))
            if len(states) == 1:
                hand_off.ask(created)
            elif len(states) == 2:
                hand_off.take(created, "Mei")
            else:
                break
    assert [(state["owner"], state["agent"]) for state in states] == [
        ("bot", ""),
        ("waiting", ""),
        ("agent", "Mei"),
    ]
    assert states[1]["place"] >= 1
    assert states[2]["turn"] > states[1]["turn"] > states[0]["turn"]
    hand_off.close(created, "Mei")


def test_an_e_mail_address_is_stored(client: TestClient, conversation: str) -> None:
    response = client.post(f"{conversation}/contact", json={"email": " anna@example.com "})
    assert response.status_code == 204


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@",
        "@b.c",
        "a@b",
        "a b@c.de",
        "a@b..de",
        "a@-b.de",
        "ä@b.de",
        "x" * 65 + "@b.de",
        f"a@{'b' * 64}.de",
        "a@b.de,c@d.ef",
        "a@b.de\nbcc: c@d.ef",
    ],
)
def test_what_is_no_e_mail_address_is_refused(
    client: TestClient, conversation: str, email: str
) -> None:
    response = client.post(f"{conversation}/contact", json={"email": email})
    assert response.status_code == 422
    assert "e-mail address" in sentence(response)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/messages", {"text": "hello"}),
        ("POST", "/person", None),
        ("PUT", "/survey", {"solved": True}),
        ("DELETE", "/person", None),
        ("GET", "/events", None),
        ("POST", "/contact", {"email": "a@b.de"}),
        ("PUT", "/turns/1/feedback", {"rating": "up"}),
    ],
)
def test_an_unknown_conversation_is_404(
    client: TestClient, method: str, path: str, body: object
) -> None:
    response = client.request(method, f"/api/conversations/nobody{path}", json=body)
    assert response.status_code == 404
    assert "There is no such" in sentence(response)


def test_conversations_cannot_be_listed(client: TestClient) -> None:
    assert client.get("/api/conversations").status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u0000\u0001", "\u200b\u200d"])
def test_an_empty_message_is_422(client: TestClient, conversation: str, text: str) -> None:
    response = client.post(f"{conversation}/messages", json={"text": text})
    assert response.status_code == 422
    assert sentence(response) == "Please write something first."
    assert client.get(conversation).json()["turns"] == []


@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_a_message_of_100_kb_is_413(
    client: TestClient, conversation: str, headers: dict[str, str]
) -> None:
    response = client.post(
        f"{conversation}/messages", json={"text": "long " * 20_000}, headers=headers
    )
    assert response.status_code == 413
    assert "4000 characters" in sentence(response)
    assert client.get(conversation).json()["turns"] == []


@pytest.mark.parametrize("length", ["content-length: 50000000", "transfer-encoding: chunked"])
def test_a_body_of_50_mb_is_refused_before_it_has_come(site: Site, length: str) -> None:
    """Two of the megabytes are sent; the answer does not wait for the rest."""
    with connect(site) as connection:
        head = f"POST /api/conversations/x/messages HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n"
        connection.sendall(head.encode())
        if "chunked" in length:
            connection.sendall(b"1E8480\r\n" + b"x" * 2_000_000 + b"\r\n")
        response = connection.recv(10_000).decode()
    assert response.startswith("HTTP/1.1 413")
    assert "larger than 1000000 bytes" in response


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"text": 1}',
        b'{"text": null}',
        b"{}",
        b'{"text": "a", "more": 1}',
        b"\xff",
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_a_malformed_request_is_422_with_one_sentence(
    client: TestClient, conversation: str, body: bytes
) -> None:
    response = client.post(
        f"{conversation}/messages", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code in (400, 422)
    sentence(response)


def test_errors_speak_the_language_of_the_client(client: TestClient) -> None:
    response = client.get("/api/conversations/nobody", headers={"accept-language": "zh-CN"})
    assert "没有这个对话" in sentence(response)


def test_a_failure_is_one_sentence_and_the_message_is_kept(
    client: TestClient, conversation: str
) -> None:
    response = client.post(f"{conversation}/messages", json={"text": "explode"})
    assert response.status_code == 500
    assert "our side" in sentence(response)
    assert client.get(conversation).json()["turns"][0]["status"] == "failed"


def test_a_failure_among_the_events_is_an_event(client: TestClient, conversation: str) -> None:
    response = client.post(f"{conversation}/messages", json={"text": "explode"}, headers=EVENTS)
    assert read_events(response.text)[-1][0] == "error"
    assert "index is gone" not in response.text


@pytest.mark.parametrize(
    "text", ["🎒" * 10, "<script>alert(1)</script>", 'it\'s "quoted"; --', "退款"]
)
def test_a_message_is_kept_as_it_was_written(
    client: TestClient, conversation: str, text: str
) -> None:
    assert client.post(f"{conversation}/messages", json={"text": text}).status_code == 200
    assert client.get(conversation).json()["turns"][0]["text"] == text


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_a_client_that_leaves_ends_the_work(site: Site, accept: str) -> None:
    before = set(site.desk.generator.writing)
    created = httpx.post(f"{site.url}/api/conversations").json()["id"]
    body = b'{"text": "slow please"}'
    with connect(site) as connection:
        head = (
            f"POST /api/conversations/{created}/messages HTTP/1.1\r\nhost: x\r\n"
            f"accept: {accept}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        wait_until(lambda: len(begun_since(before, site)) == 1)
    wait_until(lambda: not begun_since(before, site))
    wait_until(lambda: site.desk.log.conversation(created).turns[0].status == "cancelled")
    assert len(site.desk.log.conversation(created).turns) == 1


def test_many_are_answered_while_one_is_slow(site: Site) -> None:
    before = set(site.desk.generator.writing)
    with httpx.Client(base_url=f"{site.url}/api", timeout=20) as http:
        slow, quick = (http.post("/conversations").json()["id"] for _ in range(2))
        path = f"/conversations/{slow}/messages"
        with http.stream("POST", path, json={"text": "slow please"}, headers=EVENTS) as stream:
            next(stream.iter_bytes())
            answer = http.post(f"/conversations/{quick}/messages", json={"text": "refund?"})
            assert answer.json()["route"] == "answer"
            assert len(begun_since(before, site)) == 1
    wait_until(lambda: not begun_since(before, site))


def test_the_api_is_described_with_examples(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    paths = described["paths"]
    assert set(paths) == {
        "/api/conversations",
        "/api/conversations/{id}",
        "/api/conversations/{id}/messages",
        "/api/conversations/{id}/person",
        "/api/conversations/{id}/events",
        "/api/conversations/{id}/typing",
        "/api/conversations/{id}/contact",
        "/api/conversations/{id}/survey",
        "/api/conversations/{id}/turns/{turn_id}/feedback",
        "/healthz",
        "/readyz",
    }
    assert "text/event-stream" in json.dumps(paths)
    assert "How long do refunds take?" in json.dumps(described)


def test_the_server_is_healthy(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/conversations/x", "/gradio_api/upload"])
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["upload", "file=/etc/passwd", "proxy=http://example.com", "info", "run/_send", "monitoring"],
)
def test_what_the_page_does_not_need_is_closed(client: TestClient, path: str) -> None:
    assert client.get(f"/gradio_api/{path}").status_code == 404
    assert client.post(f"/gradio_api/{path}").status_code == 404


def connect(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(site.url.rsplit(":", 1)[1])), timeout=10)
