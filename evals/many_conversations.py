"""`python -m evals.many_conversations --home DIR`: a log of a year, to measure the desk with.

Invented conversations around the demo shop's own questions, with hand-offs, ratings, failures and
reviews, through the real schema and its triggers. Writes only to a home without conversations.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.log import ConversationLog
from bot.phrases import say
from evals.desk import silent
from evals.errors import EvalError
from evals.log_rows import LogRows, iso
from evals.reading import read_lines
from knowledge.language import language_of
from knowledge.passages import cut
from knowledge.reading import read_document
from knowledge.sources import DEMO_PACK, Source
from knowledge.types import Language, Passage, Progress

_DATA = Path(__file__).parent / "data" / "shop"
# Conversations that are written in one transaction.
_CHUNK = 1000
_MATCHES = 5
# What a conversation of one more question is worth less than one without.
_ONE_MORE = 0.55
_RISING_DAYS = 30
_OPENERS: Mapping[Language, Sequence[str]] = {
    "en": ("", "Hi, ", "Hello! ", "Quick question: ", "Good evening. "),
    "zh": ("", "你好，", "请问", "您好！", "想问一下，"),
}
_CLOSERS: Mapping[Language, Sequence[str]] = {
    "en": (
        "",
        " Order {n}.",
        " Thanks",
        " It is about order {n}, bought in {m}.",
        " Please hurry.",
    ),
    "zh": ("", "订单号{n}。", "谢谢", "我的订单是{n}。", "急！"),
}
_MONTHS = ("January", "March", "May", "July", "October", "December")
_REASONS = ("wrong_passage", "incomplete", "outdated", "wrong_intent")


@dataclass(frozen=True)
class Asked:
    """A question with the passage that answers it, or None where nothing does."""

    text: str
    intent: str
    passage: Passage | None


@dataclass(frozen=True)
class Shop:
    passages: Sequence[Passage]
    questions: Mapping[Language, Sequence[Asked]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100_000, help="of conversations")
    parser.add_argument("--days", type=int, default=365, help="over which they began")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from rich.progress import Progress as Bars

    with Bars() as bars:
        task = bars.add_task("write", total=options.count)
        write_conversations(
            options.home,
            options.count,
            days=options.days,
            seed=options.seed,
            progress=lambda _, done, total: bars.update(task, completed=done),
        )


def write_conversations(
    home: Path, count: int, *, days: int = 365, seed: int = 1, progress: Progress = silent
) -> None:
    """The same for the same seed and day. Raises EvalError where there are conversations."""
    log = ConversationLog(home / "conversations.db")
    try:
        with log.database.reading() as connection:
            if connection.execute("select 1 from conversations").fetchone():
                raise EvalError(f"{home} has conversations. Name a home without.")
        writer = _Writer(log, read_shop(), random.Random(seed))
        begun = sorted(writer.moment(days) for _ in range(count))
        for start in range(0, count, _CHUNK):
            writer.write(begun[start : start + _CHUNK])
            progress("write", min(start + _CHUNK, count), count)
    finally:
        log.close()


def read_shop() -> Shop:
    passages = [
        passage
        for name, path in Source(DEMO_PACK).documents()
        for passage in cut(read_document(path, name))
    ]
    by_id = {passage.id: passage for passage in passages}
    questions: dict[Language, list[Asked]] = {"en": [], "zh": []}
    for line in read_lines(
        [_DATA / f"{part}_{lang}.jsonl" for part in ("dev", "test") for lang in ("en", "zh")]
    ):
        passage = by_id[line.texts("relevant")[0]]
        questions[language_of(line.text("query"))].append(
            Asked(line.text("query"), _intent(passage), passage)
        )
    for line in read_lines([_DATA / f"{part}_unanswerable.jsonl" for part in ("dev", "test")]):
        questions[language_of(line.text("query"))].append(Asked(line.text("query"), "", None))
    return Shop(passages, questions)


def _intent(passage: Passage) -> str:
    return Path(passage.document).stem


class _Writer:
    def __init__(self, log: ConversationLog, shop: Shop, dice: random.Random) -> None:
        self._log = log
        self._shop = shop
        self._dice = dice
        self._now = datetime.now(UTC)
        self._turn = 0

    def moment(self, days: int) -> datetime:
        """Busier by day than by night, and busier lately than a year ago.

        What would begin later today began yesterday: no two begin in the same moment.
        """
        ago = days * (1 - math.sqrt(self._dice.random()))
        hour = min(23.99, max(0.0, self._dice.gauss(14, 4)))
        day = (self._now - timedelta(days=ago)).replace(hour=0, minute=0, second=0)
        moment = day + timedelta(hours=hour)
        return moment if moment < self._now - timedelta(minutes=1) else moment - timedelta(days=1)

    def write(self, begun: Sequence[datetime]) -> None:
        rows = LogRows()
        for moment in begun:
            self._conversation(rows, moment)
        database = self._log.database
        with database.transaction():
            for sql, values in rows.statements():
                database.db.conn.executemany(sql, values)

    def _conversation(self, rows: LogRows, moment: datetime) -> None:
        dice = self._dice
        language: Language = "zh" if dice.random() < 0.4 else "en"
        name = f"{dice.getrandbits(128):032x}"
        rows.conversations.append((name, iso(moment), iso(moment), language, "web", "bot"))
        at = moment
        route = ""
        for _ in range(1 + min(9, int(math.log(1 - dice.random()) / math.log(_ONE_MORE)))):
            at += timedelta(seconds=dice.uniform(5, 90))
            route = self._exchange(rows, name, self._question(language, moment), at)
            if route in ("hand_off", "failed", "cancelled"):
                break
        if route == "hand_off":
            self._person(rows, name, at)
        elif dice.random() < 0.12:
            solved = int(dice.random() < (0.85 if route == "answer" else 0.2))
            stars = dice.choice((4, 5, 5) if solved else (1, 2, 3))
            rows.surveys.append((name, solved, stars, iso(at)))
        if dice.random() < 0.03:
            self._review(rows, name, route, at)

    def _question(self, language: Language, moment: datetime) -> Asked:
        dice = self._dice
        asked = dice.choice(self._shop.questions[language])
        recent = moment > self._now - timedelta(days=_RISING_DAYS)
        while recent and asked.intent != "shipping" and dice.random() < 0.2:
            asked = dice.choice(self._shop.questions[language])
        closer = dice.choice(_CLOSERS[language])
        closer = closer.format(n=dice.randrange(10_000, 99_999), m=dice.choice(_MONTHS))
        return Asked(
            dice.choice(_OPENERS[language]) + asked.text + closer, asked.intent, asked.passage
        )

    def _exchange(self, rows: LogRows, name: str, asked: Asked, at: datetime) -> str:
        """The route of the bot's turn, or how the customer's turn ended without one."""
        dice = self._dice
        route, rule = self._route(asked)
        status = route if route in ("failed", "cancelled") else "done"
        error = "RuntimeError: the index is gone" if route == "failed" else None
        question = rows.turn(self._next(), name, "customer", asked.text, status, at, error=error)
        if status != "done":
            return status
        timings = {"embed": dice.uniform(4, 9), "search": dice.uniform(3, 12)}
        if route == "answer":
            timings["first_word"] = dice.lognormvariate(2.3, 0.6)
        timings["total"] = sum(timings.values()) + dice.lognormvariate(2, 0.5)
        turn = rows.turn(
            self._next(), name, "bot", _text(route, asked), "done", at + timedelta(seconds=1),
            reply_to=question, route=route, rule=rule, intent=asked.intent or "other",
            intent_confidence=round(dice.betavariate(6, 2), 4),
            intent_known=int(bool(asked.intent)),
            generator="quote" if route == "answer" else None, knowledge_version="0001",
            timings_ms=json.dumps({key: round(ms, 2) for key, ms in timings.items()}),
            options="[]", dropped="[]",
        )  # fmt: skip
        self._matches(rows, turn, asked, route)
        if dice.random() < 0.08:
            up = dice.random() < (0.8 if route == "answer" else 0.3)
            rows.feedback.append((turn, "up" if up else "down", "", iso(at)))
        return route

    def _route(self, asked: Asked) -> tuple[str, str]:
        lot = self._dice.random()
        if lot < 0.012:
            return "failed", ""
        if lot < 0.025:
            return "cancelled", ""
        if lot < 0.075:
            return "hand_off", "asked_for_person"
        if lot < 0.11:
            return "small_talk", "greeting"
        if asked.passage is None:
            return ("decline", "no_match") if lot < 0.85 else ("answer", "match")
        if lot < 0.86:
            return "answer", "match"
        return ("clarify", "close_matches") if lot < 0.96 else ("decline", "no_match")

    def _matches(self, rows: LogRows, turn: int, asked: Asked, route: str) -> None:
        found = [asked.passage] if asked.passage else []
        found += self._dice.sample(self._shop.passages, _MATCHES - len(found))
        best = (
            self._dice.uniform(0.55, 0.99) if route == "answer" else self._dice.uniform(0.05, 0.5)
        )
        for rank, passage in enumerate(found, start=1):
            score = best / rank
            cited = int(route == "answer" and rank == 1)
            rows.matches.append(
                (turn, rank, passage.id, passage.document, passage.heading, passage.text,
                 score, score, score / 2, cited)
            )  # fmt: skip

    def _person(self, rows: LogRows, name: str, at: datetime) -> None:
        rows.owners.append(("waiting", iso(at), name))
        if self._dice.random() < 0.8:
            at += timedelta(seconds=self._dice.lognormvariate(5, 1))
            rows.owners.append(("agent", iso(at), name))
            rows.turn(self._next(), name, "agent", "Let me look into that for you.", "done", at)

    def _review(self, rows: LogRows, name: str, route: str, at: datetime) -> None:
        turn = next((t for t in reversed(rows.turns) if t["role"] == "bot"), None)
        if turn is None or turn["conversation_id"] != name:
            return
        first = self._verdict(route)
        rows.review(turn["id"], name, "mei", first, at, self._dice.choice(_REASONS))
        if self._dice.random() < 0.3:
            second = first if self._dice.random() < 0.85 else self._verdict(route)
            rows.review(turn["id"], name, "tom", second, at, self._dice.choice(_REASONS))

    def _verdict(self, route: str) -> str:
        if self._dice.random() < 0.75:
            return "right"
        return "should_answer" if route == "decline" else self._dice.choice(("partly", "wrong"))

    def _next(self) -> int:
        self._turn += 1
        return self._turn


def _text(route: str, asked: Asked) -> str:
    language = language_of(asked.text)
    if route == "answer":
        return asked.passage.text if asked.passage else say("small_talk", language)
    phrases: Mapping[str, Any] = {
        "decline": "decline", "clarify": "clarify", "hand_off": "hand_off_asked",
        "small_talk": "greeting",
    }  # fmt: skip
    return say(phrases[route], language)


if __name__ == "__main__":
    main()
