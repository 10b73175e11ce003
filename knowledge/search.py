"""KnowledgeBase.search(): vectors, full text and tokens, fused into one score to trust."""

from __future__ import annotations

import heapq
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import KnowledgeError
from knowledge.fusion import OTHER_LANGUAGE_HANDICAP, Array, Evidence, fused_scores
from knowledge.homophones import Homophones
from knowledge.language import language_of
from knowledge.own_words import OwnWords
from knowledge.pack import Pack
from knowledge.passage_vectors import PassageVectors, is_question, passage_number
from knowledge.spelling import Speller
from knowledge.store import KnowledgeStore
from knowledge.token_vectors import TokenVectors
from knowledge.types import Embedder, FullText, Language, LookUp, Match, Passage, Reading
from knowledge.vectors import VectorIndex
from knowledge.versions import LAYOUT, Versions

# Candidates that each of the two searches may bring in.
_VECTOR_CANDIDATES = 40
_LEXICAL_CANDIDATES = 30
# Those of them are compared token by token that have so many tokens together.
_TOKENS_READ = 8000


class _Version:
    """One opened version."""

    def __init__(self, versions: Versions, name: str, *, chroma_url: str) -> None:
        folder = versions.path(name)
        self.name = name
        self.store = KnowledgeStore(folder / "passages.db")
        if self.store.fact("layout") != LAYOUT:
            self.store.close()
            raise KnowledgeError(
                f"The knowledge at {folder} was made by another version of Frontdesk. "
                "Run: frontdesk ingest"
            )
        self.index = VectorIndex(
            self.store.fact("collection"), folder=folder / "chroma", url=chroma_url
        )
        self.vectors = PassageVectors(folder / "vectors.npy")
        self.own_words = OwnWords.of_encoder(self.store.fact("embedder"))
        self.tokens = TokenVectors(folder)
        pack = Pack.from_facts(self.store.fact("pack"), self.store.examples())
        self.pack = pack.with_starters_of(self.store.questions())
        self.speller = Speller(self.store.spelt_words())
        self.homophones = Homophones(self.store.characters(), self.store.held)
        # By passage number, which begins at 1; a passage without a twin has twin 0.
        self.languages = np.array(["", *self.store.languages()])
        self.twins = np.zeros(len(self.languages), dtype=np.intp)
        for n, twin in self.store.twins().items():
            self.twins[n] = twin

    def close(self) -> None:
        self.store.close()
        self.index.close()


class KnowledgeBase:
    """The current version of the knowledge, followed when another process switches it."""

    def __init__(self, home: Path, embedder: Embedder, *, chroma_url: str = "") -> None:
        self._versions = Versions(home)
        self._embedder = embedder
        self._chroma_url = chroma_url
        self._lock = threading.Lock()
        self._opened: _Version | None = None
        # The words of a query are looked up while the encoder reads it.
        self._threads = ThreadPoolExecutor(thread_name_prefix="full-text")

    @property
    def version(self) -> str:
        return self._current().name

    @property
    def pack(self) -> Pack:
        return self._current().pack

    def close(self) -> None:
        self._threads.shutdown()
        with self._lock:
            if self._opened:
                self._opened.close()
            self._opened = None

    def corrected(self, text: str) -> str:
        """The text with words put right that are misspelt, and that the knowledge would know."""
        current = self._current()
        return current.homophones.correct(current.speller.correct(text))

    def look_up(self, text: str) -> LookUp:
        """Begins to look up the words of `text`, beside what the caller does meanwhile."""
        current = self._current()
        return LookUp(current.name, self._threads.submit(current.store.full_text, text))

    def search(
        self,
        text: str,
        reading: Reading | None = None,
        *,
        looked_up: LookUp | None = None,
        k: int = 5,
        language: Language | None = None,
    ) -> list[Match]:
        """The k best matches, best first. `reading` saves embedding `text` again, and `looked_up`,
        which is its look_up, waiting for its words.

        `language` is the customer's: passages in it are preferred where scores are close.
        On ../shared/data/faq the fused first place is right in 0.957 of stackfaq (question vectors
        alone 0.948, full text alone 0.648) and 0.263 of bq_zh (vectors 0.227, full text 0.226).

        Raises KnowledgeMissing, VectorStoreError.
        """
        if reading is None:
            reading = self._embedder.read([text])[0]
        current = self._current()
        if looked_up and looked_up.version == current.name:
            words = looked_up.words.result()
        else:
            words = current.store.full_text(text)
        numbers, evidence = _evidence(current, words, reading, least=3 * k)
        asked_in = language_of(text)
        # Of a passage with a twin in the query's language that twin is read instead (_with_twins).
        across = (current.languages[numbers] != asked_in) & (current.twins[numbers] == 0)
        scores = fused_scores(asked_in, evidence, across)
        cosines = np.maximum(evidence.question, evidence.text)
        table = np.column_stack([scores, cosines, evidence.lexical, evidence.coverage])
        if language is not None:
            numbers, table = _with_twins(current, numbers, table, language)
        ranks = _log_odds(table[:, 0])
        if language is not None:
            ranks -= OTHER_LANGUAGE_HANDICAP * (current.languages[numbers] != language)
        best = np.lexsort((numbers, -ranks))[:k]
        passages = current.store.get(numbers[best].tolist())
        rows = zip(numbers[best].tolist(), table[best].tolist(), strict=True)
        return [Match(passages[n], *measures) for n, measures in rows]

    def evidence(self, text: str, reading: Reading) -> tuple[list[Passage], Evidence]:
        """The candidates of a query before fusion, for calibration."""
        current = self._current()
        words = current.store.full_text(text)
        numbers, evidence = _evidence(current, words, reading, least=0)
        passages = current.store.get(numbers.tolist())
        return [passages[n] for n in numbers.tolist()], evidence

    def _current(self) -> _Version:
        name = self._versions.current()
        with self._lock:
            if self._opened is None or self._opened.name != name:
                opened = _Version(self._versions, name, chroma_url=self._chroma_url)
                embedder = opened.store.fact("embedder")
                if embedder != self._embedder.name:
                    opened.close()
                    raise KnowledgeError(
                        f"The knowledge was made with the sentence encoder {embedder}, and the "
                        f"configuration names {self._embedder.name}. Run: frontdesk ingest"
                    )
                # Threads that still search in the version before keep it alive until they end.
                self._opened = opened
            return self._opened


def _evidence(
    current: _Version, words: FullText, reading: Reading, *, least: int
) -> tuple[NDArray[np.intp], Evidence]:
    """The numbers of those candidates of both searches that are read closely, and what speaks
    for them.

    Of a passage's questions the nearest one counts. Those that are not among the nearest
    vectors of all could hardly change the score: for them only the passage's own question is
    looked at.
    """
    asked: dict[int, float] = {}
    near = current.index.nearest(reading.vector, _VECTOR_CANDIDATES)
    for key, cosine in near.items():
        if is_question(key):
            n = passage_number(key)
            asked[n] = max(cosine, asked.get(n, -1.0))
    in_words = heapq.nlargest(_LEXICAL_CANDIDATES, words.scores, key=words.scores.__getitem__)
    found = sorted({passage_number(key) for key in near}.union(in_words))
    numbers = np.array(found, dtype=np.intp)
    vectors = np.stack([reading.vector, current.own_words.led(reading.vector)])
    (to_text, to_question, centre), led = current.vectors.products(vectors, numbers)
    own, led_to_own = (np.where(np.isnan(q), t, q) for t, q in ((to_text, to_question), led[:2]))
    question = np.maximum(own, [asked.get(n, -1.0) for n in found])
    lexical = np.array([words.scores.get(n, 0.0) for n in found])
    # Who is read closely: by the nearer vector and the words, as each search alone has it.
    promise = np.maximum(question, to_text) + lexical
    order = np.argsort(-promise, kind="stable")
    order = order[: current.tokens.within(numbers[order], most=_TOKENS_READ, least=least)]
    coverage = current.tokens.coverage(reading, numbers[order])
    return numbers[order], Evidence(
        question=question[order],
        centre=centre[order],
        text=to_text[order],
        lexical=lexical[order],
        own_words=(led[0] + led_to_own)[order],
        coverage=coverage,
        unknown=words.unknown,
        rival=float(coverage.max(initial=0.0)),
    )


def _with_twins(
    current: _Version, numbers: NDArray[np.intp], table: Array, language: Language
) -> tuple[NDArray[np.intp], Array]:
    """A passage of the other language gives way to its twin in the customer's, which then has what
    speaks for either: "What is 押金?" is answered in English. `table` is (passages, columns).
    """
    foreign = current.languages[numbers] != language
    twins = current.twins[numbers]
    places = np.where(foreign & (twins > 0), twins, numbers)
    own, rows = np.unique(places, return_inverse=True)
    best = np.full((len(own), table.shape[1]), -np.inf)
    np.maximum.at(best, rows, table)
    return own, best


def _log_odds(scores: Array) -> Array:
    return np.log((scores + 1e-9) / (1.0 - scores + 1e-9))
