"""What is left of a message without its courtesies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.courtesy import is_angry_sign, only_acknowledges, without_courtesy


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Hi, my name is Oluwaseun Adeyemi. Can I return boots?", "Can I return boots?"),
        ("hi there how long does shipping take", "how long does shipping take"),
        ("Can I pay by card? Thanks in advance", "Can I pay by card?"),
        ("Could you please tell me when you open?", "when you open?"),
        ("您好，不好意思打扰一下，退款要多久？谢谢！", "退款要多久？"),
        ("Listen, you useless bot. Do you take cards? Be quick about it.", "Do you take cards?"),
        ("喂，少废话，能不能货到付款，快点，气死我了", "能不能货到付款"),
        ("你们这破客服，怎么换货，赶紧的", "怎么换货"),
        ("你好，我叫玛丽·约翰逊。怎么换货？", "怎么换货？"),
        ("OK, got it. What does it cost?", "What does it cost?"),
        ("懂了，那运费呢", "那运费呢"),
        ("老板，最近有啥活动没", "最近有啥活动没"),
    ],
)
def test_greetings_introductions_and_thanks_are_left_out(text: str, question: str) -> None:
    assert without_courtesy(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "thanks!",
        "谢谢",
        "懂了，多谢指点",
        "great, got it, thanks",
        "My name is on the parcel but the street is wrong",
        "thank you card for a gift available?",
        "我叫的快递怎么还没到",
        "You stupid machine!",
        "how hard can the soles of your boots be",
        "麻烦你了",
        "老板在吗",
    ],
)
def test_what_is_only_courtesy_or_only_looks_like_it_stays(text: str) -> None:
    assert without_courtesy(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ok",
            "OK.",
            "Okay!",
            "okk",
            "k",
            "Okey dokey",
            "alright",
            "all right then",
            "fine",
            "sure",
        ),
        *(
            "i see",
            "Understood.",
            "ok, got it",
            "ah ok",
            "oh I see...",
            "ok 👍",
            "sounds good",
            "right",
        ),
        *(
            "好的",
            "好",
            "好吧。",
            "好滴～",
            "嗯嗯",
            "哦",
            "知道了",
            "我明白了",
            "收到",
            "行",
            "可以",
            "懂了",
            "ok的",
        ),
        *(
            "yes",
            "no",
            "never mind",
            "lol",
            "haha",
            "one moment please",
            "hold on",
            "👍",
            "🙏🙏",
            "...",
        ),
        *("等一下", "哈哈哈", "不用了", "没事了", "对不起", "666"),
        *("ok好的", "好的，知道了", "嗯，好的", "哦哦 明白了！"),
    ],
)
def test_what_only_acknowledges_is_told_from_questions(text: str) -> None:
    assert only_acknowledges(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ok?",
            "right?",
            "",
            "?",
            "！？",
            "ok thanks",
            "ok bye",
            "great",
            "no refund",
            "wait time",
            "okra",
            "fine print",
        ),
        *(
            "ok and boots?",
            "ok, what does it cost",
            "is it ok",
            "good morning",
            "right size",
            "kk 2041",
        ),
        *(
            "好的谢谢",
            "好的再见",
            "好吗",
            "可以吗",
            "可以退货",
            "行李",
            "收到货了",
            "知道运费吗",
            "好的，那运费呢",
        ),
        *("你好", "好了吗", "哦？", "不知道", "没收到"),
    ],
)
def test_what_asks_or_tells_something_does_not_only_acknowledge(text: str) -> None:
    assert not only_acknowledges(text)


def test_however_long_it_is_it_is_told_at_once() -> None:
    for each in ("嗯", "ok ", "好的", "hmm, ", "o", "aha"):
        assert not only_acknowledges(each * 2000 + "?")


@given(st.text(max_size=80))
def test_something_is_always_left_and_it_comes_from_the_text(text: str) -> None:
    core = without_courtesy(text)
    assert core in text
    assert core or not text


@pytest.mark.parametrize(
    ("text", "angry"), [("😡", True), ("👎👎", True), ("👍", False), ("😡 where is it", False)]
)
def test_a_sign_of_anger_is_no_acknowledgement(text: str, angry: bool) -> None:
    assert is_angry_sign(text) is angry
