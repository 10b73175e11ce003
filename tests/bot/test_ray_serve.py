"""A model behind Ray Serve, where that is installed (pip install 'ray[serve]')."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.generators.chat_model import ChatModelGenerator
from bot.generators.transformers import TransformersGenerator
from bot.prompt import to_messages
from bot.types import Prompt
from tests.bot.test_chat_model import free_port
from tests.conftest import make_passage

pytest.importorskip("ray.serve", reason="ray[serve] is not installed")

ROOT = Path(__file__).parents[2]
PROMPT = Prompt("How long do refunds take?", (make_passage("Five days."),), "en")


@pytest.fixture
def url(tiny_chat_model: Path) -> Iterator[str]:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, ROOT / "tests/bot/ray_model.py", str(port), str(tiny_chat_model)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert "ready\n" in (server.stdout or ())
        yield f"http://127.0.0.1:{port}/v1"
        server.communicate(timeout=60)


def test_what_a_model_behind_ray_serve_writes_is_read(url: str, tiny_chat_model: Path) -> None:
    read = "".join(ChatModelGenerator("openai:desk", base_url=url).generate(PROMPT))
    local = TransformersGenerator(str(tiny_chat_model), device="cpu", max_new_tokens=8, at_once=1)
    asked = Prompt(to_messages(PROMPT)[-1]["content"], PROMPT.passages, "en")
    assert read.split()
    assert read == "".join(local.generate(asked))


def test_the_file_that_deploys_it_is_one_that_ray_serve_takes() -> None:
    from ray.serve.schema import ServeDeploySchema

    settings = yaml.safe_load((ROOT / "deploy/ray-serve.yaml").read_text(encoding="utf-8"))
    (application,) = ServeDeploySchema.model_validate(settings).applications
    assert application.name == "desk"
