"""The generator that is built in: a small Transformer that answers by copying from passages."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import GeneratorError
from bot.generators.writer.batching import Request, Requests
from bot.generators.writer.rendering import render
from bot.generators.writer.search import Trail
from bot.generators.writer.source import source_of
from bot.generators.writer.walk import Walk
from bot.prompt import UNKNOWN
from bot.terms import terms
from bot.types import Load, Prompt, Told
from knowledge.language import has_chinese
from knowledge.types import Passage

WEIGHTS = Path(__file__).parent
# What the network was trained with: it has seen no more passages at once.
MOST_PASSAGES = 4
# More at once makes the first of them wait without much gain: see evals/bench_writer.py.
MOST_AT_ONCE = 8
# A passage that holds the answer with this probability may add a sentence to one from another,
# where the customer asks for two things. Else two entries that disagree would both be told.
_ALSO_ANSWERS = 0.8
_TWO_PARTS = re.compile(r"\b(?:and|also|plus|as well as)\b|\?.*\?|[,;] ", re.IGNORECASE | re.DOTALL)
# Less likely clauses are not even suggested.
_LEAST_SURE = 0.1


@dataclass(frozen=True)
class Thresholds:
    """`sure`: less likely clauses are not told. `here`: below this the passages hold no answer.

    `clear`: below this probability that a passage holds the answer, it is left to the quotation.
    """

    sure: float
    here: float
    clear: float


@dataclass(frozen=True)
class Weighing:
    """Log-odds that speak for a passage: `advantage` if the search put it first, and `shared` if it
    holds all words of the question, a share of that for some."""

    advantage: float
    shared: float


# From `python -m evals.calibrate_writer`: right first in 99.3 % of its entities' questions,
# shuffled, and in 70 % of the shop's, where the search's first is right in 93 %. 6 and 8 reach 90 %
# there, and let irrelevant passages of entities win; the shop's long entries are quoted anyway.
WEIGHING = Weighing(advantage=1.0, shared=4.0)


class WriterGenerator:
    """English passages in prose. It yields nothing where it leaves the answer to the quotation:
    other scripts, lists and tables, and what it is not sure of.

    `folder` holds config.json and model.safetensors, by default those of the package. Raises
    GeneratorError where there are none. Safe for several threads: their requests run together.
    """

    name = "writer"

    def __init__(
        self, folder: Path = WEIGHTS, *, thresholds: Thresholds, at_once: int = MOST_AT_ONCE
    ) -> None:
        if not (folder / "model.safetensors").is_file():
            raise GeneratorError(
                f"No weights of the writer in {folder}. Run: frontdesk train writer --out {folder}"
            )
        self.model = "built-in" if folder == WEIGHTS else str(folder)
        self.at_once = min(at_once, MOST_AT_ONCE)
        self._folder = folder
        self._thresholds = thresholds
        self._lock = threading.Lock()
        self._requests: Requests | None = None

    @property
    def healthy(self) -> bool:
        return self._requests is None or self._requests.healthy

    def load(self) -> Load:
        return Load(0, 0, 0.0, 0) if self._requests is None else self._requests.load()

    def warm_up(self) -> None:
        """Loads the weights, which otherwise wait for the first prompt."""
        self._running()

    def close(self) -> None:
        """Ends what is being written. A later prompt loads the weights again."""
        with self._lock:
            if self._requests is not None:
                self._requests.close()
            self._requests = None

    def generate(self, prompt: Prompt) -> Iterator[str]:
        walk = self._walk(prompt)
        if walk is None:
            return
        request = self._running().submit(walk, focus=self._focus, beams=1)
        try:
            yield from self._words(request)
        finally:
            request.cancel()

    def candidates(
        self, prompt: Prompt, n: int, *, check: Callable[[], None] = lambda: None
    ) -> list[Told]:
        """At most `n` different answers, the likeliest first, each with where its words come from.

        Empty where the writer has none. All are within the rules that `generate` keeps; the least
        likely ones are left out.
        """
        walk = self._walk(prompt)
        if walk is None:
            return []
        request = self._running().submit(walk, focus=self._focus, beams=max(2, 2 * n))
        paths: list[Trail] = []
        try:
            for paths, _ in request.updates():  # noqa: B007 - the last ones count
                check()
        finally:
            request.cancel()
        told = [
            render(path.walk.sources, path.tokens)
            for path in paths
            if path.walk.ended and min(path.sure) >= _LEAST_SURE
        ]
        distinct = {answer.text.casefold(): answer for answer in reversed(told)}
        return list(reversed(distinct.values()))[:n]

    def holds(self, prompt: Prompt) -> list[float]:
        """The probability of each of the first MOST_PASSAGES passages that it holds the answer."""
        walk = self._walk(prompt)
        if walk is None:
            return [0.0] * min(len(prompt.passages), MOST_PASSAGES)
        request = self._running().submit(walk, focus=lambda walk, _: walk, beams=1)
        for _, holds in request.updates():
            request.cancel()
            return holds
        return []

    def _walk(self, prompt: Prompt) -> Walk | None:
        """None where the passages are not the writer's: this is the only place that decides it."""
        passages = prompt.passages[:MOST_PASSAGES]
        if not passages or not prompt.question.strip() or has_chinese(prompt.question):
            return None
        if any(passage.language != "en" for passage in passages[:1]):
            return None
        sources = tuple(
            source_of(passage, prompt.question)
            for passage in passages
            if passage.language == "en" and passage.text.strip()
        )
        walk = Walk(tuple(source for source in sources if source.text), prompt.question)
        return walk if walk.sources and walk.allowed() else None

    def _focus(self, walk: Walk, holds: Sequence[float]) -> Walk:
        """Starts with the passage that most likely answers; the search's first has an advantage."""
        odds = passage_odds(
            walk.question,
            [source.passage for source in walk.sources],
            holds,
            weights=WEIGHING,
        )
        first = max(range(len(odds)), key=odds.__getitem__)
        two = _TWO_PARTS.search(walk.question) is not None
        others = {rank for rank, held in enumerate(holds) if two and held >= _ALSO_ANSWERS}
        return replace(walk, first=first, others=frozenset(others))

    def _words(self, request: Request) -> Iterator[str]:
        """Text as it grows, once the first clause is chosen and the network is sure of it."""
        shown = ""
        for paths, holds in request.updates():
            path = paths[0]
            if max(holds) < self._thresholds.here:
                yield UNKNOWN["en"]
                return
            if not self._is_sure(path, holds) or self._doubts(path):
                return
            # Emphasis is only kept in pairs: a clause with some is shown when it is whole.
            if path.sure and not (path.walk.at and _has_marks(path.walk)):
                told = render(path.walk.sources, path.tokens).text
                yield told[len(shown) :]
                shown = told

    def _is_sure(self, path: Trail, holds: Sequence[float]) -> bool:
        """Also leaves to the quotation what is no prose."""
        first = path.walk.first or 0
        return (
            holds[first] >= self._thresholds.clear
            and path.walk.sources[first].plain
            and all(sure >= self._thresholds.sure for sure in path.sure[:1])
        )

    def _doubts(self, path: Trail) -> bool:
        """Whether it goes on with a clause that it is not sure of; what was told before stands."""
        return any(sure < self._thresholds.sure for sure in path.sure[1:])

    def _running(self) -> Requests:
        with self._lock:
            if self._requests is None:
                self._requests = Requests(self._folder, at_once=self.at_once)
            return self._requests


def passage_odds(
    question: str, passages: Sequence[Passage], holds: Sequence[float], *, weights: Weighing
) -> list[float]:
    """Log-odds of each passage to be the one that answers, from what the network says of it, its
    rank in the search, and its share of the question's words."""
    asked = set(terms(question))
    shares = [len(asked & _terms(passage)) / max(1, len(asked)) for passage in passages]
    return [
        _log_odds(held) + weights.shared * share + (0 if rank else weights.advantage)
        for rank, (held, share) in enumerate(zip(holds, shares, strict=True))
    ]


def _terms(passage: Passage) -> frozenset[str]:
    return frozenset(terms("\n".join((passage.title, *passage.path, passage.text))))


def _log_odds(probability: float) -> float:
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))


def _has_marks(walk: Walk) -> bool:
    """Whether the clause that is being told holds marks of emphasis."""
    passage, number, _ = walk.at or (0, 0, 0)
    source = walk.sources[passage]
    clause = source.clauses[number]
    start, end = source.text[clause.first].start, source.text[clause.last].end
    return any(mark in source.passage.text[max(0, start - 2) : end + 2] for mark in "*_")
