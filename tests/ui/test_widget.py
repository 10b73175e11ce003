"""The chat on a company's own pages: behind a button, in a frame, from another origin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.ui.chatting import PHONE
from tests.ui.desk import make_app, make_desk
from tests.ui.running import running
from tests.ui.test_accessibility import problems

# As strict as a careful site's: nothing inline, nothing from anywhere but these two servers.
POLICY = "default-src 'self'; script-src {desk}; frame-src {desk}"
HTML = """<!doctype html><html lang="en"><title>Tents</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{desk}/widget.js" async></script>
<main><h1>Tents</h1><a href="/other">More</a></main></html>"""


@dataclass
class Company:
    """A web site, and the two desks that its pages can be made to load."""

    url: str = ""
    desk: str = ""
    listed: str = ""
    unlisted: str = ""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    site = Company()
    pages = FastAPI()

    @pages.get("/{path:path}")
    def page(path: str) -> HTMLResponse:
        policy = {"content-security-policy": POLICY.format(desk=site.desk)}
        return HTMLResponse(HTML.format(desk=site.desk), headers=policy)

    with running(pages) as site.url:
        desks = [
            make_desk(tmp_path_factory.mktemp("framed"), websites=websites)
            for websites in (f"https://www.example.com {site.url}", "https://www.example.com")
        ]
        desks[0].generator.pause_seconds = 0.03
        with ExitStack() as stack:
            site.listed, site.unlisted = (
                stack.enter_context(running(make_app(desk))) for desk in desks
            )
            yield site


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Two pages are loaded, one in the other."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def visit(browser: Browser, company: Company) -> Iterator[Any]:
    contexts = []

    def open_page(desk: str, locale: str = "en-GB", **options: Any) -> Page:
        company.desk = desk
        contexts.append(browser.new_context(locale=locale, **options))
        page = contexts[-1].new_page()
        page.goto(company.url)
        return page

    yield open_page
    for context in contexts:
        context.close()


def chat(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def ask(page: Page, text: str) -> None:
    box = chat(page).locator("#box textarea")
    box.fill(text)
    box.press("Enter")


def test_a_customer_asks_on_the_company_s_own_page(visit: Any, company: Company) -> None:
    page = visit(company.listed)
    button = page.get_by_role("button", name="Ask us")
    assert page.frames == [page.main_frame]  # nothing is loaded before somebody wants it
    button.press("Enter")
    expect(page.get_by_role("dialog", name="Customer service")).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(chat(page).locator("#box textarea")).to_be_focused()
    assert problems(page) == []
    ask(page, "how long does a refund take")
    expect(chat(page).locator(".turn.bot").last).to_contain_text("five working days")

    page.get_by_role("link", name="More").click()
    expect(chat(page).locator(".turn.bot").last).to_contain_text("five working days")
    chat(page).locator("#box textarea").press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()
    page.reload()
    expect(button).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)


def test_an_answer_to_a_closed_chat_is_announced(visit: Any, company: Company) -> None:
    page = visit(company.listed)
    page.get_by_role("button", name="Ask us").click()
    ask(page, "slow, please")
    expect(chat(page).locator(".turn.customer")).to_have_count(1)
    page.get_by_role("button", name="Close").click()
    news = page.get_by_role("img", name="New message")
    expect(news).to_be_visible()
    page.get_by_role("button", name="Ask us").click()
    expect(news).to_be_hidden()


def test_on_a_phone_the_chat_takes_the_screen(visit: Any, company: Company) -> None:
    page = visit(company.listed, "zh-CN", **PHONE)
    page.get_by_role("button", name="在线咨询").tap()
    panel = page.get_by_role("dialog", name="客户服务")
    expect(chat(page).locator("#box textarea")).to_be_visible()
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    page.get_by_role("button", name="关闭").tap()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="在线咨询")).to_be_focused()


def test_a_site_that_is_not_named_gets_a_link_instead(visit: Any, company: Company) -> None:
    page = visit(company.unlisted)
    page.clock.install()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.get_by_role("button", name="Ask us").click()
    link = page.get_by_role("link", name="Open it in a window of its own")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(link).to_be_hidden()
    page.clock.fast_forward(20_000)
    expect(link).to_have_attribute("href", f"{company.unlisted}/")
    assert [each for each in said if f"Does its setting websites name {company.url}?" in each]


def test_the_chat_page_alone_may_be_framed_and_only_by_sites_that_are_named(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    desk = make_desk(tmp_path_factory.mktemp("frames"), websites="https://a.example")
    with TestClient(make_app(desk)) as client:
        policies = {
            path: client.get(path).headers["content-security-policy"]
            for path in ("/", "/desk/login", "/api/unknown", "/widget.js")
        }
        assert "x-frame-options" not in client.get("/").headers
        assert client.get("/desk/login").headers["x-frame-options"] == "DENY"
    assert policies.pop("/").endswith("frame-ancestors 'self' https://a.example")
    assert not [path for path, policy in policies.items() if "a.example" in policy]
