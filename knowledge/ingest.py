"""Brings the knowledge up to date with its folders: builds the next version, then switches to it.

A process that is killed at any point leaves the old version answering. Only what changed is read
and embedded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from knowledge.decoding import readable_name
from knowledge.embedding_cache import EmbeddingCache
from knowledge.errors import KnowledgeError, UnreadableFile
from knowledge.pack import Pack, merge_packs, read_pack
from knowledge.passage_vectors import PassageVectors, vector_texts, with_centres
from knowledge.passages import cut
from knowledge.reading import read_document
from knowledge.sources import (
    Found,
    Source,
    add_sources,
    content_hash,
    find_documents,
    left_out,
    remove_sources,
    skipped,
)
from knowledge.store import DocumentRecord, KnowledgeStore
from knowledge.taught import Taught, read_taught
from knowledge.token_vectors import TokenVectors
from knowledge.twins import find_twins
from knowledge.types import Embedder, Passage, Progress, Vectors
from knowledge.vectors import VectorIndex
from knowledge.versions import LAYOUT, Versions


@dataclass
class IngestReport:
    """What a run did. `broken` holds a sentence for each file or folder that could not be read,
    `skipped` for files of kinds that cannot be, and for rows without an answer.
    """

    version: str
    documents: int = 0
    passages: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    embedded: int = 0
    published: bool = False


@dataclass(frozen=True)
class _BrokenFile:
    document: str
    content_hash: str
    reason: str


@dataclass
class _State:
    """What the next version will hold."""

    records: list[DocumentRecord] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    broken: list[_BrokenFile] = field(default_factory=list)

    def keep(self, record: DocumentRecord, passages: list[Passage]) -> None:
        self.records.append(record)
        self.passages += passages


class Ingest:
    """One run: `Ingest(home, embedder).run(paths)`."""

    def __init__(
        self,
        home: Path,
        embedder: Embedder,
        *,
        chroma_url: str = "",
        progress: Progress = lambda stage, done, total: None,
    ) -> None:
        self._home = home
        self._taught = Taught()
        self._versions = Versions(home)
        self._embedder = embedder
        self._chroma_url = chroma_url
        self._progress = progress

    def run(self, paths: Sequence[Path]) -> IngestReport:
        """Adds `paths` to the sources and reads all of them again.

        Raises KnowledgeBusy, KnowledgeError for a path that is not there, PackError, EmbedderError,
        VectorStoreError; the version that was current then stays current.
        """
        return self._run(lambda known: add_sources(known, paths))

    def remove(self, *paths: Path) -> IngestReport:
        """Drops sources with all their documents. Raises KnowledgeError if one of them is none."""
        return self._run(lambda known: remove_sources(known, paths))

    def _run(self, choose: Callable[[list[Source]], list[Source]]) -> IngestReport:
        with self._versions.writing():
            old = self._open_current()
            try:
                known = old.fact("sources") if old else []
                sources = choose([Source(Path(path)) for path in known])
                return self._bring_up_to_date(old, sources)
            finally:
                if old:
                    old.close()

    def _open_current(self) -> KnowledgeStore | None:
        name = self._versions.answering()
        return KnowledgeStore(self._versions.path(name) / "passages.db") if name else None

    def _bring_up_to_date(self, old: KnowledgeStore | None, sources: list[Source]) -> IngestReport:
        found = find_documents(sources)
        pack = _pack(old, sources, found)
        before = {record.id: record for record in old.documents()} if old else {}
        self._taught = read_taught(self._home)
        hashes = {n: self._taught.mark(n, content_hash(p)) for n, p in found.files.items()}
        hashes |= {name: before[name].content_hash for name in found.out_of_reach(before)}
        hashes |= dict.fromkeys(found.closed, "")
        if old and self._is_current(old, sources, pack, hashes):
            return IngestReport(
                version=self._versions.current(),
                documents=len(before),
                passages=old.count(),
                broken=_reasons(_broken_files(old)),
                skipped=_skipped(found, before.values()),
            )
        report = IngestReport(self._versions.next_name())
        report.removed = sorted(before.keys() - hashes.keys())
        state = self._read_all(old, found, hashes, report)
        report.broken = _reasons(state.broken)
        report.skipped = _skipped(found, state.records)
        if not state.passages:
            reasons = " ".join(report.broken + report.skipped)
            raise KnowledgeError(f"No text to answer from was found. {reasons}".strip())
        self._build(state, pack, sources, report)
        return report

    def _is_current(
        self, old: KnowledgeStore, sources: list[Source], pack: Pack, hashes: dict[str, str]
    ) -> bool:
        seen = {record.id: record.content_hash for record in old.documents()}
        seen |= {file.document: file.content_hash for file in _broken_files(old)}
        return (
            seen == hashes
            and old.fact("layout") == LAYOUT
            and old.fact("sources") == [str(source.path) for source in sources]
            and old.fact("pack") == pack.facts()
            and old.examples() == list(pack.examples)
            and old.fact("embedder") == self._embedder.name
            and old.fact("chroma_url") == self._chroma_url
        )

    def _read_all(
        self, old: KnowledgeStore | None, found: Found, hashes: dict[str, str], report: IngestReport
    ) -> _State:
        before = {record.id: record for record in old.documents()} if old else {}
        kept: dict[str, list[Passage]] = {}
        for passage in old.passages() if old else ():
            kept.setdefault(passage.document, []).append(passage)
        state = _State(broken=[_BrokenFile(name, "", why) for name, why in found.closed.items()])
        for done, (name, path) in enumerate(found.files.items(), start=1):
            self._progress("read", done, len(found.files))
            known = before.get(name)
            if known and known.content_hash == hashes[name]:
                state.keep(known, kept.get(name, []))
                continue
            try:
                document = read_document(path, name)
            except UnreadableFile as error:
                reason = str(error).replace(str(path), readable_name(path))
                state.broken.append(_BrokenFile(name, hashes[name], reason))
                # What was readable before goes on answering until the file is mended.
                if known:
                    state.keep(known, kept.get(name, []))
                continue
            (report.changed if known else report.added).append(name)
            unanswered = left_out(document)
            record = DocumentRecord(name, document.title, hashes[name], unanswered)
            state.keep(record, self._taught.laid_over(cut(document)))
        for name in found.out_of_reach(before):
            state.keep(before[name], kept.get(name, []))
        return state

    def _build(
        self, state: _State, pack: Pack, sources: list[Source], report: IngestReport
    ) -> None:
        self._versions.prune()
        self._versions.building.mkdir()
        text_keys, texts = vector_texts(state.passages)
        cache = EmbeddingCache(self._versions.embeddings, self._embedder)
        store = KnowledgeStore(self._versions.building / "passages.db")
        collection = f"{self._collection_prefix()}{report.version}-{uuid4().hex[:8]}"
        index = VectorIndex(
            collection, folder=self._versions.building / "chroma", url=self._chroma_url
        )
        try:

            def embedding(done: int, total: int) -> None:
                report.embedded = done
                self._progress("embed", done, total)

            facts = self._facts(state, pack, sources) | {"collection": collection}
            # The words are indexed while the encoder reads.
            with ThreadPoolExecutor(1) as beside:
                written = beside.submit(
                    store.write, state.records, state.passages, pack.examples, facts
                )
                vectors = cache.embed(texts, progress=embedding)
                written.result()
            keys, vectors = with_centres(text_keys, vectors)
            index.create(keys, vectors, progress=lambda *of: self._progress("index", *of))
            store.write_twins(self._save_vectors(state.passages, keys, vectors))
            TokenVectors.save(
                self._versions.building, len(state.passages), text_keys, cache.tokens(texts)
            )
            cache.keep_only(texts)
            self._drop_old_collections(index, keep=collection)
        finally:
            cache.close()
            store.close()
            index.close()
        self._versions.publish(report.version)
        report.published = True
        report.documents = len(state.records)
        report.passages = len(state.passages)

    def _save_vectors(
        self, passages: Sequence[Passage], keys: Sequence[str], vectors: Vectors
    ) -> dict[int, int]:
        """Returns the twins that the vectors show."""
        path = self._versions.building / "vectors.npy"
        PassageVectors.save(path, len(passages), keys, vectors)
        languages = [passage.language for passage in passages]
        return find_twins(languages, PassageVectors(path).meanings())

    def _facts(self, state: _State, pack: Pack, sources: Sequence[Source]) -> dict[str, Any]:
        return {
            "layout": LAYOUT,
            "replaced": self._versions.answering(),
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "sources": [str(source.path) for source in sources],
            "pack": pack.facts(),
            "embedder": self._embedder.name,
            "chroma_url": self._chroma_url,
            "broken": [vars(file) for file in state.broken],
        }

    def _collection_prefix(self) -> str:
        """A Chroma server may hold the collections of several homes."""
        home = hashlib.sha256(str(self._versions.folder.resolve()).encode()).hexdigest()
        return f"frontdesk-{home[:8]}-"

    def _drop_old_collections(self, index: VectorIndex, *, keep: str) -> None:
        """On a server, those of removed versions and of killed runs."""
        used = {keep}
        for name in self._versions.names():
            store = KnowledgeStore(self._versions.path(name) / "passages.db")
            used.add(store.fact("collection"))
            store.close()
        prefix = self._collection_prefix()
        index.drop([c for c in index.collections() if c.startswith(prefix) and c not in used])


def _pack(old: KnowledgeStore | None, sources: Sequence[Source], found: Found) -> Pack:
    """What a source that cannot be looked into brought along is kept with all that there was."""
    before = Pack.from_facts(old.fact("pack"), old.examples()) if old else Pack()
    return merge_packs(
        before if found.is_closed(source.id_of(source.path)) else read_pack(source.path)
        for source in sources
    )


def _skipped(found: Found, records: Iterable[DocumentRecord]) -> list[str]:
    return skipped(found.unread) + [each.unanswered for each in records if each.unanswered]


def _reasons(broken: Sequence[_BrokenFile]) -> list[str]:
    """Each once: sources that have gone share theirs."""
    return list(dict.fromkeys(file.reason for file in broken))


def _broken_files(store: KnowledgeStore) -> list[_BrokenFile]:
    return [_BrokenFile(**row) for row in store.fact("broken") or []]
