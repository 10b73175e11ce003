"""ASGI middleware: security headers on every response, and no way to what the page does not need."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's page has inline scripts and styles and compiles its templates in the browser: hence the
# two "unsafe". Everything comes from this server, and only this server's pages may frame it.
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
_GRADIO = "/gradio_api/"
_OPEN = tuple(
    _GRADIO + route
    for route in ("queue/", "cancel", "reset", "heartbeat/", "startup-events", "theme.css")
)
_CLOSED = ("/monitoring", "/login", "/logout", "/svelte", "/pwa_icon")


class Security:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if _is_closed(scope["path"]):
            response = JSONResponse({"detail": "There is nothing here."}, status_code=404)
            await response(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _is_closed(path: str) -> bool:
    if path.startswith(_GRADIO):
        return not path.startswith(_OPEN)
    return path.startswith(_CLOSED)
