"""One answer at a time by the library's plain `generate`, for models that cannot be batched.

The others wait in line.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Generator, Sequence
from typing import Any

from bot.generators.outbox import WAIT_SECONDS, Outbox
from bot.types import Load

# How long closing waits for the token that is being written.
_CLOSE_SECONDS = 1.0


class OneByOne:
    """`generation` is the model's GenerationConfig, with the sampling that was asked for."""

    at_once = 1
    healthy = True

    def __init__(self, model: Any, generation: Any, *, seed: int) -> None:
        self._model = model
        self._generation = generation
        self._seed = seed
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._open = 0
        self._tokens = 0

    def write(self, prompt: Sequence[int], limit: int) -> Generator[list[int]]:
        """At most `limit` token ids, those that are new every WAIT_SECONDS, be it none.

        Closing ends the work within one token. Raises what the model raises.
        """
        left = threading.Event()
        ids = Outbox()
        writer = threading.Thread(
            target=self._run, args=(prompt, limit, ids, left), name="frontdesk-writer", daemon=True
        )
        writer.start()
        try:
            yield from ids
        finally:
            left.set()
            writer.join(timeout=_CLOSE_SECONDS)

    def load(self) -> Load:
        writing = int(self._turn.locked())
        return Load(writing, max(0, self._open - writing), 0.0, self._tokens)

    def close(self) -> None:
        """Nothing runs between two answers."""

    def _run(
        self,
        prompt: Sequence[int],
        limit: int,
        ids: Outbox,
        left: threading.Event,
    ) -> None:
        """In a thread of its own: the library's generate() returns only at the end."""
        self._count(+1)
        try:
            while not self._turn.acquire(timeout=WAIT_SECONDS):
                if left.is_set():
                    return
            try:
                self._generate(prompt, limit, ids, left)
            finally:
                self._turn.release()
            ids.end()
        except Exception as error:  # noqa: BLE001 - out of memory, a bad model: raised in write()
            ids.end(error)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._open += change

    def _generate(
        self,
        prompt: Sequence[int],
        limit: int,
        ids: Outbox,
        left: threading.Event,
    ) -> None:
        import torch

        device = self._model.device

        def reader_left(seen: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
            if seen.shape[1] > len(prompt):
                ids.put([int(seen[0, -1])])
                self._tokens += 1
            return torch.full((seen.shape[0],), left.is_set(), device=seen.device)

        tokens = torch.tensor([list(prompt)], device=device)
        generation = copy.copy(self._generation)
        generation.max_new_tokens = limit
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(self._seed)
            self._model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                generation_config=generation,
                stopping_criteria=[reader_left],
            )
