"""What conversations came to, as shares with their denominators and intervals.

The facts are stored (bot/schema/020_facts.sql) and the classes computed when read, by the view
`outcomes`: an answer becomes "assumed solved" by nobody coming back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    CONFIRMED_SOLVED = "confirmed_solved"  # the customer said so
    ASSUMED_SOLVED = "assumed_solved"  # left after an answer, and not back within 7 days
    RETURNED = "returned"  # left after an answer, and back within 7 days
    ABANDONED = "abandoned"  # left before there was an answer
    HANDED_OFF = "handed_off"  # a person was asked for, or needed
    FAILED = "failed"  # an error, an "I don't know" at the end, or the customer said no
    OPEN = "open"  # too early to say: under an hour of silence, or 7 days after an answer


# What has an outcome already; the others are no part of any denominator.
SETTLED = tuple(outcome for outcome in Outcome if outcome is not Outcome.OPEN)


@dataclass(frozen=True)
class Share:
    """`hits` of `total` with the 95 % score interval (Wilson 1927)."""

    name: str
    hits: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.total


def share(name: str, hits: int, total: int) -> Share | None:
    """None where there is nothing to have a share of."""
    if not total:
        return None
    from scipy.stats import binomtest

    interval = binomtest(hits, total).proportion_ci(method="wilson")
    return Share(name, hits, total, float(interval.low), float(interval.high))


def outcome_shares(counts: Mapping[str, int]) -> list[Share]:
    """Each class over all conversations that have an outcome."""
    total = sum(counts.get(outcome, 0) for outcome in SETTLED)
    shares = [share(outcome.value, counts.get(outcome, 0), total) for outcome in SETTLED]
    return [each for each in shares if each]
