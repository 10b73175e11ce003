"""The chat page without its server: what it says, and how it goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.ui.chatting import PHONE, ask, box, conversation, last_answer, ready, stored
from tests.ui.conftest import Site, Visitor


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


def test_a_comment_that_is_not_stored_is_not_thanked_for_and_stays(page: Page, site: Site) -> None:
    ask(page, "refund, to be rated without a network")
    answer = last_answer(page)
    down = answer.get_by_role("button", name="This did not help")
    page.context.set_offline(True)
    down.click()
    expect(answer.get_by_role("alert")).to_have_text("That could not be stored. Please try again.")
    expect(down).to_have_attribute("aria-pressed", "false")
    answer.get_by_role("textbox").fill("too vague")
    answer.get_by_role("textbox").press("Enter")
    expect(answer.get_by_role("alert")).to_be_visible()
    expect(answer.locator(".thanks")).to_be_hidden()
    page.context.set_offline(False)
    answer.get_by_role("button", name="Send comment").click()
    expect(answer.locator(".thanks")).to_be_focused()
    expect(answer.get_by_role("alert")).to_have_count(0)
    expect(down).to_have_attribute("aria-pressed", "true")
    found = conversation(site, "refund, to be rated without a network")
    row = stored(site, "feedback", found.id)[0]
    assert (row["rating"], row["comment"]) == ("down", "too vague")
