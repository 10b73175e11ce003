"""How often a wrong password may be tried."""

from __future__ import annotations

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

# Per name and address: a slip of the finger or five. Per address: a shared office. Per name, from
# anywhere: a password of ten characters holds against a thousand guesses a day for centuries.
_BOTH = parse("5/5minutes")
_ADDRESS = parse("30/5minutes")
_NAME = parse("40/hour")


class LoginLimit:
    """Counts refused attempts, in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def is_reached(self, name: str, address: str) -> bool:
        return not all(self._limiter.test(limit, *key) for limit, key in _keys(name, address))

    def count(self, name: str, address: str) -> None:
        for limit, key in _keys(name, address):
            self._limiter.hit(limit, *key)


def _keys(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    name = name.strip().casefold()[:100]
    return [
        (_BOTH, ("both", name, address)),
        (_ADDRESS, ("address", address)),
        (_NAME, ("name", name)),
    ]
