"""The chat page in a real browser, against a real server with a real log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from bot.feedback import read_survey
from bot.types import Owner
from tests.ui.chatting import (
    PHONE,
    ask,
    begun_since,
    box,
    conversation,
    last_answer,
    ready,
    stored,
    tab_to,
)
from tests.ui.conftest import Site, Visitor
from tests.ui.desk import wait_until


def test_a_question_gets_an_answer_with_its_sources(page: Page) -> None:
    ask(page, "How long does a refund take?")
    expect(last_answer(page)).to_contain_text("five working days")
    expect(last_answer(page).locator("> .said strong")).to_have_text("five working days")
    expect(last_answer(page).locator("summary")).to_have_count(2)
    expect(box(page)).to_have_value("")


def test_the_answer_appears_while_it_is_written(page: Page) -> None:
    box(page).fill("slow please")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 2 is easy")
    assert "Step 100" not in page.locator(".turn.writing").inner_text()
    page.locator("#box .stop-button").click()
    ready(page)


def test_a_source_opens_to_its_passage_and_document(page: Page) -> None:
    ask(page, "refund")
    chip = last_answer(page).locator("summary").first
    passage = last_answer(page).locator(".passage").first
    expect(passage).to_be_hidden()
    chip.click()
    expect(passage).to_be_visible()
    expect(passage).to_contain_text("Refunds take five working days")
    expect(passage).to_contain_text("doc.md")
    expect(passage.locator("a")).to_have_attribute("href", "https://shop.example/wallet")
    chip.click()
    expect(passage).to_be_hidden()


def test_a_source_marks_the_words_that_the_answer_took(visitor: Visitor) -> None:
    for locale, options, key in (
        ("en-GB", {}, "Marked is what the answer took from here."),
        ("zh-CN", PHONE, "标出的文字是回答引用的部分。"),
    ):
        page = visitor(locale, **options)
        ask(page, "refund")
        chip, passage = (last_answer(page).locator(part).first for part in ("summary", ".passage"))
        chip.focus()
        page.keyboard.press("Enter")
        expect(passage.locator("mark").first).to_be_visible()
        assert passage.locator("strong mark").all_inner_texts() == ["five working days"]
        expect(passage.locator("a mark")).to_have_text("https://shop.example/wallet")
        expect(passage.locator(".key")).to_have_text(key)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_opened_source_is_not_left_behind_the_box(visitor: Visitor) -> None:
    page = visitor("en-GB", viewport={"width": 390, "height": 640})
    ask(page, "refund")
    ask(page, "refund")
    last_answer(page).locator("summary").last.click()
    page.wait_for_function(
        "document.querySelector('details[open]').getBoundingClientRect().bottom"
        " < document.querySelector('#box').getBoundingClientRect().top"
    )


def test_an_open_source_stays_open_while_the_next_answer_is_written(page: Page) -> None:
    ask(page, "refund")
    first = last_answer(page)
    first.locator("summary").first.click()
    ask(page, "hello")
    expect(page.locator(".passage").first).to_be_visible()


def test_html_in_a_passage_is_only_text(page: Page) -> None:
    ask(page, "refund")
    last_answer(page).locator("summary").nth(1).click()
    passage = last_answer(page).locator(".passage").nth(1)
    expect(passage).to_contain_text("<script>document.title = 'broken in'</script>")
    expect(passage).to_contain_text("And with a <b>card</b>?")
    assert page.locator(".turns script, .turns b:not(summary b)").count() == 0
    assert "broken" not in page.title()


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.title = 'broken in'</script> 1",
        "<img src=x onerror=\"document.title = 'broken in'\"> 2",
        "**bold** [link](javascript:alert(1)) ${7*7} {{value}} 3",
        "</div></article><h1>4</h1>",
    ],
)
def test_html_in_a_message_is_only_text(page: Page, text: str) -> None:
    ask(page, text)
    expect(page.locator(".customer .said")).to_have_text(text)
    assert page.locator(".customer .said *").count() == 0
    assert "broken" not in page.title()
    page.reload()
    expect(page.locator(".customer .said")).to_have_text(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("🎒🏔️👨‍👩‍👧‍👦🧗🏽‍♀️⛺🔥🥾🧭🎿🚵", "anything else"), ("one\n\n  two", "I don't know")],
)
def test_a_message_is_shown_as_it_was_written(
    page: Page, site: Site, text: str, answer: str
) -> None:
    ready(page)
    box(page).fill(text)
    page.locator("#box .submit-button").click()
    expect(last_answer(page)).to_contain_text(answer)
    assert page.locator(".customer .said").inner_text() == text


def test_control_characters_are_left_out(page: Page, site: Site) -> None:
    ask(page, "bell\u0007 and null\u0000 and escape\u001b[31m refund")
    assert conversation(site, "bell and null and escape[31m refund").turns[1].role == "bot"


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_message_is_refused_with_a_sentence(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Please write something first.")
    expect(page.locator(".customer")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "hello")
    expect(page.locator("#notice [role=alert]")).to_have_count(0)


@pytest.mark.parametrize("length", [4001, 100_000])
def test_a_message_that_is_too_long_stays_in_the_box(page: Page, length: int) -> None:
    text = "x" * length
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("longer than 4000 characters")
    expect(box(page)).to_have_value(text)
    expect(page.locator(".customer")).to_have_count(0)


def test_a_reload_brings_the_same_conversation_back(page: Page, site: Site) -> None:
    ask(page, "refund for the reload")
    ask(page, "return for the reload")
    before = page.locator(".turns").inner_text()
    page.reload()
    expect(page.locator(".turn.bot")).to_have_count(2)
    expect(page.locator(".turns")).to_have_text(before, use_inner_text=True)
    ask(page, "hello after the reload")
    assert len(conversation(site, "refund for the reload").turns) == 6


def test_a_new_conversation_starts_empty_and_stays_after_a_reload(page: Page) -> None:
    ask(page, "refund")
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()


def test_a_conversation_that_is_gone_starts_anew(page: Page, site: Site) -> None:
    ask(page, "refund that will be gone")
    gone = conversation(site, "refund that will be gone").id
    with site.desk.log._lock:
        site.desk.log._db.execute("pragma foreign_keys = off")
        site.desk.log._db.execute("delete from conversations where id = ?", [gone])
        site.desk.log._db.execute("pragma foreign_keys = on")
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "refund")
    expect(last_answer(page)).to_contain_text("five working days")


def test_two_browsers_are_kept_apart(visitor: Visitor, site: Site) -> None:
    anna, ben = visitor(), visitor()
    ask(anna, "refund for Anna")
    ask(ben, "refund for Ben")
    expect(anna.locator(".customer .said")).to_have_text("refund for Anna")
    expect(ben.locator(".customer .said")).to_have_text("refund for Ben")
    assert conversation(site, "refund for Anna").id != conversation(site, "refund for Ben").id


def test_one_browser_is_answered_while_another_waits(visitor: Visitor) -> None:
    anna, ben = visitor(), visitor()
    box(anna).fill("slow please")
    box(anna).press("Enter")
    expect(anna.locator(".turn.writing")).to_contain_text("Step 1")
    ask(ben, "refund")
    expect(anna.locator(".turn.writing")).to_be_visible()
    anna.locator("#box .stop-button").click()
    ready(anna)


def test_a_chinese_browser_gets_a_chinese_page(visitor: Visitor) -> None:
    page = visitor("zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page).to_have_title("岚山户外客户服务")
    expect(page.locator("h1")).to_have_text("岚山户外")
    expect(box(page)).to_have_attribute("placeholder", "请输入您的问题……")
    expect(page.locator("#person")).to_have_text("转接人工")
    expect(page.locator("#box .submit-button")).to_have_text("发送")
    page.get_by_role("button", name="退款要多久？").click()
    expect(last_answer(page)).to_contain_text("退款需要五个工作日")


def test_the_switch_changes_every_text_and_is_remembered(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("#language")).to_have_text("English")
    words = page.locator("body").inner_text().replace("English", "")
    assert not re.search(r"[A-Za-z]{2,}", words)
    expect(box(page)).to_have_attribute("placeholder", "请输入您的问题……")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#person")).to_have_text("Talk to a person")


def test_a_starter_question_is_one_click(page: Page, site: Site) -> None:
    page.get_by_role("button", name="How long do refunds take?").click()
    expect(last_answer(page)).to_contain_text("five working days")
    expect(page.locator(".welcome")).to_have_count(0)


def test_a_clarifying_button_sends_its_question(page: Page) -> None:
    ask(page, "return")
    box(page).fill("a draft")
    page.get_by_role("button", name="When must it be back?").click()
    expect(last_answer(page)).to_contain_text("You have thirty days.")
    expect(page.locator(".customer .said").last).to_have_text("When must it be back?")
    expect(page.locator("button.choice")).to_have_count(0)
    expect(box(page)).to_have_value("a draft")


def test_thumbs_and_a_comment_are_stored(page: Page, site: Site) -> None:
    ask(page, "refund to rate")
    answer = last_answer(page)
    expect(answer.locator(".comment")).to_be_hidden()
    answer.get_by_role("button", name="This did not help").click()
    found = conversation(site, "refund to rate")
    wait_until(lambda: len(stored(site, "feedback", found.id)) == 1)
    answer.get_by_role("textbox").fill("<b>which</b> card?")
    answer.get_by_role("button", name="Send comment").click()
    expect(answer.locator(".thanks")).to_be_visible()
    wait_until(lambda: stored(site, "feedback", found.id)[0]["comment"] != "")
    row = stored(site, "feedback", found.id)[0]
    assert (row["rating"], row["comment"]) == ("down", "<b>which</b> card?")
    page.reload()
    expect(last_answer(page).locator(".thumb.down")).to_have_attribute("aria-pressed", "true")


def test_a_person_is_waited_for_and_the_bot_is_silent(page: Page, site: Site) -> None:
    ask(page, "refund before the person")
    page.locator("#person").click()
    expect(page.locator(".waiting")).to_contain_text("You are waiting for a person")
    expect(page.locator("#person")).to_be_disabled()
    box(page).fill("are you there? refund")
    box(page).press("Enter")
    expect(page.locator(".customer .said").last).to_have_text("are you there? refund")
    expect(box(page)).to_have_value("")
    expect(page.locator(".turn").last).to_contain_text("You are waiting for a person")
    ready(page)
    expect(page.locator(".turn.bot")).to_have_count(1)
    found = conversation(site, "refund before the person")
    assert found.owner is Owner.WAITING
    assert found.turns[-1].text == "are you there? refund"
    page.reload()
    expect(page.locator(".waiting")).to_be_visible()
    expect(page.locator("#person")).to_be_disabled()


def test_an_e_mail_address_is_checked_and_stored(page: Page, site: Site) -> None:
    ask(page, "a human, and my address")
    field = page.get_by_role("textbox", name="E-mail address")
    field.fill("anna at example")
    field.press("Enter")
    expect(page.locator(".waiting [role=alert]")).to_contain_text("doesn't look like an e-mail")
    expect(field).to_have_value("anna at example")
    found = conversation(site, "a human, and my address")
    assert stored(site, "contacts", found.id) == []
    field.fill("anna@example.com")
    page.get_by_role("button", name="Leave address").click()
    expect(page.locator(".waiting")).to_contain_text("We can answer you at anna@example.com.")
    assert stored(site, "contacts", found.id)[0]["email"] == "anna@example.com"
    page.reload()
    expect(page.locator(".waiting")).to_contain_text("anna@example.com")
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "a human once more")
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value("")


def test_a_person_can_be_asked_for_before_anything_was_said(page: Page) -> None:
    page.locator("#person").click()
    expect(page.locator(".waiting")).to_be_visible()


def test_stopping_keeps_what_was_written_and_ends_the_work(page: Page, site: Site) -> None:
    before = set(site.desk.generator.writing)
    box(page).fill("slow, to be stopped")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 2")
    page.locator("#box .stop-button").click()
    expect(page.locator(".turn.note")).to_contain_text("Stopped")
    expect(last_answer(page)).to_contain_text("Step 2")
    wait_until(lambda: not begun_since(before, site))
    wait_until(lambda: conversation(site, "slow, to be stopped").turns[0].status == "cancelled")
    box(page).fill("refund")
    box(page).press("Enter")
    expect(last_answer(page)).to_contain_text("five working days")


def test_leaving_the_page_ends_the_work(visitor: Visitor, site: Site) -> None:
    page = visitor()
    before = set(site.desk.generator.writing)
    box(page).fill("slow, and gone")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 2")
    assert len(begun_since(before, site)) == 1
    page.close()
    wait_until(lambda: not begun_since(before, site))
    wait_until(lambda: conversation(site, "slow, and gone").turns[0].status == "cancelled")


def test_a_new_conversation_in_the_middle_of_an_answer_ends_it(page: Page, site: Site) -> None:
    before = set(site.desk.generator.writing)
    box(page).fill("slow, and never mind")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 2")
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    ready(page)
    wait_until(lambda: not begun_since(before, site))
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "refund")


def test_what_is_typed_during_an_answer_is_not_lost(page: Page) -> None:
    box(page).fill("slow please")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 1")
    box(page).type("and the refund?", delay=20)
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 5")
    expect(box(page)).to_have_value("and the refund?")
    page.locator("#box .stop-button").click()
    ready(page)
    expect(box(page)).to_have_value("and the refund?")
    box(page).press("Enter")
    expect(last_answer(page)).to_contain_text("five working days")


def test_a_person_who_is_called_during_an_answer_ends_it(page: Page, site: Site) -> None:
    box(page).fill("slow until a person comes")
    box(page).press("Enter")
    expect(page.locator(".turn.writing")).to_contain_text("Step 2")
    page.locator("#person").click()
    expect(page.locator(".waiting")).to_be_visible()
    expect(page.locator(".turn.writing")).to_have_count(0)


def test_a_failure_is_one_honest_sentence_with_a_way_to_a_person(page: Page) -> None:
    box(page).fill("explode")
    box(page).press("Enter")
    failed = page.locator(".failed")
    expect(failed).to_contain_text("Something went wrong on our side")
    assert "index is gone" not in page.locator("body").inner_text()
    ready(page)
    page.reload()
    expect(failed).to_be_visible()
    failed.get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".waiting")).to_be_visible()


@contextmanager
def full_disk(site: Site, table: str) -> Iterator[None]:
    """No row can be added to a table. Under the log's lock, so that it is part of no transaction of
    the server's: one that is rolled back would bring the trigger back for every test to come."""
    log = site.desk.log
    with log._lock:
        log._db.execute(
            f"create trigger full_disk before insert on {table} "
            "begin select raise(abort, 'disk full'); end"
        )
    try:
        yield
    finally:
        with log._lock:
            log._db.execute("drop trigger full_disk")


def test_what_cannot_be_stored_is_said_and_stays_in_the_box(page: Page, site: Site) -> None:
    ask(page, "a human while the disk is full")
    with full_disk(site, "turns"):
        box(page).fill("will this be kept?")
        box(page).press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("could not be stored")
        expect(box(page)).to_have_value("will this be kept?")
    box(page).press("Enter")
    expect(page.locator(".customer .said").last).to_have_text("will this be kept?")
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_address_that_cannot_be_stored_is_said_and_stays(page: Page, site: Site) -> None:
    ask(page, "a human, who cannot write my address down")
    address = page.get_by_role("textbox", name="E-mail address")
    address.fill("anna@example.com")
    with full_disk(site, "contacts"):
        page.get_by_role("button", name="Leave address").click()
        expect(page.get_by_role("alert")).to_contain_text("could not be stored")
        expect(address).to_have_value("anna@example.com")
    page.get_by_role("button", name="Leave address").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(address).to_have_count(0)


def test_whoever_is_not_understood_is_offered_a_person(page: Page) -> None:
    ask(page, "something else")
    expect(last_answer(page)).to_contain_text("I don't know")
    last_answer(page).get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".waiting")).to_be_visible()


def test_a_new_thumb_keeps_the_comment(page: Page, site: Site) -> None:
    ask(page, "refund, and then a change of mind")
    answer = last_answer(page)
    answer.get_by_role("button", name="This helped").click()
    answer.get_by_role("textbox").fill("nearly")
    answer.get_by_role("textbox").press("Enter")
    expect(answer.locator(".thanks")).to_be_visible()
    page.reload()
    answer.get_by_role("button", name="This did not help").click()
    found = conversation(site, "refund, and then a change of mind")
    wait_until(lambda: stored(site, "feedback", found.id)[0]["rating"] == "down")
    assert stored(site, "feedback", found.id)[0]["comment"] == "nearly"


def test_nothing_is_wider_than_a_phone(visitor: Visitor) -> None:
    for locale in ("en-GB", "zh-CN"):
        page = visitor(locale, **PHONE)
        for text in ("refund", "return", "W" * 300, "human"):
            ask(page, text)
        page.locator("summary").first.click()
        page.locator(".thumb.up").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        low = page.locator("#box").bounding_box()
        assert low is not None
        assert low["y"] + low["height"] <= 844
        assert low["y"] > 700


def test_everything_is_within_reach_of_the_keyboard(page: Page) -> None:
    press = page.keyboard.press
    expect(box(page)).to_be_focused()
    page.keyboard.type("refund")
    press("Enter")
    expect(last_answer(page)).to_contain_text("five working days")
    ready(page)
    expect(box(page)).to_be_focused()
    tab_to(page, "summary", back=True)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press("Enter")
    expect(page.locator(".passage:visible")).to_have_count(1)
    tab_to(page, ".thumb.up")
    press("Space")
    expect(page.locator(".comment")).to_be_visible()
    tab_to(page, ".comment input")
    page.keyboard.type("good")
    press("Enter")
    expect(page.locator(".thanks")).to_be_visible()
    tab_to(page, "#person", back=True)
    press("Enter")
    expect(page.locator(".waiting")).to_be_visible()
    tab_to(page, ".contact input")
    page.keyboard.type("anna@example.com")
    press("Enter")
    expect(page.locator(".waiting")).to_contain_text("anna@example.com")


def test_shift_enter_starts_a_new_line(page: Page) -> None:
    box(page).press_sequentially("one")
    box(page).press("Shift+Enter")
    box(page).press_sequentially("two")
    expect(box(page)).to_have_value("one\ntwo")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_dark_as_the_system(visitor: Visitor, scheme: str) -> None:
    page = visitor(color_scheme=scheme)
    color = page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).color")
    red = int(re.findall(r"\d+", color)[0])
    assert (red > 127) == (scheme == "dark")


def test_the_customer_is_asked_once_whether_it_was_solved(page: Page, site: Site) -> None:
    ask(page, "refund, and was it solved?")
    survey = page.locator(".survey")
    expect(survey).to_be_hidden()
    survey.evaluate("(panel) => panel.getAnimations().forEach((one) => one.finish())")
    survey.get_by_role("button", name="Yes").click()
    survey.get_by_role("button", name="4 of 5").click()
    expect(survey).to_have_text("Thank you for telling us.")
    page.reload()
    ready(page)
    expect(page.locator(".survey button")).to_have_count(0)
    asked = conversation(site, "refund, and was it solved?")
    found = read_survey(site.desk.log, asked.id)
    assert (found.solved, found.satisfaction) == (True, 4)


def test_a_conversation_that_follows_another_is_known_to_do_so(page: Page, site: Site) -> None:
    ask(page, "refund, the first time")
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "refund, the second time")
    first, second = (conversation(site, f"refund, the {n} time") for n in ("first", "second"))
    sql = "select follows from conversations where id = ?"
    assert site.desk.log.database.db.execute(sql, [second.id]).fetchone() == (first.id,)
