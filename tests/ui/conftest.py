"""One server and one browser for all tests of the page; every test is a visitor of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bot.staff import Staff
from tests.ui.agents import PASSWORD
from tests.ui.browser import MISSING, find_chromium
from tests.ui.desk import Desk, make_app, make_desk


@dataclass(frozen=True)
class Site:
    """A server that runs, and the desk behind it."""

    url: str
    desk: Desk


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    desk = make_desk(tmp_path_factory.mktemp("site"))
    for name in ("Mei", "Tom"):
        Staff(desk.log.database).add(name, PASSWORD)
    config = uvicorn.Config(make_app(desk), port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", desk)
    server.should_exit = True
    server.force_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


Visitor = Callable[..., Page]

# What is said about open requests when a page is left in the middle of one, or has no network.
LEFT = (
    "AbortError",
    "Connection errored out",
    "ERR_INTERNET_DISCONNECTED",
    "Failed to fetch",
    "network error",
)


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Opens the page in a new browser profile. A request to elsewhere is an error, and so is
    everything that the browser's console shows in red.
    """
    with _watched(browser, site) as open_page:

        def visit(locale: str = "en-GB", **options: Any) -> Page:
            page = open_page(locale, **options)
            page.goto(site.url)
            page.wait_for_selector("body.ready")
            return page

        yield visit


@pytest.fixture
def agent(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Logs an agent in, in a new browser profile, and opens the inbox."""
    with _watched(browser, site) as open_page:

        def log_in(name: str, locale: str = "en-GB", **options: Any) -> Page:
            page = open_page(locale, **options)
            page.goto(f"{site.url}/desk/inbox")
            page.fill("[name=name]", name)
            page.fill("[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            wait_for_page(page, "main.inbox")
            return page

        yield log_in


def wait_for_page(page: Page, selector: str) -> None:
    """The page that has this element is there with its scripts: from here on keys are heard."""
    page.wait_for_selector(selector)
    page.wait_for_load_state()


@contextmanager
def _watched(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Opens pages; what goes elsewhere, or shows in red on the console, fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(locale: str, **options: Any) -> Page:
        context = browser.new_context(locale=locale, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: problems.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    own = (site.url, "data:", "blob:")
    assert [p for p in problems if not p.startswith(own) and not any(x in p for x in LEFT)] == []


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """An English visitor at a desk."""
    return visitor()
