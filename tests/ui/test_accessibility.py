"""What axe-core finds on the pages that people touch, light and dark, wide and narrow: nothing."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.ui.chatting import PHONE, ask, last_answer
from tests.ui.conftest import Site, Visitor, wait_for_page

# All rules of WCAG 2.2, level AA, and axe's own best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# How a page is looked at.
LOOKS: list[tuple[str, dict[str, Any]]] = [
    ("en-GB", {"viewport": {"width": 1280, "height": 800}}),
    ("zh-CN", {**PHONE, "color_scheme": "dark"}),
]


def problems(page: Page) -> list[str]:
    """One line a problem: its rule, and the element that has it."""
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("locale", "options"), LOOKS)
def test_the_chat_page(visitor: Visitor, locale: str, options: dict[str, Any]) -> None:
    page = visitor(locale, **options)
    assert problems(page) == []
    ask(page, "refund")
    last_answer(page).locator("summary").first.click()
    last_answer(page).locator(".thumb").last.click()
    expect(page.locator(".comment")).to_be_visible()
    assert problems(page) == []
    ask(page, "return")
    page.locator("#person").click()
    page.locator(".contact input").fill("anna at")
    page.locator(".contact input").press("Enter")
    expect(page.locator(".waiting .problem")).to_be_visible()
    assert problems(page) == []


@pytest.mark.parametrize(("locale", "options"), LOOKS)
def test_the_desk(
    visitor: Visitor, agent: Visitor, site: Site, locale: str, options: dict[str, Any]
) -> None:
    customer = visitor()
    for text in ("refund", "something strange", "return", "a human to check the desk"):
        ask(customer, text)
    page = agent("Mei", locale, **options)
    assert problems(page) == []
    page.locator("[aria-labelledby=g-waiting] .line", has_text="check the desk").click()
    page.locator("[data-move=take]").click()
    expect(page.locator("#composer")).to_be_visible()
    assert problems(page) == []
    for name in ("review", "review/queue", "drafts", "drafts/new", "numbers", "gaps", "wordings"):
        page.goto(f"{site.url}/desk/{name}")
        wait_for_page(page, "main:not(:has(#running))")  # gaps are counted first
        assert problems(page) == [], name


@pytest.mark.parametrize(("locale", "options"), LOOKS)
def test_the_login(browser: Browser, site: Site, locale: str, options: dict[str, Any]) -> None:
    with browser.new_context(locale=locale, **options) as context:
        page = context.new_page()
        page.goto(f"{site.url}/desk/login")
        assert problems(page) == []
