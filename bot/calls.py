"""Which messages call for a person in so many words: "I want to talk to a human", "转人工". Pure.

An entry on when people can be reached lies as near to such a message as any can: by its score alone
a customer who asks for a person would be told the hours of the hotline.
"""

from __future__ import annotations

import re

_PERSON = (
    r"(?:(?:an?|the|your|some|any|another|one of your|real|live|living|actual|proper|human) )*"
    r"(?:human(?: being)?s?|person|people|agents?|rep(?:resentative)?s?|advis[eo]rs?|operators?"
    r"|employees?|supervisors?|managers?|colleagues?|staff(?: members?)?"
    r"|customer (?:service|support|care)|some(?:one|body) (?:real|human))\b"
)
# "Do I need to speak to an adviser?" asks for a fact.
_WISH = (
    r"(?<!do )(?<!should )(?:\bi(?:'d| would)? (?:really |just |rather |also |only )*"
    r"(?:want|wanna|like|need|prefer|have|must|wish)?(?: to)?|\blet me|\b(?:can|could|may) (?:i|we)"
    r"|\bplease|\brather|\bis it possible to|^|[,.!;:]) ?(?:please |just )?"
)
_MACHINE = r"(?:an? |the |your |this |any )?(?:(?:ro)?bots?|machines?|computers?)\b"
_CALL = re.compile(
    rf"{_WISH}(?:talk|speak|spk|chat) (?:to|with) (?:{_PERSON}|some(?:one|body)\b)"
    r"|(?<!do )(?<!should )\b(?:i (?:just |really )?(?:need|want)|get me|give me"
    r"|connect me (?:to|with)|(?:put me (?:through|on)|transfer me|hand me over)(?: to)?)"
    rf" {_PERSON}"
    r"|\b(?:transfer me|put me through|connect me)(?: now| please)*[.!]*$"
    rf"|^(?:no )?{_PERSON}(?: now| please| pls| plz)*[.!]*$"
    r"|\b(?:some|any)(?:one|body) (?:please )?(?:to )?call me\b"
    r"|(?:转|轉|接|找|要|换|換|叫|请|請|呼叫)(?:接|个|個|一下|到|一个|位|一位)*(?:人工|真人|活人|客服)(?!费|費|智能)"
    r"|(?:想|要|能|可以|让我|希望)(?:跟|和|与)(?:个|一个|你们)?"
    r"(?:真人|活人|人工|客服(?:人员)?|经理|负责人)(?:说|谈|聊|沟通|讲)"
    r"|(?:找|叫|让)你?们?(?:个|位)?(?:经理|领导|主管|负责人|工作人员)"
    r"|有(?:没有)?(?:人工|真人|活人)|(?:人工|真人)(?:客服)?在(?:线|吗)|(?:升级到|由|需要)人工"
    r"|^人工(?:客服|服务)?$|不(?:想|要)再?(?:跟|和|与)机器人|换(?:个|一个)人(?:来|说|$)"
    r"|\bno (?:more )?(?:ro)?bots?\b|^not (?:a|another|the) (?:ro)?bot\b"
    r"|(?:\bnot|n['’]t|\bdont) (?:want|wanna|like) (?:to )?(?:talk|speak|chat) (?:to|with) "
    rf"{_MACHINE}"
    r"|^(?:please )?call me(?: back)?(?: now| please)*$"
    r"|(?:不要|别)再?(?:用|跟|找)?机器人|^转接?$|(?:找|转)(?:一下)?售后",
    re.IGNORECASE,
)
# Who asks for hours or numbers is told them.
_FACT = re.compile(
    r"\b(?:when|what time|(?:what|which|your|opening|phone|office|business|service) (?:hours|days)"
    r"|number|weekends?|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|几点|幾點|什么时候|什麼時候|何时|何時|上班|下班|时间|時間|电话|電話|号码|號碼"
    r"|[周週][一二三四五六日天末]",
    re.IGNORECASE,
)
# "I don't want to talk to a human", "不用转人工".
_NOT = re.compile(
    r"(?:n't|n’t|\bnot|\bdont) (?:want|need|wish|like|have)(?: to)?\b[^,.!?]{0,20}"
    rf"\b(?:talk|speak|chat|human|person|agent)(?! (?:to|with) {_MACHINE})"
    r"|\bno need (?:to|for)\b[^,.!?]{0,20}\b(?:talk|speak|chat|human|person|agent)"
    r"|(?:不(?:要|用|想|需要)|别|没必要|无需)(?:再|给我|帮我)?(?:转|轉|找|接|叫)",
    re.IGNORECASE,
)
_EDGES = " \t\n.,!?。，！？~～"


def calls_for_person(text: str) -> bool:
    """Whether a message wants a person, whatever else it says, and not when or how to reach one."""
    if _FACT.search(text) or refuses_person(text):
        return False
    return _CALL.search(text.strip(_EDGES)) is not None


def refuses_person(text: str) -> bool:
    """Whether a message says that it wants none."""
    return _NOT.search(text) is not None
