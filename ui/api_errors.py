"""Every error of the HTTP API: a status, and one sentence in the client's language as `detail`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import Any, cast

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.errors import (
    Busy,
    EmptyMessage,
    MessageTooLong,
    OwnershipError,
    UnknownConversation,
    UnknownTurn,
)
from ui.language import browser_language
from ui.pace import TooFast
from ui.text import TextKey, write

logger = logging.getLogger(__name__)

# An answer takes a few seconds, and 32 are written at once: after this long the line has moved.
RETRY_SECONDS = 10

Handler = Callable[[Request, Exception], JSONResponse]


class Problem(BaseModel):
    detail: str = Field(examples=["There is no such conversation."])


MALFORMED: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "Malformed"},
}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    **MALFORMED,
    404: {"model": Problem, "description": "No such conversation or turn"},
}
LIMITED: dict[int | str, dict[str, Any]] = {
    **UNKNOWN,
    429: {"model": Problem, "description": "Too many in a minute; see the header Retry-After"},
}
NOT_ITS_OWN: dict[int | str, dict[str, Any]] = {
    **LIMITED,
    409: {"model": Problem, "description": "A person has the conversation"},
}
MESSAGE_ERRORS: dict[int | str, dict[str, Any]] = {
    **LIMITED,
    413: {"model": Problem, "description": "Too long"},
    422: {"model": Problem, "description": "Empty or malformed"},
    503: {"model": Problem, "description": "Busy: stored, but not answered; see Retry-After"},
}


class ApiError(HTTPException):
    """`detail` is a sentence for a person."""


def add_error_handlers(app: FastAPI, *, max_message_chars: int) -> None:
    handlers: dict[type[Exception], Handler] = {
        EmptyMessage: _say(422, "message_empty"),
        MessageTooLong: _say(413, "message_too_long", limit=max_message_chars),
        UnknownConversation: _say(404, "unknown_conversation"),
        UnknownTurn: _say(404, "unknown_turn"),
        OwnershipError: _say(409, "person_has_it"),
        Busy: _busy,
        TooFast: _too_fast,
        sqlite3.OperationalError: _not_stored,
        RequestValidationError: _malformed,
        StarletteHTTPException: _http_error,
        # The server logs the traceback; the client gets a sentence.
        Exception: _say(500, "server_error"),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _say(status: int, key: TextKey, **values: object) -> Handler:
    return lambda request, error: _problem(request, status, key, **values)


def _busy(request: Request, error: Exception) -> JSONResponse:
    return _later(_problem(request, 503, "busy"), RETRY_SECONDS)


def _too_fast(request: Request, error: Exception) -> JSONResponse:
    seconds = cast(TooFast, error).seconds
    return _later(_problem(request, 429, "too_fast", seconds=seconds), seconds)


def _not_stored(request: Request, error: Exception) -> JSONResponse:
    """The disk is full, or the database is held by another program for too long."""
    logger.error("A request could not be stored", exc_info=error)
    return _later(_problem(request, 503, "not_stored"), RETRY_SECONDS)


def _malformed(request: Request, error: Exception) -> JSONResponse:
    first = cast(RequestValidationError, error).errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return _problem(request, 422, "request_malformed", field=field, problem=first["msg"])


def _http_error(request: Request, error: Exception) -> JSONResponse:
    http = cast(StarletteHTTPException, error)
    return JSONResponse({"detail": str(http.detail)}, status_code=http.status_code)


def _later(response: JSONResponse, seconds: int) -> JSONResponse:
    response.headers["retry-after"] = str(seconds)
    return response


def _problem(request: Request, status: int, key: TextKey, **values: object) -> JSONResponse:
    sentence = write(key, browser_language(request.headers), **values)
    return JSONResponse({"detail": sentence}, status_code=status)
