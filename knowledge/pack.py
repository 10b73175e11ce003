"""What a pack brings besides documents: its name, starter questions and examples of intents."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from knowledge.errors import PackError
from knowledge.types import IntentExample, Language

_LANGUAGES: tuple[Language, ...] = get_args(Language)
_INTENT_KEYS = {"intent", "description", "examples"}
# What a phone shows at once, above the field for the question.
_STARTERS = 4
_STARTER_CHARS = 60


@dataclass(frozen=True)
class Pack:
    name: Mapping[Language, str] = field(default_factory=dict)
    starters: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[IntentExample, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Name and starters as JSON keeps them; the examples have a table of their own."""
        starters = {language: list(texts) for language, texts in self.starters.items()}
        return {"name": dict(self.name), "starters": starters}

    @staticmethod
    def from_facts(facts: Mapping[str, Any], examples: Iterable[IntentExample] = ()) -> Pack:
        starters = {language: tuple(texts) for language, texts in facts["starters"].items()}
        return Pack(facts["name"], starters, tuple(examples))

    def with_starters_of(self, questions: Mapping[Language, Sequence[str]]) -> Pack:
        """Languages without starters get some of their FAQ's short questions, spread over it."""
        short = {
            language: [each for each in asked if len(each) <= _STARTER_CHARS]
            for language, asked in questions.items()
        }
        own = {
            language: tuple(asked[:: max(1, -(-len(asked) // _STARTERS))])
            for language, asked in short.items()
        }
        return replace(self, starters=own | dict(self.starters))


def merge_packs(packs: Iterable[Pack]) -> Pack:
    """The first name and starters that are given in each language, and all examples."""
    name: dict[Language, str] = {}
    starters: dict[Language, tuple[str, ...]] = {}
    examples: list[IntentExample] = []
    for pack in packs:
        name = {**pack.name, **name}
        starters = {**pack.starters, **starters}
        examples += pack.examples
    return Pack(name, starters, tuple(dict.fromkeys(examples)))


def read_pack(source: Path) -> Pack:
    """The pack in a folder: `pack.toml` and `intents/*.yaml`, either of which may be missing.

    A file, or a folder without both, is an empty pack. Raises PackError.
    """
    settings = source / "pack.toml"
    pack = _read_settings(settings) if settings.is_file() else Pack()
    return Pack(pack.name, pack.starters, read_intents(source / "intents"))


def read_intents(folder: Path) -> tuple[IntentExample, ...]:
    """Examples from every `*.yaml` in a folder, by file name; none if there is no such folder.

    Each file holds `intent: NAME`, `description: ...` and `examples: {en: [...], zh: [...]}`, one
    language at least. Raises PackError for anything else, and for a name that comes twice.
    """
    files: dict[str, Path] = {}
    examples: list[IntentExample] = []
    for path in _yaml_files(folder):
        intent, found = _read_intent(path)
        if intent in files:
            raise PackError(
                f"{path} names the intent {intent!r}, which {files[intent]} already has. "
                "Rename one of them."
            )
        files[intent] = path
        examples.extend(found)
    return tuple(examples)


def _yaml_files(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise PackError(
            f"{folder} cannot be opened: {error.strerror}. Allow reading it."
        ) from error
    return [p for p in paths if p.suffix in {".yaml", ".yml"} and not p.name.startswith(".")]


def _read_settings(path: Path) -> Pack:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise PackError(f"{path} is no valid TOML: {error}.") from error
    _refuse_unknown(content, {"name", "starters"}, path, "")
    name = _by_language(content.get("name", {}), path, "name")
    starters = _by_language(content.get("starters", {}), path, "starters")
    return Pack(
        {key: _sentence(value, path, f"name.{key}") for key, value in name.items()},
        {key: _sentences(value, path, f"starters.{key}") for key, value in starters.items()},
    )


def _read_intent(path: Path) -> tuple[str, list[IntentExample]]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise PackError(f"{path} is no valid YAML: {reason}.") from error
    if not isinstance(content, dict):
        raise PackError(f"{path} must hold intent, description and examples.")
    _refuse_unknown(content, _INTENT_KEYS, path, "")
    intent = _sentence(content.get("intent"), path, "intent")
    if "description" in content:
        _sentence(content["description"], path, "description")
    return intent, list(_examples(intent, content.get("examples"), path))


def _examples(intent: str, value: object, path: Path) -> Iterator[IntentExample]:
    by_language = _by_language(value, path, "examples")
    if not by_language:
        raise PackError(f"{path} has no examples. Give some, as examples: {{en: [...]}}.")
    for language, sentences in by_language.items():
        for text in _sentences(sentences, path, f"examples.{language}"):
            yield IntentExample(intent, text, language)


def _by_language(value: object, path: Path, key: str) -> dict[Language, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PackError(f"{path}: {key} must give one value per language, not {value!r:.60}.")
    _refuse_unknown(value, set(_LANGUAGES), path, f"{key}.")
    return {language: value[language] for language in _LANGUAGES if language in value}


def _refuse_unknown(content: dict[Any, Any], known: set[Any], path: Path, prefix: str) -> None:
    for key in content:
        if key not in known:
            names = ", ".join(sorted(known))
            raise PackError(f"{path} has the unknown key {prefix}{key}. Known: {names}.")


def _sentences(value: object, path: Path, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise PackError(f"{path}: {key} must be a list of sentences, not {value!r:.60}.")
    return tuple(_sentence(each, path, f"an entry of {key}") for each in value)


def _sentence(value: object, path: Path, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PackError(f"{path}: {key} must be text, not {value!r:.60}. Put it in quotes.")
    return value.strip()
