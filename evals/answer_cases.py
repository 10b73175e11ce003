"""Questions with passages and a person's answer, of all the shapes of ../shared/data/grounded.

{question, passage, answers}, {question, passages, answers, answerable}, {history, passages,
response} and {question, answer, response}, where question and answer are the FAQ entry.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.types import Role, Turn
from evals.figures import SEED
from evals.reading import Line, read_lines
from evals.result import row_id, unique_ids
from knowledge.language import language_of
from knowledge.types import Language, Passage

_CUSTOMER = frozenset({"u", "user", "customer"})


@dataclass(frozen=True)
class Case:
    """`gold` holds the ids of the passages that came with the question; the others distract."""

    id: str
    question: str
    passages: tuple[Passage, ...]
    gold: frozenset[str]
    references: tuple[str, ...]
    answerable: bool = True
    history: tuple[Turn, ...] = ()

    @property
    def language(self) -> Language:
        return language_of(self.question)


def read_cases(
    paths: Sequence[Path], *, limit: int | None = None, distractors: int = 0
) -> list[Case]:
    """Each case gets `distractors` passages of others, the same every run. Raises EvalError.

    Rows whose question is blank are left out: public sets have some.
    """
    lines = read_lines(paths, limit=limit)
    cases = [_case(line) for line in lines if line.values.get("question") != ""]
    ids = unique_ids([case.id for case in cases])
    cases = [replace(case, id=name) for case, name in zip(cases, ids, strict=True)]
    return [_with_distractors(case, cases, distractors) for case in cases]


def _case(line: Line) -> Case:
    history = tuple(_history(line))
    question = line.optional_text("question") if "question" in line.values else ""
    if not question:
        if not history or history[-1].role != "customer":
            raise line.wrong('needs "question", or a "history" that ends with the customer')
        question, history = history[-1].text, history[:-1]
    passages = tuple(dict.fromkeys(_passages(line)))
    if not passages:
        raise line.wrong('needs "passages", "passage", or "question" with "answer"')
    answerable = bool(line.values.get("answerable", True))
    return Case(
        id=row_id(question, *(passage.text for passage in passages)),
        question=question,
        passages=passages,
        gold=frozenset(passage.id for passage in passages),
        references=tuple(_references(line)) if answerable else (),
        answerable=answerable,
        history=history,
    )


def _history(line: Line) -> Iterator[Turn]:
    turns = line.values.get("history") or []
    if not isinstance(turns, list):
        raise line.wrong('needs "history" as a list of [speaker, text]')
    for turn in turns:
        if not isinstance(turn, list) or len(turn) != 2:
            raise line.wrong('needs "history" as a list of [speaker, text]')
        speaker, text = map(str, turn)
        role: Role = "customer" if speaker.lower() in _CUSTOMER else "bot"
        yield Turn(0, "", role, text, "done", "")


def _passages(line: Line) -> Iterator[Passage]:
    values = line.values
    if "passages" in values:
        given = values["passages"]
        if not isinstance(given, list):
            raise line.wrong('needs "passages" as a list')
        for each in given:
            yield _passage(each, line)
    elif "passage" in values:
        yield _passage(line.text("passage"), line)
    elif "answer" in values:
        entity = line.optional_text("entity")
        yield _new_passage(entity, line.text("question"), line.text("answer"))


def _passage(value: object, line: Line) -> Passage:
    if isinstance(value, str) and value.strip():
        return _new_passage("", "", value)
    if isinstance(value, dict) and isinstance(value.get("text"), str) and value["text"].strip():
        names = (value.get(key) for key in ("title", "heading", "entity"))
        title = next((name for name in names if isinstance(name, str)), "")
        question = value.get("question")
        return _new_passage(title, question if isinstance(question, str) else "", value["text"])
    raise line.wrong('has a passage that is neither text nor an object with "text"')


def _new_passage(title: str, question: str, text: str) -> Passage:
    name = row_id(title, question, text)
    path = (question,) if question else ()
    return Passage(name, name, title, path, question, text, language_of(f"{question} {text}"))


def _references(line: Line) -> Iterator[str]:
    """A person's answer; of an FAQ row without one, the entry's own."""
    values = line.values
    if isinstance(values.get("response"), str):
        yield line.text("response")
    elif "answers" in values:
        given = [text for text in line.texts("answers") if text.strip()]
        if not given:
            raise line.wrong('has no "answers"; where there is none, set "answerable" to false')
        yield from given
    elif isinstance(values.get("answer"), str):
        yield line.text("answer")
    else:
        raise line.wrong('needs "response" or "answers"')


def _with_distractors(case: Case, cases: Sequence[Case], count: int) -> Case:
    if not count:
        return case
    dice = random.Random(f"{SEED} {case.id}")
    known = {passage.text for passage in case.passages}
    others: dict[str, Passage] = {}
    for other in dice.sample(cases, len(cases)):
        for passage in other.passages:
            if passage.text not in known and len(others) < count:
                others[passage.id] = passage
        if len(others) == count:
            break
    return replace(case, passages=(*case.passages, *others.values()))
