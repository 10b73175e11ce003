"""How a page of the desk is made: a template, the texts in the agent's language, the navigation."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge.types import Language
from ui.desk_session import Sessions, desk_language
from ui.desk_text import DESK_TEXTS
from ui.inbox_text import INBOX_TEXTS
from ui.jobs import Job
from ui.markdown import to_html
from ui.numbers_text import NUMBERS_TEXTS
from ui.review_text import REVIEW_TEXTS

# Texts by key, of all parts of the desk.
TEXTS = {**DESK_TEXTS, **INBOX_TEXTS, **REVIEW_TEXTS, **NUMBERS_TEXTS}

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["markdown"] = to_html


def _local(at: str, pattern: str) -> str:
    """In the server's own time zone: desk and server stand in one company."""
    return datetime.fromisoformat(at).astimezone().strftime(pattern)


_TEMPLATES.filters["moment"] = partial(_local, pattern="%Y-%m-%d %H:%M")
_TEMPLATES.filters["clock"] = partial(_local, pattern="%H:%M")

# Scripts and styles from the desk's own files only; nobody may frame it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def text(key: str, language: Language, **values: object) -> str:
    """The sentence with its {placeholders} filled in."""
    return TEXTS[key][language].format(**values)


def page(
    request: Request, template: str, *, status: int = 200, style_nonce: str = "", **values: Any
) -> Response:
    """`templates/TEMPLATE.html` with `values`, and what templates/base.html needs.

    In a template: `t("key", name=value)` is a text, `agent` who is logged in, `form_token` what
    every form that posts brings along, `language` "en" or "zh", `section` the entry of the
    navigation that is current.
    """
    language = desk_language(request)
    html = render(request, template, language, **values)
    style = f" 'nonce-{style_nonce}'" if style_nonce else ""
    headers = {
        "content-security-policy": _POLICY.format(style=style),
        "cache-control": "no-store",
        "x-frame-options": "DENY",
    }
    return Response(html, status, headers=headers, media_type="text/html")


def render(request: Request, template: str, language: Language, **values: Any) -> str:
    """The template as a text: also of parts of pages."""
    sessions: Sessions = request.app.state.desk.sessions
    shared = {
        "t": partial(_translate, language),
        "agent": getattr(request.state, "agent", None),
        "form_token": sessions.form_token(request),
        "language": language,
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "section": "",
    }
    return _TEMPLATES.get_template(f"{template}.html").render(shared | values)


def part(request: Request, template: str, **values: Any) -> Response:
    """A piece of a page, which replaces the one that is shown."""
    html = render(request, template, desk_language(request), **values)
    return Response(html, headers={"cache-control": "no-store"}, media_type="text/html")


def problem(request: Request, status: int, key: str, **values: object) -> Response:
    """A page, or JSON for a script, that says in one sentence what went wrong."""
    sentence = text(key, desk_language(request), **values)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": sentence}, status_code=status)
    return page(request, "problem", status=status, sentence=sentence)


def failure(request: Request, job: Job | None) -> str:
    """The sentence on a job that failed; empty where none did."""
    if job and job.problem == "?":
        return text("draft_failed", desk_language(request))
    return job.problem if job else ""


def _translate(language: Language, key: str, **values: object) -> str:
    return text(key, language, **values)
