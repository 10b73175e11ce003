"""A model server on Ray Serve: `python ray_model.py PORT FOLDER`; speaks just enough OpenAI.

It answers each message with what the chat model in FOLDER writes to it, until its input ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import StreamingResponse

from bot.generators.transformers import TransformersGenerator
from bot.types import Prompt
from tests.conftest import make_passage


class Model:
    def __init__(self, folder: str) -> None:
        self._generator = TransformersGenerator(folder, device="cpu", max_new_tokens=8, at_once=1)

    async def __call__(self, request: Request) -> StreamingResponse:
        body = await request.json()
        question = body["messages"][-1]["content"]
        return StreamingResponse(self._events(question), media_type="text/event-stream")

    def _events(self, question: str) -> Iterator[str]:
        prompt = Prompt(question, (make_passage("Five days."),), "en")
        for text in self._generator.generate(prompt):
            delta = {"index": 0, "delta": {"content": text}}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            yield f"data: {json.dumps(chunk | {'choices': [delta]})}\n\n"
        yield "data: [DONE]\n\n"


if __name__ == "__main__":
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(serve.deployment(Model).bind(sys.argv[2]), route_prefix="/")
    print("ready", flush=True)
    sys.stdin.read()
    serve.shutdown()
    ray.shutdown()
