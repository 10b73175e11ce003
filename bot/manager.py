"""DialogManager: the whole way of a message, from the customer's words to the bot's answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Generating
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from bot.answering import Draft, write_answer
from bot.config import Config
from bot.errors import Busy, EmptyMessage, MessageTooLong, OwnershipError, ReaderLeft
from bot.line import Line
from bot.log import ConversationLog
from bot.phrases import Phrase, say
from bot.prompt import build_prompt
from bot.reader import OwnershipWatch, Reader
from bot.routing import Decision, decide, decline
from bot.suggestions import Suggestion, Suggestions, suggest
from bot.types import (
    Answer,
    BotTurn,
    Generator,
    IntentClassifier,
    LocalGenerator,
    Owner,
    Piece,
    Retriever,
    Route,
    Status,
    Turn,
)
from bot.understanding import Understanding, Understood
from bot.watch import TurnReport, Watcher
from knowledge.characters import clean
from knowledge.types import Embedder, Language

# What a generator may see of the conversation before, in turns.
HISTORY_TURNS = 8

_HAND_OFF_PHRASES: dict[str, Phrase] = {
    "asked_for_person": "hand_off_asked",
    "complaint": "hand_off_complaint",
    "second_decline": "hand_off_declined_twice",
}
_SMALL_TALK_PHRASES: dict[str, Phrase] = {
    "greeting": "greeting",
    "thanks": "thanks",
    "goodbye": "goodbye",
    "small_talk": "small_talk",
}


@dataclass(frozen=True)
class Parts:
    """What a conversation is made of; `bot/build.py` chooses them from the Config."""

    embedder: Embedder
    intents: IntentClassifier
    knowledge: Retriever
    generator: Generator
    quote: Generator


@dataclass(frozen=True)
class _Turn:
    """What becomes known of one message on its way."""

    question: Turn
    history: list[Turn]
    understood: Understood
    started: float

    @property
    def language(self) -> Language:
        return self.understood.language

    @property
    def timings_ms(self) -> dict[str, float]:
        return self.understood.timings_ms


class DialogManager:
    def __init__(
        self, log: ConversationLog, parts: Parts, config: Config, line: Line | None = None
    ) -> None:
        self.log = log
        self.line = line or Line(at_once=config.answers_at_once, length=config.line_length)
        self._parts = parts
        self._config = config
        self._understanding = Understanding(parts.embedder, parts.intents, parts.knowledge, config)
        self._watchers: list[Watcher] = []

    @property
    def generator(self) -> Generator:
        return self._parts.generator

    def watch(self, watcher: Watcher) -> None:
        """`watcher` is called after every message from now on."""
        self._watchers.append(watcher)

    def suggest(
        self, conversation_id: str, *, left: threading.Event | None = None
    ) -> list[Suggestion]:
        """What an agent could answer to the customer's last message; made once and kept.

        They are made where no customer waits for an answer. Raises ReaderLeft once `left` is set,
        OwnershipError once the conversation is back with the bot, and Busy where the server stops.
        """
        conversation = self.log.conversation(conversation_id)
        asked = [turn for turn in conversation.turns if turn.role == "customer"]
        if not asked:
            return []
        owners = {conversation.owner, Owner.WAITING, Owner.AGENT}
        watch = OwnershipWatch(self.log, conversation_id, owners)

        def make() -> list[Suggestion]:
            reader = Reader(self.line.enter(behind=True), left or threading.Event(), watch)
            return self._suggestions(asked[-1], conversation.language, reader)

        return Suggestions(self.log.database).of(asked[-1].id, make)

    def _suggestions(self, question: Turn, fallback: Language, reader: Reader) -> list[Suggestion]:
        try:
            reader.check()
            turn = self._understand(question, fallback)
            near = [m for m in turn.understood.matches if m.score >= self._config.clarify_score / 2]
            prompt = build_prompt(question.text, near, language=turn.language, history=turn.history)
            for _ in reader.places():
                pass
            parts = self._parts
            return suggest(prompt, parts.generator, parts.quote, self._config, check=reader.check)
        finally:
            reader.ticket.leave()

    def warm_up(self) -> None:
        """Loads what waits for its first use, so that the first customer does not wait for it."""
        for text in ("Hello", "你好"):
            # On the Chinese page, where the dictionary tells whether a text is English.
            self._understanding.read(text, (), fallback="zh")
        if isinstance(self.generator, LocalGenerator):
            self.generator.warm_up()

    def reply(
        self, conversation_id: str, text: str, *, left: threading.Event | None = None
    ) -> Iterator[Piece | Answer]:
        """Stores the message, then yields the reply's pieces and, last, one Answer.

        Raises EmptyMessage, MessageTooLong or UnknownConversation before anything is stored, and
        Busy where the line is full: the message is then stored as failed. Closing the iterator
        cancels the work; setting `left` does so from another thread, at once and not at the next
        piece. The message is then stored as cancelled.
        """
        text = self._accept(text)
        question = self.log.add_customer_turn(conversation_id, text)
        try:
            ticket = self.line.enter()
        except Busy as busy:
            if self.log.head(conversation_id).owner is not Owner.BOT:  # whom a person answers
                return iter([self._silent(question)])
            self._settle(question, "failed", error=str(busy))
            raise
        owner = OwnershipWatch(self.log, conversation_id, {Owner.BOT})
        return self._answered(question, Reader(ticket, left or threading.Event(), owner))

    def _accept(self, text: str) -> str:
        cleaned = clean(text).strip()
        if not any(c.isprintable() and not c.isspace() and c != "\u200d" for c in cleaned):
            raise EmptyMessage("The message is empty. Write a question.")
        if len(cleaned) > self._config.max_message_chars:
            raise MessageTooLong(
                f"The message has {len(cleaned):,} characters, "
                f"and at most {self._config.max_message_chars:,} are read. Shorten it."
            )
        return cleaned

    def _answered(self, question: Turn, reader: Reader) -> Iterator[Piece | Answer]:
        said: list[str] = []
        try:
            with closing(self._turn(question, reader)) as items:
                for item in items:
                    if isinstance(item, Piece):
                        said.append(item.text)
                    yield item
        except OwnershipError:
            yield self._silent(question, "".join(said))
        except (GeneratorExit, ReaderLeft):
            self._settle(question, "cancelled")
            raise
        except BaseException as error:
            self._settle(question, "failed", error=f"{type(error).__name__}: {error}")
            raise
        finally:
            reader.ticket.leave()

    def _settle(self, question: Turn, status: Status, *, error: str = "") -> None:
        self._report(TurnReport(status))
        self.log.settle(question, status, error=error)

    def _report(self, report: TurnReport) -> None:
        for watcher in self._watchers:
            watcher(report)

    def _turn(self, question: Turn, reader: Reader) -> Generating[Piece | Answer, None, None]:
        conversation = self.log.head(question.conversation_id)
        if conversation.owner is not Owner.BOT:
            raise OwnershipError("A person owns this conversation.")
        turn = self._understand(question, conversation.language)
        last_route = next((t.route for t in reversed(turn.history) if t.role == "bot"), None)
        understood = turn.understood
        decision = decide(
            understood.intent,
            understood.usable,
            last_route,
            self._config,
            own_score=understood.own_score,
        )
        draft = Draft("")
        if decision.route is Route.ANSWER:
            yield from self._wait_in_line(turn, reader)
            draft = yield from self._write(turn, reader)
            if draft.unknown:
                decision = decline(last_route, "not_in_passages")
        if decision.route is not Route.ANSWER:
            draft = replace(draft, text=say(_phrase(decision), turn.language))
            yield Piece(draft.text)
        yield self._stored(turn, decision, draft)

    def _understand(self, question: Turn, fallback: Language) -> _Turn:
        started = time.perf_counter()
        history = self.log.recent_turns(
            question.conversation_id, before=question.id, limit=HISTORY_TURNS
        )
        understood = self._understanding.read(question.text, history, fallback=fallback)
        return _Turn(question, history, understood, started)

    def _wait_in_line(self, turn: _Turn, reader: Reader) -> Iterator[Piece]:
        """Until it is this customer's turn. Raises Busy, and what Reader.check raises."""
        since = time.perf_counter()
        for place in reader.places():
            yield Piece("", place=place)
            turn.timings_ms["wait"] = 0.0
        if "wait" in turn.timings_ms:
            turn.timings_ms["wait"] = _milliseconds(since)

    def _write(self, turn: _Turn, reader: Reader) -> Generating[Piece, None, Draft]:
        prompt = build_prompt(
            turn.question.text,
            turn.understood.usable[: self._config.passages_per_prompt],
            language=turn.language,
            history=turn.history,
        )
        writing = write_answer(
            prompt, self._parts.generator, self._parts.quote, self._config, check=reader.check
        )
        since = time.perf_counter()
        # Closed here, not when it is forgotten: what `check` raises holds on to it.
        with closing(writing):
            for text in writing:
                turn.timings_ms.setdefault("first_word", _milliseconds(since))
                reader.check()
                yield Piece(text)
        turn.timings_ms["generate"] = _milliseconds(since)
        return writing.draft

    def _stored(self, turn: _Turn, decision: Decision, draft: Draft) -> Answer:
        turn.timings_ms["total"] = _milliseconds(turn.started)
        owner = Owner.WAITING if decision.route is Route.HAND_OFF else Owner.BOT
        reply = BotTurn(
            text=draft.text,
            route=decision.route,
            rule=decision.rule,
            intent=turn.understood.intent,
            matches=turn.understood.matches,
            cited=draft.cited,
            spans=draft.spans,
            options=decision.options,
            dropped=draft.dropped,
            generator=draft.generator,
            model=draft.model,
            knowledge_version=turn.understood.knowledge_version,
            error=draft.error,
            timings_ms=turn.timings_ms,
            owner=owner,
        )
        stored = self.log.add_bot_turn(turn.question, reply)
        self._report(
            TurnReport(
                status="done",
                route=decision.route,
                rule=decision.rule,
                generator=draft.generator,
                fallback=bool(draft.error),
                timings_ms=turn.timings_ms,
            )
        )
        return Answer(
            conversation_id=stored.conversation_id,
            turn_id=stored.id,
            text=stored.text,
            route=decision.route,
            language=turn.language,
            owner=owner,
            intent=turn.understood.intent,
            citations=stored.citations,
            spans=draft.spans,
            options=decision.options,
            timings_ms=turn.timings_ms,
        )

    def _silent(self, question: Turn, said: str = "") -> Answer:
        """`said` is what the bot had said when a person took over."""
        self.log.interrupt(question, said)
        self._report(TurnReport("done", Route.SILENT))
        head = self.log.head(question.conversation_id)
        return Answer(head.id, question.id, "", Route.SILENT, head.language, head.owner)


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000.0


def _phrase(decision: Decision) -> Phrase:
    if decision.route is Route.HAND_OFF:
        return _HAND_OFF_PHRASES[decision.rule]
    if decision.route is Route.SMALL_TALK:
        return _SMALL_TALK_PHRASES[decision.rule]
    if decision.route is Route.CLARIFY:
        return "clarify" if len(decision.options) > 1 else "clarify_one"
    return "decline_near" if decision.options else "decline"
