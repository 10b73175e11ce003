"""The question in a message, without the greetings, introductions and thanks around it, or that
there is none: "ok". Pure.

Whoever is polite, rude or gives a name asks the same thing: those words are left out of the search.
What is stored is the message as it was written.
"""

from __future__ import annotations

import re

# An opening or closing sentence or clause that asks nothing, up to the mark that ends it.
_ENGLISH = (
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[^,.!?]{0,20}",
    r"(?:my name is|my name's|i am called|i'm called)\b[^,.!?]{0,40}",
    r"(?:i )?hope (?:you|this|all)\b[^,.!?]{0,40}",
    r"(?:excuse me|sorry|apologies)(?: (?:to|for) (?:bother|disturb|troubl)\w*)?[^,.!?]{0,15}",
    r"(?:could|can|would) you (?:please |kindly )?(?:help me|assist me)[^,.!?]{0,25}",
    r"(?:many |so )?(?:thank(?:s| you)|cheers)\b[^,.!?]{0,45}",
    r"i(?:'d| would) be (?:very |so |most )?grateful[^,.!?]{0,30}",
    r"(?:best|kind|warm) (?:regards|wishes)\b[^.!?]{0,40}",
    r"(?:listen|look here|oh come on|come on|seriously|damn it|for god's sake)\b[^,.!?]{0,30}",
    r"(?:just |and )?(?:answer|be quick|hurry up)(?: me)?\b[^,.!?]{0,20}",
    r"you(?:'re| are)? (?:an? )?(?:stupid|useless|dumb|bloody|damn\w*|idiot\w*)\b[^,.!?]{0,20}",
    r"how hard can (?:it|that|this) be",
    r"(?:and )?(?:don't|do not) (?:give|send|tell) me any\b[^.!?]{0,40}",
    r"damn(?: it)?",
    r"(?:ok(?:ay)?|all ?right|got it|i see|understood|great|perfect)",
)
_CHINESE = (
    r"(?:您好|你好|嗨|哈喽|喂)[呀啊哦]?",
    r"(?:老板|掌柜的?|亲+|小姐姐|小哥哥?|店家|店主|客服)[呀啊哦]?",
    r"我(?:的名字)?叫[^，。！？!?]{1,14}",
    r"(?:不好意思|打扰|抱歉|劳驾)[^，。！？!?]{0,6}",
    r"(?:非常|十分|真的)?(?:感谢|谢谢|多谢|辛苦)[^，。！？!?]{0,8}",
    r"(?:快点|赶紧)[^，。！？!?]{0,6}",
    r"你们?这?个?(?:破|傻|蠢|笨|烂|垃圾)(?:机器人?|客服|东西|玩意儿?)",
    r"(?:别|少|不要)(?:跟我|给我)?(?:废话|啰嗦|磨叽|敷衍)[^，。！？!?]{0,4}",
    r"(?:烦|气|急)死(?:我|人)?了?",
    r"(?:好的|嗯+|懂了|明白了?|知道了|清楚了|收到)[啦呀哈]?",
)
# What says no more than that a message was read. Praise ("great", "太好了") is thanks.
_ACKNOWLEDGED = re.compile(
    r"\s*(?:(?:(?:"
    r"o+k+(?:a+y+|ey|ie)?(?: dok\w{1,3})?|k+|o+h+|a+h+a*|m?hm+|al(?:l )?right(?:y)?|right|fine|good"
    r"|sure(?: thing)?|got (?:it|that|ya|you)|gotcha|noted|understood|fair enough|very well"
    r"|i (?:see|get it|got it|understand)|(?:that )?makes sense|sounds good|good to know"
    r"|lo+l|lmao|rofl|wow|(?:ha){2,}h?|(?:he){2,}h?|please|(?:please )?(?:wait|hold(?: on)?)"
    r"|(?:one|just a|wait a) (?:moment|sec(?:ond)?|minute)(?: please)?"
    r"|y(?:es|eah|ep|up)|no,? thank(?:s| you)|no(?:pe)?|nah|not really"
    r"|never ?mind|sorry|my bad|no worries"
    r")(?: then| now)?(?![a-z0-9])"
    r"|[哈呵嘿嘻]{2,}|6{3,}|等一?下|等等|稍等(?:一下)?|对[的啊呀]?|是[的啊]?|没有了?|不用了?|不需要"
    r"|不要了|算了|没事[了儿]?|没关系|对不起|不好意思|抱歉|你说得对"
    r"|ok[的了啦]|好[的吧啊呀嘞滴哒啦叭]*|行[吧啊的]?|[嗯哦噢喔]|收到[了啦]?|可以[的啊]?|原来如此|这样啊"
    r"|我?(?:知道|明白|了解|清楚|懂)[了啦]?"
    r")[^\w?？]*)+",
    re.IGNORECASE,
)
_ANGRY = frozenset("😠😡🤬👎💩🖕")
# Words in front of the question itself.
_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey)(?: there| team| all)?|please|kindly"
    r"|(?:could|can|would) you (?:please |kindly )?(?:tell|advise) me"
    r"|i(?:'d| would) like to (?:know|ask)|i was wondering|请问(?:一下)?|我?想问(?:一下|下)?"
    r"|麻烦(?:您|你)?(?:帮我)?(?:看看|问一下|查一下)?)(?:[\s,:，：]+|(?<=[一-鿿]))",
    re.IGNORECASE,
)
_END = r"(?:\s*[,.!?，。！？～~：:]+\s*|\s*$)"
_AROUND = re.compile("|".join((*_ENGLISH, *_CHINESE)), re.IGNORECASE)
_OPENING = re.compile(rf"^\s*(?:{_AROUND.pattern}){_END}", re.IGNORECASE)
_CLOSING = re.compile(
    rf"(?:(?<=[,.!?，。！？\s])|^)(?:{_AROUND.pattern})[.!。！~～\s]*$", re.IGNORECASE
)


def without_courtesy(text: str) -> str:
    """The text without such words at its ends; as it is where nothing else is in it."""
    core = text.strip()
    while True:
        shorter = _LEAD.sub("", _OPENING.sub("", _CLOSING.sub("", core))).strip(" \t\n,，、")
        if shorter == core:
            break
        core = shorter
    return core if sum(map(str.isalnum, core)) > 1 else text


def is_angry_sign(text: str) -> bool:
    """Whether it is no more than a sign of anger: "😡", "👎"."""
    return bool(_ANGRY & set(text)) and not any(c.isalnum() for c in text)


def only_acknowledges(text: str) -> bool:
    """Whether it asks and tells nothing: "ok, got it", "好的，知道了", "👍"."""
    if not any(c.isalnum() for c in text):
        return bool(text.strip()) and not set("?？") & set(text)
    return _ACKNOWLEDGED.fullmatch(text) is not None
