"""Starting and stopping the server."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bot.config import Config
from bot.errors import ConfigError
from ui.server import serve


def test_a_port_in_use_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"Port {port} on 127.0.0.1 is in use.*PORT="
        ) as raised:
            serve(Config(home=tmp_path, port=port))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_one_line_too(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=f"Cannot listen on {host}.*FRONTDESK_HOST="):
        serve(Config(home=tmp_path, host=host))


def test_it_prints_its_address_answers_and_ends_with_ctrl_c(shop_home: Path) -> None:
    command = [sys.executable, "-c", "from ui.cli import main; main()", "serve"]
    with subprocess.Popen(
        [*command, "--home", str(shop_home), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("Frontdesk answers at http://127.0.0.1:"), process.stderr.read()
            url = line.split()[3]
            assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
            assert "Frontdesk" in httpx.get(url).text
            secret = process.stdout.readline()
            assert "log in as admin with the password" in secret
            conversation = httpx.post(f"{url}/api/conversations").json()["id"]
            # A page that follows a conversation does not hold the server up.
            with httpx.stream("GET", f"{url}/api/conversations/{conversation}/events") as events:
                next(events.iter_lines())
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=15) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
