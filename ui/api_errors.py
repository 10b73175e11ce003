"""Every error of the HTTP API: a status, and one sentence in the client's language as `detail`."""

from __future__ import annotations

import logging
import sqlite3
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
from knowledge.types import Language
from ui.language import preferred_language
from ui.pace import TooFast
from ui.text import write

logger = logging.getLogger(__name__)

# An answer takes a few seconds, and 32 are written at once: after this long the line has moved.
RETRY_SECONDS = 10


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
    def too_long(request: Request, error: Exception) -> JSONResponse:
        sentence = write("message_too_long", language_of(request), limit=max_message_chars)
        return _problem(413, sentence)

    app.add_exception_handler(MessageTooLong, too_long)
    app.add_exception_handler(EmptyMessage, _empty)
    app.add_exception_handler(UnknownConversation, _unknown_conversation)
    app.add_exception_handler(UnknownTurn, _unknown_turn)
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(TooFast, _too_fast)
    app.add_exception_handler(sqlite3.OperationalError, _not_stored)
    app.add_exception_handler(OwnershipError, _not_its_own)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def language_of(request: Request) -> Language:
    return preferred_language(request.headers.get("accept-language", ""))


def _empty(request: Request, error: Exception) -> JSONResponse:
    return _problem(422, write("message_empty", language_of(request)))


def _unknown_conversation(request: Request, error: Exception) -> JSONResponse:
    return _problem(404, write("unknown_conversation", language_of(request)))


def _unknown_turn(request: Request, error: Exception) -> JSONResponse:
    return _problem(404, write("unknown_turn", language_of(request)))


def _busy(request: Request, error: Exception) -> JSONResponse:
    return _later(503, RETRY_SECONDS, write("busy", language_of(request)))


def _too_fast(request: Request, error: Exception) -> JSONResponse:
    seconds = cast(TooFast, error).seconds
    return _later(429, seconds, write("too_fast", language_of(request), seconds=seconds))


def _not_stored(request: Request, error: Exception) -> JSONResponse:
    """The disk is full, or the database is held by another program for too long."""
    logger.error("A request could not be stored", exc_info=error)
    return _later(503, RETRY_SECONDS, write("not_stored", language_of(request)))


def _not_its_own(request: Request, error: Exception) -> JSONResponse:
    return _problem(409, write("person_has_it", language_of(request)))


def _malformed(request: Request, error: Exception) -> JSONResponse:
    first = cast(RequestValidationError, error).errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return _problem(
        422,
        write("request_malformed", language_of(request), field=field, problem=first["msg"]),
    )


def _http_error(request: Request, error: Exception) -> JSONResponse:
    http = cast(StarletteHTTPException, error)
    return _problem(http.status_code, str(http.detail))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The server logs the traceback; the client gets a sentence."""
    return _problem(500, write("server_error", language_of(request)))


def _later(status: int, seconds: int, sentence: str) -> JSONResponse:
    response = _problem(status, sentence)
    response.headers["retry-after"] = str(seconds)
    return response


def _problem(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"detail": sentence}, status_code=status)
