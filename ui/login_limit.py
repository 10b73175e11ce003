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
# Customers read their agent's name, and a few of them could lock her out: the limit per name leaves
# out the addresses from which that name logged in not long ago. There the other two hold on. It is
# the address and not a cookie, which would have to be signed and kept, and can be taken along.
_KNOWN = parse("1/30days")


class LoginLimit:
    """Counts attempts. Where the store is down, argon2 alone slows who guesses."""

    def __init__(self, config: Config) -> None:
        self._limiter = FixedWindowRateLimiter(limit_store(config))

    def admits(self, name: str, address: str) -> bool:
        """Counts the attempt before it is made: many at the same moment would all find room. What
        one limit refuses does not count for the next one.
        """
        try:
            return all(self._limiter.hit(limit, *key) for limit, key in self._keys(name, address))
        except StorageError:
            logger.exception("Logins are not limited: the store of the limits is down")
            return True

    def succeeded(self, name: str, address: str) -> None:
        """The attempt was none to guess: it is given back, and the address is known from now on."""
        known = _known(name, address)
        try:
            for limit, key in self._keys(name, address):
                self._limiter.hit(limit, *key, cost=-1)
            self._limiter.clear(_KNOWN, *known)
            self._limiter.hit(_KNOWN, *known)
        except StorageError:
            logger.exception("A login is not remembered: the store of the limits is down")

    def _keys(self, name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        keys: list[tuple[RateLimitItem, tuple[str, ...]]] = [
            (_BOTH, ("login", _folded(name), address)),
            (_ADDRESS, ("login address", address)),
        ]
        is_known = not self._limiter.test(_KNOWN, *_known(name, address))
        return keys if is_known else [*keys, (_NAME, ("login name", _folded(name)))]


def _known(name: str, address: str) -> tuple[str, ...]:
    return ("login known", _folded(name), address)


def _folded(name: str) -> str:
    return name.strip().casefold()[:100]
