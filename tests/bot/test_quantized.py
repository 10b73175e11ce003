"""Weights of 8 and 4 bits, where the extra that loads them is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.generators.checkpoint import Quantization
from bot.generators.transformers import TransformersGenerator
from bot.types import Prompt
from tests.conftest import make_passage

pytest.importorskip("bitsandbytes", reason="frontdesk[quantized] is not installed")


@pytest.mark.filterwarnings("default")  # the libraries' own, of what they will change
@pytest.mark.parametrize(("bits", "layer"), [("8bit", "Linear8bitLt"), ("4bit", "Linear4bit")])
def test_a_model_of_few_bits_writes_alone_and_in_a_batch(
    tiny_chat_model: Path, bits: Quantization, layer: str
) -> None:
    prompt = Prompt("How long do refunds take?", (make_passage("Five days."),), "en")
    for at_once in (1, 4):
        generator = TransformersGenerator(
            str(tiny_chat_model),
            device="cpu",
            max_new_tokens=8,
            at_once=at_once,
            quantization=bits,
        )
        layers = {type(module).__name__ for module in generator._checkpoint.model.modules()}
        assert layer in layers
        assert "".join(generator.generate(prompt)).split()
        assert generator.at_once == at_once
        generator.close()
