"""What reviewers think of the bot's turns: stored verdicts, the queue, and how far they agree."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from bot.database import ConversationDatabase, now
from bot.errors import UnknownTurn
from bot.outcomes import Share, share

# So long a conversation stays with the reviewer it was given to, since they last looked at it.
LEASE_MINUTES = 20
# A conversation in which the customer wrote so often did not go smoothly.
_LONG = 6


class Verdict(StrEnum):
    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    SHOULD_DECLINE = "should_decline"
    SHOULD_ANSWER = "should_answer"


# Why an answer is not right: where in the bot's way it went wrong.
REASONS = (
    "wrong_passage",
    "incomplete",
    "outdated",
    "not_in_source",
    "wrong_intent",
    "misunderstood",
    "language",
    "tone",
)


class Why(StrEnum):
    """Why a conversation is worth a look, the most urgent first."""

    THUMBS_DOWN = "thumbs_down"
    DECLINED = "declined"
    LOW_CONFIDENCE = "low_confidence"
    LONG = "long"
    SAMPLE = "sample"


@dataclass(frozen=True)
class Review:
    """One reviewer's view of one turn of the bot."""

    turn_id: int
    reviewer: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    corrected: str = ""
    right_passage: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Queued:
    conversation_id: str
    why: Why


@dataclass(frozen=True)
class Agreement:
    """Of pairs of reviews of one turn. `kappa` is Cohen's (1960); None where all say the same."""

    same: Share
    kappa: float | None


class Reviews:
    """`unsure_below` is the score of the best match below which an answer is worth a look."""

    def __init__(self, database: ConversationDatabase, *, unsure_below: float) -> None:
        self._database = database
        self._db = database.db
        self._unsure_below = unsure_below

    def save(self, review: Review) -> None:
        """A reviewer's second review of a turn replaces the first. Raises UnknownTurn."""
        moment = now()
        with self._database.transaction():
            row = self._db.execute(
                "select conversation_id from turns where id = ? and role = 'bot'", [review.turn_id]
            ).fetchone()
            if row is None:
                raise UnknownTurn(f"No answer {review.turn_id}.")
            self._db.execute(
                "insert into reviews (turn_id, conversation_id, reviewer, verdict, reasons, "
                "corrected, right_passage, tags, note, created_at, updated_at) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "on conflict (turn_id, reviewer) do update set verdict = excluded.verdict, "
                "reasons = excluded.reasons, corrected = excluded.corrected, "
                "right_passage = excluded.right_passage, tags = excluded.tags, "
                "note = excluded.note, updated_at = excluded.updated_at",
                [
                    review.turn_id,
                    row[0],
                    review.reviewer,
                    review.verdict.value,
                    _json(review.reasons),
                    review.corrected,
                    review.right_passage,
                    _json(review.tags),
                    review.note,
                    moment,
                    moment,
                ],
            )

    def next(self, reviewer: str, *, skip: bool = False) -> Queued | None:
        """What this reviewer should look at next; theirs alone until the lease ends.

        Never what somebody else has or had, unless a second review was asked for. First comes what
        the reviewer took and did not judge; with `skip` it is left to others.
        """
        with self._database.transaction():
            self._db.execute("delete from review_leases where until < ?", [now()])
            if skip:
                self._db.execute(
                    "update review_leases set skipped = 1 where reviewer = ?", [reviewer]
                )
            values = {"reviewer": reviewer, "unsure": self._unsure_below, "long": _LONG}
            row = self._db.execute(_NEXT, values).fetchone()
            if row is None:
                return None
            self._lease(row[0], reviewer)
        return Queued(row[0], Why(row[1]))

    def open(self, conversation_id: str, reviewer: str) -> str:
        """Takes the conversation for the reviewer, who looks at it now, and returns whose it is."""
        with self._database.transaction():
            holder = self._db.execute(
                "select reviewer from review_leases where conversation_id = ? and until >= ?",
                [conversation_id, now()],
            ).fetchone()
            if holder and holder[0] != reviewer:
                return str(holder[0])
            self._lease(conversation_id, reviewer)
        return reviewer

    def ask_for_second(self, conversation_id: str, reviewer: str) -> None:
        """The queue offers the conversation to everybody who has not reviewed it yet."""
        with self._database.transaction():
            self._db.execute(
                "insert or ignore into second_reviews values (?, ?, ?)",
                [conversation_id, reviewer, now()],
            )
            self._db.execute(
                "delete from review_leases where conversation_id = ?", [conversation_id]
            )

    def _lease(self, conversation_id: str, reviewer: str) -> None:
        self._db.execute(
            "insert or replace into review_leases values (?, ?, ?, 0)",
            [conversation_id, reviewer, now(ago_seconds=-60.0 * LEASE_MINUTES)],
        )


# A random sample: the same for everybody, and no pattern of time in it (Knuth's multiplicative
# hash of the conversation's number).
_NEXT = """
select f.conversation_id,
    case
        when downs > 0 then 'thumbs_down'
        when declines > 0 or failures > 0 then 'declined'
        when least_score < :unsure then 'low_confidence'
        when customer_turns >= :long then 'long'
        else 'sample'
    end as why
from conversation_facts f
left join second_reviews s on s.conversation_id = f.conversation_id
left join review_leases l on l.conversation_id = f.conversation_id
where bot_turns > 0 and (reviews = 0 or s.asked_at is not null)
    and (l.reviewer is null or (l.reviewer = :reviewer) <> l.skipped)
    and not exists (
        select 1 from reviews r
        where r.conversation_id = f.conversation_id and r.reviewer = :reviewer
    )
order by
    coalesce(l.reviewer, '') <> :reviewer,
    s.asked_at is null,
    case
        when downs > 0 then 0
        when declines > 0 or failures > 0 then 1
        when least_score < :unsure then 2
        when customer_turns >= :long then 3
        else 4
    end,
    case when downs = 0 and declines = 0 and failures = 0
        and coalesce(least_score, 1.0) >= :unsure and customer_turns < :long
        then n * 2654435761 % 4294967296 else -n end
limit 1
"""


def reviews_of(connection: sqlite3.Connection, conversation_id: str) -> dict[int, list[Review]]:
    """Turn's id -> its reviews, the oldest first."""
    found: dict[int, list[Review]] = {}
    cursor = connection.execute(
        "select turn_id, reviewer, verdict, reasons, corrected, right_passage, tags, note "
        "from reviews where conversation_id = ? order by id",
        [conversation_id],
    )
    for turn_id, reviewer, verdict, reasons, corrected, passage, tags, note in cursor:
        review = Review(
            turn_id,
            reviewer,
            Verdict(verdict),
            tuple(json.loads(reasons)),
            corrected,
            passage,
            tuple(json.loads(tags)),
            note,
        )
        found.setdefault(turn_id, []).append(review)
    return found


def agreement(connection: sqlite3.Connection) -> Agreement | None:
    """Over all turns with several reviews; None where there is none."""
    verdicts: dict[int, list[str]] = {}
    for turn_id, verdict in connection.execute(
        "select turn_id, verdict from reviews where turn_id in "
        "(select turn_id from reviews group by turn_id having count(*) > 1)"
    ):
        verdicts.setdefault(turn_id, []).append(verdict)
    pairs = [pair for each in verdicts.values() for pair in combinations(each, 2)]
    same = share("same", sum(first == second for first, second in pairs), len(pairs))
    return Agreement(same, _kappa(pairs)) if same else None


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Both orders of each pair: it does not matter who was first."""
    firsts = [first for pair in pairs for first in pair]
    if len(set(firsts)) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(firsts, [second for pair in pairs for second in pair[::-1]]))


def _json(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
