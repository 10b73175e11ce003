"""Customers tell their own story, an entry says what the company does: one matrix that was learned
from both leads from where the encoder puts the one towards where it puts the other.

Knows nothing of passages, nor of how much it weighs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.types import Vectors

# The matrix in float16, and the encoder whose space it is for; the README says how it was learned.
MODEL = Path(__file__).parent / "models" / "own_words"


@dataclass(frozen=True)
class OwnWords:
    """`axes` (dimensions, dimensions); None for an encoder that nothing was learned of."""

    axes: Vectors | None

    @staticmethod
    def of_encoder(name: str) -> OwnWords:
        """Both towers of the built-in encoder, of any training, share one space."""
        from safetensors import safe_open

        with safe_open(MODEL / "model.safetensors", framework="numpy") as file:
            if not name.startswith(file.metadata()["encoder"]):
                return OwnWords(None)
            return OwnWords(file.get_tensor("axes").astype(np.float32))

    def led(self, vector: Vectors) -> Vectors:
        """(dimensions,) of a query's: its products with an entry's vectors add to the log-odds that
        the entry answers it. All zero where nothing was learned."""
        return np.zeros_like(vector) if self.axes is None else vector @ self.axes
