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
_CALL = re.compile(
    rf"{_WISH}(?:talk|speak|spk|chat) (?:to|with) (?:{_PERSON}|some(?:one|body)\b)"
    r"|(?<!do )(?<!should )\b(?:i (?:just |really )?(?:need|want)|get me|give me"
    r"|connect me (?:to|with)|(?:put me (?:through|on)|transfer me|hand me over)(?: to)?)"
    rf" {_PERSON}"
    r"|\b(?:transfer me|put me through|connect me)(?: now| please)*[.!]*$"
    rf"|^(?:no )?{_PERSON}(?: now| please| pls| plz)*[.!]*$"
    r"|\b(?:some|any)(?:one|body) (?:please )?(?:to )?call me\b"
    r"|(?:转|接|找|要|换|叫|请|呼叫)(?:接|个|一下|到|一个|位|一位)*(?:人工|真人|活人|客服)(?!费)"
    r"|(?:想|要|能|可以|让我|希望)(?:跟|和|与)(?:个|一个|你们)?(?:真人|活人|人工|客服(?:人员)?|经理|负责人)(?:说|谈|聊|沟通|讲)"
    r"|(?:找|叫|让)你?们?(?:个|位)?(?:经理|领导|主管|负责人|工作人员)"
    r"|有(?:没有)?(?:人工|真人|活人)|(?:人工|真人)(?:客服)?在(?:线|吗)|(?:升级到|由|需要)人工"
    r"|^人工(?:客服|服务)?$",
    re.IGNORECASE,
)
# Who asks for hours or numbers is told them.
_FACT = re.compile(
    r"\b(?:when|what time|(?:what|which|your|opening|phone|office|business|service) (?:hours|days)"
    r"|number|weekends?|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|几点|什么时候|何时|上班|下班|时间|电话|号码|周[一二三四五六日天末]",
    re.IGNORECASE,
)
_EDGES = " \t\n.,!?。，！？~～"


def calls_for_person(text: str) -> bool:
    """Whether a message wants a person, whatever else it says, and not when or how to reach one."""
    return _CALL.search(text.strip(_EDGES)) is not None and _FACT.search(text) is None
