"""The generator that runs any chat model of the Hugging Face library in this process.

Needs torch and transformers and nothing heavier. One answer at a time; the others wait in line.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.errors import GeneratorError
from bot.prompt import Message, fit, to_messages
from bot.types import Prompt

# For models that come without a chat template: base models, and very old ones.
_PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ {'user': 'Customer: ', 'assistant': 'Assistant: '}.get(message.role, '') }}"
    "{{ message.content + '\n\n' }}"
    "{% endfor %}Assistant:"
)
_PLAIN_STOPS = ("\nCustomer:", "\nAssistant:")

# A context that no configuration states; every model of the last years takes more.
_SHORT_CONTEXT = 2048
_HUB_SECONDS = 10.0
# How often an answer that waits for the model looks whether its reader has left.
_WAIT_SECONDS = 0.1


class TransformersGenerator:
    """`model` is a folder or a name on the hub. bfloat16 on CUDA where there is one, else float32.

    A temperature of 0 is greedy; else the sampling of each answer starts from `seed`. Weights are
    read from safetensors only, and code that comes with a model is never run. Raises GeneratorError
    where the model cannot be loaded.
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
    ) -> None:
        import torch

        self.model = model
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._seed = seed
        self._tokenizer, self._model = _load(model, self._device)
        self._stops: Sequence[str] = ()
        if self._tokenizer.chat_template is None:
            self._tokenizer.chat_template, self._stops = _PLAIN_TEMPLATE, _PLAIN_STOPS
        self._takes_system = _takes_system(self._tokenizer)
        context = _context_tokens(self._tokenizer, self._model)
        self._new_tokens = min(max_new_tokens, context // 2)
        self._prompt_tokens = context - self._new_tokens
        self._sampling = _sampling(temperature)
        self._lock = threading.Lock()

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """Words as they are written. Closing ends the work within one token."""
        from transformers import TextIteratorStreamer

        tokens = self._tokens(fit(prompt, self._count, self._prompt_tokens))
        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        left = threading.Event()
        failures: list[Exception] = []
        writer = threading.Thread(
            target=self._write,
            args=(tokens, streamer, left, failures),
            name="frontdesk-writer",
            daemon=True,
        )
        writer.start()
        try:
            yield from _without_lead(_until(streamer, self._stops))
        finally:
            left.set()
            writer.join()
        if failures:
            raise GeneratorError(
                f"Model {self.model} failed: {_first_line(failures[0])}. "
                "See the server's log; a smaller model needs less memory."
            ) from failures[0]

    def _write(
        self,
        tokens: Any,
        streamer: Any,
        left: threading.Event,
        failures: list[Exception],
    ) -> None:
        """Runs in a thread of its own: the library's generate() returns only at the end."""
        try:
            while not self._lock.acquire(timeout=_WAIT_SECONDS):
                if left.is_set():
                    return
            try:
                self._generate(tokens, streamer, left)
            finally:
                self._lock.release()
        except Exception as error:  # noqa: BLE001 - out of memory, a bad model: raised in generate()
            failures.append(error)
        finally:
            streamer.end()

    def _generate(self, tokens: Any, streamer: Any, left: threading.Event) -> None:
        import torch

        def reader_left(ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
            return torch.full((ids.shape[0],), left.is_set(), device=ids.device)

        on_cuda = self._device.startswith("cuda")
        with torch.random.fork_rng(devices=[torch.device(self._device)] if on_cuda else []):
            torch.manual_seed(self._seed)
            self._model.generate(
                **tokens,
                **self._sampling,
                max_new_tokens=self._new_tokens,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                streamer=streamer,
                stopping_criteria=[reader_left],
            )

    def _count(self, prompt: Prompt) -> int:
        return int(self._tokens(prompt)["input_ids"].shape[1])

    def _tokens(self, prompt: Prompt) -> Any:
        """Input ids and attention mask, each of the shape (1, tokens)."""
        messages = [
            Message(role=message["role"], content=self._as_text(message["content"]))
            for message in to_messages(prompt)
        ]
        return _render(
            self._tokenizer, messages if self._takes_system else _without_system(messages)
        ).to(self._device)

    def _as_text(self, content: str) -> str:
        """The model's control tokens, written in a passage or question, become ordinary text."""
        for token in self._tokenizer.all_special_tokens:
            content = content.replace(token, token[0] + "\u200b" + token[1:])
        return content


def _load(name: str, device: str) -> tuple[Any, Any]:
    """From the folder or the library's cache; the hub is asked only for what is not there."""
    path = Path(name).expanduser()
    is_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or path.exists()
    if is_path and not path.is_dir():
        raise GeneratorError(f"No model folder at {name}. Set model to a folder that holds one.")
    try:
        try:
            return _read(str(path) if is_path else name, device, local=True)
        except OSError:
            if is_path:
                raise
        _ask_hub(name)
        return _read(name, device, local=False)
    except Exception as error:
        raise GeneratorError(
            f"Model {name} cannot be loaded: {_first_line(error)}. Where the hub cannot be "
            "reached, copy the model, with its safetensors, to a folder and set model to that."
        ) from error


def _read(source: str, device: str, *, local: bool) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": local}
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(source, **options)
    model: Any = AutoModelForCausalLM.from_pretrained(
        source, dtype=dtype, use_safetensors=True, **options
    )
    return tokenizer, model.eval().to(device)


def _ask_hub(name: str) -> None:
    """Raises at once where the hub cannot be reached; the library would try for a minute."""
    from huggingface_hub import HfApi

    HfApi().model_info(name, timeout=_HUB_SECONDS)


def _context_tokens(tokenizer: Any, model: Any) -> int:
    """A tokenizer without a limit states an astronomical number."""
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return int(min(stated or _SHORT_CONTEXT, tokenizer.model_max_length))


def _sampling(temperature: float) -> dict[str, Any]:
    """A model's own defaults hold for what is not said here, such as its repetition penalty."""
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


def _render(tokenizer: Any, messages: Sequence[Message]) -> Any:
    """Models that can think aloud are told not to; other templates ignore that."""
    return tokenizer.apply_chat_template(
        messages,
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
        enable_thinking=False,
    )


def _without_lead(pieces: Iterable[str]) -> Iterator[str]:
    """The text without white space before its first word."""
    started = False
    for piece in pieces:
        text = piece if started else piece.lstrip()
        started = started or bool(text)
        if text:
            yield text


def _until(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """The text up to the first stop string; what may become one is held back until it does not."""
    held = ""
    for piece in pieces:
        held += piece
        ends = [held.find(stop) for stop in stops if stop in held]
        if ends:
            yield held[: min(ends)]
            return
        safe = len(held) - max((_overlap(held, stop) for stop in stops), default=0)
        yield held[:safe]
        held = held[safe:]
    yield held


def _overlap(text: str, stop: str) -> int:
    """How many signs at the end of the text begin the stop string."""
    return next((size for size in range(len(stop) - 1, 0, -1) if text.endswith(stop[:size])), 0)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
