"""What became of a message, for those who watch the server: figures, and no word that was said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.types import Route, Status


@dataclass(frozen=True)
class TurnReport:
    """`rule` is why this route; `fallback` says that a model's answer gave way to a quotation."""

    status: Status
    route: Route | None = None
    rule: str = ""
    generator: str = ""
    fallback: bool = False
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    ended_at: float = field(default_factory=time.time)


Watcher = Callable[[TurnReport], None]
