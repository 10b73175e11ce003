"""What a pack brings besides documents is read, and every mistake in it named."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import PackError
from knowledge.pack import Pack, read_intents, read_pack
from knowledge.sources import DEMO_PACK
from knowledge.types import IntentExample

INTENT = "intent: refund\ndescription: Money back\nexamples:\n  zh: [退款]\n  en: [refund, money]\n"


def intents(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_demo_pack_has_a_name_starters_and_intents_in_both_languages() -> None:
    pack = read_pack(DEMO_PACK)
    assert set(pack.name) == set(pack.starters) == {"en", "zh"}
    counts: dict[tuple[str, str], int] = {}
    for example in pack.examples:
        key = (example.intent, example.language)
        counts[key] = counts.get(key, 0) + 1
    assert len({intent for intent, _ in counts}) >= 15
    assert min(counts.values()) >= 20


def test_without_starters_some_questions_of_the_faq_are() -> None:
    asked = [f"What is {n}?" for n in range(1, 10)]
    pack = Pack(starters={"zh": ("怎么退货？",)})
    filled = pack.with_starters_of({"en": ["How? " * 30, *asked], "zh": ["多久？"]})
    assert filled.starters == {
        "en": ("What is 1?", "What is 4?", "What is 7?"),
        "zh": ("怎么退货？",),
    }
    assert Pack().with_starters_of({"en": asked[:3]}).starters == {"en": tuple(asked[:3])}
    assert Pack().with_starters_of({}) == Pack()


def test_a_folder_without_settings_or_intents_is_an_empty_pack(tmp_path: Path) -> None:
    assert read_pack(tmp_path) == read_pack(tmp_path / "gone") == Pack()


def test_settings_are_read_by_language(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_bytes(
        b'\xef\xbb\xbfname = {en = "Shop"}\n[starters]\nen = ["How long?", " Why? "]\n'
    )
    assert read_pack(tmp_path) == Pack({"en": "Shop"}, {"en": ("How long?", "Why?")})


def test_examples_come_by_file_and_language(tmp_path: Path) -> None:
    other = "intent: cancel\nexamples: {en: [cancel]}\n"
    assert read_intents(intents(tmp_path, b=INTENT, a=other)) == (
        IntentExample("cancel", "cancel", "en"),
        IntentExample("refund", "refund", "en"),
        IntentExample("refund", "money", "en"),
        IntentExample("refund", "退款", "zh"),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a\n", "must hold intent"),
        ("", "must hold intent"),
        ("intent: [", "no valid YAML"),
        ("intent: !!python/name:os.system\n", "no valid YAML"),
        ("intent: a\nexample: {en: [b]}\n", "unknown key example"),
        ("intent: a\nexamples: {fr: [b]}\n", "unknown key examples.fr. Known: en, zh"),
        ("intent: a\n", "no examples"),
        ("intent: a\nexamples: {en: []}\n", "examples.en must be a list"),
        ("intent: a\nexamples: {en: b}\n", "examples.en must be a list"),
        ("intent: a\nexamples: {en: [b, 5]}\n", "entry of examples.en must be text, not 5"),
        ("intent: a\nexamples: {en: [yes]}\n", "must be text, not True. Put it in quotes"),
        ("intent: a\nexamples: [b]\n", "one value per language"),
        ("intent: 7\nexamples: {en: [b]}\n", "intent must be text, not 7"),
        ("examples: {en: [b]}\n", "intent must be text, not None"),
        ("intent: a\ndescription: 3\nexamples: {en: [b]}\n", "description must be text"),
        ("\x00", "no valid YAML"),
    ],
)
def test_a_malformed_intent_is_refused_by_name_and_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(PackError) as refused:
        read_intents(intents(tmp_path, bad=text))
    assert reason in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "bad.yaml"))
    assert "\n" not in str(refused.value)


def test_an_intent_that_two_files_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"b\.yaml names the intent 'refund', which .*a\.yaml"):
        read_intents(intents(tmp_path, a=INTENT, b=INTENT))


@pytest.mark.usefixtures("permissions_hold")
def test_intents_that_cannot_be_looked_into_are_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "intents").mkdir(mode=0)
    with pytest.raises(PackError, match=r"intents cannot be opened: Permission denied"):
        read_pack(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "no valid TOML"),
        ('nmae = {en = "Shop"}', "unknown key nmae"),
        ('name = "Shop"', "one value per language"),
        ("name = {en = 5}", "name.en must be text"),
        ('[starters]\nen = "Hi"', "starters.en must be a list"),
        ('[starters]\nde = ["Hi"]', "unknown key starters.de"),
    ],
)
def test_malformed_settings_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "pack.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match=r"pack\.toml") as refused:
        read_pack(tmp_path)
    assert reason in str(refused.value)
