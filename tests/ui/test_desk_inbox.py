"""What the routes of the live page refuse, in one sentence, and what they store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.audit import audit_entries
from bot.types import Owner
from tests.ui.agents import add_agent, desk_of, log_in
from tests.ui.desk import Desk, make_app, make_desk
from ui.desk_inbox import MAX_CHARS


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(tmp_path_factory.mktemp("inbox"))


@pytest.fixture(scope="module")
def app(desk: Desk) -> FastAPI:
    app = make_app(desk)
    add_agent(app, "Mei")
    add_agent(app, "Tom")
    return app


@pytest.fixture(scope="module")
def mei(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield log_in(client, "Mei")


@pytest.fixture
def conversation(desk: Desk) -> str:
    return desk.log.start("en").id


def test_what_a_colleague_has_is_refused_with_the_colleagues_name(
    app: FastAPI, desk: Desk, mei: TestClient, conversation: str
) -> None:
    desk_of(app).hand_off.take(conversation, "Tom")
    for move, body in (("take", {}), ("hand-back", {}), ("close", {}), ("say", {"text": "Hello"})):
        refused = mei.post(f"/desk/inbox/{conversation}/{move}", json=body)
        assert refused.status_code == 409, move
        assert refused.json() == {"detail": "Tom has this conversation."}
    assert desk.log.head(conversation).agent == "Tom"


def test_what_is_nobodys_can_be_taken_but_not_answered(
    desk: Desk, mei: TestClient, conversation: str
) -> None:
    refused = mei.post(f"/desk/inbox/{conversation}/say", json={"text": "Hello"})
    assert refused.status_code == 409
    assert "changed hands" in refused.json()["detail"]
    assert mei.post(f"/desk/inbox/{conversation}/take").status_code == 200
    assert mei.post(f"/desk/inbox/{conversation}/say", json={"text": "Hello"}).status_code == 200
    assert mei.post(f"/desk/inbox/{conversation}/release").status_code == 200
    assert desk.log.head(conversation).owner is Owner.WAITING


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": " \n "}, 422),
        ({"text": "x" * (MAX_CHARS + 1)}, 413),
        ({"text": "x" * (5 * MAX_CHARS)}, 422),
        ({"text": 7}, 422),
        ({}, 422),
        ({"text": "x", "agent": "Tom"}, 422),
    ],
)
def test_what_is_no_message_is_refused(
    app: FastAPI, desk: Desk, mei: TestClient, body: dict[str, object], status: int
) -> None:
    conversation_id = desk.log.start("en").id
    desk_of(app).hand_off.take(conversation_id, "Mei")
    refused = mei.post(f"/desk/inbox/{conversation_id}/say", json=body)
    assert refused.status_code == status
    assert isinstance(refused.json()["detail"], str)
    assert len(desk.log.conversation(conversation_id).turns) == 1


@pytest.mark.parametrize("path", ["", "/parts", "/suggestions"])
def test_a_conversation_that_is_not_there_is_a_page_that_says_so(
    mei: TestClient, path: str
) -> None:
    missing = mei.get(f"/desk/inbox/nobody{path}", headers={"accept": "text/html"})
    assert missing.status_code == 404
    assert "There is no such conversation." in missing.text
    assert mei.post("/desk/inbox/nobody/take").status_code == 404


def test_a_suggestion_of_another_conversation_is_refused(
    app: FastAPI, desk: Desk, mei: TestClient, conversation: str
) -> None:
    other = desk.log.start("en").id
    desk.log.add_customer_turn(other, "refund?")
    (suggestion, *_) = desk.frontdesk.suggestions.of(other)
    desk_of(app).hand_off.take(conversation, "Mei")
    said = {"text": "Five days.", "suggestion": suggestion.id}
    refused = mei.post(f"/desk/inbox/{conversation}/say", json=said)
    assert refused.status_code == 422
    assert "another conversation" in refused.json()["detail"]
    assert len(desk.log.conversation(conversation).turns) == 1


def test_typing_is_seen_by_people_only_and_ends_with_the_message(
    app: FastAPI, desk: Desk, mei: TestClient, conversation: str
) -> None:
    live, path = desk_of(app).live, f"/api/conversations/{conversation}/typing"
    assert mei.post(path).status_code == 204
    assert not live.customer_types(conversation)
    desk_of(app).hand_off.take(conversation, "Mei")
    mei.post(path)
    assert live.customer_types(conversation)
    desk.log.add_customer_turn(conversation, "Here it is.")
    assert not live.customer_types(conversation)
    assert mei.post("/api/conversations/nobody/typing").status_code == 404


def test_who_looked_at_what_is_written_down(desk: Desk, mei: TestClient, conversation: str) -> None:
    mei.get(f"/desk/inbox/{conversation}")
    entry = audit_entries(desk.log.database, limit=1)[0]
    assert (entry.agent, entry.action, entry.conversation_id) == ("Mei", "viewed", conversation)


def test_an_open_page_tells_who_waits_and_that_its_agent_is_there(
    app: FastAPI, desk: Desk, mei: TestClient, conversation: str
) -> None:
    desk_of(app).hand_off.ask(conversation)
    assert conversation in mei.get("/desk/waiting").json()["waiting"]
    assert "Mei" in desk_of(app).live.present()


def test_a_removed_agents_customers_wait_for_another_one(
    app: FastAPI, desk: Desk, conversation: str
) -> None:
    add_agent(app, "Root", "admin")
    add_agent(app, "Eve")
    desk_of(app).hand_off.take(conversation, "Eve")
    with TestClient(app) as client:
        log_in(client, "Root")
        assert client.post("/desk/users/remove", data={"name": "Eve"}).status_code == 200
    assert desk.log.head(conversation).owner is Owner.WAITING
