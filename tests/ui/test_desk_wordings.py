"""Customers' own words at the desk: shown to everybody, taught and taken back by an admin."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from bot.types import Answer, Route
from knowledge.taught import Taught, read_taught
from knowledge.types import Embedder, Progress
from tests.ui.agents import add_agent, desk_client, desk_of, desk_page, finish_job, log_in
from tests.ui.desk import ingested_app
from tests.ui.running import running
from ui.desk_wordings import Ticked

ENTRY = "docs/faq.md#how-long-do-refunds-take"
QUESTION = "How long do refunds take?"
OWN = "You have my parcel, when do I see the money"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, built_in_embedder: Embedder) -> FastAPI:
    faq = (
        f"# FAQ\n\n## {QUESTION}\n\nFive days after your parcel has reached us.\n\n"
        "## Do you have a shop?\n\nIn Bern.\n\n## Is there parking?\n\nBehind the house.\n"
    )
    app = ingested_app(tmp_path_factory.mktemp("wordings"), faq, built_in_embedder)
    add_agent(app, "Mei")
    add_agent(app, "Root", "admin")
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with desk_client(app) as client:
        yield client


def asks(app: FastAPI, *messages: str) -> Answer:
    """The reply to the last message of a new conversation."""
    manager = app.state.frontdesk.manager
    conversation = manager.log.start("en").id
    for message in messages:
        *_, answer = manager.reply(conversation, message)
    assert isinstance(answer, Answer)
    return answer


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
    finish_job(app, "wordings")
    answer = asks(app, OWN.lower())
    assert answer.route is Route.ANSWER
    assert "Five days" in answer.text
    page = client.get("/desk/wordings").text
    assert "checked" in page
    assert "Taught customers" in client.get("/desk/users").text

    client.post("/desk/wordings", data={"before": [f"{ENTRY}\t{OWN}"]})
    finish_job(app, "wordings")
    assert asks(app, OWN).route is Route.DECLINE
    assert "checked" not in client.get("/desk/wordings").text


def test_what_was_taught_is_shown_when_nobody_picks_it_any_more(
    app: FastAPI, client: TestClient
) -> None:
    log_in(client, "Root").post("/desk/wordings", data={"ticked": ["gone.md#a-b\twhy"]})
    finish_job(app, "wordings")
    home = app.state.frontdesk.config.home
    assert read_taught(home).of("gone.md#a-b") == ("why",)
    assert "a b</h2>" in client.get("/desk/wordings").text
    client.post("/desk/wordings", data={"before": ["gone.md#a-b\twhy"]})
    finish_job(app, "wordings")


def test_who_saves_while_another_does_is_told_so(app: FastAPI, client: TestClient) -> None:
    go_on = threading.Event()

    def save(progress: Progress) -> None:
        assert go_on.wait(30)

    desk_of(app).jobs.start("wordings", save)
    form = {"ticked": [f"{ENTRY}\tnever saved"]}
    answer = log_in(client, "Root").post("/desk/wordings", data=form)
    go_on.set()
    assert answer.status_code == 409
    assert "The knowledge is being changed right now." in answer.text
    finish_job(app, "wordings")
    assert read_taught(app.state.frontdesk.config.home) == Taught()


def test_an_admin_ticks_by_keyboard_and_sees_what_is_taught(app: FastAPI, browser: Browser) -> None:
    words = "how many days to wait for my cash"
    asks(app, words)
    assert asks(app, words, QUESTION).route is Route.ANSWER
    with running(app) as address, desk_page(browser, address, "Root") as page:
        page.goto("/desk/wordings")
        page.get_by_role("checkbox", name=words).press("Space")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.get_by_role("listitem").filter(has_text=words).locator(".chip")).to_have_text(
            "taught", timeout=60_000
        )
        expect(page.get_by_role("checkbox", name=words)).to_be_checked()
        expect(page.get_by_role("progressbar")).to_have_count(0)
    assert asks(app, words).route is Route.ANSWER


def test_what_another_admin_has_taught_meanwhile_stays() -> None:
    form = Ticked(ticked=["d#e\tb", "d#e\tnew", "d#f\tc"], before=["d#e\ta", "d#e\tb"])
    taught = form.change(Taught({"d#e": ("a", "b", "theirs"), "d#g": ("own",)}))
    assert taught == Taught({"d#e": ("theirs", "b", "new"), "d#f": ("c",), "d#g": ("own",)})
