"""From the log: a turn becomes a case, and logged questions are asked again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import UnknownTurn
from bot.log import ConversationLog
from bot.types import BotTurn, Intent, Route, Turn
from evals.dialogues import measure_dialogues
from evals.errors import EvalError
from evals.logged import add_case, read_expectations
from evals.replay import measure_replay
from evals.scripts import read_scripts
from knowledge.types import Embedder

LONG_AGO = "2000-01-01T00:00:00"


def answered(log: ConversationLog, conversation: str, text: str, reply: str) -> Turn:
    question = log.add_customer_turn(conversation, text)
    turn = BotTurn(
        reply,
        Route.ANSWER,
        rule="match",
        intent=Intent("refund_status", 0.9, known=True),
        generator="quote",
        knowledge_version="0042",
    )
    return log.add_bot_turn(question, turn)


def a_log(home: Path) -> Turn:
    log = ConversationLog(home / "conversations.db")
    conversation = log.start("en").id
    answered(log, conversation, "How long do refunds take?", "Forever.")
    last = answered(log, conversation, "And are you open on Sundays?", "No.")
    log.close()
    return last


def test_a_logged_turn_becomes_a_case_with_its_history(tmp_path: Path) -> None:
    last = a_log(tmp_path)
    path = add_case(Config(home=tmp_path), last.id, expect=["route=answer", "contains=10 to 19"])
    (script,) = read_scripts([path])
    assert [turn.customer for turn in script.turns] == [
        "How long do refunds take?",
        "And are you open on Sundays?",
    ]
    assert script.turns[0].expect == {}
    assert script.turns[1].expect == {"route": ("answer",), "contains": ("10 to 19",)}
    assert script.pinned["knowledge"] == "0042"
    assert script.pinned["config"]["answer_score"] == Config().answer_score
    assert "model_api_key" not in script.pinned["config"]


def test_without_expectations_what_happened_must_happen_again(tmp_path: Path) -> None:
    path = add_case(Config(home=tmp_path), a_log(tmp_path).id - 1)  # the question's own number
    (script,) = read_scripts([path])
    assert script.turns[-1].expect == {"route": ("answer",), "intent": ("refund_status",)}


def test_what_is_not_logged_is_named(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with pytest.raises(EvalError, match="No conversations at"):
        add_case(config, 1)
    a_log(tmp_path)
    with pytest.raises(UnknownTurn, match="No turn 99"):
        add_case(config, 99)
    with pytest.raises(EvalError, match="must be KEY=VALUE"):
        read_expectations(["route"])
    assert read_expectations(["route=a", "route=b", "cites="]) == {"route": ("a", "b"), "cites": ()}


def test_replay_shows_what_todays_bot_does_otherwise(
    tmp_path: Path, shop: Config, built_in_embedder: Embedder
) -> None:
    home = tmp_path / "home"
    shutil.copytree(shop.home, home)
    last = a_log(home)
    config = Config(home=home)
    result = measure_replay(config, since=LONG_AGO, embedder=built_in_embedder)
    assert [row.id for row in result.rows] == [f"turn {last.id - 2}", f"turn {last.id}"]
    first = result.rows[0].shown
    assert first["changed"] == ["citations", "answer"]
    assert (first["answer_then"], first["ran_with"]["knowledge"]) == ("Forever.", "0042")
    with pytest.raises(EvalError, match="Nothing was answered since 2999"):
        measure_replay(config, since="2999-01-01T00:00:00", embedder=built_in_embedder)
    add_case(config, last.id - 2, expect=["route=answer"])
    mine = measure_dialogues(config, [home / "evals"], embedder=built_in_embedder)
    assert mine.metrics["scripts_passed"].value == 1
