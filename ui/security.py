"""ASGI middleware: security headers on every response, no huge bodies, no way to unused routes."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from knowledge.types import Language
from ui.language import browser_language
from ui.text import write

# A message of 100 kB is read, so that it can be refused with the right sentence; 50 MB are not.
MAX_BODY_BYTES = 1_000_000

# Gradio's page has inline scripts and styles and compiles its templates in the browser: hence the
# two "unsafe". Everything comes from this server, and only this server's pages may frame it; the
# chat page alone also those of the web sites that the owner names.
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

# Gradio has routes for uploads, files, proxies and its own tools, too; a chat page needs these.
# By app_id it notices that a server that was away is back.
_GRADIO = "/gradio_api/"
_OPEN = tuple(
    _GRADIO + route
    for route in (
        "queue/",
        "cancel",
        "reset",
        "heartbeat/",
        "startup-events",
        "theme.css",
        "app_id",
    )
)
_CLOSED = ("/monitoring", "/login", "/logout", "/svelte", "/pwa_icon")


class Security:
    """`websites` are origins, separated by spaces."""

    def __init__(self, app: ASGIApp, *, websites: str = "") -> None:
        self._app = app
        policy = f"{_HEADERS['content-security-policy']} {websites}"
        self._framed = {"content-security-policy": policy} if websites else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        app: ASGIApp = _refusal(scope) or self._app
        await app(scope, _limited(scope, receive), send_with_headers)

    def _headers(self, path: str) -> dict[str, str]:
        """The older of the two headers on frames knows no list of sites."""
        if path != "/" or not self._framed:
            return _HEADERS
        older = "x-frame-options"
        return {name: v for name, v in _HEADERS.items() if name != older} | self._framed


def _refusal(scope: Scope) -> JSONResponse | None:
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        return JSONResponse({"detail": _too_large(scope)}, status_code=413)
    if _is_closed(scope["path"]):
        return JSONResponse({"detail": write("unknown_address", _language(scope))}, status_code=404)
    return None


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Counts a body that does not say how long it is."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413, _too_large(scope))
        return message

    return receive_limited


def _too_large(scope: Scope) -> str:
    return write("request_too_large", _language(scope), limit=MAX_BODY_BYTES)


def _language(scope: Scope) -> Language:
    return browser_language(Headers(scope=scope))


def _is_closed(path: str) -> bool:
    if path.startswith(_GRADIO):
        return not path.startswith(_OPEN)
    return path.startswith(_CLOSED)
