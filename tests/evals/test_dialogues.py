"""Dialogue scripts: what they may hold, and that each check can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from bot.types import Answer, Citation, Intent, Owner, Route
from evals.dialogues import check_turn, measure_dialogues
from evals.errors import EvalError
from evals.scripts import Script, ScriptTurn, read_scripts, write_script
from knowledge.types import Embedder

SCRIPT = """
- name: a refund
  language: en
  turns:
    - customer: How long do refunds take?
      expect: {route: answer, cites: shop/faq/en/returns.md, contains: ["7 working days"],
               lacks: ["within 2 days"], language: en, owner: bot}
    - customer: I want to talk to a human
      expect: {route: hand_off, cites: [], owner: [waiting, agent]}
    - customer: hello?
      expect: {route: silent}
- name: a refund that is too fast
  turns:
    - customer: How long do refunds take?
      expect: {contains: ["the same second"]}
"""
ANSWER = Answer(
    conversation_id="c",
    turn_id=1,
    text="Five  working days.",
    route=Route.CLARIFY,
    language="en",
    owner=Owner.BOT,
    intent=Intent("refund_status", 0.9, known=False),
    citations=(Citation("a.md#b", "a.md", "B", "", 1.0),),
    options=("Can I return shoes?",),
)


def test_scripts_run_through_the_real_bot(
    tmp_path: Path, shop: Config, built_in_embedder: Embedder
) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text(SCRIPT, encoding="utf-8")
    result = measure_dialogues(shop, [path], embedder=built_in_embedder)
    assert [row.right for row in result.rows] == [True, False]
    assert result.metrics["scripts_passed"].value == 0.5
    assert result.metrics["checks_held"].value == pytest.approx(10 / 11)
    (failed,) = result.rows[1].shown["failed"]
    assert failed.startswith("turn 1: contains 'the same second', got We refund you")
    assert not (shop.home / "conversations.db").exists()


@pytest.mark.parametrize(
    ("expect", "held"),
    [
        ({"route": ("answer", "clarify")}, True),
        ({"route": ("answer",)}, False),
        ({"intent": ("unknown",)}, True),
        ({"intent": ("refund_status",)}, False),
        ({"contains": ("FIVE working", "return shoes")}, True),
        ({"contains": ("six",)}, False),
        ({"lacks": ("six",)}, True),
        ({"lacks": ("five",)}, False),
        ({"cites": ("a.md",)}, True),
        ({"cites": ("b.md",)}, False),
        ({"cites": ()}, False),
        ({"language": ("zh",)}, False),
        ({"owner": ("bot",)}, True),
    ],
)
def test_each_check_can_hold_and_fail(expect: dict[str, tuple[str, ...]], held: bool) -> None:
    checks = check_turn(ScriptTurn("x", expect), ANSWER)
    assert all(check.held for check in checks) is held


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: a\n  turns: [{customer: x, expect: {rout: answer}}]", "turn 1 has the unknown"),
        ("- turns: []", "script 1 needs a name"),
        ("- name: a\n  turns: []", "script 'a' needs a list of turns"),
        ("- name: a\n  turns: [{customer: 3}]", "turn 1 needs the customer's words"),
        ("- name: a\n  language: fr\n  turns: [{customer: x}]", "has the language 'fr'"),
        ("- name: a\n  turns: [{customer: x, expect: {contains: [3]}}]", "contains must be text"),
        ("a: b", "must hold a list of scripts"),
        ("- {", "is no valid YAML"),
    ],
)
def test_a_bad_script_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError, match=rf"bad\.yaml.*{message}"):
        read_scripts([path])


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    script = Script("a", "en", (ScriptTurn("x"),))
    for name in ("one.yaml", "two.yaml"):
        write_script(script, tmp_path / name)
    with pytest.raises(EvalError, match=r"two\.yaml has a script 'a'"):
        read_scripts([tmp_path])


def test_a_script_comes_back_as_it_was_written(tmp_path: Path) -> None:
    turns = (ScriptTurn("退款?", {"route": ("answer",), "cites": ("a", "b"), "lacks": ("x",)}),)
    script = Script("退款", "zh", turns, str(tmp_path / "a.yaml"), {"knowledge": "0003"})
    write_script(script, tmp_path / "a.yaml")
    assert read_scripts([tmp_path / "a.yaml"]) == [script]
