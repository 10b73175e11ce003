"""What tells intents apart is learned from the examples, and holds for others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.intent_views import View, along, contrastive_axes, discriminant_view
from knowledge.types import Vectors

DIMENSIONS = 16


def _messages(seed: int, count: int = 120) -> tuple[Vectors, NDArray[np.int64]]:
    """Of six intents: faint in four dimensions, drowned in two loud ones that tell nothing."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count) % 6
    vectors = 0.3 * dice.standard_normal((count, DIMENSIONS))
    vectors[:, :4] += np.random.default_rng(0).standard_normal((6, 4))[labels]
    vectors[:, 4:6] += 4.0 * dice.standard_normal((count, 2))
    return vectors.astype(np.float32), labels


def _share_right(view: View) -> float:
    """How many new messages have their nearest example's intent."""
    known, intents = _messages(1)
    asked, wanted = _messages(2)
    nearest = (view(asked) @ view(known).T).argmax(axis=1)
    return float((intents[nearest] == wanted).mean())


def test_what_differs_within_an_intent_counts_less() -> None:
    plain = View(np.zeros(DIMENSIONS, dtype=np.float32), np.eye(DIMENSIONS, dtype=np.float32))
    assert _share_right(discriminant_view(*_messages(1))) > _share_right(plain) + 0.1


def test_contrast_brings_the_messages_of_an_intent_together() -> None:
    vectors, labels = _messages(1)
    seen = along(vectors, contrastive_axes(vectors, labels, DIMENSIONS))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same = labels[:, None] == labels

    def gap(rows: Vectors) -> float:
        cosines = rows @ rows.T
        return float(cosines[same].mean() - cosines[~same].mean())

    assert gap(seen) > gap(unit)


def test_the_contrastive_gradient_is_that_of_torch() -> None:
    import torch

    from bot.intent_views import _TEMPERATURE, _contrast_gradient

    vectors, labels = _messages(1, count=24)
    labels[0] = 9  # no other message has it
    axes = np.eye(DIMENSIONS, 8, dtype=np.float32) + 0.1
    theirs = torch.tensor(axes, requires_grad=True)
    unit = torch.nn.functional.normalize(torch.tensor(vectors) @ theirs, dim=1)
    others = ~torch.eye(24, dtype=torch.bool)
    logits = (unit @ unit.T / _TEMPERATURE).masked_fill(~others, -1e9).log_softmax(dim=1)
    same = (torch.tensor(labels)[:, None] == torch.tensor(labels)) & others
    losses = [-row[wanted].mean() for row, wanted in zip(logits, same, strict=True) if wanted.any()]
    (gradient,) = torch.autograd.grad(torch.stack(losses).sum() / 24, theirs)
    assert np.allclose(_contrast_gradient(vectors, labels, axes), gradient.numpy(), atol=1e-4)


def test_what_is_seen_has_length_one_of_one_message_or_of_many() -> None:
    vectors, labels = _messages(1)
    view = discriminant_view(vectors, labels)
    assert np.allclose(np.linalg.norm(view(vectors), axis=1), 1.0, atol=1e-5)
    assert np.allclose(view(vectors[0]), view(vectors)[0], atol=1e-5)
