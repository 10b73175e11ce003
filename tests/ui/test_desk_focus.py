"""What an agent has under the keyboard, and in sight, while a conversation goes on."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.ui.chatting import PHONE, ask, box
from tests.ui.conftest import Visitor
from tests.ui.desk import wait_until


def take(page: Page, text: str) -> None:
    page.locator("[aria-labelledby=g-waiting] .line", has_text=text).click()
    page.locator("[data-move=take]").press("Enter")
    expect(page.locator("#composer")).to_be_visible()


def test_a_new_message_moves_neither_focus_nor_open_sources(
    visitor: Visitor, agent: Visitor
) -> None:
    customer = visitor()
    ask(customer, "refund")
    ask(customer, "a human, and one thing more")
    page = agent("Mei")
    take(page, "one thing more")
    log = page.get_by_role("log")
    source = page.locator(".source").first
    source.locator("summary").click()
    log.focus()
    log.evaluate("log => { log.dataset.same = 'yes'; }")
    box(customer).fill("the thing is this")
    box(customer).press("Enter")
    expect(log).to_contain_text("the thing is this")
    expect(log).to_have_attribute("data-same", "yes")
    expect(source).to_have_attribute("open", "")
    expect(log).to_be_focused()
    page.locator("[data-move=hand-back]").press("Enter")
    expect(page.locator(".owner")).to_have_text("The assistant answers")
    expect(page.locator(".owner")).to_be_focused()


def test_on_a_phone_the_last_message_is_above_the_box(visitor: Visitor, agent: Visitor) -> None:
    customer = visitor()
    for _ in range(4):
        ask(customer, "refund")
    ask(customer, "a human for a small screen")
    page = agent("Mei", **PHONE)
    take(page, "a small screen")
    page.reload()
    above = (
        "() => document.querySelector('.turns').lastElementChild.getBoundingClientRect().bottom"
        " <= document.querySelector('#composer').getBoundingClientRect().top"
    )
    wait_until(lambda: bool(page.evaluate(above)))
