"""Which passage supports a sentence of an answer, and which sentences none does.

A sentence is supported where one passage covers its words, holds every hard fact in it, and does
not say the opposite. This judges wording, not meaning: what it lets through is close to a passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.evidence import Evidence, announces, without_marker
from bot.polarity import negations, opening
from bot.terms import normalise, terms
from knowledge.types import Passage

_CITATION_MARK = re.compile(r"[ \t]?(?:\[\d{1,2}\](?!\()|【\d{1,2}】)")
_UNKNOWN = re.compile(r"\bi (?:don't|do not) know\b|不知道")
_FILLER_WORDS = frozenset(
    terms(
        "yes sure certainly absolutely course okay ok hello hi dear thank thanks welcome glad "
        "happy pleased help helping assist sorry question answer asking ask great good find "
        "found see information info following details know understand unfortunately feel hope"
    )
)
_CHINESE_FILLER = re.compile(
    r"(?:您好|你好|好的?|是的|当然|可以的?|不可以|没问题|感谢|谢谢|很?高兴|抱歉|不好意思|对不起|请问"
    r"|请|您|你|我们?|为|的|咨询|提问|问题|解答|回答|服务|根据|资料|信息|以下|如下|是|希望|能|帮到|帮助"
    r"|帮您|有|什么|还|其他|需要|吗|不|行|会|了|\W)+"
)


@dataclass(frozen=True)
class Support:
    """The passage that covers a sentence best. `coverage` is the share of its words there, 0..1."""

    passage: Passage
    coverage: float


@dataclass(frozen=True)
class Released:
    """Text that may be shown: a supported sentence with the polite words that led to it."""

    text: str
    support: Support


class Grounding:
    """Checks one answer, sentence by sentence. `coverage` is the least share of known words.

    `dropped` holds the sentences that no passage supports. `says_unknown` is true once the answer
    said that the passages do not hold it; that sentence is neither released nor dropped.
    """

    def __init__(self, passages: Sequence[Passage], *, coverage: float) -> None:
        self._evidence = [_evidence(passage) for passage in passages]
        self._coverage = coverage
        self._fillers: list[str] = []
        self._announcement, self._in_item = _NONE, False
        self._shown, self._gap = "", ""
        self.dropped: list[str] = []
        self.says_unknown = False

    def release(self, sentences: Iterable[str]) -> Iterator[Released]:
        """Each supported sentence as soon as it comes. Polite words wait for what they lead to."""
        for sentence in sentences:
            text = _CITATION_MARK.sub("", sentence)
            if _UNKNOWN.search(normalise(text)):
                self.says_unknown = True
            elif is_filler(text):
                self._fillers.append(text)
            elif (released := self._check(text)) is not None:
                yield released
        self._drop("")

    def support(self, sentence: str, *, announcement: str = "") -> Support | None:
        """The passage that supports the sentence best; None where none does.

        `announcement` is the sentence that a list's item hangs on: "These cannot be returned:".
        """
        found = [
            Support(evidence.passage, covered)
            for evidence in self._evidence
            if (covered := evidence.coverage(sentence)) >= self._coverage
            and evidence.holds_facts(sentence)
            and evidence.agrees(sentence, announcement)
        ]
        return max(found, key=lambda support: support.coverage, default=None)

    def _check(self, text: str) -> Released | None:
        body = without_marker(text)
        item = body != text or self._in_item
        self._in_item = item and not text.endswith("\n")
        announcement = self._announcement if item else _NONE
        support = None
        if announcement.released:
            support = self.support(body, announcement=announcement.text)
        if not item:
            released = support is not None
            self._announcement = _Announcement(body, released) if announces(body) else _NONE
        if support is None:
            self._drop(text)
            return None
        lead = "".join(filler for filler in self._fillers if self._fits(filler, body, support))
        gap = self._gap if self._shown and not self._shown.endswith("\n") else ""
        self._fillers, self._gap, self._shown = [], "", text
        return Released(gap + lead + text, support)

    def _fits(self, filler: str, sentence: str, support: Support) -> bool:
        """Whether a yes or no goes with the sentence after it. Other polite words always do."""
        says_yes = False if negations(filler) else opening(filler)
        return says_yes is None or any(
            evidence.opens_like(says_yes, sentence)
            for evidence in self._evidence
            if evidence.passage is support.passage
        )

    def _drop(self, text: str) -> None:
        """Fillers go with the sentence they led to. A line break stays."""
        self.dropped += [lost for lost in (*self._fillers, text) if lost.strip()]
        self._fillers = []
        space = text[len(text.rstrip()) :]
        if "\n" in space:
            self._gap = space


@dataclass(frozen=True)
class _Announcement:
    """What the items of a list hang on: where it was dropped, they are dropped, too."""

    text: str
    released: bool


_NONE = _Announcement("", released=True)


def is_filler(text: str) -> bool:
    """Whether the sentence is polite, or a bare yes or no, and tells nothing by itself."""
    if any(sign.isdigit() for sign in text):
        return False
    return _FILLER_WORDS.issuperset(terms(text)) or _CHINESE_FILLER.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _evidence(passage: Passage) -> Evidence:
    """The same passages answer many customers, and reading one takes half a millisecond."""
    return Evidence(passage)
