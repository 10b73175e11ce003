"""A model server to be killed: `python model_server.py PORT MODE`; speaks just enough OpenAI.

good writes a supported sentence, endless goes on for ever, stall says nothing for a minute, garbage
sends what is no answer at all.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["Refunds", "take", "five", "working", "days.", ""]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        mode = sys.argv[2]
        if mode == "stall":
            time.sleep(60)
        elif mode == "garbage":
            self._send(b"data: <html>\xff\xfe 502 Bad Gateway</html>\n\n")
        else:
            self._write(endless=mode == "endless")

    def _write(self, *, endless: bool) -> None:
        while True:
            for word in WORDS:
                delta = {"index": 0, "delta": {"content": word + " "}}
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
                line = json.dumps(chunk | {"choices": [delta]})
                self._send(f"data: {line}\n\n".encode())
                time.sleep(0.02)
            if not endless:
                break
        self._send(b"data: [DONE]\n\n")
        self._send(b"")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
