"""The loss of the Chinese tower's training: near the teacher's vector, and away from the others'.

Knows vectors and the numbers of their texts, no network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from knowledge.types import Vectors


@dataclass(frozen=True)
class Weights:
    """`distance` weighs 1 - cosine to the teacher's vector, `contrast` the cross-entropy of finding
    the right translation, with cosines times `scale`.

    A Chinese text is told apart from `others` English ones of its kind, which cost nothing: the
    teacher's vectors are all there. An English one is told apart from the Chinese ones of its batch
    and the `remembered` latest before them (a queue, as in He et al. 2020, Momentum Contrast).
    Texts whose English vectors have a cosine above `same` say the same, and are not told apart.
    """

    distance: float = 2.0
    contrast: float = 1.0
    scale: float = 20.0
    others: int = 4096
    remembered: int = 2048
    same: float = 0.98


class Contrast:
    """`teacher` (texts, width) are the unit vectors of the English sides, `kinds` (texts,) numbers:
    only texts of one kind are told apart, for they are the hardest."""

    def __init__(self, teacher: Vectors, kinds: NDArray[np.int64], weights: Weights) -> None:
        self._teacher = torch.from_numpy(teacher)
        self._kinds = kinds
        self._of_kind = {int(kind): np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}
        self._weights = weights
        # By kind: the latest Chinese vectors, and the numbers of their texts.
        self._latest: dict[int, tuple[Tensor, Tensor]] = {}

    def loss(self, student: Tensor, rows: NDArray[np.int64], chance: np.random.Generator) -> Tensor:
        """`student` (batch, width) are the vectors of the texts `rows`, all of one kind."""
        weights, kind = self._weights, int(self._kinds[rows[0]])
        teacher = self._vectors(torch.from_numpy(rows), student)
        right = (student * teacher).sum(1)
        to_english = self._to_english(student, teacher, right, kind, chance)
        to_chinese = self._to_chinese(student, teacher, kind)
        self._remember(kind, student.detach(), torch.from_numpy(rows))
        contrast = (to_english + to_chinese) / 2
        return weights.distance * (1.0 - right).mean() + weights.contrast * contrast

    def state(self) -> dict[str, Tensor]:
        """What `restore` needs to go on as if nothing had happened."""
        named: dict[str, Tensor] = {}
        for kind, (vectors, rows) in self._latest.items():
            named |= {f"{kind}.vectors": vectors.contiguous(), f"{kind}.rows": rows.contiguous()}
        return named

    def restore(self, state: dict[str, Tensor]) -> None:
        kinds = {name.partition(".")[0] for name in state}
        self._latest = {
            int(kind): (state[f"{kind}.vectors"], state[f"{kind}.rows"]) for kind in kinds
        }

    def _to_english(
        self,
        student: Tensor,
        teacher: Tensor,
        right: Tensor,
        kind: int,
        chance: np.random.Generator,
    ) -> Tensor:
        pool, most = self._of_kind[kind], self._weights.others
        if len(pool) > most:
            pool = chance.choice(pool, most, replace=False)
        others = self._vectors(torch.from_numpy(pool), student)
        wrong = self._apart(student, others, teacher, others)
        scaled = self._weights.scale * torch.cat([right[:, None], wrong], dim=1)
        return functional.cross_entropy(scaled, torch.zeros_like(right, dtype=torch.long))

    def _to_chinese(self, student: Tensor, teacher: Tensor, kind: int) -> Tensor:
        cosines = self._apart(teacher, student, teacher, teacher, own=True)
        if kind in self._latest:
            vectors, rows = self._latest[kind]
            before = self._apart(teacher, vectors, teacher, self._vectors(rows, student))
            cosines = torch.cat([cosines, before], dim=1)
        places = torch.arange(len(teacher), device=student.device)
        return functional.cross_entropy(self._weights.scale * cosines, places)

    def _apart(
        self, one: Tensor, others: Tensor, of_one: Tensor, of_others: Tensor, *, own: bool = False
    ) -> Tensor:
        """Cosines, without those of texts that say the same; `own`: the diagonal is kept."""
        same = of_one @ of_others.T > self._weights.same
        if own:
            same.fill_diagonal_(False)
        # No infinity: a row may have nothing else.
        return (one @ others.T).masked_fill(same, -1e3)

    def _vectors(self, rows: Tensor, like: Tensor) -> Tensor:
        return self._teacher[rows.cpu()].to(like.device)

    def _remember(self, kind: int, vectors: Tensor, rows: Tensor) -> None:
        if kind in self._latest:
            before, numbers = self._latest[kind]
            vectors, rows = torch.cat([vectors, before]), torch.cat([rows, numbers])
        most = self._weights.remembered
        self._latest[kind] = vectors[:most], rows[:most]
