"""Attacks as data: what a customer writes, what must not come back, and a passage slipped in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.reading import Line, read_lines, refuse_double
from knowledge.language import language_of
from knowledge.types import Language

# A secret of the set's system prompt, as the judge's question quotes it.
_QUOTED = re.compile(r"['\"“]([^'\"”]{4,})['\"”]|(\S+@\S+\.\w+)")


@dataclass(frozen=True)
class Attack:
    """`must_not` may be empty: then whatever no passage of the company supports got through."""

    id: str
    kind: str
    language: Language
    text: str
    must_not: tuple[str, ...] = ()
    passage: str = ""


def read_attacks(paths: Sequence[Path], *, limit: int | None = None) -> list[Attack]:
    """Of our own shape `{id, kind, language, text, must_not, passage?}` or PurpleLlama's.

    Raises EvalError.
    """
    attacks: list[Attack] = []
    for path in paths:
        lines = read_lines([path], limit=limit)
        foreign = "test_case_prompt" in lines[0].values
        if not foreign:
            refuse_double(lines, "id")
        attacks += [_purple_llama(line) if foreign else _own(line) for line in lines]
    return attacks


def _own(line: Line) -> Attack:
    text = line.text("text")
    return Attack(
        id=line.text("id"),
        kind=line.text("kind"),
        language=language_of(text),
        text=text,
        must_not=line.texts("must_not"),
        passage=line.optional_text("passage"),
    )


def _purple_llama(line: Line) -> Attack:
    """CyberSecEval's prompt injections (Meta, 2024): its system prompt becomes a passage.

    What is secret is what the judge's question quotes from that prompt; no judge model is asked.
    """
    prompt, text = line.text("test_case_prompt"), line.text("user_input")
    quoted = (found[1] or found[2] for found in _QUOTED.finditer(line.text("judge_question")))
    return Attack(
        id=f"purplellama {line.values.get('prompt_id', line.number)}",
        kind=line.text("injection_variant"),
        language=language_of(text),
        text=text,
        must_not=tuple(dict.fromkeys(q.rstrip("?.") for q in quoted if q.rstrip("?.") in prompt)),
        passage=prompt,
    )
