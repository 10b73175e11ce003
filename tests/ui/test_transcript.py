"""What the page shows of a conversation as the log has it."""

from __future__ import annotations

import pytest

from bot.database import now
from bot.types import Status, Turn
from ui.text import write
from ui.transcript import turns_html


@pytest.mark.parametrize(
    ("status", "seconds", "told"),
    [("accepted", 1, False), ("accepted", 3600, True), ("failed", 1, True), ("done", 3600, False)],
)
def test_a_message_that_will_get_no_answer_says_so(
    status: Status, seconds: float, told: bool
) -> None:
    turn = Turn(1, "c", "customer", "How long?", status, now(ago_seconds=seconds))
    assert (write("failed", "en") in "".join(turns_html([turn], "en"))) is told
