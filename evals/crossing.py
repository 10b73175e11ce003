"""`python -m evals.crossing`: questions in one language against the documents of the other alone.

The demo pack's test questions, Chinese on its English entries and English on its Chinese ones, with
the phrasings that the pack lists and without; beside them the same language's own documents. Then
customers' turns, whose intents are told apart by examples in one language alone.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import get_args

from bot.build import DESK_INTENTS
from bot.intents import fit
from bot.types import IntentClassifier
from evals.calibrate import DATA, read_rows, strip_phrasings
from evals.retrieval import entry_of
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.pack import read_intents
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder, Language, deep_vectors


def main() -> None:
    embedder = load_embedder("built-in")
    print("questions  documents  phrasings  right entry first")
    for several in (True, False):
        for documents in get_args(Language):
            with tempfile.TemporaryDirectory() as folder:
                base = knowledge_in(documents, Path(folder), embedder, several=several)
                for language in get_args(Language):
                    share = _right_first(base, language, documents)
                    print(f"{language:9}  {documents:9}  {several!s:9}  {share:.3f}")
                base.close()
    print("turns      examples   right intent")
    for examples in get_args(Language):
        classifier = intents_in(examples, embedder)
        for language in get_args(Language):
            share = _right_intent(classifier, embedder, language)
            print(f"{language:9}  {examples:9}  {share:.3f}")


def intents_in(language: Language, embedder: Embedder) -> IntentClassifier:
    """All that a demo shop tells apart, its own intents and every desk's, by examples in one
    language."""
    examples = [*read_intents(DEMO_PACK / "intents"), *read_intents(DESK_INTENTS)]
    return fit([example for example in examples if example.language == language], embedder)


def knowledge_in(
    language: Language, folder: Path, embedder: Embedder, *, several: bool
) -> KnowledgeBase:
    """The demo pack without the other language's documents, kept in `folder`."""
    pack = folder / "pack" / "shop"
    shutil.copytree(DEMO_PACK, pack)
    for other in set(get_args(Language)) - {language}:
        shutil.rmtree(pack / "faq" / other)
    if not several:
        strip_phrasings(pack)
    Ingest(folder / "home", embedder).run([pack])
    return KnowledgeBase(folder / "home", embedder)


def _right_intent(classifier: IntentClassifier, embedder: Embedder, language: Language) -> float:
    rows = read_rows(DATA / f"intents_test_{language}.jsonl")
    vectors = deep_vectors(embedder, [row["text"] for row in rows])
    right: int = sum(
        classifier.classify(row["text"], vector).name == row["intent"]
        for row, vector in zip(rows, vectors, strict=True)
    )
    return right / len(rows)


def _right_first(base: KnowledgeBase, asked: Language, documents: Language) -> float:
    rows = read_rows(DATA / f"test_{asked}.jsonl")
    right = 0
    for row in rows:
        wanted = row["relevant"] if asked == documents else row["twins"]
        passage = base.search(row["query"], k=1)[0].passage
        right += entry_of(passage.id) in wanted
    return right / len(rows)


if __name__ == "__main__":
    main()
