"""A draft becomes knowledge, or is taken out of it: its state and the documents change together.

Both change under the lock of the knowledge. A draft that is being published or taken back while
nobody else holds that lock was cut short: the server was killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.audit import write_audit
from bot.config import Config
from bot.drafts import Draft, Drafts, DraftState
from knowledge.learned import (
    LearnedEntry,
    drop_entry,
    has_entry,
    publish_entry,
    withdraw_entry,
)
from knowledge.types import Embedder, Progress
from knowledge.versions import Versions


class Publication:
    """All of it raises DraftError, KnowledgeBusy and the errors of Ingest; all is then as before.

    `load` gives the embedder: only what changes the knowledge needs one.
    """

    def __init__(self, drafts: Drafts, config: Config, load: Callable[[], Embedder]) -> None:
        self._drafts = drafts
        self._home = config.home
        self._chroma_url = config.chroma_url
        self._load = load
        self._versions = Versions(config.home)

    def publish(self, draft: Draft, by: str, progress: Progress) -> None:
        """`draft` as it was checked and looked at: one that has changed since is refused."""
        with self._versions.writing():
            self.settle()
            self._drafts.claim(draft, DraftState.PUBLISHING, by)
            try:
                report = publish_entry(
                    self._home,
                    entry_of(draft),
                    self._load(),
                    chroma_url=self._chroma_url,
                    progress=progress,
                )
            except BaseException:
                self._drafts.release(draft)
                raise
            self._drafts.decide(draft.id, DraftState.PUBLISHED, by, version=report.version)

    def reject(self, number: int, by: str) -> None:
        """Nothing of it stays in the knowledge."""
        draft = self._drafts.get(number)
        if draft.state is not DraftState.PUBLISHING and not self._has(draft):
            self._drafts.decide(number, DraftState.REJECTED, by)
            return
        with self._versions.writing():
            self._take_out(self._drafts.get(number))
            self._drafts.decide(number, DraftState.REJECTED, by)

    def undo(self, number: int, by: str) -> None:
        """The entry is taken out, and the knowledge is as it was before it."""
        with self._versions.writing():
            self.settle()
            draft = self._drafts.expect(number, DraftState.PUBLISHED)
            self._drafts.claim(draft, DraftState.UNDOING, by)
            try:
                withdraw_entry(
                    self._home,
                    entry_of(draft),
                    draft.knowledge_version,
                    self._load(),
                    chroma_url=self._chroma_url,
                )
            except BaseException:
                self._drafts.release(draft)
                raise
            self._drafts.decide(number, DraftState.UNDONE, by)

    def settle(self) -> None:
        """What was cut short is taken out of the knowledge: what was being published waits for an
        admin again, and what was being taken back has been.
        """
        if not self._drafts.claimed():
            return
        with self._versions.writing():
            for draft in self._drafts.claimed():
                self._take_out(draft)

    def _take_out(self, draft: Draft) -> None:
        """Nothing happens to what is published, or was taken out already."""
        publishing = draft.state is DraftState.PUBLISHING
        undoing = draft.state is DraftState.UNDOING
        if publishing or undoing or (draft.state is DraftState.PROPOSED and self._has(draft)):
            drop_entry(self._home, entry_of(draft), self._load(), chroma_url=self._chroma_url)
        if publishing:
            waiting = replace(draft, state=DraftState.PROPOSED, decided_by="", decided_at="")
            self._drafts.release(waiting)
        elif undoing:
            database, by = self._drafts.database, draft.decided_by
            with database.transaction():
                self._drafts.decide(draft.id, DraftState.UNDONE, by)
                write_audit(database, by, "undone", detail=f"draft {draft.id}")

    def _has(self, draft: Draft) -> bool:
        return has_entry(self._home, entry_of(draft))


def entry_of(draft: Draft) -> LearnedEntry:
    return LearnedEntry(draft.id, draft.language, draft.question, draft.answer, draft.asked)
