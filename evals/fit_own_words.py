"""`python -m evals.fit_own_words`: learns knowledge/models/own_words from what customers asked.

The matrix adds to the log-odds that search has without it (knowledge/own_words.py), so it learns
what these miss: of each company in evals/data/companies/fit, which entry a question means. Prints
how often that comes first at the companies of `dev`, without it and with it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn import functional

from bot.courtesy import without_courtesy
from evals.companies import COMPANIES, conversations_of, questions_of
from knowledge.embedder import BuiltInEmbedder
from knowledge.fusion import FUSION
from knowledge.ingest import Ingest
from knowledge.language import language_of
from knowledge.own_words import MODEL
from knowledge.passage_vectors import vector_texts
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Language, Vectors

# Both towers of the built-in encoder begin their name with it.
_ENCODER = "all-MiniLM-L6-v2 + zh"
# Messages of conversations that need nothing before them.
_ALONE = ("first", "new")
_STEPS = 200
_COMPANIES = 8
_RATE = 3e-4
_DROPOUT = 0.2
# Of the matrix that is trained: with it a step of Adam is as long as those of the vectors need.
_SCALE = 10.0
# What it counts that close paraphrases reach, and what no entry answers does not, the log-odds from
# which routing answers.
_KEPT_APART = 0.3
_ANSWERED = 0.2


@dataclass(frozen=True)
class Company:
    """`queries` (queries, dimensions); `entries` (entries, dimensions): of each the sum of the
    vectors of its text and its question. `log_odds` (queries, entries) is what search has without
    the matrix, -inf where it does not look; `right` which of these entries answer.
    """

    language: Language
    kinds: tuple[str, ...]
    queries: Vectors
    entries: Vectors
    log_odds: NDArray[np.float32]
    right: NDArray[np.bool_]

    def with_matrix(self, axes: Vectors) -> NDArray[np.float32]:
        led: Vectors = self.queries @ axes
        added: NDArray[np.float32] = led @ self.entries.T
        return self.log_odds + added


def main() -> None:
    embedder = BuiltInEmbedder()
    axes = learned([_company(folder, embedder) for folder in sorted(COMPANIES.glob("fit/*"))])
    tensors, metadata = {"axes": axes.astype(np.float16)}, {"encoder": _ENCODER}
    save_file(tensors, MODEL / "model.safetensors", metadata=metadata)
    held = [_company(folder, embedder) for folder in sorted(COMPANIES.glob("dev/*"))]
    print("language  kind        questions  first without  first with")
    for language in ("en", "zh"):
        for kind in ("near", "own_words", *_ALONE):
            of_kind = [
                np.stack([_first(c.log_odds, c), _first(c.with_matrix(axes), c)])[:, rows]
                for c in held
                if c.language == language and (rows := _answered(c, kind)).any()
            ]
            without, with_ = np.concatenate(of_kind, axis=1)
            shares = f"{without.mean():13.3f}  {with_.mean():10.3f}"
            print(f"{language:8}  {kind:10}  {len(without):9}  {shares}")


def learned(companies: Sequence[Company], *, seed: int = 0) -> Vectors:
    """(dimensions, dimensions), by the conditional logit model (McFadden 1974) over each company's
    entries, with Adam (Kingma & Ba 2015) and dropout."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    size = companies[0].queries.shape[1]
    axes = torch.zeros(size, size, requires_grad=True)
    optimizer = torch.optim.Adam([axes], lr=_RATE)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, _STEPS)
    for _ in range(_STEPS):
        chosen = dice.permutation(len(companies))[:_COMPANIES]
        loss = torch.stack([_loss(companies[n], _SCALE * axes) for n in chosen]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
    found: Vectors = (_SCALE * axes).detach().numpy()
    return found


def _loss(company: Company, axes: torch.Tensor) -> torch.Tensor:
    queries = functional.dropout(torch.from_numpy(company.queries), _DROPOUT)
    entries = functional.dropout(torch.from_numpy(company.entries), _DROPOUT)
    sums = torch.from_numpy(company.log_odds) + queries @ axes @ entries.T
    right = torch.from_numpy(company.right)
    known, close = right.any(dim=1), torch.from_numpy(_answered(company, "near"))
    chosen = torch.log_softmax(sums, dim=1).masked_fill(~right, -torch.inf)
    loss = -torch.logsumexp(chosen[known], dim=1).mean()
    if close.any():
        beyond, of_right = sums[~known].amax(dim=1), sums.masked_fill(~right, -torch.inf)
        loss += _KEPT_APART * functional.softplus(beyond - _ANSWERED).mean()
        loss += _KEPT_APART * functional.softplus(_ANSWERED - of_right[close].amax(dim=1)).mean()
    return loss


def _company(folder: Path, embedder: Embedder) -> Company:
    rows = [*questions_of(folder), *_alone(folder)]
    with tempfile.TemporaryDirectory() as home:
        Ingest(Path(home), embedder).run([folder / "faq.md"])
        with closing(KnowledgeBase(Path(home), embedder)) as base:
            return _read(rows, base, embedder)


def _alone(folder: Path) -> list[dict[str, Any]]:
    turns = [turn for each in conversations_of(folder) for turn in each["turns"]]
    return [turn for turn in turns if turn["kind"] in _ALONE]


def _read(rows: Sequence[dict[str, Any]], base: KnowledgeBase, embedder: Embedder) -> Company:
    texts = [base.corrected(without_courtesy(row["query"])) for row in rows]
    readings = embedder.read(texts)
    found = [base.evidence(*each) for each in zip(texts, readings, strict=True)]
    passages = list({p.id: p for candidates, _ in found for p in candidates}.values())
    column = {passage.id: n for n, passage in enumerate(passages)}
    log_odds = np.full((len(rows), len(passages)), -np.inf, dtype=np.float32)
    for n, (row, (candidates, evidence)) in enumerate(zip(rows, found, strict=True)):
        fusion = replace(FUSION[language_of(row["query"]), False], own_words=0.0)
        log_odds[n, [column[p.id] for p in candidates]] = fusion.log_odds(evidence)
    right = np.array([[p.heading in row["relevant"] for p in passages] for row in rows])
    return Company(
        language=passages[0].language,
        kinds=tuple(row["kind"] for row in rows),
        queries=np.stack([reading.vector for reading in readings]),
        entries=np.stack([_sum(embedder.embed(vector_texts([p])[1][:2])) for p in passages]),
        log_odds=log_odds,
        right=right & np.isfinite(log_odds),
    )


def _sum(vectors: Vectors) -> Vectors:
    """Of the text's and the question's; a passage that is no FAQ entry has the first alone."""
    both: Vectors = vectors[0] + vectors[-1]
    return both


def _answered(company: Company, kind: str) -> NDArray[np.bool_]:
    of_kind: NDArray[np.bool_] = np.array(company.kinds) == kind
    return of_kind & company.right.any(axis=1)


def _first(sums: NDArray[np.float32], company: Company) -> NDArray[np.bool_]:
    first: NDArray[np.bool_] = company.right[np.arange(len(sums)), sums.argmax(axis=1)]
    return first


if __name__ == "__main__":
    main()
