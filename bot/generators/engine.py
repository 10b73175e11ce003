"""The library's continuous batching for one model: set up, started, started anew, and stopped.

Token ids in, token ids out; knows who is in the batch by their ids alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from bot.errors import GeneratorError, first_line
from bot.generators.outbox import WAIT_SECONDS
from bot.generators.paged_attention import attend_answer_by_answer

_STOP_SECONDS = 5.0
# The cache of keys and values is shared in pages. A CPU reads pages of any size, and small ones let
# answers share their instruction (about 150 tokens); flash attention wants 256, the default.
_CPU_PAGE_TOKENS = 32
# A CPU has no memory of its own that could be filled to the brim, as the library does on a GPU.
_CPU_CACHE_BYTES = 2 << 30
# Prompts are read in parts of this size, so that those who are being written to never wait long.
_CPU_STEP_TOKENS = 512


class Engine:
    """Its thread computes from `start` on. Raises GeneratorError where the model cannot be batched.

    `generation` is the model's GenerationConfig with the sampling that was asked for.
    """

    def __init__(
        self, model: Any, generation: Any, *, at_once: int, context_tokens: int, seed: int
    ) -> None:
        if not getattr(model, "_supports_attention_backend", False):
            raise GeneratorError(f"{type(model).__name__} has no attention that can be paged")
        self._at_once = at_once
        self._model = model
        self._attention = model.config._attn_implementation
        self._generation = generation
        self._context_tokens = context_tokens
        self._seed = seed
        self._manager: Any = None

    def start(self) -> None:
        """Also anew, after its thread has ended. Raises what the library or the model raises."""
        self._model.set_attn_implementation(self._attention)
        manager = self._model.init_continuous_batching(
            generation_config=copy.deepcopy(self._generation),  # it writes into it
            continuous_batching_config=self._settings(),
        )
        if self._model.device.type == "cuda":
            manager.warmup()  # captures CUDA graphs
        elif self._model.device.type == "cpu":
            attend_answer_by_answer(self._model)
        manager.start()
        self._manager = manager

    def clear(self) -> None:
        """Lets go of what is left after the thread has ended by itself."""
        self._manager.stop()

    def stop(self) -> None:
        """The model then reads as it did before."""
        if self._manager is not None:
            self._manager.stop(hard_stop=True, timeout=_STOP_SECONDS)
        self._model.set_attn_implementation(self._attention)

    def submit(self, request_id: str, tokens: Sequence[int], limit: int) -> None:
        self._manager.add_request(
            list(tokens), request_id=request_id, max_new_tokens=limit, streaming=True
        )

    def cancel(self, request_id: str) -> None:
        self._manager.cancel_request(request_id)

    def output(self) -> Any:
        """The library's GenerationOutput of one request, or None after WAIT_SECONDS without one."""
        return self._manager.get_result(timeout=WAIT_SECONDS)

    @property
    def running(self) -> bool:
        return bool(self._manager.is_running())

    @property
    def accepting(self) -> bool:
        return self._manager.background_thread_status.can_accept_new_requests() is None

    @property
    def problem(self) -> str:
        """Why the thread has ended. The error itself holds the tensors of the step that failed."""
        error = self._manager.background_thread_status.fatal_error
        return first_line(error) if error else "its thread has ended"

    @property
    def cache_use(self) -> float:
        """Share of the cache's pages that hold something, cached beginnings included."""
        processor = self._manager.batch_processor
        return 1.0 - float(processor.cache.compute_free_capacity()) if processor else 0.0

    def _settings(self) -> Any:
        from transformers import ContinuousBatchingConfig

        settings: dict[str, Any] = {
            "max_requests_per_batch": self._at_once,
            "seed": self._seed,
            # Else a request cancelled between two steps can fail the whole batch (transformers
            # 5.23: update_batch looks for the pages of a request that has just been removed).
            "use_async_batching": False,
        }
        if self._model.device.type == "cpu":
            settings |= {
                "page_size": _CPU_PAGE_TOKENS,
                "num_blocks": self._cpu_pages(),
                "max_batch_tokens": _CPU_STEP_TOKENS,
            }
        return ContinuousBatchingConfig(**settings)

    def _cpu_pages(self) -> int:
        """Enough for everybody where that is little, for one whole context in any case."""
        token_bytes = cache_bytes(self._model.config.get_text_config(), self._model.dtype.itemsize)
        wanted = min(self._at_once * self._context_tokens, _CPU_CACHE_BYTES // token_bytes)
        return max(wanted, self._context_tokens) // _CPU_PAGE_TOKENS + 1


def cache_bytes(config: Any, itemsize: int) -> int:
    """Keys and values of one token, in all layers."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * head * itemsize)
