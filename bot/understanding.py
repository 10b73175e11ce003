"""What a message means: its language, its intent, and what the knowledge holds for it.

Reads the message alone and, where it may lean on the one before, with that. Answers nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.answer_type import asked_kinds, tells
from bot.calls import calls_for_person, refuses_person
from bot.choices import REFUSAL, picked, refuses
from bot.config import Config
from bot.courtesy import is_angry_sign, only_acknowledges, without_courtesy
from bot.danger import tells_of_danger
from bot.followups import (
    in_conversation,
    leans_on_history,
    question_before,
    said_before,
    with_context,
)
from bot.foreign import is_foreign
from bot.routing import ACKNOWLEDGEMENT, ASK_FOR_PERSON, DANGER, FOREIGN, UNCLEAR
from bot.types import Intent, Parts, Turn
from knowledge.language import has_chinese, language_of
from knowledge.spelling import is_plain_english
from knowledge.types import Language, LookUp, Match, Reading

# How much of the conversation before a message is read, in turns; a generator may see it, too.
HISTORY_TURNS = 8
# Of held-out greetings and goodbyes 77 % are surer.
_SURE_OF_FORMULA = 0.9
# What is found for a message in a foreign language all the same is told.
_FOREIGN_CONFIDENCE = 0.7
# Passages that each of the searches of a follow-up brings in.
_WEIGHED = 20


@dataclass(frozen=True)
class Understood:
    """`text` is the message, or the offered entry that it picks; `history` is what was before it.
    `usable`: the matches that tell the kind of fact that is asked for; `own_score` is the best
    one's of the message read alone, or in the conversation where it leans on that by its form.
    """

    text: str
    history: tuple[Turn, ...]
    language: Language
    intent: Intent
    matches: tuple[Match, ...]
    usable: tuple[Match, ...]
    own_score: float
    knowledge_version: str
    timings_ms: dict[str, float]


@dataclass(frozen=True)
class Understanding:
    parts: Parts
    config: Config

    def read(self, text: str, history: Sequence[Turn], *, fallback: Language) -> Understood:
        """`fallback`: the language where no message tells it. Each text is embedded once."""
        timings: dict[str, float] = {}
        option = picked(text, history)
        # An entry in another language, pressed or picked, is none of the customer's own words.
        language = _language("" if option else text, history, fallback)
        text = option or text
        if refuses(text, history):
            return self._nothing(text, history, language)
        alone = self._plain(text)
        kinds = asked_kinds(alone)
        looked_up, reading = self._read(alone, timings)
        with _timed(timings, "classify"):
            # An entry that is picked is none of the customer's own words: its form tells nothing.
            told = None if option else self._by_form(text)
            intent = told or self._by_examples(text, alone, reading)
        # What is picked stands by itself.
        before = "" if option else said_before(history)
        matches = self._search(alone, looked_up, reading, language, timings, follows=bool(before))
        own_score = _best(_telling(matches, kinds))
        if before:
            in_context = self._follow_up(alone, before, matches, history, language, timings)
            # What answers by itself is not lost for what was said before.
            if not _best(in_context) < self.config.answer_score <= _best(matches):
                matches = in_context
        matches = matches[: self._kept]
        usable = _telling(matches, kinds)
        if before and leans_on_history(alone):
            own_score = _best(usable)
        return Understood(
            text=text,
            history=tuple(history),
            language=language,
            intent=intent,
            matches=tuple(matches),
            usable=tuple(usable),
            own_score=own_score,
            knowledge_version=self.parts.knowledge.version,
            timings_ms=timings,
        )

    def _nothing(self, text: str, history: Sequence[Turn], language: Language) -> Understood:
        """None of what was offered: there is no word to search for."""
        refusal = Intent(REFUSAL, 1.0, known=True)
        version = self.parts.knowledge.version
        return Understood(text, tuple(history), language, refusal, (), (), 0.0, version, {})

    def _by_form(self, text: str) -> Intent | None:
        """So little as "ok" or "收到" is near to anything, and a call for a person to what the
        company says of its hotline: they are told by their form."""
        if tells_of_danger(text):
            return Intent(DANGER, 1.0, known=True)
        if is_angry_sign(text):
            return Intent(UNCLEAR, 1.0, known=True)
        if only_acknowledges(text):
            return Intent(ACKNOWLEDGEMENT, 1.0, known=True)
        if calls_for_person(text):
            return Intent(ASK_FOR_PERSON, 1.0, known=True)
        if is_foreign(text):
            return Intent(FOREIGN, _FOREIGN_CONFIDENCE, known=True)
        return None

    def _by_examples(self, text: str, alone: str, reading: Reading) -> Intent:
        intent = self.parts.intents.classify(alone, reading.deep)
        if intent.name == ASK_FOR_PERSON and refuses_person(text):
            return replace(intent, known=False)
        # "And if it hasn't come?" is no goodbye, whatever else it is.
        going_on = leans_on_history(alone) and intent.confidence < _SURE_OF_FORMULA
        if intent.name in ("greeting", "goodbye") and going_on:
            return replace(intent, known=False)
        return intent

    def _plain(self, text: str) -> str:
        return self.parts.knowledge.corrected(without_courtesy(text))

    def _read(self, text: str, timings_ms: dict[str, float]) -> tuple[LookUp, Reading]:
        """Its words are looked up while it is embedded."""
        looked_up = self.parts.knowledge.look_up(text)
        with _timed(timings_ms, "embed"):
            return looked_up, self.parts.embedder.read([text])[0]

    def _search(
        self,
        query: str,
        looked_up: LookUp,
        reading: Reading,
        language: Language,
        timings_ms: dict[str, float],
        *,
        follows: bool,
    ) -> list[Match]:
        k = _WEIGHED if follows else self._kept
        with _timed(timings_ms, "search"):
            return self.parts.knowledge.search(
                query, reading, looked_up=looked_up, k=k, language=language
            )

    @property
    def _kept(self) -> int:
        return self.config.passages_per_prompt + 1

    def _follow_up(
        self,
        alone: str,
        before: str,
        found: list[Match],
        history: Sequence[Turn],
        language: Language,
        timings: dict[str, float],
    ) -> list[Match]:
        """What the message finds in the conversation, where it has `found` this by itself."""
        contexts = [self._plain(before)]
        if answered := question_before(history):
            contexts.append(answered)
        queries = [with_context(context, alone) for context in contexts]
        looked_up = [self.parts.knowledge.look_up(query) for query in queries]
        with _timed(timings, "embed"):
            readings = self.parts.embedder.read(queries)
        behind = [
            self._search(*each, language, timings, follows=True)
            for each in zip(queries, looked_up, readings, strict=True)
        ]
        return in_conversation(
            found,
            behind[0],
            behind[1] if answered else found,
            leans=leans_on_history(alone),
            language=language,
        )


def _telling(matches: Sequence[Match], kinds: frozenset[str]) -> list[Match]:
    return [match for match in matches if tells(match.passage, kinds)]


def _best(matches: Sequence[Match]) -> float:
    return matches[0].score if matches else 0.0


def _language(text: str, history: Sequence[Turn], fallback: Language) -> Language:
    """That of the message, or of the latest before it that tells one: "ok", "LF-2041" and "asdf"
    are written in a Chinese conversation, too.
    """
    said = [text, *(turn.text for turn in reversed(history) if turn.role == "customer")]
    if fallback == "en" and not any(map(has_chinese, said)):
        return fallback
    return next(
        (language_of(each) for each in said if has_chinese(each) or is_plain_english(each)),
        fallback,
    )


@contextmanager
def _timed(timings_ms: dict[str, float], name: str) -> Iterator[None]:
    """Adds to what was taken before."""
    since = time.perf_counter()
    yield
    timings_ms[name] = timings_ms.get(name, 0.0) + (time.perf_counter() - since) * 1000.0
