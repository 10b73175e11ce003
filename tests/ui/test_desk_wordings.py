"""Customers' own words at the desk: shown to everybody, taught and taken back by an admin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.build import build
from bot.config import Config
from bot.types import Answer, Route
from knowledge.ingest import Ingest
from knowledge.taught import Taught, read_taught
from knowledge.types import Embedder
from tests.ui.agents import add_agent, log_in
from tests.ui.desk import wait_until
from ui.desk_state import DeskState
from ui.desk_wordings import Ticked
from ui.server import create_app

ENTRY = "docs/faq.md#how-long-do-refunds-take"
QUESTION = "How long do refunds take?"
OWN = "You have my parcel, when do I see the money"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, built_in_embedder: Embedder) -> FastAPI:
    folder = tmp_path_factory.mktemp("wordings")
    (folder / "docs").mkdir()
    (folder / "docs" / "faq.md").write_text(
        f"# FAQ\n\n## {QUESTION}\n\nFive days after your parcel has reached us.\n\n"
        "## Do you have a shop?\n\nIn Bern.\n\n## Is there parking?\n\nBehind the house.\n"
    )
    Ingest(folder / "home", built_in_embedder).run([folder / "docs"])
    frontdesk = build(Config(home=folder / "home"))
    with ThreadPoolExecutor(1) as thread:
        app = thread.submit(create_app, frontdesk).result()
    add_agent(app, "Mei")
    add_agent(app, "Root", "admin")
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    client = TestClient(app, follow_redirects=True)
    client.headers["accept"] = "text/html"
    yield client
    client.close()


def asks(app: FastAPI, *messages: str) -> Answer:
    """The reply to the last message of a new conversation."""
    manager = app.state.frontdesk.manager
    conversation = manager.log.start("en").id
    for message in messages:
        *_, answer = manager.reply(conversation, message)
    assert isinstance(answer, Answer)
    return answer


def finish(app: FastAPI) -> None:
    state: DeskState = app.state.desk
    wait_until(lambda: (job := state.jobs.get("wordings")) is not None and not job.running)
    job = state.jobs.get("wordings")
    assert job is not None
    assert job.problem == ""


def test_what_a_customer_had_to_pick_is_answered_once_it_is_taught(
    app: FastAPI, client: TestClient
) -> None:
    declined = asks(app, OWN)
    assert declined.route is Route.DECLINE
    assert QUESTION in declined.options
    assert asks(app, OWN, QUESTION).route is Route.ANSWER
    page = log_in(client, "Mei").get("/desk/wordings").text
    assert OWN in page
    assert "Save</button>" not in page
    form = {"ticked": [f"{ENTRY}\t{OWN}"]}
    assert client.post("/desk/wordings", data=form).status_code == 403

    log_in(client, "Root").post("/desk/wordings", data=form)
    finish(app)
    answer = asks(app, OWN.lower())
    assert answer.route is Route.ANSWER
    assert "Five days" in answer.text
    page = client.get("/desk/wordings").text
    assert "checked" in page
    assert "Taught customers" in client.get("/desk/users").text

    client.post("/desk/wordings", data={"before": [f"{ENTRY}\t{OWN}"]})
    finish(app)
    assert asks(app, OWN).route is Route.DECLINE
    assert "checked" not in client.get("/desk/wordings").text


def test_what_was_taught_is_shown_when_nobody_picks_it_any_more(
    app: FastAPI, client: TestClient
) -> None:
    log_in(client, "Root").post("/desk/wordings", data={"ticked": ["gone.md#a-b\twhy"]})
    finish(app)
    home = app.state.frontdesk.config.home
    assert read_taught(home).of("gone.md#a-b") == ("why",)
    assert "a b</h2>" in client.get("/desk/wordings").text
    client.post("/desk/wordings", data={"before": ["gone.md#a-b\twhy"]})
    finish(app)


def test_what_another_admin_has_taught_meanwhile_stays() -> None:
    form = Ticked(ticked=["d#e\tb", "d#e\tnew", "d#f\tc"], before=["d#e\ta", "d#e\tb"])
    taught = form.change(Taught({"d#e": ("a", "b", "theirs"), "d#g": ("own",)}))
    assert taught == Taught({"d#e": ("theirs", "b", "new"), "d#f": ("c",), "d#g": ("own",)})
