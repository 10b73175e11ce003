"""`python -m bot.generators.bench`: three ways to generate, beside what the card allows.

Needs torch and transformers only, and no weights: a model of a given shape is filled with random
numbers. Everything runs in one process, one after the other: read the ratios on a busy machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot.errors import first_line
from bot.generators.batching import Batch
from bot.generators.checkpoint import default_device
from bot.generators.engine import cache_bytes
from bot.generators.one_by_one import OneByOne

# Answers that are written one after the other to know the speed of that.
_ONE_BY_ONE = 4
_WARM_UP = 2


@dataclass(frozen=True)
class Shape:
    """The numbers of a Qwen3 config. `vocabulary` in tokens."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    tied: bool


# tiny and small are for CPUs; the others are those of Qwen/Qwen3-0.6B, -4B and -8B.
SHAPES = {
    "tiny": Shape(64, 192, 2, 4, 2, 16, 2_000, tied=True),
    "small": Shape(256, 768, 6, 8, 4, 32, 8_000, tied=True),
    "0.6B": Shape(1024, 3072, 28, 16, 8, 128, 151_936, tied=True),
    "4B": Shape(2560, 9728, 36, 32, 8, 128, 151_936, tied=True),
    "8B": Shape(4096, 12_288, 36, 32, 8, 128, 151_936, tied=False),
}


@dataclass(frozen=True)
class Measured:
    """`first_seconds` is the 95th percentile of the time to the first token."""

    first_seconds: float
    tokens_per_second: float


@dataclass(frozen=True)
class Limits:
    """What the device does at best, measured: bytes and multiply-adds (as two) in a second."""

    bytes_per_second: float
    flops: float

    def tokens_per_second(self, model: Any, at_once: int, cached_tokens: float) -> float:
        """Each step reads the weights once, and every answer's keys and values; each token costs
        two operations a weight. The slower of both is the limit.
        """
        weights = sum(p.numel() * p.itemsize for p in model.parameters())
        cache = at_once * cached_tokens * cache_bytes(model.config, model.dtype.itemsize)
        by_memory: float = at_once * self.bytes_per_second / (weights + cache)
        by_matrices: float = self.flops / (2 * sum(p.numel() for p in model.parameters()))
        return min(by_memory, by_matrices)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--device", default=default_device())
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--shared-tokens", type=int, default=160, help="of the prompt, for all")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--skip-compile", action="store_true")
    options = parser.parse_args()
    model = random_model(SHAPES[options.shape], options.device)
    limits = measure_limits(options.device)
    print(_heading(options, limits))  # noqa: T201
    for at_once in options.at_once:
        for name, measured in _ways(model, at_once, options):
            cached = options.prompt_tokens + options.new_tokens / 2
            limit = limits.tokens_per_second(model, at_once, cached)
            print(_row(name, at_once, measured, limit), flush=True)  # noqa: T201


def random_model(shape: Shape, device: str, seed: int = 0) -> Any:
    """bfloat16 on CUDA, else float32; made where it will run."""
    import torch
    from transformers import AutoModelForCausalLM

    library: Any = AutoModelForCausalLM
    torch.manual_seed(seed)
    with torch.device(device):
        model = library.from_config(
            shape_config(shape),
            dtype=torch.bfloat16 if device.startswith("cuda") else torch.float32,
        )
    model.generation_config.update(
        do_sample=False, temperature=None, top_p=None, top_k=None, eos_token_id=None, pad_token_id=0
    )
    return model.eval()


def shape_config(shape: Shape) -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head,
        max_position_embeddings=4096,
        tie_word_embeddings=shape.tied,
        bos_token_id=None,
        eos_token_id=None,
    )


def measure_limits(device: str) -> Limits:
    """By a copy that no cache of the processor holds, and a product of two square matrices."""
    import torch

    cuda = device.startswith("cuda")
    dtype = torch.bfloat16 if cuda else torch.float32
    source = torch.ones((1 << 30 if cuda else 1 << 27) // dtype.itemsize, dtype=dtype)
    source = source.to(device)
    target = torch.empty_like(source)
    size = 8192 if cuda else 1024
    square = torch.ones((size, size), dtype=dtype, device=device)
    copied = _best(lambda: target.copy_(source), device)
    multiplied = _best(lambda: torch.mm(square, square), device)
    return Limits(2 * source.numel() * dtype.itemsize / copied, 2 * size**3 / multiplied)


def _best(work: Callable[[], Any], device: str) -> float:
    """Seconds of the quickest of ten."""
    return min(_seconds(work, device) for _ in range(10))


def _seconds(work: Callable[[], Any], device: str) -> float:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()
    since = time.perf_counter()
    work()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - since


def _ways(
    model: Any, at_once: int, options: argparse.Namespace
) -> Iterator[tuple[str, Measured | str]]:
    prompts = _prompts(model, at_once, options)
    few = prompts[:_ONE_BY_ONE]
    plain = OneByOne(model, model.generation_config, seed=0)
    yield "plain generate", _one_by_one(plain, few, at_once, options)
    if not options.skip_compile:
        compiled = options.device.startswith("cuda")  # on a CPU the library compiles nothing
        name = "static, compiled" if compiled else "static cache"
        yield name, _compiled(model, few, at_once, options)
    batch = Batch(
        model,
        model.generation_config,
        at_once=max(2, at_once),
        context_tokens=options.prompt_tokens + options.new_tokens,
    )
    try:
        _all_at_once(batch, prompts[:_WARM_UP], options)
        yield "Frontdesk", _all_at_once(batch, prompts, options)
    finally:
        batch.close()


def _prompts(model: Any, count: int, options: argparse.Namespace) -> list[list[int]]:
    """They begin alike, as those of one desk do, and then differ."""
    size = model.config.vocab_size
    shared = [2 + i % (size - 2) for i in range(options.shared_tokens)]
    own = options.prompt_tokens - options.shared_tokens
    return [
        [*shared, *(2 + (i * (2 * n + 1) + n) % (size - 2) for i in range(own))]
        for n in range(count)
    ]


def _compiled(
    model: Any, prompts: Sequence[list[int]], at_once: int, options: argparse.Namespace
) -> Measured | str:
    """A static cache, by which the library compiles decoding (with CUDA graphs on a GPU)."""
    import copy

    generation = copy.deepcopy(model.generation_config)
    generation.cache_implementation = "static"
    writer = OneByOne(model, generation, seed=0)
    try:
        return _one_by_one(writer, prompts, at_once, options)
    except Exception as error:  # noqa: BLE001 - no compiler here, say: the other ways still count
        return first_line(error)


def _one_by_one(
    writer: OneByOne, prompts: Sequence[list[int]], at_once: int, options: argparse.Namespace
) -> Measured:
    """Measured on a few: the last of `at_once` waits for all the others before it."""
    _read(writer, prompts[0], options)  # compiles, allocates
    since = time.perf_counter()
    firsts = [_read(writer, prompt, options) for prompt in prompts]
    each = (time.perf_counter() - since) / len(prompts)
    last_in_line = 0.95 * (at_once - 1) * each + max(firsts)
    return Measured(last_in_line, options.new_tokens / each)


def _all_at_once(
    batch: Batch, prompts: Sequence[list[int]], options: argparse.Namespace
) -> Measured:
    with ThreadPoolExecutor(len(prompts)) as pool:
        since = time.perf_counter()
        firsts = sorted(pool.map(lambda prompt: _read(batch, prompt, options), prompts))
        seconds = time.perf_counter() - since
    return Measured(
        firsts[int(0.95 * (len(firsts) - 1))], len(prompts) * options.new_tokens / seconds
    )


def _read(writer: Batch | OneByOne, prompt: list[int], options: argparse.Namespace) -> float:
    """Seconds to the first token; returns when all have come."""
    since, first = time.perf_counter(), 0.0
    for tokens in writer.write(prompt, options.new_tokens):
        if tokens and not first:
            first = time.perf_counter() - since
    return first


def _heading(options: argparse.Namespace, limits: Limits) -> str:
    import torch

    name = options.device
    if name.startswith("cuda"):
        name = torch.cuda.get_device_name()
    return (
        f"{options.shape} on {name}: {limits.bytes_per_second / 1e9:,.0f} GB/s and "
        f"{limits.flops / 1e12:,.2f} TFLOP/s measured; prompts of {options.prompt_tokens} tokens "
        f"({options.shared_tokens} shared), {options.new_tokens} new\n"
        f"{'':16} {'at once':>8} {'first p95':>10} {'tokens/s':>10} {'of limit':>9}"
    )


def _row(name: str, at_once: int, measured: Measured | str, limit: float) -> str:
    if isinstance(measured, str):
        return f"{name:16} {at_once:8} not measured: {measured}"
    speed = measured.tokens_per_second
    return (
        f"{name:16} {at_once:8} {measured.first_seconds:8.3f} s {speed:10,.1f} {speed / limit:9.1%}"
    )


if __name__ == "__main__":
    main()
