"""Every setting, read once from frontdesk.toml and FRONTDESK_* variables into one frozen Config."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError

FILE_NAME = "frontdesk.toml"
# As browsers write it: https://www.example.com, http://localhost:8000, https://*.example.com.
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")


class Config(BaseSettings):
    """Defaults make a bare machine work. A variable wins over the file, an option over both."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_", frozen=True, extra="forbid")

    home: Path = Field(Path("frontdesk-data"), description="Folder of everything that is kept")
    host: str = Field("127.0.0.1", description="Address that the server binds to")
    port: int = Field(7860, ge=0, le=65535, description="Port that the server binds to")
    websites: str = Field(
        "",
        description="Web sites whose pages may show the chat, separated by spaces",
    )

    embedder: str = Field(
        "built-in",
        description="built-in, or a sentence-transformers model by name or folder",
    )
    chroma_url: str = Field(
        "", description="URL of a Chroma server; empty for the embedded store in home"
    )

    generator: Literal["quote", "writer", "transformers", "chat_model"] = Field(
        "quote", description="Who writes the answers"
    )
    model: str = Field(
        "",
        description="writer: folder, empty for the built-in one; transformers: name or folder; "
        "chat_model: PROVIDER:MODEL",
    )
    model_url: str = Field("", description="chat_model: base URL of an OpenAI-compatible server")
    model_api_key: SecretStr = Field(
        SecretStr(""), description="chat_model: key; better set as FRONTDESK_MODEL_API_KEY"
    )
    temperature: float = Field(0.0, ge=0.0, le=2.0, description="0 is greedy decoding")
    seed: int = Field(0, description="Seed of sampling")
    max_new_tokens: int = Field(256, ge=1, description="Longest answer of a model, in tokens")
    first_word_timeout_seconds: float = Field(
        20.0, gt=0, description="After this long without a word, the passage is quoted instead"
    )
    answer_timeout_seconds: float = Field(
        90.0, gt=0, description="After this long an answer is ended"
    )

    quantization: Literal["none", "8bit", "4bit"] = Field(
        "none", description="transformers: weights of 8 or 4 bits; needs frontdesk[quantized]"
    )
    answers_at_once: int = Field(
        # A batch reads the weights of the model once for all of them. 32 was not measured on a
        # GPU: `python -m bot.generators.bench` does that. On two cores 32 at once write 4.6 times
        # as many tokens as one by one, 8 at once 3.2 times (shape small).
        32,
        ge=1,
        description="Answers written at the same moment; the other customers wait in line",
    )
    line_length: int = Field(
        # Two more rounds of 32: at a few seconds an answer, the last in line waits ten or so.
        64,
        ge=0,
        description="Customers who may wait in line; beyond, 'busy, try again' is said at once",
    )

    shutdown_seconds: float = Field(
        # What one answer may take at most is much longer; most take a few seconds.
        20.0,
        ge=0,
        description="When the server is stopped, answers get this long to be finished",
    )
    messages_per_minute: int = Field(
        # Nobody reads twenty answers in a minute.
        20,
        ge=1,
        description="Messages of one conversation in a minute",
    )
    address_messages_per_minute: int = Field(
        # A shared office behind one address; a script asks for more within a second.
        240,
        ge=1,
        description="Messages and new conversations of one network address in a minute",
    )
    limits_url: str = Field(
        "",
        description="Where several machines count these, as redis://…; empty for a file in home",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Who may read /metrics from elsewhere: Authorization: Bearer TOKEN",
    )

    max_message_chars: int = Field(4000, ge=1, description="Longest message of a customer")
    passages_per_prompt: int = Field(4, ge=1, description="Passages that a generator is given")

    # The thresholds below were chosen by `python -m evals.calibrate` on evals/data/shop/dev_*;
    # the script prints the table that they were read from.
    answer_score: float = Field(
        0.55, ge=0, le=1, description="Best match's score from which the bot answers"
    )
    clarify_score: float = Field(
        0.47, ge=0, le=1, description="Best match's score from which the bot asks what was meant"
    )
    offer_score: float = Field(
        # Of customers who tell their own story to one of the 43 companies of evals/data/companies,
        # fit and dev, 98 % (English) and 89 % (Chinese) are declined. At 0.1 / 0.02 / 0.01 / 0.005
        # the right entry is offered to 15 / 46 / 60 / 70 % and 22 / 48 / 56 / 64 % of these, and
        # any to 2 / 7 / 13 / 33 % and 0 / 6 / 10 / 18 % of who writes of something else. (Before
        # knowledge/own_words.py, and with three entries at most that reach it.)
        0.01,
        ge=0,
        le=1,
        description="Best match's score from which matches are offered where the bot is not sure",
    )
    clarify_margin: float = Field(
        # At 0.5 / 0.8 / 1.1 53 / 53 / 54 of 78 dialogue scripts hold, and 2 / 2 / 3 % of the
        # questions that evals.calibrate reads are asked back although one match is good enough.
        1.1,
        ge=0,
        description="Matches closer than this, in log-odds, are offered as a choice",
    )
    hand_off_confidence: float = Field(
        # Half of the held-out complaints and calls for a person are surer.
        0.85,
        ge=0,
        le=1,
        description="Complaints and calls for a person less sure than this may be answered",
    )
    desk_intent_confidence: float = Field(
        # Keeps 93 % of held-out greetings, complaints, ..., and takes 4 of 200 dev questions.
        0.68,
        ge=0,
        le=1,
        description="Greetings, complaints and calls for a person less sure than this are ignored",
    )
    gap_distance: float = Field(
        # Adjusted Rand index at 0.3 / 0.4 / 0.5, and of HDBSCAN at its best: stackfaq 0.74 / 0.92 /
        # 0.91, 0.91; banking77 0.39 / 0.48 / 0.38, 0.38; bq_zh 0.19 / 0.21 / 0.14, 0.18.
        0.4,
        gt=0,
        lt=2,
        description="Cosine distance up to which unanswered questions are one gap",
    )
    review_score: float = Field(
        0.65, ge=0, le=1, description="Answers whose best match scores less are reviewed early"
    )
    # Those of the built-in writer come from `python -m evals.calibrate_writer`, with at most 2 %
    # wrong on each of its dev sets. It writes nearly all answers about one fact and none of the
    # demo shop's, whose entries are long: at 0.5 and 0.5 it would write 27 % of them, and over half
    # of these would miss the point.
    writer_sure: float = Field(
        0.9, ge=0, le=1, description="writer: clauses less likely than this are not told"
    )
    writer_clear: float = Field(
        0.9, ge=0, le=1, description="writer: passages less likely to answer than this are quoted"
    )
    writer_here: float = Field(
        # At 0.05 it lost none of the dev questions, catching 94 % of the entities' others and 2.5 %
        # of the shop's; but it declined 2 of the shop's 60 test questions that have an answer.
        0.0,
        ge=0,
        le=1,
        description="writer: below this it says that no passage answers",
    )
    grounding_coverage: float = Field(
        0.7, ge=0, le=1, description="Share of a sentence's words that its passage must hold"
    )

    @field_validator("websites")
    @classmethod
    def _are_origins(cls, websites: str) -> str:
        for site in websites.split():
            if not _ORIGIN.fullmatch(site):
                raise ValueError(f"{site!r} is no web site; write it as https://www.example.com")
        return " ".join(websites.split())


def load_config(path: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Config:
    """Reads `path`, or ./frontdesk.toml where there is one. `options` win over everything.

    Raises ConfigError, which names the file or variable, the key and the value.
    """
    if path is not None and not path.is_file():
        raise ConfigError(f"No configuration file at {path}. Leave the option out, or create it.")
    path = path or Path(FILE_NAME)
    values = _read_toml(path) if path.is_file() else {}
    # pydantic-settings lets arguments win over the environment: take out what a variable sets.
    values = {key: v for key, v in values.items() if f"FRONTDESK_{key.upper()}" not in os.environ}
    values |= {key: value for key, value in (options or {}).items() if value is not None}
    try:
        return Config(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error, path)) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _sentence(error: ValidationError, path: Path) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"Setting {key} (in {path} or FRONTDESK_{key.upper()}): {first['msg']}."
    near = difflib.get_close_matches(key, Config.model_fields, n=1)
    hint = f" Did you mean {near[0]}?" if near else " The README lists every setting."
    return f"Unknown setting {key} in {path}.{hint}"
