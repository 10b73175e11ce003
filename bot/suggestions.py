"""What an agent could answer to a customer's last message: drafts from generator and passages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from bot.answering import write_answer
from bot.blocks import Block, blocks, cells
from bot.config import Config
from bot.database import now
from bot.deciding import decide_message
from bot.errors import GeneratorError
from bot.grounding import Grounding
from bot.line import Line
from bot.log import ConversationLog
from bot.prompt import build_prompt
from bot.reader import OwnershipWatch, Reader
from bot.sentences import sentences
from bot.types import (
    Conversation,
    Generator,
    OfferingGenerator,
    Owner,
    Parts,
    Prompt,
    Turn,
)
from bot.understanding import HISTORY_TURNS, Understanding
from knowledge.types import Passage

MAX_SUGGESTIONS = 5
# Of them, ways of its own that a generator offers beside its answer: they are much alike, and
# passages say what else there is.
_OFFERED = 2

_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")

Source = Literal["generator", "passage"]


@dataclass(frozen=True)
class Suggestion:
    """`sources` are the headings and documents of the passages that it rests on.
    `id` is 0 until it is stored.
    """

    text: str
    source: Source
    sources: tuple[tuple[str, str], ...]
    generator: str
    model: str
    id: int = 0


class Suggestions:
    """Made once for each question, and kept in conversations.db, beside what the agent sent
    (`turns.suggestion_id`).
    """

    def __init__(self, log: ConversationLog, parts: Parts, config: Config, line: Line) -> None:
        self._log = log
        self._parts = parts
        self._config = config
        self._line = line
        self._understanding = Understanding(parts, config)

    def of(self, conversation_id: str, *, left: threading.Event | None = None) -> list[Suggestion]:
        """What could be answered to the customer's last message.

        They are made where no customer waits for an answer. Raises ReaderLeft once `left` is set,
        OwnershipError once the conversation is back with the bot, and Busy where the server stops.
        """
        conversation = self._log.conversation(conversation_id)
        asked = [turn for turn in conversation.turns if turn.role == "customer"]
        if not asked:
            return []
        question = asked[-1]
        if not (kept := self._read(question.id)):
            self._store(question.id, self._make(question, conversation, left or threading.Event()))
            kept = self._read(question.id)
        return kept

    def _make(
        self, question: Turn, conversation: Conversation, left: threading.Event
    ) -> list[Suggestion]:
        owners = {conversation.owner, Owner.WAITING, Owner.AGENT}
        watch = OwnershipWatch(self._log, conversation.id, owners)
        reader = Reader(self._line.enter(behind=True), left, watch)
        try:
            reader.check()
            prompt = self._prompt(question, conversation)
            for _ in reader.places():
                pass
            parts = self._parts
            return suggest(prompt, parts.generator, parts.quote, self._config, check=reader.check)
        finally:
            reader.ticket.leave()

    def _prompt(self, question: Turn, conversation: Conversation) -> Prompt:
        before = [turn for turn in conversation.turns if turn.id < question.id]
        history = before[-HISTORY_TURNS:]
        understood = decide_message(
            self._understanding, question.text, history, fallback=conversation.language
        ).understood
        least = self._config.clarify_score / 2
        near = [match for match in understood.matches if match.score >= least]
        return build_prompt(
            understood.text, near, language=understood.language, history=understood.history
        )

    def _read(self, question_id: int) -> list[Suggestion]:
        with self._log.database.lock:
            rows = list(
                self._log.database.db.query(
                    "select * from suggestions where question_id = ? order by rank", [question_id]
                )
            )
        return [_from_row(row) for row in rows]

    def _store(self, question_id: int, made: list[Suggestion]) -> None:
        rows = [
            {
                "question_id": question_id,
                "rank": rank,
                "text": suggestion.text,
                "source": suggestion.source,
                "passages": json.dumps(suggestion.sources, ensure_ascii=False),
                "generator": suggestion.generator,
                "model": suggestion.model,
                "created_at": now(),
            }
            for rank, suggestion in enumerate(made, start=1)
        ]
        database = self._log.database
        with database.transaction():
            if not self._read(question_id):  # a second agent's page may have been quicker
                database.db.table("suggestions").insert_all(rows)


def suggest(
    prompt: Prompt,
    generator: Generator,
    quote: Generator,
    config: Config,
    *,
    check: Callable[[], None] = lambda: None,
) -> list[Suggestion]:
    """At most five that differ: the checked answer first, other ways that the generator offers,
    then each passage's own words. What `check` raises ends the work.
    """
    if not prompt.passages:
        return []
    drafts = _drafts(prompt, generator, quote, config, check)
    return list(islice(_distinct(drafts), MAX_SUGGESTIONS))


def _drafts(
    prompt: Prompt,
    generator: Generator,
    quote: Generator,
    config: Config,
    check: Callable[[], None],
) -> Iterator[Suggestion]:
    draft = write_answer(prompt, generator, quote, config, check=check).finished()
    if draft.text:
        source: Source = "passage" if draft.generator == quote.name else "generator"
        cited = [p for p in prompt.passages if p.id in draft.cited]
        yield _suggestion(draft.text, source, cited, draft.generator, draft.model)
    if isinstance(generator, OfferingGenerator):
        yield from _offered(prompt, generator, config, check)
    for passage in prompt.passages:
        alone = replace(prompt, passages=(passage,))
        text = "".join(quote.generate(alone)).strip()
        yield _suggestion(text, "passage", [passage], quote.name, quote.model)


def _offered(
    prompt: Prompt, generator: OfferingGenerator, config: Config, check: Callable[[], None]
) -> Iterator[Suggestion]:
    """Held to what customers are held to: each sentence is supported by a passage."""
    try:
        candidates = generator.candidates(prompt, 1 + _OFFERED, check=check)
    except GeneratorError:
        return
    for told in candidates:
        grounding = Grounding(prompt.passages, coverage=config.grounding_coverage)
        text = "".join(part.text for part in grounding.release(sentences([told.text])))
        if grounding.dropped or not text:
            continue
        copied = {span.passage_id for span in told.spans}
        cited = [passage for passage in prompt.passages if passage.id in copied]
        yield _suggestion(text, "generator", cited, generator.name, generator.model)


def _suggestion(
    text: str, source: Source, passages: Iterable[Passage], generator: str, model: str
) -> Suggestion:
    sources = tuple((passage.heading, passage.document) for passage in passages)
    return Suggestion(_plain(text.strip()), source, sources, generator, model)


def _plain(markdown: str) -> str:
    """As a person would type it: what agents write is shown as it stands."""
    parts = [_lines(block) if block.kind == "table" else block.text for block in blocks(markdown)]
    return _LINK.sub(r"\1 (\2)", _EMPHASIS.sub(r"\2", "\n\n".join(parts)))


def _lines(table: Block) -> str:
    """A line a row: its first cell, then the others, with their columns' names from three on."""
    names = cells(table.head.splitlines()[0])[1:]
    lines: list[str] = []
    for row in table.rows:
        first, *others = cells(row)
        told = (
            others if len(names) < 2 else [f"{n} {c}" for n, c in zip(names, others, strict=False)]
        )
        lines.append(f"{first}: {', '.join(told)}")
    return "\n".join(lines)


def _distinct(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """Leaves out what says, letter for letter, the same as one before it."""
    said: set[str] = set()
    for suggestion in suggestions:
        letters = "".join(c for c in suggestion.text.casefold() if c.isalnum())
        if letters and letters not in said:
            said.add(letters)
            yield suggestion


def _from_row(row: dict[str, Any]) -> Suggestion:
    return Suggestion(
        row["text"],
        row["source"],
        tuple((heading, document) for heading, document in json.loads(row["passages"])),
        row["generator"],
        row["model"],
        row["id"],
    )
