#!/bin/sh
# The browser tests need a Chromium: Debian's package where it may be installed, else Playwright's.
set -u
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
.venv/bin/python tests/ui/browser.py >/dev/null 2>&1 && exit 0
echo "No Chromium found: installing one for the browser tests."
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -q >/dev/null && apt-get install -qy chromium fonts-noto-cjk >/dev/null && exit 0
fi
.venv/bin/playwright install chromium && exit 0
echo "Install a Chromium for the browser tests: sudo apt-get install chromium" >&2
exit 1
