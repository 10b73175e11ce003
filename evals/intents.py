"""How well intents are told apart, and what belongs to none of them; confusions with examples."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.build import intent_classifier
from bot.config import Config
from bot.intents import fit
from bot.types import Intent, IntentClassifier
from evals.desk import Remembering, silent
from evals.figures import figures
from evals.provenance import measured_on
from evals.reading import Line, read_lines
from evals.result import Result, Row, row_id, unique_ids
from knowledge.embedder import load_embedder
from knowledge.language import language_of
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, IntentExample, Progress, Vectors, deep_vectors

OUT_OF_SCOPE = "(none)"
_MEASURES = ("accuracy", "macro_f1", "ece", "in_scope_lost")
_OOS_MEASURES = ("oos_auroc", "oos_recall", "oos_recall_at_5_lost")
_WORST_PAIRS = 20
_EXAMPLES_OF_PAIR = 3


def measure_intents(
    config: Config,
    test: Sequence[Path],
    *,
    train: Sequence[Path] = (),
    oos: Sequence[Path] = (),
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """A classifier fitted on `train`, or the one of `config.home`, on `test` and `oos`.

    Raises EvalError, KnowledgeMissing, and BotError where `train` cannot be fitted.
    """
    inside, outside = read_lines(test, limit=limit), read_lines(oos, limit=limit)
    chosen = Remembering(embedder or load_embedder(config.embedder))
    classifier = _classifier(config, train, chosen, progress)
    texts = [line.text("text") for line in (*inside, *outside)]
    chosen.warm(texts, progress)
    vectors = deep_vectors(chosen, texts)
    intents, milliseconds = _classify(classifier, texts, vectors, progress)
    names = [line.text("intent") for line in inside] + [OUT_OF_SCOPE] * len(outside)
    ids = unique_ids([row_id(t, n) for t, n in zip(texts, names, strict=True)])
    rows = [_row(*parts) for parts in zip(ids, texts, names, intents, strict=True)]
    languages = sorted({group for row in rows for group in row.groups})
    return Result(
        suite="intents",
        metrics=figures(
            rows,
            (*_MEASURES, *(_OOS_MEASURES if outside else ())),
            groups=languages if len(languages) > 1 else (),
        ),
        measured_on=measured_on(
            config, [*train, *test, *oos], models={"embedder": chosen.name}, home=not train
        ),
        rows=rows,
        details={
            "classify_ms": round(milliseconds, 3),
            "threshold": getattr(classifier, "threshold", None),
            "intents": per_intent([r for r in rows if r.scores["in_scope"]]),
            "confusions": confusions(rows),
        },
    )


def _classifier(
    config: Config, train: Sequence[Path], embedder: Remembering, progress: Progress
) -> IntentClassifier:
    if not train:
        base = KnowledgeBase(config.home, embedder, chroma_url=config.chroma_url)
        try:
            return intent_classifier(config.home, base, embedder)
        finally:
            base.close()
    examples = [_example(line) for line in read_lines(train)]
    embedder.warm([example.text for example in examples], progress)
    return fit(examples, embedder)


def _example(line: Line) -> IntentExample:
    text = line.text("text")
    return IntentExample(line.text("intent"), text, language_of(text))


def _classify(
    classifier: IntentClassifier, texts: Sequence[str], vectors: Vectors, progress: Progress
) -> tuple[list[Intent], float]:
    """One at a time, as in a conversation; with the mean milliseconds of one."""
    found: list[Intent] = []
    since = time.perf_counter()
    for text, vector in zip(texts, vectors, strict=True):
        found.append(classifier.classify(text, vector))
        progress("classify", len(found), len(texts))
    return found, (time.perf_counter() - since) * 1000 / max(1, len(texts))


def _row(name: str, text: str, wanted: str, intent: Intent) -> Row:
    in_scope = wanted != OUT_OF_SCOPE
    scores = {"confidence": intent.confidence, "in_scope": float(in_scope)}
    labels = {}
    if in_scope:
        scores["accuracy"] = float(intent.name == wanted)
        scores["in_scope_lost"] = float(not intent.known)
        labels = {"intent": wanted, "got": intent.name}
        right = intent.name == wanted
    else:
        right = not intent.known
        scores["oos_recall"] = float(right)
    shown = {"query": text, "wanted": wanted, "got": intent.name, "known": intent.known}
    return Row(name, scores, right, (language_of(text),), labels, shown)


def per_intent(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Precision, recall and F1 of each intent; the worst F1 first."""
    wanted = Counter(row.labels["intent"] for row in rows)
    got = Counter(row.labels["got"] for row in rows)
    hits = Counter(row.labels["got"] for row in rows if row.right)
    table = [
        {
            "intent": name,
            "precision": _share(hits[name], got[name]),
            "recall": _share(hits[name], wanted[name]),
            "f1": _share(2 * hits[name], got[name] + wanted[name]),
            "n": wanted[name],
        }
        for name in sorted(wanted.keys() | got.keys())
    ]
    return sorted(table, key=lambda each: (each["f1"], each["intent"]))


def confusions(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The pairs of wanted and got intent that come most often, with examples."""
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if not row.right:
            pairs[row.shown["wanted"], row.shown["got"]].append(row.shown["query"])
    worst = sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))[:_WORST_PAIRS]
    return [
        {"wanted": wanted, "got": got, "count": len(texts), "examples": texts[:_EXAMPLES_OF_PAIR]}
        for (wanted, got), texts in worst
    ]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
