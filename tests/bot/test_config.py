"""frontdesk.toml and FRONTDESK_*: what wins, and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load_config
from bot.errors import ConfigError


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "frontdesk.toml"


def test_without_a_file_the_defaults_make_a_bare_machine_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config()
    assert (config.host, config.generator, config.embedder) == ("127.0.0.1", "quote", "built-in")


def test_an_option_wins_over_a_variable_and_a_variable_over_the_file(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.write_text("port = 1\nseed = 1\nmax_new_tokens = 1\n")
    monkeypatch.setenv("FRONTDESK_PORT", "2")
    monkeypatch.setenv("FRONTDESK_SEED", "2")
    config = load_config(settings, options={"port": 3, "host": None})
    assert (config.port, config.seed, config.max_new_tokens) == (3, 2, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot = 1", "Unknown setting prot .* Did you mean port"),
        ("zzzzzz = 1", "Unknown setting zzzzzz .* README"),
        ("port = 'x'", "Setting port .*FRONTDESK_PORT.*integer"),
        ("port = 70000", "Setting port .*65535"),
        ("port = ", "is not valid TOML"),
        ("generator = 'magic'", "Setting generator .*'quote'"),
        ("websites = 'www.example.com'", "Setting websites .*https://www.example.com"),
        ("websites = 'https://a.example; script-src *'", "Setting websites .*'https://a.example;'"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_key_and_value(
    settings: Path, content: str, message: str
) -> None:
    settings.write_text(content)
    with pytest.raises(ConfigError, match=message) as raised:
        load_config(settings)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_named_must_be_there(settings: Path) -> None:
    with pytest.raises(ConfigError, match="No configuration file"):
        load_config(settings)


def test_the_key_of_a_model_server_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_MODEL_API_KEY", "very-secret")
    assert "very-secret" not in repr(load_config())
