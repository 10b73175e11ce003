"""Messages in a language that nobody here reads."""

from __future__ import annotations

import pytest

from bot.foreign import is_foreign


@pytest.mark.parametrize(
    "text",
    [
        "Guten Tag, ich möchte mit einem Menschen sprechen",
        "je veux parler à un humain",
        "¿Cuánto cuesta el envío a España?",
        "¿Hablan español?",
        "Bonjour, quels sont vos horaires?",
        "hola",
        "Ile kosztuje wysyłka?",
        "Сколько стоит доставка?",
        "送料はいくらですか",
        "كم يكلف الشحن",
    ],
)
def test_another_language_is_seen(text: str) -> None:
    assert is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "How long do refunds take?",
        "do yuo shp to canda",
        "im on wifi",
        "ship to Tessenbrück, Hohenlark, Averhaven",
        "iPhone 15 Pro Max",
        "qwertz uiop asdf",
        "退款要多久",
        "我的 order 怎么 cancel",
        "Merci!",
        "",
    ],
)
def test_english_chinese_names_and_nonsense_are_not(text: str) -> None:
    assert not is_foreign(text)
