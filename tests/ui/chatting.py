"""What a visitor of the chat page does in tests: asks, waits for the answer, walks by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

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
