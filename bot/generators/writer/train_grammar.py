"""`python -m bot.generators.writer.train_grammar --data DIR --out DIR`: the weights of grammar.py.

Learns to tag sentences of training entities and of translations' English that slips.py spoilt.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.generators.writer.entries import is_held_out, read_entries
from bot.generators.writer.mends import Tag
from bot.generators.writer.slips import Spoilt, spoil, whole
from bot.generators.writer.words import words_of
from bot.sentences import split
from knowledge.word_states import WIDTH, States, WordStates

SEED = 1
_WIDTH = 128
_BATCH, _EPOCHS, _RATE = 64, 4, 2e-3
# Sentences of each set that are spoilt, and how often each: what is to be judged reads like the
# entities' answers, but the grammar should not be theirs alone.
_ENTITIES_TIMES, _OTHERS_TIMES = 2, 1
_OTHERS = {"everyday": 8_000, "help_docs": 3_000}
_LONGEST = 30
_SENTENCE = re.compile(r"[A-Z].*[a-z]{2}.*\.")
_IGNORED = -100


class Tagger(nn.Module):
    """As in grammar.py: states (batch, words, 2 * WIDTH) -> log-odds (batch, words, tags)."""

    def __init__(self) -> None:
        super().__init__()
        self.bring_in = nn.Linear(2 * WIDTH, _WIDTH)
        self.near = nn.Conv1d(_WIDTH, _WIDTH, 3, padding=1)
        self.far = nn.Conv1d(_WIDTH, _WIDTH, 3, padding=1)
        self.judge = nn.Linear(_WIDTH, len(Tag))
        self.dropout = nn.Dropout(0.1)

    def forward(self, states: Tensor) -> Tensor:
        x = functional.gelu(self.bring_in(states)).transpose(1, 2)
        for layer in (self.near, self.far):
            x = x + functional.gelu(layer(self.dropout(x)))
        odds: Tensor = self.judge(x.transpose(1, 2))
        return odds


@dataclass(frozen=True)
class Example:
    """States are float16 (words, 2 * WIDTH)."""

    states: States
    tags: tuple[Tag, ...]


def entity_sentences(data: Path, *, held_out: bool) -> Iterator[list[str]]:
    for entry in read_entries(data, (), ("covid_en", "aws")):
        if is_held_out(entry.group) is held_out:
            for sentence in split(entry.passage.text):
                yield _words(sentence)


def other_sentences(data: Path, dice: random.Random) -> Iterator[list[str]]:
    """English that people wrote or translated, a sentence a row."""
    for name, count in _OTHERS.items():
        path = data / "parallel" / f"{name}.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = [
            row["en"].strip()
            for row in rows
            if not row["source"].endswith("-mt") and _SENTENCE.fullmatch(row["en"].strip())
        ]
        yield from map(_words, dice.sample(texts, min(count, len(texts))))


def _words(sentence: str) -> list[str]:
    words = [word.text for word in words_of(sentence)]
    return words if words[-1:] in (["."], ["!"], ["?"]) else [*words, "."]


def examples(
    sentences: Iterator[list[str]], times: int, dice: random.Random, encoder: WordStates
) -> list[Example]:
    """Each sentence as it is, and spoilt `times` times."""
    made: list[Spoilt] = []
    for words in sentences:
        if 3 < len(words) <= _LONGEST:
            made.append(whole(words))
            made += filter(None, (spoil(words, dice) for _ in range(times)))
    states = encoder.deep_states([one.words for one in made])
    return [
        Example(read.astype(np.float16), one.tags) for read, one in zip(states, made, strict=True)
    ]


def fit(found: Sequence[Example]) -> Tagger:
    """Batches of sentences of like length, in an order of their own in each epoch."""
    torch.manual_seed(SEED)
    tagger = Tagger()
    ranked = sorted(found, key=lambda example: len(example.tags))
    batches = [ranked[start : start + _BATCH] for start in range(0, len(ranked), _BATCH)]
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _RATE, total_steps=_EPOCHS * len(batches), pct_start=0.05
    )
    for epoch in range(_EPOCHS):
        random.Random(f"{SEED} {epoch}").shuffle(batches)
        total = 0.0
        for batch in batches:
            states, tags = _padded(batch)
            loss = functional.cross_entropy(
                tagger(states).flatten(0, 1), tags.flatten(), ignore_index=_IGNORED
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        click.echo(f"epoch {epoch + 1} of {_EPOCHS}: loss {total / len(batches):.4f}")
    return tagger


def _padded(batch: Sequence[Example]) -> tuple[Tensor, Tensor]:
    longest = max(len(example.tags) for example in batch)
    states = np.zeros((len(batch), longest, 2 * WIDTH), dtype=np.float32)
    tags = np.full((len(batch), longest), _IGNORED)
    for row, example in enumerate(batch):
        states[row, : len(example.tags)] = example.states
        tags[row, : len(example.tags)] = example.tags
    return torch.from_numpy(states), torch.from_numpy(tags)


def auroc(tagger: Tagger, found: Sequence[Example]) -> float:
    """How well spoilt sentences are told from whole ones, by the greatest doubt of their words."""
    from sklearn.metrics import roc_auc_score

    tagger.train(False)
    doubts = []
    with torch.inference_mode():
        for example in found:
            chances = tagger(_padded([example])[0])[0].softmax(-1)
            doubts.append(1 - float(chances[:, Tag.KEEP].min()))
    return float(roc_auc_score([any(example.tags) for example in found], doubts))


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path, exists=True))
def main(data: Path, out: Path) -> None:
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    encoder, dice = WordStates(), random.Random(SEED)
    known = entity_sentences(data, held_out=False)
    found = examples(known, _ENTITIES_TIMES, dice, encoder)
    found += examples(other_sentences(data, dice), _OTHERS_TIMES, dice, encoder)
    click.echo(f"{len(found)} sentences, {sum(any(one.tags) for one in found)} of them spoilt")
    tagger = fit(found)
    held = examples(entity_sentences(data, held_out=True), 1, dice, encoder)
    click.echo(f"AUROC on {len(held)} sentences of held-out entities: {auroc(tagger, held):.3f}")
    weights = {name: value.half().contiguous() for name, value in tagger.state_dict().items()}
    save_file(weights, out / "grammar.safetensors")


if __name__ == "__main__":
    sys.exit(main())
