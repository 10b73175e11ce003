"""`python -m evals.bench_bare HOME CUSTOMERS`: how many answers a second a generator writes with
nothing around it: no server, no log, and no check of what it wrote.

The generator is the one that the FRONTDESK_ variables name; the questions come one a line, and the
prompts hold what HOME's knowledge finds. A process of its own, so that the model's threads wait as
they do in the server.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from bot.build import build_generator, build_quote
from bot.config import Config
from bot.prompt import build_prompt
from bot.types import Generator, LocalGenerator, Prompt
from knowledge.embedder import load_embedder
from knowledge.search import KnowledgeBase

# Each prompt so often: what is measured takes seconds.
_ROUNDS = 6


def main() -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as `frontdesk serve` does
    config = Config(home=Path(sys.argv[1]))
    customers = int(sys.argv[2])
    prompts = _prompts(config, [line.strip() for line in sys.stdin])
    generator = build_generator(config) or build_quote()
    _rate(generator, prompts, customers)
    print(_rate(generator, prompts * _ROUNDS, customers))
    if isinstance(generator, LocalGenerator):
        generator.close()


def _prompts(config: Config, questions: Sequence[str]) -> list[Prompt]:
    embedder = load_embedder(config.embedder)
    count = config.passages_per_prompt
    with closing(KnowledgeBase(config.home, embedder)) as knowledge:
        return [
            build_prompt(
                question,
                knowledge.search(question, reading, k=count, language="en"),
                language="en",
            )
            for question, reading in zip(questions, embedder.read(questions), strict=True)
        ]


def _rate(generator: Generator, prompts: Sequence[Prompt], customers: int) -> float:
    """Answers a second."""
    with ThreadPoolExecutor(customers) as pool:
        since = time.perf_counter()
        for _ in pool.map(lambda prompt: "".join(generator.generate(prompt)), prompts):
            pass
        return len(prompts) / (time.perf_counter() - since)


if __name__ == "__main__":
    main()
