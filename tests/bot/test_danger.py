"""Who says that somebody is in danger gets the emergency numbers and a person, and nobody else."""

from __future__ import annotations

import pytest

from bot.config import Config
from bot.danger import tells_of_danger
from bot.phrases import phrase_for
from bot.routing import decide
from bot.types import Intent, Route
from tests.conftest import make_match


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "i wanna die",
        "I feel suicidal",
        "I’m going to kill myself",
        "I can't breathe",
        "my friend is unconscious",
        "please call an ambulance",
        "I am stuck on a mountain help",
        "my tent is on fire",
        "我不想活了",
        "有人昏迷了",
        "帐篷着火了",
        "我要自杀",
    ],
)
def test_danger_is_heard(text: str) -> None:
    assert tells_of_danger(text)


@pytest.mark.parametrize(
    "text",
    [
        "this queue is killing me",
        "the battery died",
        "the jacket does not breathe",
        "my cat can't breathe properly",
        "I would die for this colour",
        "is the fabric breathable?",
        "热死了",
        "急死我了",
        "呼吸阀坏了",
        "this sale is fire",
        "whom do I call when all is on fire?",
        "车打不着火了",
        "the zip is stuck on the fabric",
    ],
)
def test_a_manner_of_speaking_is_no_danger(text: str) -> None:
    assert not tells_of_danger(text)


def test_no_entry_is_told_instead() -> None:
    sure = Intent("danger", 1.0, known=True)
    near = [make_match("Five days.", score=0.99, question="How long?")]
    decision = decide(sure, near, None, Config(), own_score=0.99)
    assert decision.route is Route.HAND_OFF
    assert phrase_for(decision) == "hand_off_danger"
