"""Attention of a batch on a CPU: each answer over its own keys, where the library pairs all.

Flash attention does this on a GPU. Without it the library computes the attention of every token in
the batch to every key in the batch, and masks out all of it but the blocks on the diagonal.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

# Answers are computed together, filled up to the longest, where that takes at most so many times
# the keys: one call for 64 answers instead of 64 calls, each of which gives up the interpreter.
_PADDED = 2.0


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
    """
    import torch

    key, value = options["cache"].update(
        key_states=key, value_states=value, layer_idx=module.layer_idx, kwargs=options
    )
    tokens, keys = options["cu_seq_lens_q"], options["cu_seq_lens_k"]
    output = torch.empty_like(query.transpose(1, 2))
    writing = (tokens.diff() == 1).nonzero().flatten()
    together = 0 < _padded_size(keys.diff()[writing]) <= _PADDED * key.shape[2]
    if together:
        rows = tokens[writing]
        output[0, rows] = _one_token_each(
            query[0, :, rows], key[0], value[0], keys[writing], keys[writing + 1], options
        )
    spans = zip(pairwise(tokens.tolist()), pairwise(keys.tolist()), strict=True)
    for (start, end), (first, last) in spans:
        if together and end - start == 1:
            continue
        attended = _attention(
            query[:, :, start:end],
            key[:, :, first:last],
            value[:, :, first:last],
            mask[..., start:end, first:last],
            options,
        )
        output[:, start:end] = attended.transpose(1, 2)
    return output


def _padded_size(lengths: Any) -> int:
    return int(lengths.max()) * len(lengths) if len(lengths) else 0


def _one_token_each(
    query: Any, key: Any, value: Any, first: Any, last: Any, options: dict[str, Any]
) -> Any:
    """For answers of which each has one new token, which sees all of its own keys.

    `query` (heads, answers, width), `key` (heads, keys, width), `first` and `last` (answers,).
    Returns (answers, heads, width).
    """
    import torch

    place = torch.arange(int((last - first).max()))
    index = (first[:, None] + place).clamp(max=key.shape[1] - 1)
    own = place < (last - first)[:, None]
    attended = _attention(
        query.transpose(0, 1)[:, :, None],
        key.transpose(0, 1)[index].transpose(1, 2),
        value.transpose(0, 1)[index].transpose(1, 2),
        own[:, None, None],
        options,
    )
    return attended[:, :, 0]


def _attention(query: Any, key: Any, value: Any, mask: Any, options: dict[str, Any]) -> Any:
    from torch.nn.functional import scaled_dot_product_attention

    return scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        scale=options.get("scaling"),
        enable_gqa=query.shape[1] != key.shape[1],
    )
