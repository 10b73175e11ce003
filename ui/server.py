"""The server: chat page, desk and HTTP API on one port."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from bot.errors import ConfigError
from bot.generators.checkpoint import process_rank
from bot.line import Line
from bot.live import Live
from bot.process import let_cores_rest, settle
from bot.staff import FIRST_ADMIN
from ui.api import router
from ui.api_errors import add_error_handlers
from ui.desk import mount_desk
from ui.health import router as health
from ui.metrics import Metrics
from ui.pace import Pace
from ui.security import Security
from ui.terminal import progress_bars
from ui.text import write
from ui.tracing import trace_turns
from ui.widget import router as widget

if TYPE_CHECKING:
    from bot.build import Frontdesk
    from bot.config import Config

# What is still open when every answer is finished or out of time: pages that wait for events.
_CLOSE_SECONDS = 3
_LOOK_SECONDS = 0.1


def create_app(frontdesk: Frontdesk) -> FastAPI:
    """Chat page at /, desk below /desk, HTTP API below /api, its description at /openapi.json."""
    app = FastAPI(
        title="Frontdesk",
        description="Conversations with the customer-service assistant.",
        docs_url=None,  # Swagger's and Redoc's pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.frontdesk = frontdesk
    pace = app.state.pace = Pace(frontdesk.config)
    app.state.metrics = Metrics(frontdesk)
    trace_turns(frontdesk.manager)
    live = app.state.live = Live(frontdesk.log.database)
    app.add_middleware(Security, websites=frontdesk.config.websites)
    add_error_handlers(app, max_message_chars=frontdesk.config.max_message_chars)
    app.include_router(router)
    app.include_router(health)
    app.include_router(widget)
    mount_desk(app, frontdesk, live)
    _keep_gradio_quiet()
    from ui.page import mount_page  # takes a second: only what serves the page imports Gradio

    mount_page(app, frontdesk, live, pace)
    return app


def serve(config: Config) -> None:
    """Serves until Ctrl-C. Raises ConfigError where the address cannot be used.

    Of the processes that torchrun starts, one a GPU, the first serves; the others help it to write.
    """
    from bot.build import build

    if process_rank()[0] > 0:
        follow(config)
        return
    listener = _listen(config.host, config.port)
    let_cores_rest()
    with listener:
        with progress_bars() as progress:
            frontdesk = build(config, progress=progress)
        frontdesk.manager.warm_up()
        app = create_app(frontdesk)
        settle()
        settings = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=_CLOSE_SECONDS
        )
        live: Live = app.state.live
        server = Server(settings, frontdesk.manager.line, live, config.shutdown_seconds)
        host, port = listener.getsockname()[:2]
        url = f"http://{_in_url(host)}:{port}"
        print(write("serving", "en", url=url), flush=True)  # noqa: T201
        _introduce_admin(app, url)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        live.close()
        frontdesk.close()


def _introduce_admin(app: FastAPI, url: str) -> None:
    """The first time only: nobody could log in otherwise."""
    if password := app.state.desk.staff.add_first_admin():
        values = {"url": f"{url}/desk", "name": FIRST_ADMIN, "password": password}
        print(write("first_admin", "en", **values), flush=True)  # noqa: T201


def follow(config: Config) -> None:
    """Returns when the first process has ended."""
    from bot.build import build_generator
    from bot.generators.transformers import TransformersGenerator

    generator = build_generator(config)
    if not isinstance(generator, TransformersGenerator):
        raise ConfigError(write("torchrun_for_nothing", "en"))
    generator.follow()


class Server(uvicorn.Server):
    """Told to stop, it refuses new messages, lets those finish that are being answered for at most
    `shutdown_seconds`, and then closes. Told twice, it closes at once.
    """

    def __init__(
        self, settings: uvicorn.Config, line: Line, live: Live, shutdown_seconds: float
    ) -> None:
        super().__init__(settings)
        self._line = line
        self._live = live
        self._shutdown_seconds = shutdown_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._line.close()
        deadline = time.monotonic() + self._shutdown_seconds
        while self._line.answering and not self.force_exit and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
        self._live.stop()  # pages that are open follow what happens, and would hold this up
        await super().shutdown(sockets)


def _keep_gradio_quiet() -> None:
    """No analytics, no look for a new version, no share link: nothing leaves this machine."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_SHARE"] = "False"
    # Else a table of the last 10,000 events is built with pandas after every single one.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"


def _listen(host: str, port: int) -> socket.socket:
    """Before anything slow, so that a port in use is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Else a second server could bind the same port until this one accepts connections.
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise ConfigError(_cannot_listen(error, host, port)) from error
    return listener


def _cannot_listen(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else port - 1
        return write("port_in_use", "en", host=host, port=port, other=other)
    return write("cannot_bind", "en", host=host, port=port, problem=error.strerror or error)


def _in_url(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - every address; this one can be clicked
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
