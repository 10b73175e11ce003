"""Drafts at the desk: tried out, published by a second pair of eyes, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.drafts import Drafts, DraftState
from bot.publication import entry_of
from knowledge.learned import FOLDER, add_entry, has_entry
from knowledge.types import Embedder
from knowledge.versions import Versions
from tests.ui.agents import add_agent, desk_client, desk_of, finish_job, log_in
from tests.ui.desk import ingested_app
from ui.desk import mount_desk

QUESTION, ANSWER = "Is there parking at the store?", "Yes, behind the house."
FORM = {"question": QUESTION, "answer": ANSWER, "asked": "where to park\n\n", "language": "en"}

CHECKED = '{"own": [], "logged": 0, "changed": [], "sets": [], "seconds": 1}'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, built_in_embedder: Embedder) -> FastAPI:
    faq = "# FAQ\n\n## How long do refunds take?\n\nFive days.\n"
    app = ingested_app(tmp_path_factory.mktemp("drafts"), faq, built_in_embedder)
    add_agent(app, "Mei")
    add_agent(app, "Root", "admin")
    add_agent(app, "Second", "admin")
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with desk_client(app) as client:
        yield client


def write_draft(client: TestClient) -> str:
    return str(client.post("/desk/drafts", data=FORM).url.path)


def finish(app: FastAPI, path: str) -> None:
    finish_job(app, f"draft {path.rpartition('/')[2]}")


def told(app: FastAPI) -> str:
    state = desk_of(app)
    return state.frontdesk.knowledge.search(QUESTION, k=1)[0].passage.text


def test_a_draft_is_tried_out_published_and_taken_back(app: FastAPI, client: TestClient) -> None:
    log_in(client, "Mei")
    path = write_draft(client)
    assert client.post(f"{path}/publish").status_code == 403
    log_in(client, "Root")
    assert client.post(f"{path}/publish").status_code == 403, "it was not tried out"
    client.post(f"{path}/check")
    finish(app, path)
    page = client.get(path).text
    assert "What it would change" in page
    assert told(app) == "Five days."
    client.post(f"{path}/publish")
    finish(app, path)
    assert told(app) == ANSWER
    assert "Published" in client.get(path).text
    assert client.post(path, data=FORM).status_code == 422, "it is published"
    assert "Taken back" in client.post(f"{path}/undo").text
    assert told(app) == "Five days."
    audit = client.get("/desk/users").text
    assert all(
        action in audit for action in ("Wrote a draft", "Published a draft", "Took a draft back")
    )


def test_a_trial_names_the_sources_that_were_missing(app: FastAPI, client: TestClient) -> None:
    log_in(client, "Mei")
    path = write_draft(client)
    state = desk_of(app)
    drafts = Drafts(state.frontdesk.log.database)
    draft = drafts.get(int(path.rpartition("/")[2]))
    missing = json.loads(CHECKED) | {"missing": ["/srv/faq", "/srv/help"]}
    drafts.keep_check(draft, json.dumps(missing))
    assert "No longer there: /srv/faq, /srv/help." in client.get(path).text


def test_who_wrote_it_does_not_publish_it(app: FastAPI, client: TestClient) -> None:
    log_in(client, "Root")
    path = write_draft(client)
    client.post(f"{path}/check")
    finish(app, path)
    assert "Another admin has to look at it" in client.get(path).text
    assert client.post(f"{path}/publish").status_code == 403
    log_in(client, "Second")
    assert "Rejected" in client.post(f"{path}/reject").text


def test_nobody_decides_while_another_changes_the_knowledge(
    app: FastAPI, client: TestClient
) -> None:
    log_in(client, "Root")
    path = write_draft(client)
    state = desk_of(app)
    drafts = Drafts(state.frontdesk.log.database)
    draft = drafts.get(int(path.rpartition("/")[2]))
    drafts.claim(draft, DraftState.PUBLISHING, "Second")
    with Versions(state.frontdesk.config.home).writing():
        refused = client.post(f"{path}/reject")
        assert refused.status_code == 422
        assert "The knowledge is being changed right now" in refused.text
        assert "Being published" in refused.text
    assert "being published right now" in client.post(path, data=FORM).text


def test_a_server_that_starts_takes_out_what_one_before_did_not_finish(
    app: FastAPI, client: TestClient
) -> None:
    log_in(client, "Root")
    path = write_draft(client)
    state = desk_of(app)
    drafts = Drafts(state.frontdesk.log.database)
    draft = drafts.get(int(path.rpartition("/")[2]))
    drafts.claim(draft, DraftState.PUBLISHING, "Second")
    add_entry(state.frontdesk.config.home / FOLDER, entry_of(draft))
    mount_desk(FastAPI(), state.frontdesk, state.live)
    assert drafts.get(draft.id) == draft
    assert not has_entry(state.frontdesk.config.home, entry_of(draft))


def test_a_change_has_to_be_tried_out_again(app: FastAPI, client: TestClient) -> None:
    log_in(client, "Root")
    path = write_draft(client)
    state = desk_of(app)
    number = int(path.rpartition("/")[2])
    drafts = Drafts(state.frontdesk.log.database)
    drafts.keep_check(drafts.get(number), CHECKED)
    client.post(path, data=FORM | {"answer": "No."})
    assert drafts.get(number).checked == ""
    assert drafts.get(number).answer == "No."


def test_who_changed_it_last_does_not_publish_it(app: FastAPI, client: TestClient) -> None:
    state = desk_of(app)
    drafts = Drafts(state.frontdesk.log.database)
    for author in ("Mei", "Root"):
        log_in(client, author)
        path = write_draft(client)
        number = int(path.rpartition("/")[2])
        log_in(client, "Second")
        client.post(path, data=FORM | {"answer": f"Words of the second, not of {author}."})
        drafts.keep_check(drafts.get(number), CHECKED)
        assert client.post(f"{path}/publish").status_code == 403
        page = client.get(path).text
        assert "changed by Second" in page
        assert "Another admin has to look at it" in page
        log_in(client, "Root")
        assert f"{path}/publish" in client.get(path).text


def test_who_wrote_a_part_does_not_publish_it_whoever_changed_it_afterwards(
    app: FastAPI, client: TestClient
) -> None:
    state = desk_of(app)
    drafts = Drafts(state.frontdesk.log.database)
    log_in(client, "Mei")
    path = write_draft(client)
    number = int(path.rpartition("/")[2])
    for author in ("Second", "Mei"):
        log_in(client, author)
        client.post(path, data=FORM | {"answer": f"Words of {author}."})
    drafts.keep_check(drafts.get(number), CHECKED)
    log_in(client, "Second")
    assert client.post(f"{path}/publish").status_code == 403
    page = client.get(path).text
    assert "changed by Second, Mei" in page
    assert "Another admin has to look at it" in page
    log_in(client, "Root")
    assert f"{path}/publish" in client.get(path).text


def test_what_is_missing_or_empty_is_said(client: TestClient) -> None:
    log_in(client, "Mei")
    empty = client.post("/desk/drafts", data=FORM | {"answer": " "})
    assert empty.status_code == 422
    assert "needs a question and an answer" in empty.text
    client.post("/desk/language", data={"language": "zh"})
    empty = client.post("/desk/drafts", data=FORM | {"answer": " "})
    assert "必须同时填写问题和回答" in empty.text
    assert client.post("/desk/drafts/999", data=FORM).status_code == 404
    assert client.get("/desk/drafts/999").status_code == 404
    assert client.post("/desk/drafts/999/check").status_code == 404
