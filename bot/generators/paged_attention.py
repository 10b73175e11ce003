"""Attention of a batch on a CPU: each answer over its own keys, where the library pairs all.

Flash attention does this on a GPU. Without it the library computes the attention of every token in
the batch to every key in the batch, and masks out all of it but the blocks on the diagonal.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """From now on the attention named "sdpa" computes a paged batch on a CPU answer by answer, and
    leaves everything else to the library's. Twice is once.
    """
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    def forward(
        module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any
    ) -> tuple[Any, None]:
        if _is_plain(module, query, options):
            return _answer_by_answer(module, query, key, value, attention_mask, options), None
        output: tuple[Any, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **options
        )
        return output

    AttentionInterface.register("sdpa", forward)


def _is_plain(module: Any, query: Any, options: dict[str, Any]) -> bool:
    """Whether it is a paged batch on a CPU, without windows, sinks and other additions."""
    return (
        options.get("cache") is not None
        and query.device.type == "cpu"
        and options.get("position_bias") is None
        and options.get("softcap") is None
        and getattr(module, "sliding_window", None) is None
        and not hasattr(module, "sinks")
    )


def _answer_by_answer(
    module: Any, query: Any, key: Any, value: Any, mask: Any, options: dict[str, Any]
) -> Any:
    """`query` (1, heads, tokens, width), `mask` (1, 1, tokens, keys): the answers' tokens and keys
    stand one answer after the other. Returns (1, tokens, heads, width).

    As few calls of torch as can be: after each, this thread may have to wait for the interpreter.
    """
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    key, value = options["cache"].update(
        key_states=key, value_states=value, layer_idx=module.layer_idx, kwargs=options
    )
    tokens = options["cu_seq_lens_q"].diff().tolist()
    keys = options["cu_seq_lens_k"].diff().tolist()
    grouped = query.shape[1] != key.shape[1]
    attended = []
    start = first = 0
    for own_query, own_key, own_value in zip(
        query.split(tokens, 2), key.split(keys, 2), value.split(keys, 2), strict=True
    ):
        end, last = start + own_query.shape[2], first + own_key.shape[2]
        alone = end - start == 1  # a new token sees all that was said before
        attended.append(
            scaled_dot_product_attention(
                own_query,
                own_key,
                own_value,
                attn_mask=None if alone else mask[..., start:end, first:last],
                scale=options.get("scaling"),
                enable_gqa=grouped,
            )
        )
        start, first = end, last
    return torch.cat(attended, 2).transpose(1, 2)
