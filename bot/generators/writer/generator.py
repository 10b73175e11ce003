"""The generator that is built in: a small Transformer that answers by copying from passages."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bot.copies import copies
from bot.errors import GeneratorError
from bot.generators.writer.grammar import Grammar, read_grammar
from bot.generators.writer.inference import Memory, Network
from bot.generators.writer.reader import Reader
from bot.generators.writer.rendering import render
from bot.generators.writer.search import Trail, search
from bot.generators.writer.source import source_of, whole_sentences
from bot.generators.writer.tally import Tally
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
# From this probability of a mistake on, a sentence that cannot be mended is not told. At 0.7, 5
# good answers of 117 were quoted over, whose quotation is no better English: see the model card.
_DOUBT = 0.95


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


@dataclass(frozen=True)
class _Loaded:
    """What the first prompt waits for."""

    network: Network
    reader: Reader
    grammar: Grammar

    def read(self, walk: Walk) -> Memory:
        return self.network.read(self.reader.pages(walk))


class WriterGenerator:
    """English passages in prose. It yields nothing where it leaves the answer to the quotation:
    other scripts, lists and tables, what it is not sure of, and what is no good English.

    `folder` holds config.json and model.safetensors, by default those of the package. Raises
    GeneratorError where there are none. Safe for several threads: each writes its own answer.
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
        self._loaded: _Loaded | None = None
        self._tally = Tally()

    @property
    def healthy(self) -> bool:
        return self._tally.healthy

    def load(self) -> Load:
        loaded = self._loaded
        cache_use = 0.0 if loaded is None else loaded.reader.use
        tally = self._tally
        return Load(tally.writing, waiting=0, cache_use=cache_use, tokens=tally.tokens)

    def warm_up(self) -> None:
        """Loads the weights, which otherwise wait for the first prompt."""
        self._ready()

    def close(self) -> None:
        """Lets go of the weights; a later prompt loads them again. What is being written ends by
        itself, in a few milliseconds."""
        with self._lock:
            self._loaded = None

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """Raises GeneratorError."""
        walk = self._walk(prompt)
        if walk is None:
            return
        yield from self._words(self._written(walk, beams=1))

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
        trails: list[Trail] = []
        for _, trails in self._written(walk, beams=max(2, 2 * n)):  # noqa: B007 - the last count
            check()
        told = [
            self._put_right(trail)
            for trail in trails
            if trail.walk.ended and min(trail.sure) >= _LEAST_SURE
        ]
        distinct = {answer.text.casefold(): answer for answer in reversed(told) if answer}
        return list(reversed(distinct.values()))[:n]

    def holds(self, prompt: Prompt) -> list[float]:
        """The probability of each of the first MOST_PASSAGES passages that it holds the answer."""
        walk = self._walk(prompt)
        if walk is None:
            return [0.0] * min(len(prompt.passages), MOST_PASSAGES)
        with self._tally.answer():
            return self._ready().read(walk).holds

    def _written(self, walk: Walk, *, beams: int) -> Iterator[tuple[list[float], list[Trail]]]:
        """After each choice, what the passages hold and the trails, the best first."""
        with self._tally.answer():
            loaded = self._ready()
            memory = loaded.read(walk)
            focused = self._focus(walk, memory.holds)
            trails: list[Trail] = []
            for trails in search(loaded.network, memory, focused, beams=beams):
                yield memory.holds, trails
            self._tally.wrote(max((len(trail.tokens) for trail in trails), default=0))

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

    def _words(self, written: Iterator[tuple[list[float], list[Trail]]]) -> Iterator[str]:
        """Whole sentences, while the network is sure of them and they are good English; empty after
        a choice that completed none.
        """
        shown = ""
        for holds, trails in written:
            trail = trails[0]
            if max(holds) < self._thresholds.here:
                yield UNKNOWN["en"]
                return
            if not self._is_sure(trail, holds) or self._doubts(trail):
                return
            if trail.walk.at is not None or not trail.sure or trail.walk.must_go_on():
                yield ""
                continue
            told = render(trail.walk.sources, trail.tokens).text
            right = self._in_good_english(told[len(shown) :])
            if right is None:
                return
            yield right
            shown = told

    def _in_good_english(self, sentences: str) -> str | None:
        """None where one of them cannot be put right: none may then stand without it."""
        grammar = self._ready().grammar
        right = [grammar.right(sentence) for sentence in whole_sentences(sentences)]
        return None if None in right else "".join(filter(None, right))

    def _put_right(self, trail: Trail) -> Told | None:
        told = render(trail.walk.sources, trail.tokens)
        text = self._in_good_english(told.text)
        if text is None or text == told.text:
            return None if text is None else told
        return Told(text, tuple(copies(text, [source.passage for source in trail.walk.sources])))

    def _is_sure(self, trail: Trail, holds: Sequence[float]) -> bool:
        """Also leaves to the quotation what is no prose, and what speaks of another thing."""
        first = trail.walk.first or 0
        return (
            holds[first] >= self._thresholds.clear
            and trail.walk.sources[first].plain
            and not speaks_of_another(trail.walk, first)
            and all(sure >= self._thresholds.sure for sure in trail.sure[:1])
        )

    def _doubts(self, trail: Trail) -> bool:
        """Whether it goes on with a clause that it is not sure of; what was told before stands."""
        return any(sure < self._thresholds.sure for sure in trail.sure[1:])

    def _ready(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                reader = Reader()
                grammar = Grammar(read_grammar(WEIGHTS), reader.deep_states, doubt=_DOUBT)
                self._loaded = _Loaded(Network(self._folder), reader, grammar)
            return self._loaded


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


def speaks_of_another(walk: Walk, first: int) -> bool:
    """Whether another passage holds all words of the question that this one holds, and more: who
    asks for the azure locker's code must not get the pearl one's.
    """
    asked = set(terms(walk.question))
    held = [asked & _terms(source.passage) for source in walk.sources]
    return any(held[first] < other for other in held)


@lru_cache(maxsize=4096)
def _terms(passage: Passage) -> frozenset[str]:
    return frozenset(terms("\n".join((passage.title, *passage.path, passage.text))))


def _log_odds(probability: float) -> float:
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))
