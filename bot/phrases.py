"""What the bot itself says when no passage speaks, in both languages, and when it says which.

These sentences are part of the conversation: they are logged with it. What the page around the
conversation says stands in ui/text.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.routing import Decision
from bot.types import Route
from knowledge.types import Language

Phrase = Literal[
    "greeting",
    "thanks",
    "goodbye",
    "small_talk",
    "acknowledged",
    "unclear",
    "foreign_language",
    "clarify",
    "clarify_one",
    "decline",
    "decline_near",
    "decline_near_one",
    "hand_off_asked",
    "hand_off_complaint",
    "hand_off_declined_twice",
    "hand_off_danger",
    "rest_unknown",
    "rest_near",
    "other_language",
    "agent_joined",
    "agent_is_here",
    "agent_handed_back",
    "agent_closed",
    "agent_left",
    "returned_to_bot",
]

PHRASES: Mapping[Phrase, Mapping[Language, str]] = {
    "greeting": {
        "en": "Hello! What would you like to know?",
        "zh": "您好！请问有什么可以帮您？",
    },
    "thanks": {
        "en": "You're welcome.",
        "zh": "不客气。",
    },
    "goodbye": {
        "en": "Goodbye, and thank you for stopping by.",
        "zh": "再见，感谢您的光临。",
    },
    "small_talk": {
        "en": "I'm the automatic assistant here. I answer from this company's own help pages, "
        "and I can pass you on to a person.",
        "zh": "我是这里的自动助手，根据本公司的帮助文档回答问题，也可以为您转接人工。",
    },
    "acknowledged": {
        "en": "All right. Is there anything else you would like to know?",
        "zh": "好的，请问还有什么可以帮您？",
    },
    "unclear": {
        "en": "I'm sorry if that missed the point. Ask me in a whole sentence, and I'll look "
        "again; or talk to a person.",
        "zh": "抱歉没有答到点子上。请把问题说得完整一些，我再查一次；也可以转接人工。",
    },
    "foreign_language": {
        "en": "I only understand English and Chinese. Please ask in one of them, "
        "or write: talk to a person.",
        "zh": "我只看得懂中文和英文。请用其中一种提问，或者发送“转人工”。",
    },
    "clarify": {
        "en": "Which of these do you mean?",
        "zh": "请问您想问的是哪一个？",
    },
    "clarify_one": {
        "en": "Is this what you mean?",
        "zh": "您想问的是这个吗？",
    },
    "decline": {
        "en": "I'm sorry, I don't know: I found nothing about that in our help pages. "
        "You can put it another way, or talk to a person.",
        "zh": "抱歉，这个我不知道：在我们的帮助文档里没有找到。您可以换个说法，或者转接人工。",
    },
    "decline_near": {
        "en": "I don't know that for sure. Is it one of these that you mean? "
        "You can also put it another way, or talk to a person.",
        "zh": "这个我拿不准。您想问的是下面的问题吗？您也可以换个说法，或者转接人工。",
    },
    "decline_near_one": {
        "en": "I don't know that for sure. Is this what you mean? "
        "You can also put it another way, or talk to a person.",
        "zh": "这个我拿不准。您想问的是下面这个问题吗？您也可以换个说法，或者转接人工。",
    },
    "hand_off_asked": {
        "en": "I've put you in the queue for a person, and I'll stay out of it from here. "
        "Everything you wrote stays in this conversation.",
        "zh": "已为您排队转接人工，接下来我不再自动回复。您说过的内容都会保留在本次对话中。",
    },
    "hand_off_complaint": {
        "en": "I'm sorry this went wrong. A person should look at it: I've put you in the queue, "
        "and I'll stay out of it from here.",
        "zh": "非常抱歉给您带来不好的体验。这件事应由人工处理：已为您排队，接下来我不再自动回复。",
    },
    "hand_off_declined_twice": {
        "en": "I don't know this one either, so I've put you in the queue for a person. "
        "I'll stay out of it from here.",
        "zh": "这个问题我也无法回答，已为您排队转接人工，接下来我不再自动回复。",
    },
    "hand_off_danger": {
        "en": "If you or somebody with you is in danger, please call the emergency number where "
        "you are: 112 in Europe, 911 in America, 120 in China. You don't have to be alone with "
        "this. I've put you in the queue for a person, too.",
        "zh": "如果您或身边的人有危险，请立即拨打当地的急救电话：中国 120，欧洲 112，美国 911。"
        "您不必独自面对。我也已为您排队转接人工。",
    },
    "rest_unknown": {
        "en": "I'm sorry, I don't know the rest of what you asked. "
        "You can put that another way, or talk to a person.",
        "zh": "抱歉，您问的其余部分我不知道。您可以换个说法，或者转接人工。",
    },
    "rest_near": {
        "en": "I'm not sure about the rest of what you asked. Please choose what you mean:",
        "zh": "您问的其余部分我没有把握，请选择您想问的：",
    },
    "other_language": {
        "en": "Our help pages answer this in Chinese only:",
        "zh": "这个问题我们的帮助文档只有英文说明：",
    },
    "agent_joined": {
        "en": "{name} has joined.",
        "zh": "{name}已加入对话。",
    },
    "agent_is_here": {
        "en": "{name} is with you.",
        "zh": "{name}正在为您服务。",
    },
    "agent_handed_back": {
        "en": "{name} has left, and the automatic assistant answers again.",
        "zh": "{name}已离开，接下来由自动助手继续回答。",
    },
    "agent_closed": {
        "en": "{name} has closed the conversation. Write again whenever you need us.",
        "zh": "{name}已结束本次对话。如有需要，可随时继续提问。",
    },
    "agent_left": {
        "en": "{name} had to leave. You are in the queue for another person.",
        "zh": "{name}临时离开，已为您重新排队等候其他客服人员。",
    },
    "returned_to_bot": {
        "en": "You are back with the automatic assistant.",
        "zh": "已回到自动助手。",
    },
}

# What goes with a rule of routing, where its route does not say enough.
_OF_RULES: Mapping[str, Phrase] = {
    "asked_for_person": "hand_off_asked",
    "complaint": "hand_off_complaint",
    "danger": "hand_off_danger",
    "second_decline": "hand_off_declined_twice",
    "greeting": "greeting",
    "thanks": "thanks",
    "goodbye": "goodbye",
    "small_talk": "small_talk",
    "acknowledgement": "acknowledged",
    "unclear": "unclear",
    "foreign_language": "foreign_language",
}


def phrase_for(decision: Decision) -> Phrase:
    """For every route but ANSWER."""
    if decision.route in (Route.HAND_OFF, Route.SMALL_TALK):
        return _OF_RULES[decision.rule]
    if decision.route is Route.CLARIFY:
        return "clarify" if len(decision.options) > 1 else "clarify_one"
    if not decision.options:
        return "decline"
    return "decline_near" if len(decision.options) > 1 else "decline_near_one"


def say(phrase: Phrase, language: Language, **values: str) -> str:
    """The sentence with its {placeholders} filled in."""
    return PHRASES[phrase][language].format(**values)
