"""Finds a Chromium for the browser tests. Run as a script it exits with 1 where there is none."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium for the browser tests. Run: apt-get install chromium fonts-noto-cjk "
    "(or: .venv/bin/playwright install chromium)"
)


def find_chromium() -> str | None:
    """The system's Chromium, else Playwright's own."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


if __name__ == "__main__":
    sys.exit(0 if find_chromium() else MISSING)
