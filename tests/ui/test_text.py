"""Nothing that a person reads is missing in one of the languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

import pytest

from bot.phrases import PHRASES, Phrase
from knowledge.language import has_chinese
from knowledge.types import Language
from ui.text import TEXTS, TextKey, write

LANGUAGES: tuple[Language, ...] = get_args(Language)
ALL: dict[str, Mapping[Language, str]] = dict([*TEXTS.items(), *PHRASES.items()])


def test_every_key_has_a_text_and_every_text_a_key() -> None:
    assert set(TEXTS) == set(get_args(TextKey))
    assert set(PHRASES) == set(get_args(Phrase))


@pytest.mark.parametrize("key", ALL)
def test_each_text_is_there_in_both_languages_and_differs(key: str) -> None:
    texts = ALL[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in texts.values())
    assert texts["en"] != texts["zh"]


@pytest.mark.parametrize("key", set(ALL) - {"other_language", "contact_placeholder"})
def test_each_text_is_written_in_its_language(key: str) -> None:
    assert has_chinese(ALL[key]["zh"])
    assert not has_chinese(ALL[key]["en"])


@pytest.mark.parametrize("key", ALL)
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    english, chinese = (set(re.findall(r"\{(\w+)\}", ALL[key][language])) for language in LANGUAGES)
    assert english == chinese


def test_values_are_filled_in() -> None:
    assert write("message_too_long", "en", limit=4000).startswith("That is longer than 4000")
