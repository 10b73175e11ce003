"""In which words customers asked for entries that they then had to pick among those offered.

Each pick is a customer's own word on what a question means. Reads only, from any connection to
conversations.db.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from bot.choices import picked
from bot.courtesy import without_courtesy
from bot.followups import leans_on_history
from bot.types import Turn
from knowledge.characters import one_line
from knowledge.passages import entry_of

# A longer message tells a story; what would be taught by it is chance.
_LONGEST = 300


@dataclass(frozen=True)
class Wording:
    """`turn_id` is the newest of the bot's turns that offered something to these words."""

    text: str
    times: int
    conversation_id: str
    turn_id: int


@dataclass(frozen=True)
class PickedEntry:
    """`id` is the entry's, `question` what was offered; the wordings newest first."""

    id: str
    question: str
    wordings: tuple[Wording, ...]

    @property
    def document(self) -> str:
        return self.id.rpartition("#")[0]

    @property
    def times(self) -> int:
        return sum(wording.times for wording in self.wordings)


@dataclass(frozen=True)
class _Pick:
    entry: str
    question: str
    words: str
    conversation_id: str
    turn_id: int


def read_picked(connection: sqlite3.Connection, *, since: str) -> list[PickedEntry]:
    """The entry that was picked most often first.

    Left out are picks whose answer was rated down, questions that lean on the one before, and those
    that the entry itself asks. `since` is a day.
    """
    by_entry: dict[str, list[_Pick]] = {}
    for pick in _picks(connection, since):
        by_entry.setdefault(pick.entry, []).append(pick)
    entries = [
        PickedEntry(entry, picks[0].question, tuple(_wordings(picks)))
        for entry, picks in by_entry.items()
    ]
    return sorted(entries, key=lambda entry: entry.times, reverse=True)


def _picks(connection: sqlite3.Connection, since: str) -> Iterator[_Pick]:
    """The newest first."""
    for words, options, turn_id, conversation_id, said, passage_id in connection.execute(
        _QUERY, [since]
    ):
        offered = Turn(
            turn_id, conversation_id, "bot", "", "done", "", options=tuple(json.loads(options))
        )
        question, own = picked(said, [offered]), one_line(without_courtesy(words))
        if question is None or leans_on_history(own) or not 0 < len(own) <= _LONGEST:
            continue
        if own.casefold() != question.casefold():
            yield _Pick(entry_of(passage_id), question, own, conversation_id, turn_id)


def _wordings(picks: list[_Pick]) -> Iterator[Wording]:
    """Each once, whatever its capitals."""
    same: dict[str, list[_Pick]] = {}
    for pick in picks:
        same.setdefault(pick.words.casefold(), []).append(pick)
    for group in same.values():
        newest = group[0]
        yield Wording(newest.words, len(group), newest.conversation_id, newest.turn_id)


# What was asked, what was offered to it, the message after that, and the best passage of its
# answer.
_QUERY = """
select asked.text, offer.options, offer.id, offer.conversation_id, pick.text, cited.passage_id
from turns offer
join turns asked on asked.id = offer.reply_to
join turns pick on pick.id = (
    select min(id) from turns
    where conversation_id = offer.conversation_id and role = 'customer' and id > offer.id
)
join turns answer on answer.reply_to = pick.id and answer.role = 'bot' and answer.route = 'answer'
join matches cited on cited.turn_id = answer.id and cited.rank = (
    select min(rank) from matches where turn_id = answer.id and cited = 1
)
where offer.created_at >= ? and offer.role = 'bot' and offer.options not in ('', '[]')
and not exists (select 1 from feedback where turn_id = answer.id and rating = 'down')
order by offer.id desc
"""
