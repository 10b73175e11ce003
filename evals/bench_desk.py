"""`python -m evals.bench_desk --home DIR`: how long the desk's pages take in a real browser.

For a home that evals.many_conversations has filled. Each time is one navigation against the command
that an owner runs, from asking for the page until it is loaded and painted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bot.database import ConversationDatabase
from bot.staff import Staff
from evals.errors import EvalError

PAGES = {
    "list": "review",
    "list, failed, Chinese": "review?outcome=failed&language=zh",
    "search": "review?text=refund+order",
    "search, Chinese": "review?text=退款",
    "numbers, 7 days": "numbers?days=7",
    "numbers, 30 days": "numbers",
    "numbers, 90 days": "numbers?days=90",
    "numbers, a year": "numbers?days=365",
}
_AGENT = "bench"
# Milliseconds since the navigation began: the server's answer, the whole page, and its first paint.
_TIMES = """async () => {
    const painted = () => performance.getEntriesByType('paint').length > 0;
    while (!painted()) await new Promise(requestAnimationFrame);
    const [entry] = performance.getEntriesByType('navigation');
    const [paint] = performance.getEntriesByType('paint');
    return [entry.responseEnd, Math.max(entry.loadEventEnd, paint.startTime)];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--times", type=int, default=15, help="that each page is asked for")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with _agent(options.home) as password, _serving(options.home) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page()
        _log_in(page, url, password)
        print(f"load {os.getloadavg()[0]:.2f}; milliseconds")
        print(f"{'':24} {'p50':>6} {'p95':>6} {'server p50':>11} {'first':>6}")
        for name, path in PAGES.items():
            print(_row(name, _measure(page, f"{url}/desk/{path}", options.times)), flush=True)
        browser.close()


def _measure(page: Page, url: str, times: int) -> list[tuple[float, float]]:
    """(server, whole) of each navigation."""
    found = []
    for _ in range(times):
        page.goto(url)
        server, whole = page.evaluate(_TIMES)
        found.append((server, whole))
    return found


def _row(name: str, found: Sequence[tuple[float, float]]) -> str:
    server, whole = np.array(found).T
    p50, p95 = np.percentile(whole, [50, 95])
    return f"{name:24} {p50:6.0f} {p95:6.0f} {np.median(server):11.0f} {whole[0]:6.0f}"


@contextmanager
def _agent(home: Path) -> Iterator[str]:
    """The password of an agent who is there for as long as this takes."""
    password = secrets.token_urlsafe(16)
    database = ConversationDatabase(home / "conversations.db")
    staff = Staff(database)
    staff.add(_AGENT, password)
    try:
        yield password
    finally:
        staff.remove(_AGENT)
        database.close()


@contextmanager
def _serving(home: Path) -> Iterator[str]:
    command = [sys.executable, "-c", "from ui.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--home", str(home)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = process.stdout or ()
            words = (word for line in lines for word in line.split())
            url = next((word for word in words if word.startswith("http")), "")
            if not url:
                raise EvalError(f"No server. Run, to see why: frontdesk serve --home {home}")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)


def _log_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/desk/login")
    page.fill("[name=name]", _AGENT)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector("main.inbox")


if __name__ == "__main__":
    main()
