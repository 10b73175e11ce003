"""What speaks for a passage and against it, and how that becomes one score to trust. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.types import Language

Array = NDArray[np.float64]

# A passage in another language than the customer's comes first only where its odds are e**2 times
# better: a shop with documents in both answers in the customer's own.
OTHER_LANGUAGE_HANDICAP = 2.0


@dataclass(frozen=True)
class Evidence:
    """What speaks for each of some passages (passages,), and what against all of them.

    The first three are cosines to the query. question: to the nearest of the ways in which it is
    asked, or to its text where it is no FAQ entry; centre: to their mean, which a single odd
    phrasing does not sway (nan where it is not asked in many ways); text: to its heading and text;
    lexical: the share of the query's information that its words hold, and unknown the share that no
    passage's words do (FullText); coverage: how much of what the query's tokens say its own do
    (TokenVectors), and rival: the most that any passage's do. own_words: how much likelier it is
    once the query is read as a customer's own story (OwnWords), in log-odds.
    """

    question: Array
    centre: Array
    text: Array
    lexical: Array
    own_words: Array
    coverage: Array
    unknown: float
    rival: float


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """How evidence becomes a score: a logistic model of "this passage answers this query"."""

    question: float
    centre: float = 0.0
    text: float = 0.0
    lexical: float = 0.0
    unknown: float = 0.0
    own_words: float = 0.0
    coverage: float
    rival: float
    offset: float

    def log_odds(self, evidence: Evidence) -> Array:
        """(passages,)."""
        sums: Array = (
            self.question * evidence.question
            + self.centre * np.nan_to_num(evidence.centre)
            + self.text * evidence.text
            + self.lexical * evidence.lexical
            + self.unknown * evidence.unknown
            + self.own_words * evidence.own_words
            + self.coverage * evidence.coverage
            + self.rival * evidence.rival
            + self.offset
        )
        return sums

    def scores(self, evidence: Evidence) -> Array:
        """(passages,), in 0..1."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.log_odds(evidence))))


# By the query's language, and whether the passage is asked in many ways: with many phrasings at
# hand, words and vectors of questions are worth more than with one. Found by
# `python -m evals.calibrate` on dev_*, seen_* and own_words_* of evals/data/shop and the demo pack,
# with its phrasings and without. Without them a question weighs more here than it finds (2.0 and
# 2.5), and the offsets follow: else stackfaq and bq_zh of ../shared/data/faq would lose a point.
# ("zh", False) is flatter by 0.85 and stricter: of near misses at 14 companies with FAQs of their
# own (evals/data/companies/fit) 97 % are kept out, 92 % before.
# ("zh", True) and all of ACROSS were found with the Chinese tower that ships, the other three with
# the one before it. own_words was learned as what is added to the two without phrasings, where its
# weight is 1; on the demo shop, which it has not seen, the script finds 1.1 and 0.9 (1.1 and 1.1
# in ACROSS), and with phrasings 0.3 and 0.0 (0.6 and 0.3), which is left out: with it "do you sell
# ships?" was answered from Chinese documents. The offsets without phrasings are higher by 0.3 and
# 0.2, so that as much as before of what companies of their own do not answer is kept out; that of
# Chinese questions on English documents is lower by 0.3 than found.
FUSION: dict[tuple[Language, bool], Fusion] = {
    ("en", True): Fusion(
        question=3.3,
        centre=11.8,
        lexical=7.4,
        unknown=-1.5,
        coverage=16.6,
        rival=-11.1,
        offset=-12.8,
    ),
    ("zh", True): Fusion(
        question=4.3,
        centre=7.8,
        text=0.2,
        lexical=14.3,
        unknown=-2.8,
        coverage=13.2,
        rival=-13.8,
        offset=-9.0,
    ),
    ("en", False): Fusion(
        question=5.0,
        text=7.5,
        lexical=10.4,
        unknown=-2.6,
        own_words=1.0,
        coverage=9.1,
        rival=-12.7,
        offset=-4.9,
    ),
    ("zh", False): Fusion(
        question=6.8,
        text=10.1,
        lexical=17.8,
        own_words=1.0,
        coverage=6.7,
        rival=-10.0,
        offset=-9.0,
    ),
}


# The same for passages in the other language, which share no words with the query: with the weights
# above the right one came first, and of 360 such questions 4 % scored enough to be answered.
ACROSS: dict[tuple[Language, bool], Fusion] = {
    ("en", True): Fusion(
        question=4.1,
        centre=11.8,
        text=0.7,
        coverage=21.9,
        rival=-19.5,
        offset=-10.1,
    ),
    ("zh", True): Fusion(
        question=4.1,
        centre=10.6,
        text=2.2,
        coverage=24.5,
        rival=-19.8,
        offset=-12.0,
    ),
    ("en", False): Fusion(
        question=2.0,
        text=13.3,
        own_words=1.1,
        coverage=6.1,
        rival=-10.5,
        offset=-4.4,
    ),
    ("zh", False): Fusion(
        question=0.9,
        text=14.5,
        own_words=1.1,
        coverage=11.0,
        rival=-5.1,
        offset=-10.1,
    ),
}


def fused_scores(language: Language, evidence: Evidence, across: NDArray[np.bool_]) -> Array:
    """(passages,), in 0..1. `language` is the query's; `across` (passages,) are the passages that
    are in another one, and are to be known by their meaning alone.
    """
    single, many = (
        np.where(across, ACROSS[key].scores(evidence), FUSION[key].scores(evidence))
        for key in ((language, False), (language, True))
    )
    return np.where(np.isnan(evidence.centre), single, many)
