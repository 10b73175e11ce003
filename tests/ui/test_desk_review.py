"""Review at the desk: by keyboard alone, without losing the place, and from there to a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from bot.log import ConversationLog
from bot.reviews import Review, Verdict
from bot.types import BotTurn, Route
from evals.many_conversations import write_conversations
from tests.conftest import make_match
from tests.ui.agents import PASSWORD, add_agent, desk_client, desk_page, log_in
from tests.ui.chatting import PHONE
from tests.ui.desk import make_app, make_desk
from tests.ui.running import running
from ui.desk_review import expectations

MOST_KEYS = 6


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("reviewed")
    write_conversations(home, 130, days=40, seed=8)
    return home


@pytest.fixture(scope="module")
def app(home: Path) -> FastAPI:
    app = make_app(make_desk(home))
    add_agent(app, "Mei")
    add_agent(app, "Tom")
    add_agent(app, "Root", "admin")
    return app


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with running(app) as url:
        yield url


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Page]:
    """Mei, logged in."""
    with desk_page(browser, address, "Mei") as page:
        yield page


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with desk_client(app) as client:
        yield client


def a_conversation(home: Path, *, answers: int) -> tuple[str, list[int]]:
    log = ConversationLog(home / "conversations.db")
    conversation = log.start("en").id
    turns = []
    for number in range(answers):
        question = log.add_customer_turn(conversation, f"How long do refunds take ({number})?")
        match = make_match("Refunds take five days. Cards need more.", question="How long?")
        reply = BotTurn(
            "Refunds take five days.",
            Route.ANSWER,
            "match",
            matches=(match,),
            cited=frozenset({match.passage.id}),
            dropped=("We pay in gold.",),
        )
        turns.append(log.add_bot_turn(question, reply).id)
    log.close()
    return conversation, turns


def stored(home: Path, conversation: str) -> list[tuple[Any, ...]]:
    log = ConversationLog(home / "conversations.db")
    rows = log.database.db.execute(
        "select turn_id, reviewer, verdict from reviews where conversation_id = ? order by turn_id",
        [conversation],
    ).fetchall()
    log.close()
    return list(rows)


def test_a_whole_review_takes_six_keys_at_most_and_no_mouse(desk: Page, home: Path) -> None:
    conversation, turns = a_conversation(home, answers=5)
    desk.goto(f"/desk/review/{conversation}")
    expect(desk.locator(".current")).to_have_count(1)
    keys = ["1", "3", "a", "Enter"]
    assert len(keys) <= MOST_KEYS
    for key in keys[:-1]:
        desk.keyboard.press(key)
    expect(desk.locator(".progress")).to_have_text("5 of 5 judged")
    desk.keyboard.press(keys[-1])
    desk.wait_for_url(lambda url: conversation not in url)
    verdicts = ["right", "wrong", "right", "right", "right"]
    assert stored(home, conversation) == [
        (turn, "Mei", verdict) for turn, verdict in zip(turns, verdicts, strict=True)
    ]


def test_keys_of_one_letter_can_be_switched_off(desk: Page, home: Path) -> None:
    conversation, _ = a_conversation(home, answers=2)
    desk.goto(f"/desk/review/{conversation}")
    desk.locator("details.keys summary").click()
    desk.get_by_label("Use keys of one letter").uncheck()
    desk.reload()
    expect(desk.locator(".current")).to_have_count(1)
    for key in ("1", "a", "u", "q"):
        desk.keyboard.press(key)
    desk.locator("details.keys summary").click()
    expect(desk.get_by_label("Use keys of one letter")).not_to_be_checked()
    desk.get_by_label("Use keys of one letter").check()
    desk.locator("details.keys summary").click()
    desk.keyboard.press("1")
    expect(desk.locator(".progress")).to_have_text("1 of 2 judged")


def test_the_queue_leads_from_one_conversation_to_the_next_by_keyboard(
    desk: Page, home: Path
) -> None:
    desk.goto("/desk/review")
    desk.keyboard.press("q")
    desk.wait_for_url("**/desk/review/*queue=*")
    first = desk.url
    expect(desk.locator(".current")).to_have_count(1)
    desk.keyboard.press("s")
    desk.wait_for_url(lambda url: url != first and "queue=" in url)
    second = desk.url
    expect(desk.locator(".current")).to_have_count(1)
    desk.keyboard.press("a")
    expect(desk.locator('[data-judged=""]')).to_have_count(0)
    desk.keyboard.press("Enter")
    desk.wait_for_url(lambda url: url not in (first, second) and "queue=" in url)


def test_reasons_and_a_correction_are_written_by_keyboard(desk: Page, home: Path) -> None:
    conversation, (turn,) = a_conversation(home, answers=1)
    desk.goto(f"/desk/review/{conversation}")
    desk.keyboard.press("2")
    expect(desk.locator('[data-judged="partly"]')).to_have_count(1)
    desk.keyboard.press("e")
    desk.keyboard.type("Six days. 1 2 3")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".outcome")).to_have_text("Saved")
    desk.reload()
    expect(desk.locator("textarea[name=corrected]")).to_have_value("Six days. 1 2 3")
    assert stored(home, conversation) == [(turn, "Mei", "partly")]


def test_the_list_keeps_its_place_after_a_look_at_one(desk: Page) -> None:
    desk.goto("/desk/review?language=en")
    desk.get_by_role("link", name="Older").click()
    desk.wait_for_url("**after=*")
    place, row = desk.url, desk.locator(".conversations li").nth(7)
    name = row.get_attribute("id")
    row.locator("a").click()
    desk.wait_for_url(f"**/desk/review/{name}*")
    desk.get_by_role("link", name="Back to the list").click()
    desk.wait_for_url("**after=*")
    assert desk.url == f"{place}#{name}"
    expect(desk.locator(f"[id='{name}']")).to_be_in_viewport()


def test_what_is_not_stored_is_not_shown_as_judged(desk: Page, home: Path) -> None:
    conversation, _ = a_conversation(home, answers=1)
    desk.goto(f"/desk/review/{conversation}")
    expect(desk.locator(".current")).to_have_count(1)
    desk.route("**/turns/*", lambda route: route.abort())
    desk.keyboard.press("1")
    expect(desk.locator(".outcome")).to_contain_text("Not saved")
    assert stored(home, conversation) == []
    expect(desk.locator('[data-judged=""]')).to_have_count(1)


def test_a_key_that_is_held_judges_one_answer(desk: Page, home: Path) -> None:
    conversation, turns = a_conversation(home, answers=3)
    desk.goto(f"/desk/review/{conversation}")
    expect(desk.locator(".current")).to_have_count(1)
    for _ in range(3):
        desk.keyboard.down("1")
    desk.keyboard.up("1")
    desk.keyboard.press("2")
    expect(desk.locator('[data-judged="partly"]')).to_have_count(1)
    assert [row[::2] for row in stored(home, conversation)] == [
        (turns[0], "right"),
        (turns[1], "partly"),
    ]


def test_a_form_that_is_on_its_way_is_not_sent_again(desk: Page) -> None:
    desk.goto("/desk/drafts/new")
    desk.fill("[name=question]", "Is there a double click?")
    desk.fill("[name=answer]", "There is.")
    refused = desk.evaluate("""() => {
        const refused = [];
        window.addEventListener('submit', (event) => {
            refused.push(event.defaultPrevented);
            event.preventDefault();
        });
        document.querySelector('form.draft').requestSubmit();
        document.querySelector('form.draft').requestSubmit();
        return refused;
    }""")
    assert refused == [False, True]


def test_why_an_answer_came_out_as_it_did_is_on_the_page(client: TestClient, home: Path) -> None:
    conversation, _ = a_conversation(home, answers=1)
    log_in(client, "Tom")
    page = client.get(f"/desk/review/{conversation}").text
    assert re.search(r"<mark[^>]*><sup>1</sup>Refunds take five days\.</mark>", page)
    assert "<del>We pay in gold.</del>" in page
    assert "score 0.90" in page
    assert client.get("/desk/review/nobody").status_code == 404


def test_a_review_becomes_a_test_with_one_key(desk: Page, home: Path) -> None:
    conversation, (turn,) = a_conversation(home, answers=1)
    desk.goto(f"/desk/review/{conversation}")
    expect(desk.locator(".current")).to_have_count(1)
    desk.keyboard.press("4")
    desk.keyboard.press("t")
    expect(desk.locator(".outcome")).to_contain_text(f"turn-{turn}.yaml")
    text = (home / "evals" / f"turn-{turn}.yaml").read_text(encoding="utf-8")
    assert "route: decline" in text


def test_a_test_expects_what_the_reviewer_says() -> None:
    def review(verdict: Verdict, passage: str = "") -> Review:
        return Review(1, "Mei", verdict, right_passage=passage)

    assert expectations(None) == expectations(review(Verdict.RIGHT)) == []
    assert expectations(review(Verdict.SHOULD_DECLINE)) == ["route=decline", "cites="]
    assert expectations(review(Verdict.WRONG, "a#b")) == ["route=answer", "cites=a#b"]
    assert expectations(review(Verdict.SHOULD_ANSWER)) == ["route=answer"]


def test_without_scripts_the_same_form_is_sent(client: TestClient, home: Path) -> None:
    conversation, (turn,) = a_conversation(home, answers=1)
    log_in(client, "Tom")
    form = {"verdict": "wrong", "reasons": ["tone", "nonsense"], "tags": "vip，late", "note": "x"}
    page = client.post(f"/desk/review/{conversation}/turns/{turn}", data=form)
    assert page.status_code == 200
    assert 'value="vip, late"' in page.text
    assert stored(home, conversation) == [(turn, "Tom", "wrong")]
    bad = client.post(f"/desk/review/{conversation}/turns/{turn}", data={"verdict": "great"})
    assert bad.status_code == 422
    assert client.post(f"/desk/review/{conversation}/turns/0", data=form).status_code == 404


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_page_is_wider_than_a_phone(browser: Browser, address: str, locale: str) -> None:
    context = browser.new_context(locale=locale, base_url=address, **PHONE)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto("/desk/login")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.fill("[name=name]", "Root")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/desk/inbox*")
    for path in (
        "review",
        "review/queue",
        "drafts",
        "drafts/new",
        "gaps",
        "wordings",
        "numbers",
        "users",
        "no",
    ):
        page.goto(f"/desk/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
    context.close()


def test_behind_every_bar_are_its_conversations(desk: Page) -> None:
    desk.goto("/desk/numbers?days=30")
    entry = desk.locator("#route .legend a").first
    bar = desk.locator("#route .chart a").first
    href = bar.get_attribute("href") or ""
    assert "since=" in href
    entry.click()
    desk.wait_for_url("**/desk/review?*since=*")
    expect(desk.locator(".conversations li").first).to_be_visible()


@pytest.mark.parametrize("path", ["/desk/numbers", "/desk/numbers?since=nonsense&days=-4"])
def test_numbers_are_shown_whatever_the_address_says(client: TestClient, path: str) -> None:
    log_in(client, "Mei")
    page = client.get(path)
    assert page.status_code == 200
    assert "What conversations came to" in page.text
    assert "/export/" not in page.text


def test_exports_are_for_admins_and_leave_a_trace(client: TestClient) -> None:
    log_in(client, "Mei")
    assert client.get("/desk/numbers/export/turns.csv").status_code == 403
    log_in(client, "Root")
    answer = client.get("/desk/numbers/export/conversations.csv?since=2020-01-01")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text.splitlines()[0].startswith("\ufeffconversation_id,")
    assert client.get("/desk/numbers/export/turns.parquet").content[:4] == b"PAR1"
    assert "conversations.csv" in client.get("/desk/users").text


def test_gaps_are_grouped_beside_the_page(desk: Page) -> None:
    desk.goto("/desk/gaps?days=365")
    desk.locator("#running").wait_for(state="detached", timeout=120_000)
    expect(desk.locator(".gaps li").first).to_be_visible()
    desk.locator(".gaps .button").first.click()
    expect(desk.locator("[name=question]")).not_to_have_value("")
