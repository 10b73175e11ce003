"""Attention of a batch on a CPU: each answer over its own keys, where the library pairs all.

Flash attention does this on a GPU. Without it the library computes the attention of every token in
the batch to every key in the batch, and masks out all of it but the blocks on the diagonal. With 64
answers of a tiny model that mask alone took a tenth of a step's time, and 240 MiB.
"""

from __future__ import annotations

from typing import Any

from bot.errors import GeneratorError

_NAME = "answer_by_answer"


def attend_answer_by_answer(model: Any) -> None:
    """From now on `model` can read nothing but paged batches, without masks. A model with windows
    or sinks is left as it is.

    Called between the making of the library's manager, which takes names that it knows only, and
    its start, which asks whether it needs a mask.
    """
    from transformers import AttentionInterface

    if any(_is_special(module) for module in model.modules()):
        return
    AttentionInterface.register(_NAME, _forward)
    model.set_attn_implementation(_NAME)


def _is_special(module: Any) -> bool:
    return getattr(module, "sliding_window", None) is not None or hasattr(module, "sinks")


def _forward(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any
) -> tuple[Any, None]:
    """`query` (1, heads, tokens, width): the answers' tokens stand one answer after the other, as
    do the keys of the cache. Returns (1, tokens, heads, width).

    As few calls of torch as can be: after each, this thread may have to wait for the interpreter.
    """
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    if any(options.get(name) is not None for name in ("position_bias", "softcap")):
        raise GeneratorError(f"{type(module).__name__} has no attention that can be batched")
    key, value = options["cache"].update(
        key_states=key, value_states=value, layer_idx=module.layer_idx, kwargs=options
    )
    tokens = options["cu_seq_lens_q"].diff().tolist()
    keys = options["cu_seq_lens_k"].diff().tolist()
    grouped = query.shape[1] != key.shape[1]
    attended = [
        scaled_dot_product_attention(
            own_query,
            own_key,
            own_value,
            attn_mask=_causal(count, of),
            scale=options.get("scaling"),
            enable_gqa=grouped,
        )
        for count, of, own_query, own_key, own_value in zip(
            tokens,
            keys,
            query.split(tokens, 2),
            key.split(keys, 2),
            value.split(keys, 2),
            strict=True,
        )
    ]
    return torch.cat(attended, 2).transpose(1, 2), None


def _causal(tokens: int, keys: int) -> Any:
    """What each of the last `tokens` sees of the keys: a single one, new, sees them all."""
    import torch

    return None if tokens == 1 else torch.ones(tokens, keys, dtype=torch.bool).tril(keys - tokens)
