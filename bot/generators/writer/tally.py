"""How busy the writer is, and whether it fails. Safe for several threads."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from bot.errors import GeneratorError

logger = logging.getLogger(__name__)

# Failures in a row from which the writer calls itself broken.
_BROKEN = 3


class Tally:
    """`writing` answers now, `tokens` of all so far."""

    def __init__(self) -> None:
        self.writing = self.tokens = 0
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def healthy(self) -> bool:
        return self._failures < _BROKEN

    @contextlib.contextmanager
    def answer(self) -> Iterator[None]:
        """Counts what is done inside. Raises GeneratorError for whatever fails there."""
        self._add(writing=1)
        try:
            yield
            self._failures = 0
        except Exception as error:
            self._failures += 1
            logger.exception("The writer failed.")
            raise GeneratorError(f"writer: {error}") from error
        finally:
            self._add(writing=-1)

    def wrote(self, tokens: int) -> None:
        self._add(tokens=tokens)

    def _add(self, *, writing: int = 0, tokens: int = 0) -> None:
        with self._lock:
            self.writing += writing
            self.tokens += tokens
