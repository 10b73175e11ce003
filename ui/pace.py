"""How many messages one customer, and one network address, may send in a minute."""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from typing import TYPE_CHECKING, cast

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from bot.errors import BotError, ConfigError
from ui.limit_file import LimitFile

if TYPE_CHECKING:
    from bot.config import Config

logger = logging.getLogger(__name__)


class TooFast(BotError):
    """`seconds` until the next message is taken."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many messages. Wait {seconds} seconds.")
        self.seconds = seconds


class Pace:
    """Raises ConfigError where `limits_url` names a store that cannot be used."""

    def __init__(self, config: Config) -> None:
        self._limiter = FixedWindowRateLimiter(limit_store(config))
        self._conversation = RateLimitItemPerMinute(config.messages_per_minute)
        self._address = RateLimitItemPerMinute(config.address_messages_per_minute)

    def check(self, conversation: str, address: str) -> None:
        """Counts one message. Raises TooFast. This machine's own programs have no address.

        A store that is down limits nobody: the customers have done nothing wrong.
        """
        try:
            if conversation:
                self._hit(self._conversation, "conversation", conversation)
            if not _is_own(address):
                self._hit(self._address, "address", address)
        except StorageError:
            logger.exception("Messages are not limited: the store of the limits is down")

    def _hit(self, limit: RateLimitItem, kind: str, value: str) -> None:
        if not self._limiter.hit(limit, kind, value):
            window = self._limiter.get_window_stats(limit, kind, value)
            raise TooFast(max(1, math.ceil(window.reset_time - time.time())))


def address_of(request: Request) -> str:
    """The customer's, also behind a proxy that uvicorn trusts (FORWARDED_ALLOW_IPS)."""
    return request.client.host if request.client else ""


def limit_store(config: Config) -> Storage:
    """Where all copies of the server count together. Raises ConfigError."""
    if not config.limits_url:
        return LimitFile(config.home / "limits.db")
    try:
        return cast(Storage, storage_from_string(config.limits_url, wrap_exceptions=True))
    except (ConfigurationError, ValueError) as error:
        raise ConfigError(
            f"limits_url {config.limits_url} cannot be used: {error}. Leave it empty for a file "
            "in home, or install the store's client: pip install 'frontdesk[redis]'"
        ) from error


def _is_own(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # an empty one, or the name that a test client gives itself
        return True
