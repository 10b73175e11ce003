"""Server-sent events that tell a page what has changed: for customers and for agents."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from bot.errors import UnknownConversation
from bot.handoff import HandOff
from bot.live import HEARTBEAT_SECONDS, Live
from bot.log import ConversationLog
from bot.presence import customer_is_here
from bot.types import Owner
from ui.records import StateRecord, state_record

# Quick enough to feel immediate; a look that finds nothing new takes microseconds.
LOOK_SECONDS = 0.25
# Some states end by themselves, without anything being written: an agent stops typing or goes away.
STALE_SECONDS = 2.0

# Proxies would hold events back.
UNBUFFERED = {"cache-control": "no-store", "x-accel-buffering": "no"}


def event(name: str, data: Any) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))


async def changes(
    live: Live, read: Callable[[], Any], beat: Callable[[], None]
) -> AsyncIterator[bytes]:
    """An event `state` with what `read` returns, now and whenever that is another; `beat` is called
    every HEARTBEAT_SECONDS, and a comment then keeps the connection open. Ends with the client, and
    with the server.
    """
    seen: Any = None
    version, stale_at, beat_at = -1, 0.0, 0.0
    while not live.stopped:
        if time.monotonic() >= beat_at:
            beat_at = time.monotonic() + HEARTBEAT_SECONDS
            await asyncio.to_thread(beat)
            yield KEEPALIVE_COMMENT
        if live.version() != version or time.monotonic() >= stale_at:
            version, stale_at = live.version(), time.monotonic() + STALE_SECONDS
            state = await asyncio.to_thread(read)
            if state != seen:
                seen = state
                yield event("state", state)
        await asyncio.sleep(LOOK_SECONDS)


async def customer_events(
    log: ConversationLog, live: Live, conversation_id: str
) -> AsyncIterator[bytes]:
    """What the customer is told at once; ends where the conversation is deleted."""

    def read() -> StateRecord:
        return state_record(live.state(conversation_id))

    def beat() -> None:
        if live.state(conversation_id).owner in (Owner.WAITING, Owner.AGENT):
            customer_is_here(log, conversation_id)
            HandOff(log).release_absent(live)

    try:
        async for each in changes(live, read, beat):
            yield each
    except UnknownConversation:
        return
