"""One of the processes that torchrun starts, with a model's folder. The first prints an answer."""

from __future__ import annotations

import sys

from bot.generators.checkpoint import process_rank
from bot.generators.transformers import TransformersGenerator
from bot.types import Prompt
from tests.conftest import make_passage

if __name__ == "__main__":
    generator = TransformersGenerator(sys.argv[1], device="cpu", max_new_tokens=12, at_once=4)
    if process_rank()[0] > 0:
        generator.follow()
    else:
        prompt = Prompt("How long?", (make_passage("Five days."),), "en")
        print("".join(generator.generate(prompt)), flush=True)
        generator.close()
