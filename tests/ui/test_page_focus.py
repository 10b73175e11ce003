"""What the chat page does for the keyboard and for screen readers: focus, and what is read out."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.ui.chatting import ask, tab_to
from tests.ui.conftest import Visitor


def test_what_was_pressed_may_go_but_the_focus_stays_near(page: Page) -> None:
    press = page.keyboard.press
    ask(page, "refund, by keyboard alone")
    tab_to(page, "#person", back=True)
    press("Enter")
    expect(page.locator(".waiting")).to_be_focused()
    press("Tab")
    page.keyboard.type("anna at")
    press("Enter")
    field = page.get_by_role("textbox", name="E-mail address")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "This doesn't look like an e-mail address. Please check it."
    )
    expect(field).to_be_focused()
    field.fill("anna@example.com")
    press("Enter")
    expect(page.locator(".waiting [role=status]")).to_be_visible()
    expect(page.locator(".waiting")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator(".turn.note").last).to_be_focused()


def test_the_survey_goes_on_where_it_was_answered(page: Page) -> None:
    ask(page, "refund, and a survey by keyboard")
    survey = page.locator(".survey")
    survey.evaluate("(panel) => panel.getAnimations().forEach((one) => one.finish())")
    survey.get_by_role("button", name="Yes").press("Enter")
    expect(survey.get_by_role("button", name="4 of 5")).to_be_visible()
    expect(survey).to_be_focused()
    page.keyboard.press("Tab")
    expect(survey.get_by_role("button", name="1 of 5")).to_be_focused()
    page.keyboard.press("Enter")
    expect(survey).to_have_text("Thank you for telling us.")
    expect(survey).to_be_focused()


def test_a_screen_reader_is_told_what_is_new_and_not_all_of_it_again(page: Page) -> None:
    log = page.get_by_role("log")
    ask(page, "refund, read out once")
    expect(log).to_have_attribute("aria-live", "polite")
    page.reload()
    expect(page.locator(".turn.bot")).to_have_count(1)
    expect(log).to_have_attribute("aria-live", "off")
    ask(page, "hello")
    expect(log).to_have_attribute("aria-live", "polite")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(log).to_have_attribute("aria-live", "off")


def test_a_small_window_begins_at_its_beginning(visitor: Visitor) -> None:
    page = visitor("en-GB", viewport={"width": 640, "height": 360})
    expect(page.locator("#box textarea")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    expect(page.locator(".welcome h2")).to_be_in_viewport(ratio=1)
