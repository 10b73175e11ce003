"""What a load test has left in the conversation log: answers mixed up, messages not settled."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from evals.crowd import Tally
from evals.lockers import codes_in


def mixed_up(home: Path, tally: Tally, alone: Mapping[str, str]) -> list[str]:
    """Answers with other codes, or other words of the model, than the same question got when it was
    asked `alone`.
    """
    return _not_as_alone(tally, alone) + _other_words(home)


def unsettled(home: Path) -> int:
    """Messages of which the log does not know what became of them."""
    (found,) = _rows(home, "select count(*) from turns where status = 'accepted'")
    return int(str(found[0]))


def writers(home: Path) -> list[str]:
    """Whose words were shown: the model's own, or the quotation's in their place."""
    query = "select count(*), generator from turns where role = 'bot' group by generator"
    return [f"{count} by {name}" for count, name in _rows(home, query)]


def _not_as_alone(tally: Tally, alone: Mapping[str, str]) -> list[str]:
    return [
        f"{question} {answer}"
        for question, answer in tally.answers
        if codes_in(answer) != codes_in(alone[question])
    ]


def _other_words(home: Path) -> list[str]:
    """Questions for which the model wrote different words at different times: greedy decoding gives
    one answer to one prompt, alone or in the crowd.
    """
    query = """
        select question.text, count(distinct bot.dropped || coalesce(bot.error, '')), min(bot.error)
        from turns bot join turns question on question.id = bot.reply_to
        where bot.role = 'bot' group by question.text having count(distinct bot.dropped) > 1
    """
    return [f"{text} has {count} answers ({error})" for text, count, error in _rows(home, query)]


def _rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "conversations.db")) as db:
        return db.execute(query).fetchall()
