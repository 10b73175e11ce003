"""The parts put together: what a start does that finds knowledge and no intents fitted to it."""

from __future__ import annotations

from pathlib import Path

from bot.build import build
from bot.config import Config
from knowledge.ingest import Ingest
from knowledge.types import Embedder


def test_a_start_after_a_killed_one_fits_the_intents_and_says_how_far_it_is(
    tmp_path: Path, built_in_embedder: Embedder
) -> None:
    docs, home = tmp_path / "docs", tmp_path / "home"
    docs.mkdir()
    (docs / "faq.md").write_text("# FAQ\n\n## How long do refunds take?\n\nFive days.\n")
    Ingest(home, built_in_embedder).run([docs])  # killed here: nothing has been fitted
    told: list[tuple[str, int, int]] = []
    for _ in range(2):  # what is fitted once is found again
        build(Config(home=home), progress=lambda *step: told.append(step)).close()
    assert told == [("intents", done, 10) for done in range(1, 11)]
