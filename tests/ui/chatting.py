"""What a visitor of the chat page does in tests: asks, waits for the answer, walks by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.types import Conversation
from tests.ui.conftest import Site

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def box(page: Page) -> Locator:
    return page.locator("#box textarea")


def ask(page: Page, text: str) -> None:
    """Sends a message and waits until its answer is complete."""
    before = page.locator(".turn.bot").count()
    ready(page)
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.locator(".turn.bot:not(.writing)")).to_have_count(before + 1)
    ready(page)


def ready(page: Page) -> None:
    expect(page.locator("#box .submit-button")).to_be_visible()


def last_answer(page: Page) -> Locator:
    return page.locator(".turn.bot").last


def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Presses Tab until an element that the selector names has the focus."""
    for _ in range(40):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def conversation(site: Site, text: str) -> Conversation:
    """The one conversation in the log in which a customer wrote this."""
    with site.desk.log._lock:
        rows = site.desk.log._db.query(
            "select distinct conversation_id from turns where text = ?", [text]
        )
        ids = [row["conversation_id"] for row in rows]
    assert len(ids) == 1
    return site.desk.log.conversation(ids[0])


def stored(site: Site, table: str, conversation_id: str) -> list[dict[str, object]]:
    query = {
        "contacts": "select * from contacts where conversation_id = ?",
        "feedback": "select feedback.* from feedback join turns on turns.id = turn_id "
        "where conversation_id = ?",
    }[table]
    with site.desk.log._lock:
        return list(site.desk.log._db.query(query, [conversation_id]))


def begun_since(before: set[object], site: Site) -> set[object]:
    """The answers in the making but for those of `before`: earlier tests', or for agents."""
    return set(site.desk.generator.writing) - before
