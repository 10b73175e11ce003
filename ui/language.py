"""Which of our languages a browser asks for."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.types import Language


def browser_language(headers: Mapping[str, str]) -> Language:
    """Reads Accept-Language (RFC 9110, 12.5.4); English where neither is asked for. The names of
    `headers` are in lower case, or looked up so.
    """
    best: Language = "en"
    best_weight = 0.0
    for part in headers.get("accept-language", "").split(","):
        tag, _, parameter = part.partition(";")
        language = _language_of(tag)
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _language_of(tag: str) -> Language | None:
    primary = tag.strip().lower().split("-")[0]
    if primary == "zh":
        return "zh"
    return "en" if primary == "en" else None


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
