"""DialogManager: the whole way of a message, from the customer's words to the bot's answer."""

from __future__ import annotations

import time
from collections.abc import Generator as Generating
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from bot.answer_type import asked_kinds, tells
from bot.answering import Draft, write_answer
from bot.config import Config
from bot.courtesy import without_courtesy
from bot.errors import EmptyMessage, MessageTooLong, OwnershipError
from bot.followups import is_short, leans_on_history, with_context
from bot.generators.timed import CHECK_SECONDS
from bot.handoff import HandOff
from bot.log import BotTurn, ConversationLog
from bot.phrases import Phrase, say
from bot.prompt import build_prompt
from bot.routing import Decision, decide, decline
from bot.suggestions import Suggestion, Suggestions, suggest
from bot.types import (
    Answer,
    Conversation,
    Generator,
    Intent,
    IntentClassifier,
    Owner,
    Piece,
    Retriever,
    Route,
    Turn,
)
from knowledge.language import has_chinese, language_of
from knowledge.types import Embedder, Language, Match

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


@dataclass
class _Turn:
    """What becomes known of one message on its way. `usable`: matches that tell what is asked."""

    question: Turn
    language: Language
    history: list[Turn]
    intent: Intent
    matches: list[Match]
    usable: list[Match]
    knowledge_version: str
    timings_ms: dict[str, float]
    started: float


class DialogManager:
    def __init__(self, log: ConversationLog, parts: Parts, config: Config) -> None:
        self.log = log
        self._parts = parts
        self._config = config

    def start(self, language: Language, *, channel: str = "web") -> Conversation:
        return self.log.start(language, channel=channel)

    def ask_for_person(self, conversation_id: str) -> Turn:
        """Puts the customer into the queue. Asking again changes nothing, but is answered."""
        return HandOff(self.log).ask(conversation_id)

    def suggest(self, conversation_id: str) -> list[Suggestion]:
        """What an agent could answer to the customer's last message; made once and kept."""
        conversation = self.log.conversation(conversation_id)
        asked = [turn for turn in conversation.turns if turn.role == "customer"]
        if not asked:
            return []
        kept = Suggestions(self.log.database)
        return kept.of(asked[-1].id, lambda: self._suggestions(asked[-1], conversation.language))

    def _suggestions(self, question: Turn, fallback: Language) -> list[Suggestion]:
        turn = self._understand(question, fallback)
        near = [m for m in turn.matches if m.score >= self._config.clarify_score / 2]
        prompt = build_prompt(question.text, near, language=turn.language, history=turn.history)
        return suggest(prompt, self._parts.generator, self._parts.quote, self._config)

    def warm_up(self) -> None:
        """Loads what waits for its first use, so that the first customer does not wait for it."""
        texts = ["Hello", "你好"]
        for text, vector in zip(texts, self._parts.embedder.embed(texts), strict=True):
            self._parts.intents.classify(text, vector)
            self._parts.knowledge.search(text, vector, k=1)

    def reply(self, conversation_id: str, text: str) -> Iterator[Piece | Answer]:
        """Stores the message, then yields the reply's pieces and, last, one Answer.

        Raises EmptyMessage, MessageTooLong or UnknownConversation before anything is stored.
        Closing the iterator cancels the work; the message is then stored as cancelled.
        """
        text = self._accept(text)
        return self._answered(self.log.add_customer_turn(conversation_id, text))

    def _accept(self, text: str) -> str:
        cleaned = "".join(c for c in text if c.isprintable() or c in "\n\t\u200d").strip()
        if not any(c.isprintable() and not c.isspace() and c != "\u200d" for c in cleaned):
            raise EmptyMessage("The message is empty. Write a question.")
        if len(cleaned) > self._config.max_message_chars:
            raise MessageTooLong(
                f"The message has {len(cleaned):,} characters, "
                f"and at most {self._config.max_message_chars:,} are read. Shorten it."
            )
        return cleaned

    def _answered(self, question: Turn) -> Iterator[Piece | Answer]:
        said: list[str] = []
        try:
            with closing(self._turn(question)) as items:
                for item in items:
                    if isinstance(item, Piece):
                        said.append(item.text)
                    yield item
        except OwnershipError:
            self.log.interrupt(question, "".join(said))
            yield self._silence(question)
        except GeneratorExit:
            self.log.settle(question, "cancelled")
            raise
        except BaseException as error:
            self.log.settle(question, "failed", error=f"{type(error).__name__}: {error}")
            raise

    def _turn(self, question: Turn) -> Generating[Piece | Answer, None, None]:
        conversation = self.log.head(question.conversation_id)
        if conversation.owner is not Owner.BOT:
            raise OwnershipError("A person owns this conversation.")
        turn = self._understand(question, conversation.language)
        last_route = next((t.route for t in reversed(turn.history) if t.role == "bot"), None)
        decision = decide(turn.intent, turn.usable, last_route, self._config)
        draft = Draft("")
        if decision.route is Route.ANSWER:
            draft = yield from self._write(turn)
            if draft.unknown:
                decision = decline(last_route, "not_in_passages")
        if decision.route is not Route.ANSWER:
            draft = replace(draft, text=say(_phrase(decision), turn.language))
            yield Piece(draft.text)
        yield self._stored(turn, decision, draft)

    def _understand(self, question: Turn, fallback: Language) -> _Turn:
        """Embeds the message once, for its intent and for the search."""
        started = time.perf_counter()
        timings: dict[str, float] = {}
        language = language_of(question.text) if _has_letters(question.text) else fallback
        history = self.log.recent_turns(
            question.conversation_id, before=question.id, limit=HISTORY_TURNS
        )
        queries = self._queries(question.text, history)
        with _timed(timings, "embed"):
            vectors = self._parts.embedder.embed(queries)
        with _timed(timings, "classify"):
            intent = self._parts.intents.classify(question.text, vectors[0])
        with _timed(timings, "search"):
            k = self._config.passages_per_prompt + 1
            found = [
                self._parts.knowledge.search(query, vector, k=k, language=language)
                for query, vector in zip(queries, vectors, strict=True)
            ]
        matches = self._choose(question.text, found)
        kinds = asked_kinds(queries[0])
        usable = [match for match in matches if tells(match.passage, kinds)]
        version = self._parts.knowledge.version
        return _Turn(
            question, language, history, intent, matches, usable, version, timings, started
        )

    def _queries(self, text: str, history: Sequence[Turn]) -> list[str]:
        """The question in the message, and with the one before it where it may lean on that."""
        text = without_courtesy(text)
        before = next((turn.text for turn in reversed(history) if turn.role == "customer"), None)
        if before is None or not (leans_on_history(text) or is_short(text)):
            return [text]
        return [text, with_context(without_courtesy(before), text)]

    def _choose(self, text: str, found: Sequence[list[Match]]) -> list[Match]:
        alone, in_context = found[0], found[-1]
        if len(found) == 1 or not in_context or not alone:
            return alone
        if leans_on_history(text):
            return in_context
        # A short message is a follow-up only where what it leads to holds words of its own: else
        # nonsense would be answered with the answer before.
        shared = {match.passage.id for match in alone if match.lexical > 0}
        weak = alone[0].score < self._config.answer_score
        better = in_context[0].score > alone[0].score and in_context[0].passage.id in shared
        return in_context if weak and better else alone

    def _write(self, turn: _Turn) -> Generating[Piece, None, Draft]:
        prompt = build_prompt(
            turn.question.text,
            turn.usable[: self._config.passages_per_prompt],
            language=turn.language,
            history=turn.history,
        )
        check = OwnershipWatch(self.log, turn.question.conversation_id)
        writing = write_answer(
            prompt, self._parts.generator, self._parts.quote, self._config, check=check
        )
        since = time.perf_counter()
        while True:
            try:
                text = next(writing)
            except StopIteration as end:
                draft: Draft = end.value
                turn.timings_ms["generate"] = _milliseconds(since)
                return draft
            turn.timings_ms.setdefault("first_word", _milliseconds(since))
            check()
            yield Piece(text)

    def _stored(self, turn: _Turn, decision: Decision, draft: Draft) -> Answer:
        turn.timings_ms["total"] = _milliseconds(turn.started)
        owner = Owner.WAITING if decision.route is Route.HAND_OFF else Owner.BOT
        reply = BotTurn(
            text=draft.text,
            route=decision.route,
            rule=decision.rule,
            intent=turn.intent,
            matches=tuple(turn.matches),
            cited=draft.cited,
            options=decision.options,
            dropped=draft.dropped,
            generator=draft.generator,
            model=draft.model,
            knowledge_version=turn.knowledge_version,
            error=draft.error,
            timings_ms=turn.timings_ms,
            owner=owner,
        )
        stored = self.log.add_bot_turn(turn.question, reply)
        return Answer(
            conversation_id=stored.conversation_id,
            turn_id=stored.id,
            text=stored.text,
            route=decision.route,
            language=turn.language,
            owner=owner,
            intent=turn.intent,
            citations=stored.citations,
            options=decision.options,
            timings_ms=turn.timings_ms,
        )

    def _silence(self, question: Turn) -> Answer:
        head = self.log.head(question.conversation_id)
        return Answer(head.id, question.id, "", Route.SILENT, head.language, head.owner)


class OwnershipWatch:
    """Called while an answer is written: raises OwnershipError once a person has the conversation.

    The log is asked at most every CHECK_SECONDS, and not at all in between.
    """

    def __init__(self, log: ConversationLog, conversation_id: str) -> None:
        self._log = log
        self._conversation_id = conversation_id
        self._next = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + CHECK_SECONDS
        if self._log.head(self._conversation_id).owner is not Owner.BOT:
            raise OwnershipError("A person has taken this conversation over.")


@contextmanager
def _timed(timings_ms: dict[str, float], name: str) -> Iterator[None]:
    since = time.perf_counter()
    yield
    timings_ms[name] = _milliseconds(since)


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000.0


def _phrase(decision: Decision) -> Phrase:
    if decision.route is Route.HAND_OFF:
        return _HAND_OFF_PHRASES[decision.rule]
    if decision.route is Route.SMALL_TALK:
        return _SMALL_TALK_PHRASES[decision.rule]
    return "clarify" if decision.route is Route.CLARIFY else "decline"


def _has_letters(text: str) -> bool:
    return has_chinese(text) or any(c.isalpha() for c in text)
