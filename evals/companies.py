"""`python -m evals.companies [dev|fit|test]`: FAQs as new owners bring them, one company at a time.

Invented companies of many trades whose FAQs list no phrasings and which have no intents of their
own, each asked by its own customers: in words near to an entry's, or telling their own story; and
what no entry answers, on a subject of the FAQ or on none. Prints what becomes of them by kind.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bot.build import build_quote, intent_classifier
from bot.config import Config
from bot.deciding import DecidedMessage, decide_message
from bot.routing import MAX_OPTIONS
from bot.types import Parts, Route
from bot.understanding import Understanding
from evals.calibrate import read_rows
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.language import language_of
from knowledge.search import KnowledgeBase
from knowledge.taught import Taught, write_taught
from knowledge.types import Embedder, Language

COMPANIES = Path(__file__).parent / "data" / "companies"
_NOTHING = Taught()
T = TypeVar("T")
# Of a company's folder, with the encoder, the settings and the folder of its models.
Measure = Callable[[Path, Embedder, Config, Path], Iterable[T]]
_KINDS = ("near", "own_words", "near_miss", "off_topic")


@dataclass(frozen=True)
class Outcome:
    """What becomes of one question. `place` is that of the right entry, the first being 0; None
    where it is not found, or there is none. `options` is how many entries are offered as buttons,
    and `right_option` whether the right one is among them.
    """

    language: Language
    kind: str
    place: int | None
    route: Route
    options: int
    right_option: bool


def main() -> None:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "dev"
    outcomes = of_each_company(
        chosen, lambda folder, *parts: asked(folder, questions_of(folder), *parts)
    )
    print(
        "                               right entry found    answered       offered     small talk"
    )
    print(
        "language  kind       questions  first  among three  right  wrong  right    any  or person"
    )
    for language in sorted({each.language for each in outcomes}):
        for kind in _KINDS:
            rows = [each for each in outcomes if (each.language, each.kind) == (language, kind)]
            if rows:
                print(f"{language:8}  {kind:9}  {len(rows):9}  {_line(rows)}")


def questions_of(folder: Path) -> list[dict[str, Any]]:
    return read_rows(folder / "questions.jsonl")


def conversations_of(folder: Path) -> list[dict[str, Any]]:
    """None where a company has questions alone."""
    path = folder / "conversations.jsonl"
    return read_rows(path) if path.exists() else []


def asked(
    folder: Path,
    questions: Sequence[dict[str, Any]],
    embedder: Embedder,
    config: Config,
    models: Path,
    taught: Taught = _NOTHING,
) -> Iterator[Outcome]:
    """Of each question to the company, asked alone; the intents' classifier is kept in `models`."""
    with understanding_of(folder, embedder, config, models, taught) as understanding:
        for row in questions:
            language = language_of(row["query"])
            message = decide_message(understanding, row["query"], (), fallback=language)
            yield _outcome(row, message)


@contextmanager
def understanding_of(
    folder: Path, embedder: Embedder, config: Config, models: Path, taught: Taught = _NOTHING
) -> Iterator[Understanding]:
    """Of a company that brings its `faq.md` and nothing else; the intents' classifier is kept in
    `models`."""
    with tempfile.TemporaryDirectory() as home:
        write_taught(Path(home), taught)
        Ingest(Path(home), embedder).run([folder / "faq.md"])
        with closing(KnowledgeBase(Path(home), embedder)) as base:
            intents, quote = intent_classifier(models, base, embedder), build_quote()
            yield Understanding(Parts(embedder, intents, base, quote, quote), config)


def of_each_company(chosen: str, measure: Measure[T]) -> list[T]:
    """What `measure` yields of each company in a folder of evals/data/companies."""
    embedder, config = load_embedder("built-in"), Config()
    with tempfile.TemporaryDirectory() as models:
        folders = sorted((COMPANIES / chosen).iterdir())
        return [each for f in folders for each in measure(f, embedder, config, Path(models))]


def _outcome(row: dict[str, Any], message: DecidedMessage) -> Outcome:
    chosen = message.decision
    right = [match.passage.heading in row["relevant"] for match in message.usable]
    return Outcome(
        language=language_of(row["query"]),
        kind=row["kind"],
        place=right.index(True) if any(right) else None,
        route=chosen.route,
        options=len(chosen.options),
        right_option=any(option in row["relevant"] for option in chosen.options),
    )


def _line(rows: list[Outcome]) -> str:
    first = np.array([each.place == 0 for each in rows])
    among_three = np.array([each.place is not None and each.place < MAX_OPTIONS for each in rows])
    answered = np.array([each.route is Route.ANSWER for each in rows])
    right_option = np.array([each.right_option for each in rows])
    offered = np.array([each.options > 0 for each in rows])
    aside = np.array([each.route in (Route.SMALL_TALK, Route.HAND_OFF) for each in rows])
    shares = (first, among_three, answered & first, answered & ~first, right_option, offered, aside)
    widths = (5, 12, 6, 6, 6, 6, 10)
    return " ".join(
        f"{share.mean():{width}.3f}" for share, width in zip(shares, widths, strict=True)
    )


if __name__ == "__main__":
    main()
