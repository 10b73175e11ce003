"""`/widget.js`: the chat on a company's own pages, behind a button. The script is ui/widget.js."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from knowledge.types import Language
from ui.language import browser_language
from ui.text import TextKey, write

router = APIRouter()

_SCRIPT = Path(__file__).parent / "widget.js"
_WORDS: dict[str, TextKey] = {
    "title": "widget_title",
    "open": "widget_open",
    "close": "widget_close",
    "news": "widget_news",
    "elsewhere": "widget_elsewhere",
}
# Other companies' pages load it on every visit; a new version must not wait for a day.
_CACHED_SECONDS = 600


@router.get("/widget.js", include_in_schema=False)
def widget(request: Request) -> Response:
    caching = {"cache-control": f"public, max-age={_CACHED_SECONDS}", "vary": "accept-language"}
    script = _script(browser_language(request.headers))
    return Response(script, media_type="text/javascript", headers=caching)


@cache
def _script(language: Language) -> str:
    """In a function of its own: it runs on pages that are not ours."""
    words = {name: write(key, language) for name, key in _WORDS.items()}
    text = json.dumps(words, ensure_ascii=False)
    return f"(() => {{\nconst words = {text};\n{_SCRIPT.read_text(encoding='utf-8')}}})();\n"
