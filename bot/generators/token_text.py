"""Token ids -> text, while they are still being written. Knows no model."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any


def decoded(ids: Generator[list[int]], tokenizer: Any, stops: Sequence[str] = ()) -> Iterator[str]:
    """The text up to the first stop string, without white space before its first word.

    One piece for each list of ids, empty where they are no whole word yet. Closing closes `ids`.
    """
    with closing(ids):
        yield from _without_lead(_until(_words(ids, tokenizer), stops))


def _words(ids: Iterable[list[int]], tokenizer: Any) -> Iterator[str]:
    """By the library's own streamer, which knows where a word of any script ends."""
    import torch
    from transformers import TextStreamer

    ready: list[str] = []

    class Words(TextStreamer):
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            ready.append(text)

    streamer: Any = Words(tokenizer, skip_special_tokens=True)
    for new in ids:
        if new:
            streamer.put(torch.tensor(new))
        yield "".join(ready)
        ready.clear()
    streamer.end()
    yield "".join(ready)


def _without_lead(pieces: Iterable[str]) -> Iterator[str]:
    started = False
    for piece in pieces:
        text = piece if started else piece.lstrip()
        started = started or bool(text)
        yield text


def _until(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """What may become a stop string is held back until it does not."""
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
