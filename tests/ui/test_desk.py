"""Customers and agents at the same time, in real browsers, on a real server with a real log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.types import Owner
from tests.ui.chatting import PHONE, ask, begun_since, box, conversation, last_answer, ready
from tests.ui.conftest import Site, Visitor, wait_for_page
from tests.ui.desk import wait_until

SECONDS = 20_000


@pytest.fixture(autouse=True)
def an_empty_desk(site: Site) -> Iterator[None]:
    """Nobody waits and nobody is there: what earlier tests left is put away."""
    expect.set_options(timeout=SECONDS)
    with site.desk.log.database.transaction():
        for sql in (
            "update conversations set owner = 'closed', agent = null, updated_at = '2000'",
            "delete from sessions",
        ):
            site.desk.log.database.db.execute(sql)
    yield
    expect.set_options(timeout=5_000)


def waiting(page: Page) -> Locator:
    return page.locator("[aria-labelledby=g-waiting] .line")


def open_line(page: Page, text: str) -> None:
    page.locator(".line", has_text=text).click()
    wait_for_page(page, ".talk[data-conversation]")


def take(page: Page) -> None:
    page.locator("[data-move=take]").click()
    expect(page.locator("#box")).to_be_visible()


def write(page: Page, text: str) -> None:
    page.locator("#box").fill(text)
    page.locator("#box").press("Enter")
    expect(page.locator("#box")).to_have_value("")
    expect(page.locator(".turn.agent").last).to_contain_text(text)


def send(page: Page, text: str) -> None:
    """A message to which nobody answers at once."""
    ready(page)
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.locator(".customer .said").last).to_have_text(text)


def test_two_customers_are_served_by_two_agents_in_both_languages(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    anna, bo = visitor(), visitor("zh-CN")
    ask(anna, "refund for two customers")
    anna.locator("#person").click()
    expect(anna.locator(".waiting")).to_contain_text("Nobody is at the desk right now.")
    ask(bo, "退款，两位客户")
    bo.locator("#person").click()
    expect(bo.locator(".waiting")).to_contain_text("目前没有人工客服在线。")

    mei, tom = agent("Mei"), agent("Tom", "zh-CN")
    expect(anna.locator(".waiting")).to_contain_text("You are next in line.")
    expect(bo.locator(".waiting")).to_contain_text("您排在第 2 位。")
    expect(waiting(mei)).to_have_count(2)
    expect(mei).to_have_title(re.compile(r"^\(2\) "))
    open_line(mei, "refund for two customers")
    take(mei)
    expect(anna.locator(".note").last).to_have_text("Mei has joined.")
    expect(bo.locator(".waiting")).to_contain_text("您排在第一位。")
    expect(waiting(tom)).to_have_count(1)
    open_line(tom, "退款，两位客户")
    take(tom)
    expect(bo.locator(".note").last).to_have_text("Tom已加入对话。")
    expect(waiting(mei)).to_have_count(0)

    box(anna).press_sequentially("Are")
    expect(mei.locator("#customer-types")).to_have_text("The customer is typing…")
    expect(mei.locator("#customer-types")).to_be_hidden()
    mei.locator("#box").press_sequentially("I can help")
    expect(anna.locator(".typing")).to_be_visible()
    expect(anna.locator(".typing")).to_contain_text("Mei is typing")
    write(mei, "I can help\n<b>now</b>")
    expect(anna.locator(".turn.agent .name")).to_have_text("Mei")
    expect(anna.locator(".turn.agent .said")).to_have_text("I can help\n<b>now</b>")
    expect(anna.locator(".typing")).to_be_hidden()
    send(anna, "thank you <i>Mei</i>")
    expect(mei.locator(".turn.customer .said").last).to_have_text("thank you <i>Mei</i>")
    write(tom, "您好")
    expect(bo.locator(".turn.agent .said")).to_have_text("您好")

    tom.locator("[data-move=hand-back]").click()
    expect(bo.locator(".note").last).to_contain_text("接下来由自动助手继续回答")
    ask(bo, "退款要多久？")
    mei.locator("[data-move=close]").click()
    expect(anna.locator(".note").last).to_contain_text("Mei has closed the conversation.")
    ask(anna, "and another refund")
    assert conversation(site, "refund for two customers").owner is Owner.BOT


def test_a_refused_address_stays_refused_when_the_place_in_line_changes(
    visitor: Visitor, agent: Visitor
) -> None:
    page = visitor()
    ask(page, "refund, and an address with a slip")
    page.locator("#person").click()
    field = page.get_by_role("textbox", name="E-mail address")
    field.fill("anna at")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("End")
    page.keyboard.type(" exam")
    agent("Mei")
    expect(page.locator(".waiting")).to_contain_text("You are next in line.")
    expect(field).to_have_accessible_description(re.compile("doesn't look like an e-mail"))
    expect(field).to_be_focused()
    page.keyboard.type("ple")
    expect(field).to_have_value("anna at example")


def test_taking_over_silences_the_bot_in_the_middle_of_an_answer(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    anna, mei = visitor(), agent("Mei")
    before = set(site.desk.generator.writing)
    send(anna, "slow, until an agent comes")
    expect(anna.locator(".turn.writing")).to_contain_text("Step 2")
    open_line(mei, "slow, until an agent comes")
    take(mei)
    expect(anna.locator(".note").last).to_have_text("Mei has joined.")
    expect(anna.locator(".turn.bot")).to_have_count(0)
    expect(mei.locator(".turn.bot.cancelled")).to_contain_text("Step 2")
    expect(mei.locator(".turn.bot.cancelled")).to_contain_text("the customer does not see this")
    expect(mei.locator(".turn.bot.cancelled")).not_to_contain_text("Step 100")
    found = conversation(site, "slow, until an agent comes")
    assert [turn.role for turn in found.turns] == ["customer", "system"]
    anna.reload()
    expect(anna.locator(".note").last).to_have_text("Mei has joined.")
    expect(anna.locator(".turn.bot")).to_have_count(0)
    # The replies that are suggested to so slow a question are still being written.
    wait_until(lambda: len(begun_since(before, site)) == 1)
    mei.goto(f"{site.url}/desk/gaps")
    wait_until(lambda: not begun_since(before, site))


def test_what_one_agent_has_taken_the_other_cannot(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    anna = visitor()
    send(anna, "refund, wanted by two agents")
    mei, tom = agent("Mei"), agent("Tom")
    for page in (mei, tom):
        open_line(page, "refund, wanted by two agents")
        expect(page.locator("[data-move=take]")).to_be_visible()
    take(mei)
    expect(tom.locator(".owner")).to_have_text("Mei is serving")
    expect(tom.locator("[data-move=take]")).to_have_count(0)
    expect(tom.locator("#box")).to_be_hidden()
    assert conversation(site, "refund, wanted by two agents").agent == "Mei"


def test_who_waits_may_go_back_to_the_bot(visitor: Visitor, agent: Visitor) -> None:
    anna, mei = visitor(), agent("Mei")
    anna.locator("#person").click()
    expect(waiting(mei)).to_have_count(1)
    expect(waiting(mei)).to_contain_text("(nothing written yet)")
    anna.get_by_role("button", name="Back to the assistant").click()
    expect(anna.locator(".note").last).to_have_text("You are back with the automatic assistant.")
    expect(waiting(mei)).to_have_count(0)
    ask(anna, "refund after all")
    expect(last_answer(anna)).to_contain_text("five working days")


def test_a_comment_that_is_being_typed_survives_what_happens_meanwhile(
    visitor: Visitor, agent: Visitor
) -> None:
    anna, mei = visitor(), agent("Mei")
    ask(anna, "refund, with a comment")
    answer = last_answer(anna)
    answer.get_by_role("button", name="This helped").click()
    answer.get_by_role("textbox").press_sequentially("half a com")
    open_line(mei, "refund, with a comment")
    take(mei)
    expect(anna.locator(".note").last).to_have_text("Mei has joined.")
    expect(answer.get_by_role("textbox")).to_have_value("half a com")
    expect(answer.locator(".thumb.up")).to_have_attribute("aria-pressed", "true")


def test_an_address_that_is_being_typed_survives_what_happens_meanwhile(
    visitor: Visitor, agent: Visitor
) -> None:
    anna = visitor()
    anna.locator("#person").click()
    field = anna.get_by_role("textbox", name="E-mail address")
    field.press_sequentially("anna@exam")
    agent("Mei")
    expect(anna.locator(".waiting")).to_contain_text("You are next in line.")
    expect(field).to_have_value("anna@exam")
    expect(field).to_be_focused()


def test_both_sides_find_everything_again_after_a_reload(visitor: Visitor, agent: Visitor) -> None:
    anna, mei = visitor(), agent("Mei")
    ask(anna, "refund before the reload")
    open_line(mei, "refund before the reload")
    take(mei)
    write(mei, "Here I am.")
    for page in (anna, mei):
        page.reload()
        expect(page.locator(".turn.agent .said")).to_have_text("Here I am.")
    expect(anna.locator(".with-agent")).to_contain_text("Mei is with you.")
    expect(mei.locator("#box")).to_be_visible()
    send(anna, "still there?")
    expect(mei.locator(".turn.customer").last).to_contain_text("still there?")


def test_an_agent_who_logs_out_hands_the_customer_on(visitor: Visitor, agent: Visitor) -> None:
    anna, mei, tom = visitor(), agent("Mei"), agent("Tom")
    ask(anna, "refund from two agents")
    open_line(mei, "refund from two agents")
    take(mei)
    expect(anna.locator(".with-agent")).to_be_visible()
    mei.get_by_role("button", name="Log out").click()
    expect(mei.get_by_role("button", name="Log in")).to_be_visible()
    expect(anna.locator(".note").last).to_contain_text("Mei had to leave.")
    expect(anna.locator(".waiting")).to_contain_text("You are next in line.")
    expect(waiting(tom)).to_contain_text("A colleague had to leave")


def test_a_session_that_ends_elsewhere_ends_on_the_open_page(agent: Visitor) -> None:
    mei = agent("Mei")
    second = mei.context.new_page()
    second.goto(mei.url)
    second.get_by_role("button", name="Log out").click()
    expect(mei.get_by_role("button", name="Log in")).to_be_visible()


def test_a_suggested_reply_is_one_key_and_stays_editable(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    anna, mei = visitor(), agent("Mei")
    ask(anna, "refund with a suggestion")
    anna.locator("#person").click()
    expect(waiting(mei)).to_have_count(1)
    press = mei.keyboard.press
    press("n")
    wait_for_page(mei, ".talk[data-conversation]")
    expect(mei.locator(".suggestion")).to_have_count(3)
    expect(mei.locator(".suggestion").nth(1)).to_contain_text("How long do refunds take?")
    expect(mei.locator(".summary")).to_contain_text("Answered")
    press("t")
    expect(mei.locator("#box")).to_be_focused()
    press("Escape")
    press("2")
    expect(mei.locator("#box")).to_have_value(re.compile("^Refunds take five working days"))
    mei.keyboard.type(" Dear Anna!")
    press("Enter")
    expect(anna.locator(".turn.agent .said")).to_contain_text("shop.example/wallet. Dear Anna!")
    press("Escape")
    press("x")
    expect(mei.locator(".owner")).to_have_text("Closed")
    sent = conversation(site, "refund with a suggestion").turns[-2]
    rows = site.desk.log.database.db.execute(
        "select suggestions.text, rank from suggestions join turns on suggestion_id = "
        "suggestions.id where turns.id = ?",
        [sent.id],
    ).fetchall()
    ((suggested, rank),) = rows
    assert rank == 2
    assert sent.text == f"{suggested} Dear Anna!"


SLOW_NETWORK = """() => {
    const send = window.fetch;
    window.sent = [];
    window.fetch = async (path, ...rest) => {
        if (!/[/](say|hand-back)$/.test(path)) return send(path, ...rest);
        await new Promise((arrive) => window.sent.push(arrive));
        return send(path, ...rest);
    };
}"""


def arrivals(page: Page) -> int:
    """What was sent now arrives at the server. Returns how many requests it was."""
    return int(page.evaluate("window.sent.splice(0).map((arrive) => arrive()).length"))


def test_a_message_is_sent_once_however_often_that_is_asked_for(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    anna, mei = visitor(), agent("Mei")
    ask(anna, "refund with a slow network")
    open_line(mei, "refund with a slow network")
    take(mei)
    mei.evaluate(SLOW_NETWORK)

    def hold_enter() -> None:
        for _ in range(8):
            mei.keyboard.down("Enter")
        mei.keyboard.up("Enter")

    def press_twice() -> None:
        mei.keyboard.press("Enter")
        mei.keyboard.press("Enter")

    ways: dict[str, Callable[[], None]] = {
        "held": hold_enter,
        "pressed": press_twice,
        "clicked": mei.locator("#send").dblclick,
    }
    for text, send_often in ways.items():
        mei.locator("#box").fill(text)
        send_often()
        assert arrivals(mei) == 1, text
        expect(mei.locator("#box")).to_have_value("")
    mei.locator("[data-move=hand-back]").dblclick()
    assert arrivals(mei) == 1
    expect(mei.locator("#box")).to_be_hidden()
    found = conversation(site, "refund with a slow network")
    assert [turn.text for turn in found.turns if turn.role == "agent"] == list(ways)


def test_html_of_a_customer_is_only_text_at_the_desk(visitor: Visitor, agent: Visitor) -> None:
    text = "<img src=x onerror=\"document.title='broken in'\"> {{ 7*7 }} refund?"
    anna, mei = visitor(), agent("Mei")
    send(anna, text)
    open_line(mei, "onerror")
    expect(mei.locator(".turn.customer .said")).to_have_text(text)
    assert mei.locator(".turn.customer .said *, .line-said *").count() == 0
    take(mei)
    assert "broken" not in mei.title()


def test_keys_walk_through_the_list_and_are_explained(visitor: Visitor, agent: Visitor) -> None:
    for name in ("first", "second"):
        page = visitor()
        ask(page, f"refund, {name} in line")
        page.locator("#person").click()
        expect(page.locator(".waiting")).to_be_visible()
    mei = agent("Mei")
    expect(waiting(mei)).to_have_count(2)
    for key, name in (("j", "first"), ("j", "second"), ("k", "first")):
        mei.keyboard.press(key)
        expect(mei.locator(".line:focus")).to_contain_text(f"{name} in line")
    mei.keyboard.press("Enter")
    wait_for_page(mei, ".talk[data-conversation]")
    expect(mei.locator(".turn.customer .said")).to_have_text("refund, first in line")
    mei.keyboard.press("?")
    expect(mei.locator("#keys")).to_be_visible()
    mei.keyboard.press("Escape")
    expect(mei.locator("#keys")).to_be_hidden()


def test_a_new_customer_is_announced_to_who_asked_for_it(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    mei = agent("Mei", permissions=["notifications"])
    bell = mei.locator("#notify")
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")
    mei.reload()
    expect(bell).to_have_text("Notifications on")
    mei.evaluate("""() => {
        window.chimed = 0;
        window.AudioContext = class extends window.AudioContext {
            constructor() { super(); window.chimed += 1; }
        };
    }""")
    anna = visitor()
    anna.locator("#person").click()
    expect(waiting(mei)).to_have_count(1)
    wait_until(lambda: mei.evaluate("window.chimed") == 1)


NOTIFICATIONS = """() => {
    window.told = [];
    window.asked = 0;
    Object.defineProperty(document, 'hidden', { get: () => true });
    window.Notification = class extends window.Notification {
        static requestPermission() { window.asked += 1; return super.requestPermission(); }
        constructor(...said) { super(...said); window.told.push(this); }
    };
}"""


def test_the_browser_is_asked_by_a_click_and_then_tells_who_waits(
    visitor: Visitor, agent: Visitor, site: Site
) -> None:
    mei = agent("Mei", permissions=["notifications"])
    mei.evaluate(NOTIFICATIONS)
    assert mei.evaluate("window.asked") == 0
    mei.locator("#notify").click()
    wait_until(lambda: mei.evaluate("window.asked") == 1)
    anna = visitor()
    ask(anna, "refund, with a notification")
    anna.locator("#person").click()
    wait_until(lambda: mei.evaluate("window.told.length") == 1)
    assert mei.evaluate("window.told[0].title") == "A customer is waiting"
    mei.evaluate("window.told[0].onclick()")
    expect(mei.locator(".turn.customer .said")).to_have_text("refund, with a notification")


def test_nothing_of_the_desk_is_wider_than_a_phone(visitor: Visitor, agent: Visitor) -> None:
    anna = visitor()
    ask(anna, "refund " + "W" * 300)
    anna.locator("#person").click()
    expect(anna.locator(".waiting")).to_be_visible()
    mei = agent("Mei", "zh-CN", **PHONE)
    assert mei.evaluate("document.documentElement.scrollWidth") == 390
    waiting(mei).click()
    take(mei)
    expect(mei.locator(".suggestion").first).to_be_visible()
    assert mei.evaluate("document.documentElement.scrollWidth") == 390
    write(mei, "好的")
    expect(anna.locator(".turn.agent .said")).to_have_text("好的")
    mei.locator(".back").click()
    expect(mei.locator("[aria-labelledby=g-mine] .line")).to_have_count(1)
