"""Which messages call for a person in so many words."""

from __future__ import annotations

import pytest

from bot.calls import calls_for_person, refuses_person
from bot.config import Config
from bot.routing import decide
from bot.types import Intent, Route
from knowledge.pack import read_intents
from knowledge.sources import DEMO_PACK


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a person",
        "talk to a human!",
        "Can I speak to someone?",
        "could we please speak with one of your colleagues",
        "let me talk to somebody real",
        "agent please",
        "human",
        "connect me to an agent",
        "put me through to customer service.",
        "This is useless. Get me a real person",
        "I've waited for hours, I want to talk to a human",
        "Can someone call me?",
        "I need a human to look at my refund",
        "No, I want to talk to a human",
        "Not helpful at all, get me a person",
        "no more bot, please",
        "转人工",
        "别废话，转人工",
        "請轉人工",
        "怎么还不转人工",
        "我不想跟机器人说话",
        "人工客服！",
        "有人工客服吗",
        "我想跟真人说话",
        "请转人工处理我的退款",
        "叫你们经理来",
        "I don't want to talk to a bot",
        "no bots please",
        "call me",
        "不要机器人",
        "转接",
        "我要找售后",
    ],
)
def test_who_calls_for_a_person_is_heard(text: str) -> None:
    assert calls_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "How can I talk to a human, and when?",
        "Can I talk to somebody on Saturday?",
        "what's the number to speak to an agent",
        "人工客服几点上班",
        "我要找真人，會說中文的幾點在",
        "找客服的话周末有人吗",
        "Do I need to speak to an adviser before I open an account?",
        "Should I talk to the manager of the hut first?",
        "I need someone to carry the tent",
        "How many people fit into it?",
        "The agent at the airport sent me to you",
        "刚跟客服说完，还是没收到",
        "人工费多少",
        "你是人工智能吗",
        "are you a bot or not",
        "call me by my name please",
        "工作人员推荐的那双鞋",
    ],
)
def test_a_question_about_people_is_no_call(text: str) -> None:
    assert not calls_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to talk to a human, just tell me the price",
        "no need to talk to an agent",
        "不要转人工，我就问一下运费",
        "别转人工",
        "不用再找客服了",
    ],
)
def test_who_wants_no_person_gets_none(text: str) -> None:
    assert refuses_person(text)
    assert not calls_for_person(text)


def test_none_of_the_demo_shops_intents_is_a_call() -> None:
    assert not [e.text for e in read_intents(DEMO_PACK / "intents") if calls_for_person(e.text)]


def test_a_call_wins_over_an_entry_about_the_hotline() -> None:
    call = Intent("ask_for_person", 1.0, known=True)
    assert decide(call, [], None, Config(), own_score=0.999).route is Route.HAND_OFF
