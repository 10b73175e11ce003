"""`python -m evals.crossing`: questions in one language against the documents of the other alone.

The demo pack's test questions, Chinese on its English entries and English on its Chinese ones, with
the phrasings that the pack lists and without; beside them the same language's own documents.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import get_args

from evals.calibrate import DATA, read_rows, strip_phrasings
from evals.retrieval import entry_of
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.search import KnowledgeBase
from knowledge.sources import DEMO_PACK
from knowledge.types import Embedder, Language


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
