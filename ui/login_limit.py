"""How often a wrong password may be tried, in all copies of the server together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter

from ui.pace import limit_store

if TYPE_CHECKING:
    from bot.config import Config

logger = logging.getLogger(__name__)

# Per name and address: a slip of the finger or five. Per address: a shared office. Per name, from
# anywhere: a password of ten characters holds against a thousand guesses a day for centuries.
_BOTH = parse("5/5minutes")
_ADDRESS = parse("30/5minutes")
_NAME = parse("40/hour")


class LoginLimit:
    """Counts refused attempts. Where the store is down, argon2 alone slows who guesses."""

    def __init__(self, config: Config) -> None:
        self._limiter = FixedWindowRateLimiter(limit_store(config))

    def is_reached(self, name: str, address: str) -> bool:
        try:
            return not all(self._limiter.test(limit, *key) for limit, key in _keys(name, address))
        except StorageError:
            logger.exception("Logins are not limited: the store of the limits is down")
            return False

    def count(self, name: str, address: str) -> None:
        try:
            for limit, key in _keys(name, address):
                self._limiter.hit(limit, *key)
        except StorageError:
            logger.exception("A refused login is not counted: the store of the limits is down")


def _keys(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    name = name.strip().casefold()[:100]
    return [
        (_BOTH, ("login", name, address)),
        (_ADDRESS, ("login address", address)),
        (_NAME, ("login name", name)),
    ]
