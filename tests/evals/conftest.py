"""The demo shop as the measurements see it, and small sets of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from evals.desk import open_desk
from knowledge.types import Embedder

SHOP = Path(__file__).parents[2] / "evals" / "data" / "shop"


@pytest.fixture(scope="session")
def shop(shop_home: Path, built_in_embedder: Embedder) -> Config:
    """The demo shop with its intent classifier fitted once."""
    config = Config(home=shop_home)
    with open_desk(config, embedder=built_in_embedder):
        pass
    return config


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
