"""The generator that asks a model server: any chat model that LangChain's init_chat_model knows.

First of all OpenAI-compatible servers: vLLM, SGLang, llama.cpp, Ollama, `transformers serve`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, cast

from bot.errors import GeneratorError, first_line
from bot.prompt import to_messages
from bot.types import Prompt

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

# The OpenAI client refuses to start without a key; servers of one's own don't look at it.
_NO_KEY = "none"


class ChatModelGenerator:
    """`model` is PROVIDER:MODEL, as in `openai:qwen3`; with `base_url` the server at that address.

    A request that fails before its first word is tried again by the provider's library;
    `timeout_seconds` is how long it waits for a connection or for the next word. Nothing is sent to
    LangSmith, whatever the environment says. Raises GeneratorError where the provider's package is
    missing.
    """

    name = "chat_model"

    def __init__(
        self,
        model: str,
        *,
        base_url: str = "",
        api_key: str = "",
        temperature: float = 0.0,
        max_new_tokens: int = 256,
        timeout_seconds: float = 60.0,
    ) -> None:
        self.model = model
        self._place = base_url or model.partition(":")[0]
        options: dict[str, Any] = {"temperature": temperature, "timeout": timeout_seconds}
        if base_url:
            # Not every server knows the newer max_completion_tokens that the library would send.
            options |= {"base_url": base_url, "extra_body": {"max_tokens": max_new_tokens}}
        else:
            options["max_tokens"] = max_new_tokens
        if api_key or base_url:
            options["api_key"] = api_key or _NO_KEY
        if base_url and model.startswith("openai:"):
            options["use_responses_api"] = False
        self._chat = self._connect(options)

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """Words as they come. Closing ends the HTTP stream, by which a server stops its work."""
        messages = [dict(message) for message in to_messages(prompt)]
        chunks = cast("Generator[AIMessageChunk, None, None]", self._chat.stream(messages))
        untraced = _untraced()
        try:
            while (chunk := untraced.run(next, chunks, None)) is not None:
                if chunk.text:
                    yield str(chunk.text)
        except Exception as error:
            raise self._failure(error) from error
        finally:
            untraced.run(chunks.close)

    def _connect(self, options: dict[str, Any]) -> BaseChatModel:
        from langchain.chat_models import init_chat_model

        try:
            chat: BaseChatModel = init_chat_model(self.model, **options)
        except (ImportError, ValueError) as error:
            raise GeneratorError(
                f"No chat model {self.model}: {first_line(error)}. "
                "Set model to PROVIDER:MODEL, such as openai:qwen3."
            ) from error
        return chat

    def _failure(self, error: Exception) -> GeneratorError:
        """Each provider's library has errors of its own: they are told by their words."""
        return GeneratorError(
            f"The model server at {self._place} failed ({type(error).__name__}: "
            f"{first_line(error)}). Check that it runs, that it serves "
            f"{self.model.partition(':')[2] or self.model}, and the key."
        )


def _untraced() -> Context:
    """A context in which LangChain sends nothing to LangSmith. The caller's own stays as it is."""
    from langsmith import tracing_context

    context = copy_context()
    context.run(tracing_context(enabled=False).__enter__)
    return context
