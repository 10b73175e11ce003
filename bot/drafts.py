"""Drafts of knowledge: what a reviewer proposes, and what an admin decided about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.database import ConversationDatabase, now
from bot.errors import DraftError
from knowledge.types import Language


class DraftState(StrEnum):
    PROPOSED = "proposed"
    PUBLISHING = "publishing"  # an admin has approved it, and the knowledge is being built
    PUBLISHED = "published"
    UNDOING = "undoing"  # an admin takes it back, and the knowledge changes
    REJECTED = "rejected"
    UNDONE = "undone"  # was published, and taken back


_BEFORE: Mapping[DraftState, DraftState] = {
    DraftState.PUBLISHING: DraftState.PROPOSED,
    DraftState.PUBLISHED: DraftState.PUBLISHING,
    DraftState.REJECTED: DraftState.PROPOSED,
    DraftState.UNDOING: DraftState.PUBLISHED,
    DraftState.UNDONE: DraftState.UNDOING,
}
_CLAIMED = (DraftState.PUBLISHING, DraftState.UNDOING)


@dataclass(frozen=True)
class Draft:
    """`checked` is what the eval sets said about it (evals/gate.py), as JSON; empty before that.
    `changed_by` are all who changed it, each once, the last one last.
    """

    id: int
    created_at: str
    created_by: str
    turn_id: int | None
    language: Language
    question: str
    answer: str
    asked: tuple[str, ...]
    state: DraftState
    decided_by: str = ""
    decided_at: str = ""
    knowledge_version: str = ""
    checked: str = ""
    changed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What a reviewer writes of a draft."""

    language: Language
    question: str
    answer: str
    asked: tuple[str, ...] = ()
    turn_id: int | None = None


class Drafts:
    def __init__(self, database: ConversationDatabase) -> None:
        self.database = database
        self._db = database.db

    def add(self, proposal: Proposal, by: str) -> int:
        """Raises DraftError where the question or the answer is empty."""
        row = _row(proposal) | {
            "created_at": now(),
            "created_by": by,
            "turn_id": proposal.turn_id,
            "state": DraftState.PROPOSED.value,
        }
        with self.database.transaction():
            number: Any = self._db.table("drafts").insert(row).last_pk
        return int(number)

    def change(self, number: int, proposal: Proposal, by: str) -> None:
        """What was checked before says nothing about the new text. Raises DraftError."""
        row = _row(proposal)
        with self.database.transaction():
            draft = self.expect(number, DraftState.PROPOSED)
            if row != _row(draft):
                others = [name for name in draft.changed_by if name != by]
                values = row | {"checked": None, "changed_by": _json([*others, by])}
                self._db.table("drafts").update(number, values)

    def keep_check(self, draft: Draft, checked: str) -> None:
        """Of what is no longer as it was checked, nothing is kept."""
        with self.database.transaction():
            if self.get(draft.id) == draft:
                self._db.table("drafts").update(draft.id, {"checked": checked})

    def claim(self, draft: Draft, state: DraftState, by: str) -> None:
        """Before the knowledge changes: PUBLISHING or UNDOING, and from here on nobody else changes
        or decides about it.

        Raises DraftError where it is no longer what `by` has looked at.
        """
        with self.database.transaction():
            if self.expect(draft.id, _BEFORE[state]) != draft:
                raise DraftError(f"Draft {draft.id} was changed. Reload the page.", "changed")
            self._decide(draft.id, state, by, now())

    def release(self, before: Draft) -> None:
        """What it was claimed for failed, or was cut short: it is as `before` again."""
        with self.database.transaction():
            self._decide(before.id, before.state, before.decided_by, before.decided_at)

    def decide(self, number: int, state: DraftState, by: str, *, version: str = "") -> None:
        """Raises DraftError where the draft is not where this can follow."""
        with self.database.transaction():
            self.expect(number, _BEFORE[state])
            self._decide(number, state, by, now())
            if version:
                self._db.table("drafts").update(number, {"knowledge_version": version})

    def get(self, number: int) -> Draft:
        """Raises DraftError."""
        with self.database.lock:
            rows = list(self._db.query("select * from drafts where id = ?", [number]))
        if not rows:
            raise DraftError(f"No draft {number}.", "unknown")
        return _draft(rows[0])

    def list(self, *, limit: int = 200) -> Sequence[Draft]:
        """Those that wait for a decision first, then the newest."""
        with self.database.lock:
            rows = list(
                self._db.query(
                    "select * from drafts order by state <> 'proposed', id desc limit ?", [limit]
                )
            )
        return [_draft(row) for row in rows]

    def claimed(self) -> Sequence[Draft]:
        """Those that somebody has claimed."""
        sql = "select * from drafts where state in (?, ?)"
        with self.database.lock:
            rows = list(self._db.query(sql, [state.value for state in _CLAIMED]))
        return [_draft(row) for row in rows]

    def expect(self, number: int, state: DraftState) -> Draft:
        """Raises DraftError where it is in another state."""
        draft = self.get(number)
        if draft.state is not state:
            raise DraftError(
                f"Draft {number} is {draft.state.value}, not {state.value}. Reload the page.",
                "publishing" if draft.state is DraftState.PUBLISHING else "decided",
            )
        return draft

    def _decide(self, number: int, state: DraftState, by: str, at: str) -> None:
        values = {"state": state.value, "decided_by": by, "decided_at": at}
        self._db.table("drafts").update(number, values)


def _row(proposal: Proposal | Draft) -> dict[str, Any]:
    question, answer = proposal.question.strip(), proposal.answer.strip()
    if not (question and answer):
        raise DraftError("A draft needs a question and an answer. Fill in both.", "incomplete")
    return {
        "language": proposal.language,
        "question": question,
        "answer": answer,
        "asked": _json(proposal.asked),
    }


def _json(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False)


def _draft(row: Mapping[str, Any]) -> Draft:
    known = {name: row[name] for name in ("id", "created_at", "created_by", "turn_id", "language")}
    return Draft(
        **known,
        question=row["question"],
        answer=row["answer"],
        asked=tuple(json.loads(row["asked"])),
        state=DraftState(row["state"]),
        decided_by=row["decided_by"] or "",
        decided_at=row["decided_at"] or "",
        knowledge_version=row["knowledge_version"] or "",
        checked=row["checked"] or "",
        changed_by=tuple(json.loads(row["changed_by"] or "[]")),
    )
