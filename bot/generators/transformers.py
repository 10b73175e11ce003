"""The generator that runs any chat model of the Hugging Face library in this process.

Needs torch and transformers and nothing heavier.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Generator, Sequence
from typing import Any

from bot.errors import GeneratorError, first_line
from bot.generators.batching import Batch
from bot.generators.checkpoint import (
    Checkpoint,
    Quantization,
    load_checkpoint,
    process_rank,
)
from bot.generators.one_by_one import OneByOne
from bot.generators.token_text import decoded
from bot.prompt import Message, fit, to_messages
from bot.types import Load, Prompt

logger = logging.getLogger(__name__)

# For models that come without a chat template: base models, and very old ones.
_PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ {'user': 'Customer: ', 'assistant': 'Assistant: '}.get(message.role, '') }}"
    "{{ message.content + '\n\n' }}"
    "{% endfor %}Assistant:"
)
_PLAIN_STOPS = ("\nCustomer:", "\nAssistant:")


class TransformersGenerator:
    """`model` is a folder or a name on the hub; see load_checkpoint for what is done with it.

    Up to `at_once` answers are written in one batch, where the model can do that, and one at a time
    where it can't. A temperature of 0 is greedy; else an answer written alone depends on `seed`
    only, while those in one batch draw from the same random numbers. Raises GeneratorError where
    the model cannot be loaded.
    """

    name = "transformers"

    def __init__(
        self,
        model: str,
        *,
        device: str | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 256,
        at_once: int = 32,
        quantization: Quantization = "none",
    ) -> None:
        self.model = model
        checkpoint = load_checkpoint(model, device=device, quantization=quantization)
        self._checkpoint, tokenizer = checkpoint, checkpoint.tokenizer
        self._stops: Sequence[str] = ()
        if tokenizer.chat_template is None:
            tokenizer.chat_template, self._stops = _PLAIN_TEMPLATE, _PLAIN_STOPS
        self._takes_system = _takes_system(tokenizer)
        self._new_tokens = min(max_new_tokens, checkpoint.context_tokens // 2)
        self._prompt_tokens = checkpoint.context_tokens - self._new_tokens
        generation = _generation(checkpoint.model, tokenizer, temperature)
        self._writer = _writer(checkpoint, generation, at_once=at_once, seed=seed)

    @property
    def at_once(self) -> int:
        """How many answers are written at the same moment."""
        return self._writer.at_once

    @property
    def healthy(self) -> bool:
        """False where the model fails again and again: the process should be started anew."""
        return self._writer.healthy

    def generate(self, prompt: Prompt) -> Generator[str]:
        """Words ten times a second as they are written, be it none. Closing ends the work."""
        tokens = fit(prompt, self._tokens, self._prompt_tokens)
        ids = self._writer.write(tokens, self._new_tokens)
        try:
            yield from decoded(ids, self._checkpoint.tokenizer, self._stops)
        except Exception as error:
            raise GeneratorError(
                f"Model {self.model} failed: {first_line(error)}. "
                "See the server's log; a smaller model needs less memory."
            ) from error

    def load(self) -> Load:
        return self._writer.load()

    def warm_up(self) -> None:
        """The model was loaded when this was made."""

    def close(self) -> None:
        """Ends what is being written."""
        self._writer.close()

    def follow(self) -> None:
        """Computes its part of the model until the first process ends: what the others do that
        torchrun started.
        """
        if isinstance(self._writer, Batch):
            self._writer.follow()

    def _tokens(self, prompt: Prompt) -> list[int]:
        messages = [
            Message(role=message["role"], content=self._as_text(message["content"]))
            for message in to_messages(prompt)
        ]
        return _render(
            self._checkpoint.tokenizer,
            messages if self._takes_system else _without_system(messages),
        )

    def _as_text(self, content: str) -> str:
        """The model's control tokens, written in a passage or question, become ordinary text."""
        for token in self._checkpoint.tokenizer.all_special_tokens:
            content = content.replace(token, token[0] + "\u200b" + token[1:])
        return content


def _writer(
    checkpoint: Checkpoint, generation: Any, *, at_once: int, seed: int
) -> Batch | OneByOne:
    """A batch where more than one answer is wanted and the model can do it; says once if not.

    Spread over several processes, a model can only be batched: raises GeneratorError where not.
    """
    spread = process_rank()[1] > 1
    if at_once > 1 or spread:
        try:
            return Batch(
                checkpoint.model,
                generation,
                at_once=at_once,
                context_tokens=checkpoint.context_tokens,
                seed=seed,
            )
        except GeneratorError as error:
            if spread:
                raise
            name = checkpoint.tokenizer.name_or_path
            logger.warning("Model %s writes one answer at a time: %s.", name, error)
    return OneByOne(checkpoint.model, generation, seed=seed)


def _generation(model: Any, tokenizer: Any, temperature: float) -> Any:
    """A model's own defaults hold for what is not said here, such as its end-of-text tokens."""
    generation = copy.deepcopy(model.generation_config)
    pad = tokenizer.pad_token_id
    generation.update(
        pad_token_id=tokenizer.eos_token_id if pad is None else pad,
        **_sampling(temperature),
    )
    return generation


def _sampling(temperature: float) -> dict[str, Any]:
    if temperature > 0:
        return {"do_sample": True, "temperature": temperature}
    return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


def _takes_system(tokenizer: Any) -> bool:
    from jinja2 import TemplateError

    messages: list[Message] = [
        {"role": "system", "content": "system"},
        {"role": "user", "content": "user"},
    ]
    try:
        _render(tokenizer, messages)
    except TemplateError:
        return False
    return True


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """For templates that know no system role: the instruction leads the first message."""
    system, first, *others = messages
    content = f"{system['content']}\n\n{first['content']}"
    return [{"role": "user", "content": content}, *others]


def _render(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Models that can think aloud are told not to; other templates ignore that."""
    ids: list[int] = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False, enable_thinking=False
    )
    return ids
