"""The chat page without its server: what it says, and how it goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.chatting import PHONE, ask, box, last_answer, ready
from tests.ui.conftest import Visitor


@pytest.mark.parametrize(
    ("locale", "sentence"), [("en-GB", "The connection is lost."), ("zh-CN", "连接已断开。")]
)
def test_a_lost_connection_is_said_and_the_page_goes_on_once_it_is_back(
    visitor: Visitor, locale: str, sentence: str
) -> None:
    page = visitor(locale, **PHONE)
    ask(page, "hello before the outage")
    page.context.set_offline(True)
    box(page).fill("refund")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.locator(".toast-wrap")).to_be_hidden()
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)
    expect(page.locator(".customer .said")).to_have_text("hello before the outage")
    expect(box(page)).to_have_value("refund")
    ready(page)
    box(page).press("Enter")
    expect(last_answer(page)).to_contain_text("five working days")
    expect(box(page)).to_have_value("")
