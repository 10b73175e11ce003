"""For those who watch the server: whether it lives, whether it can answer, and its metrics."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import shutil
import sqlite3
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.types import LocalGenerator
from ui.api_errors import ApiError
from ui.language import browser_language
from ui.metrics import Metrics
from ui.text import write

if TYPE_CHECKING:
    from bot.build import Frontdesk

logger = logging.getLogger(__name__)

router = APIRouter(tags=["server"])

# A proxy on this machine adds one of these: the request then comes from somewhere else.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
# Some ten thousand turns: time to do something about it.
_FREE_BYTES = 64 << 20


@router.get("/healthz", summary="Whether the server is up")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="Whether the server can answer now", responses={503: {}})
def readyz(request: Request) -> JSONResponse:
    """503 names what is missing: a load balancer should send customers elsewhere."""
    missing = _missing(request.app.state.frontdesk)
    if missing:
        return JSONResponse({"status": "not ready", "missing": missing}, status_code=503)
    return JSONResponse({"status": "ready", "missing": []})


def _may_read(request: Request) -> None:
    """With the token where one is set, else on this machine only. Raises ApiError."""
    frontdesk: Frontdesk = request.app.state.frontdesk
    token = frontdesk.config.metrics_token.get_secret_value()
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        allowed = secrets.compare_digest(given.encode(), token.encode())
    else:
        allowed = _is_local(request)
    if not allowed:
        raise ApiError(403, write("not_for_you", browser_language(request.headers)))


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, allowed: Annotated[None, Depends(_may_read)]) -> Response:
    watched: Metrics = request.app.state.metrics
    return Response(generate_latest(watched.registry), media_type=CONTENT_TYPE_LATEST)


def _missing(frontdesk: Frontdesk) -> list[str]:
    missing = []
    if frontdesk.manager.line.closed:
        missing.append("stopping")
    generator = frontdesk.manager.generator
    if isinstance(generator, LocalGenerator) and not generator.healthy:
        missing.append("model")
    try:
        frontdesk.log.check()
    except sqlite3.Error:
        logger.exception("The conversation log cannot be written")
        missing.append("log")
    if shutil.disk_usage(frontdesk.config.home).free < _FREE_BYTES:
        missing.append("disk space")
    return missing


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
