"""A chat model of the Hugging Face library and its tokenizer, read from a folder or the hub.

Decides dtype, attention, quantisation and how the weights are spread over GPUs; writes no text.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from bot.errors import GeneratorError, first_line

Quantization = Literal["none", "8bit", "4bit"]

# A context that no configuration states; every model of the last years takes more.
_SHORT_CONTEXT = 2048
_HUB_SECONDS = 10.0


@dataclass(frozen=True)
class Checkpoint:
    """`context_tokens` is what prompt and answer may have together."""

    tokenizer: Any
    model: Any
    context_tokens: int


def load_checkpoint(
    name: str, *, device: str | None = None, quantization: Quantization = "none"
) -> Checkpoint:
    """From the folder or the library's cache; the hub is asked only for what is not there.

    bfloat16 on CUDA where there is one, else float32. Started once per GPU, by torchrun, the
    weights are spread over them. Weights are read from safetensors only, and code that comes with a
    model is never run. Raises GeneratorError.
    """
    path = Path(name).expanduser()
    is_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or path.exists()
    if is_path and not path.is_dir():
        raise GeneratorError(f"No model folder at {name}. Set model to a folder that holds one.")
    device = device or default_device()
    options = _options(device, quantization)
    try:
        try:
            checkpoint = _read(str(path) if is_path else name, options, local=True)
        except OSError:
            if is_path:
                raise
            _ask_hub(name)
            checkpoint = _read(name, options, local=False)
        if not {"distributed_config", "device_map"} & options.keys():
            checkpoint.model.to(device)
        return checkpoint
    except Exception as error:
        raise GeneratorError(
            f"Model {name} cannot be loaded: {first_line(error)}. Where the hub cannot be "
            "reached, copy the model, with its safetensors, to a folder and set model to that."
        ) from error


def default_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def process_rank() -> tuple[int, int]:
    """This process and how many there are, as torchrun says; (0, 1) without it."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def _options(device: str, quantization: Quantization) -> dict[str, Any]:
    """What `from_pretrained` is told about the hardware. It picks sdpa attention by itself; flash
    attention is switched to when the model is batched, where it is installed.
    """
    import torch
    from transformers.distributed.configuration_utils import DistributedConfig

    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    if quantization == "8bit":  # else bitsandbytes casts, and warns, at each product of matrices
        dtype = torch.float16
    options: dict[str, Any] = {"dtype": dtype}
    if process_rank()[1] > 1:
        options["distributed_config"] = DistributedConfig(tp_plan="auto")
    if quantization != "none":
        options |= {"quantization_config": _quantized(quantization, dtype), "device_map": device}
    return options


def _quantized(quantization: Quantization, dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    settings: Any = BitsAndBytesConfig
    if find_spec("bitsandbytes") is None:
        raise GeneratorError(
            f'quantization = "{quantization}" needs bitsandbytes. '
            "Run: pip install 'frontdesk[quantized]'"
        )
    if quantization == "8bit":
        return settings(load_in_8bit=True)
    # NF4 with double quantisation, as in QLoRA (arXiv 2305.14314).
    return settings(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _read(source: str, options: dict[str, Any], *, local: bool) -> Checkpoint:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": local}
    tokenizer = AutoTokenizer.from_pretrained(source, **safe)
    model: Any = AutoModelForCausalLM.from_pretrained(
        source, use_safetensors=True, **safe, **options
    )
    return Checkpoint(tokenizer, model.eval(), _context_tokens(tokenizer, model))


def _ask_hub(name: str) -> None:
    """Raises at once where the hub cannot be reached; the library would try for a minute."""
    from huggingface_hub import HfApi

    HfApi().model_info(name, timeout=_HUB_SECONDS)


def _context_tokens(tokenizer: Any, model: Any) -> int:
    """A tokenizer without a limit states an astronomical number."""
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return int(min(stated or _SHORT_CONTEXT, tokenizer.model_max_length))
