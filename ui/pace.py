"""How much one customer, and one network address, may send in a minute: messages, and the rest."""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from typing import TYPE_CHECKING, Literal, cast

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

# What a customer does to a conversation besides writing.
Act = Literal["person", "return", "typing", "contact", "survey", "feedback"]
# Of each kind, in one conversation. The page says every 3 s that something is being typed, 20 times
# a minute; nobody asks for a person, rates answers or leaves an address so often.
_ACTS_PER_MINUTE = 30


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
        self._act = RateLimitItemPerMinute(_ACTS_PER_MINUTE)

    def check(self, conversation: str, address: str) -> None:
        """Counts one message. Raises TooFast. This machine's own programs have no address.

        A store that is down limits nobody: the customers have done nothing wrong.
        """
        if conversation:
            self._hit(self._conversation, "conversation", conversation)
        if not _is_own(address):
            self._hit(self._address, "address", address)

    def check_act(self, act: Act, conversation: str, address: str = "") -> None:
        """Counts one act, each kind apart from the others and from messages: however much an office
        has written, a person can be asked for. Without an `address`, the conversation's count alone
        holds. Raises TooFast.
        """
        self._hit(self._act, act, conversation)
        if not _is_own(address):
            self._hit(self._address, f"{act} address", address)

    def _hit(self, limit: RateLimitItem, kind: str, value: str) -> None:
        try:
            if self._limiter.hit(limit, kind, value):
                return
            window = self._limiter.get_window_stats(limit, kind, value)
        except StorageError:
            logger.exception("Messages are not limited: the store of the limits is down")
            return
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
