"""Logged answers with what they ran with, read from conversations.db; and cases made of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.errors import UnknownTurn
from bot.log import ConversationLog
from bot.types import Turn
from evals.errors import EvalError
from evals.provenance import settings_of
from evals.scripts import EXPECT_KEYS, Script, ScriptTurn, write_script
from evals.suite import OWN_SCRIPTS
from knowledge.types import Language

_COLUMNS = (
    "id, reply_to, conversation_id, knowledge_version, generator, model, intent, intent_known"
)
_LONGEST_NAME = 60


@dataclass(frozen=True)
class LoggedAnswer:
    """`history` holds the turns before the question, the oldest first."""

    question: Turn
    answer: Turn
    history: tuple[Turn, ...]
    language: Language
    intent: str
    ran_with: dict[str, str]


def logged_answers(config: Config, *, since: str) -> list[LoggedAnswer]:
    """Of questions asked at `since` (ISO 8601, UTC) or later, the oldest first."""
    return _read(config, "created_at >= ?", [since])


def logged_answer(config: Config, turn_id: int) -> LoggedAnswer:
    """Of an answer's or of a question's turn. Raises UnknownTurn, EvalError without a log."""
    found = _read(config, "id = ? or reply_to = ?", [turn_id, turn_id])
    if not found:
        raise UnknownTurn(f"No turn {turn_id} that the bot answered. The desk shows their numbers.")
    return found[0]


def add_case(
    config: Config, turn_id: int, *, expect: Sequence[str] = (), name: str | None = None
) -> Path:
    """Writes a script of the conversation up to the turn, and returns its path.

    `expect` holds KEY=VALUE; without any, what happened then is what must happen.
    Raises EvalError, UnknownTurn.
    """
    logged = logged_answer(config, turn_id)
    asked = [turn.text for turn in logged.history if turn.role == "customer"]
    turns = [ScriptTurn(text) for text in asked]
    wanted = read_expectations(expect) if expect else _what_happened(logged)
    turns.append(ScriptTurn(logged.question.text, wanted))
    one_line = " ".join(logged.question.text.split())
    script = Script(
        name=name or f"turn {logged.answer.id}: {one_line[:_LONGEST_NAME]}",
        language=logged.language,
        turns=tuple(turns),
        # The log does not keep the settings of the day: those of now are the nearest to them.
        pinned={
            "turn": logged.answer.id,
            **logged.ran_with,
            "config": settings_of(config),
        },
    )
    path = config.home / OWN_SCRIPTS / f"turn-{logged.answer.id}.yaml"
    write_script(script, path)
    return path


def read_expectations(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`route=answer` and the like; a key that comes twice has two choices. Raises EvalError."""
    wanted: dict[str, tuple[str, ...]] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or key not in EXPECT_KEYS or not (value or key == "cites"):
            keys = ", ".join(EXPECT_KEYS)
            raise EvalError(f"--expect {each!r} must be KEY=VALUE with a key of: {keys}.")
        wanted[key] = (*wanted.get(key, ()), *([value] if value else []))
    return wanted


def _what_happened(logged: LoggedAnswer) -> dict[str, tuple[str, ...]]:
    answer = logged.answer
    wanted: dict[str, tuple[str, ...]] = {}
    if answer.route:
        wanted["route"] = (answer.route.value,)
    if answer.citations:
        wanted["cites"] = tuple(citation.passage_id for citation in answer.citations)
    if logged.intent:
        wanted["intent"] = (logged.intent,)
    return wanted


def _read(config: Config, where: str, arguments: Sequence[Any]) -> list[LoggedAnswer]:
    path = config.home / "conversations.db"
    if not path.is_file():
        raise EvalError(f"No conversations at {path}. Name the home that has them with --home.")
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            f"select {_COLUMNS} from turns "
            "where role = 'bot' and status = 'done' and reply_to is not null "
            f"and ({where}) order by id",
            arguments,
        ).fetchall()
    log = ConversationLog(path)
    try:
        return [_logged(log, row) for row in rows]
    finally:
        log.close()


def _logged(log: ConversationLog, row: sqlite3.Row) -> LoggedAnswer:
    conversation = log.conversation(row["conversation_id"])
    turns = {turn.id: turn for turn in conversation.turns}
    names = {"knowledge": "knowledge_version", "generator": "generator", "model": "model"}
    return LoggedAnswer(
        question=turns[row["reply_to"]],
        answer=turns[row["id"]],
        history=tuple(turn for turn in conversation.turns if turn.id < row["reply_to"]),
        language=conversation.language,
        intent=row["intent"] if row["intent_known"] else "",
        ran_with={name: row[column] for name, column in names.items() if row[column]},
    )
