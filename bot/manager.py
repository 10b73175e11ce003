"""DialogManager: the whole way of a message, from the customer's words to the bot's answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Generating
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from bot.answering import AnswerDraft, write_answer
from bot.config import Config
from bot.deciding import DecidedMessage, decide_message, last_route
from bot.errors import Busy, EmptyMessage, MessageTooLong, OwnershipError, ReaderLeft
from bot.line import Line
from bot.log import ConversationLog
from bot.phrases import Phrase, phrase_for, say
from bot.prompt import build_prompt
from bot.reader import OwnershipWatch, Reader
from bot.routing import Decision, decline
from bot.types import (
    Answer,
    BotTurn,
    Generator,
    LocalGenerator,
    Owner,
    Parts,
    Piece,
    Prompt,
    Route,
    Status,
    Turn,
)
from bot.understanding import HISTORY_TURNS, Understanding, Understood
from bot.watch import TurnReport, Watcher
from knowledge.characters import clean
from knowledge.types import Language


class DialogManager:
    """`reply` is the way of a message. What it calls follows in that order."""

    def __init__(
        self, log: ConversationLog, parts: Parts, config: Config, line: Line | None = None
    ) -> None:
        self.log = log
        self.line = line or Line(at_once=config.answers_at_once, length=config.line_length)
        self._parts = parts
        self._config = config
        self._understanding = Understanding(parts, config)
        self._watchers: list[Watcher] = []

    @property
    def generator(self) -> Generator:
        return self._parts.generator

    def watch(self, watcher: Watcher) -> None:
        """`watcher` is called after every message from now on."""
        self._watchers.append(watcher)

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
        question = self.log.add_customer_turn(conversation_id, self._cleaned(text))
        try:
            ticket = self.line.enter()
        except Busy as busy:
            if self.log.head(conversation_id).owner is not Owner.BOT:  # whom a person answers
                return iter([self._silent(question)])
            self._settle(question, "failed", error=str(busy))
            raise
        owner = OwnershipWatch(self.log, conversation_id, {Owner.BOT})
        return self._answered(question, Reader(ticket, left or threading.Event(), owner))

    def _answered(self, question: Turn, reader: Reader) -> Iterator[Piece | Answer]:
        """However it ends, the question is settled and the place in line is given back."""
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

    def _turn(self, question: Turn, reader: Reader) -> Generating[Piece | Answer, None, None]:
        """The bot's turn: it understands, decides, writes and stores."""
        conversation = self.log.head(question.conversation_id)
        if conversation.owner is not Owner.BOT:
            raise OwnershipError("A person owns this conversation.")
        started = time.perf_counter()
        history = self.log.recent_turns(conversation.id, before=question.id, limit=HISTORY_TURNS)
        message = decide_message(
            self._understanding, question.text, history, fallback=conversation.language
        )
        understood, decision = message.understood, message.decision
        draft = AnswerDraft("")
        if decision.route is Route.ANSWER:
            yield from self._wait_in_line(understood, reader)
            draft = yield from self._write(message, reader)
            if draft.unknown and not draft.text:
                decision = decline(last_route(history), "not_in_passages")
        if decision.route is not Route.ANSWER:
            draft = replace(draft, text=say(phrase_for(decision), understood.language))
            yield Piece(draft.text)
        understood.timings_ms["total"] = _milliseconds(started)
        yield self._stored(question, _bot_turn(understood, decision, draft), understood.language)

    def _cleaned(self, text: str) -> str:
        """Without what may stand in no text. Raises EmptyMessage and MessageTooLong."""
        cleaned = clean(text).strip()
        if not any(c.isprintable() and not c.isspace() and c != "\u200d" for c in cleaned):
            raise EmptyMessage("The message is empty. Write a question.")
        if len(cleaned) > self._config.max_message_chars:
            raise MessageTooLong(
                f"The message has {len(cleaned):,} characters, "
                f"and at most {self._config.max_message_chars:,} are read. Shorten it."
            )
        return cleaned

    def _wait_in_line(self, understood: Understood, reader: Reader) -> Iterator[Piece]:
        """Until it is this customer's turn. Raises Busy, and what Reader.check raises."""
        since, waited = time.perf_counter(), False
        for place in reader.places():
            yield Piece("", place=place)
            waited = True
        if waited:
            understood.timings_ms["wait"] = _milliseconds(since)

    def _write(
        self, message: DecidedMessage, reader: Reader
    ) -> Generating[Piece, None, AnswerDraft]:
        """The answer to each of its questions, and that the rest is not known."""
        since = time.perf_counter()
        timings = message.understood.timings_ms
        whole = AnswerDraft("")
        for asked in message.answered:
            between = "\n\n" if whole.text else ""
            writing = write_answer(
                self._prompt(asked),
                self._parts.generator,
                self._parts.quote,
                self._config,
                check=reader.check,
            )
            # Closed here, not when it is forgotten: what `check` raises holds on to it.
            with closing(writing):
                for number, text in enumerate(writing):
                    timings.setdefault("first_word", _milliseconds(since))
                    reader.check()
                    yield Piece(text if number else between + text)
            whole = whole.then(between if writing.draft.text else "", writing.draft)
        if whole.text and (message.rest or whole.unknown):
            phrase: Phrase = "rest_near" if message.decision.options else "rest_unknown"
            rest = "\n\n" + say(phrase, message.understood.language)
            yield Piece(rest)
            whole = replace(whole, text=whole.text + rest)
        timings["generate"] = _milliseconds(since)
        return whole

    def _prompt(self, asked: Understood) -> Prompt:
        return build_prompt(
            asked.text,
            asked.usable[: self._config.passages_per_prompt],
            language=asked.language,
            history=asked.history,
        )

    def _stored(self, question: Turn, reply: BotTurn, language: Language) -> Answer:
        stored = self.log.add_bot_turn(question, reply)
        self._report(
            TurnReport(
                "done",
                reply.route,
                reply.rule,
                reply.generator,
                fallback=bool(reply.error),
                timings_ms=reply.timings_ms,
            )
        )
        return Answer(
            conversation_id=stored.conversation_id,
            turn_id=stored.id,
            text=stored.text,
            route=reply.route,
            language=language,
            owner=reply.owner,
            intent=reply.intent,
            citations=stored.citations,
            spans=stored.spans,
            options=stored.options,
            timings_ms=reply.timings_ms,
        )

    def _silent(self, question: Turn, said: str = "") -> Answer:
        """`said` is what the bot had said when a person took over."""
        self.log.interrupt(question, said)
        self._report(TurnReport("done", Route.SILENT))
        head = self.log.head(question.conversation_id)
        return Answer(head.id, question.id, "", Route.SILENT, head.language, head.owner)

    def _settle(self, question: Turn, status: Status, *, error: str = "") -> None:
        self._report(TurnReport(status))
        self.log.settle(question, status, error=error)

    def _report(self, report: TurnReport) -> None:
        for watcher in self._watchers:
            watcher(report)


def _bot_turn(understood: Understood, decision: Decision, draft: AnswerDraft) -> BotTurn:
    return BotTurn(
        text=draft.text,
        route=decision.route,
        rule=decision.rule,
        intent=understood.intent,
        matches=understood.matches,
        cited=draft.cited,
        spans=draft.spans,
        options=decision.options,
        dropped=draft.dropped,
        generator=draft.generator,
        model=draft.model,
        knowledge_version=understood.knowledge_version,
        error=draft.error,
        timings_ms=understood.timings_ms,
        owner=Owner.WAITING if decision.route is Route.HAND_OFF else Owner.BOT,
    )


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000.0
