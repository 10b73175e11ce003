"""Nothing that a person reads is missing in one of the languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from bot.audit import Action
from bot.phrases import PHRASES, Phrase
from knowledge.language import has_chinese
from knowledge.types import Language
from ui import desk_pages
from ui.desk_pages import TEXTS as DESK
from ui.text import TEXTS, TextKey, write

LANGUAGES: tuple[Language, ...] = get_args(Language)
_DESK = {f"desk_{key}": texts for key, texts in DESK.items()}
ALL: dict[str, Mapping[Language, str]] = dict([*TEXTS.items(), *PHRASES.items(), *_DESK.items()])


# Each language offers the other one in its own words; an address looks alike everywhere.
IN_THE_OTHERS_WORDS = {"other_language", "desk_other_language", "contact_placeholder"}


def test_every_key_has_a_text_and_every_text_a_key() -> None:
    assert set(TEXTS) == set(get_args(TextKey))
    assert set(PHRASES) == set(get_args(Phrase))


def test_no_two_parts_of_the_desk_have_a_text_of_the_same_key() -> None:
    parts = [texts for name, texts in vars(desk_pages).items() if name.endswith("_TEXTS")]
    assert len(parts) > 2
    assert sum(len(texts) for texts in parts) == len(DESK)


def test_the_desks_pages_name_no_text_that_is_missing() -> None:
    ui = Path(__file__).parents[2] / "ui"
    pages = (ui / "templates").glob("*.html")
    written = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"""\bt\(["'](\w+)["'](?! ~)[,)]""", written))
    assert named <= set(DESK)


def test_all_that_the_audit_holds_can_be_said() -> None:
    assert {f"did_at_desk_{action}" for action in get_args(Action)} <= set(DESK)


@pytest.mark.parametrize("key", ALL)
def test_each_text_is_there_in_both_languages_and_differs(key: str) -> None:
    texts = ALL[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in texts.values())
    assert texts["en"] != texts["zh"]


@pytest.mark.parametrize("key", set(ALL) - IN_THE_OTHERS_WORDS)
def test_each_text_is_written_in_its_language(key: str) -> None:
    assert has_chinese(ALL[key]["zh"])
    assert not has_chinese(ALL[key]["en"])


@pytest.mark.parametrize("key", ALL)
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    english, chinese = (set(re.findall(r"\{(\w+)\}", ALL[key][language])) for language in LANGUAGES)
    assert english == chinese


def test_values_are_filled_in() -> None:
    assert write("message_too_long", "en", limit=4000).startswith("That is longer than 4000")
