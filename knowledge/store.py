"""One version of the knowledge in SQLite: documents, passages, their full text, intents, facts.

Written once while it is built, read-only afterwards. Knows nothing of vectors.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knowledge.language import has_chinese
from knowledge.spelling import spelt_words
from knowledge.types import FullText, IntentExample, Language, Passage
from knowledge.words import words

# BM25's k1 as SQLite's FTS5 fixes it: one term adds less than idf * (k1 + 1).
_K1 = 1.2
# Of a long message only the rarest terms are looked up: the others hardly change the ranking.
MAX_QUERY_TERMS = 48

# A term that more passages hold than this says little and costs much: its whole list is read. The
# rarest few of a query are looked up all the same.
_COMMON_TERM = 200
_RAREST_TERMS = 2

# The fields of a passage that are kept as JSON.
_LISTS = ("path", "asked")


@dataclass(frozen=True)
class DocumentRecord:
    """What is remembered of a document. `content_hash` also covers the reader and the splitter;
    `unanswered` is a sentence about rows without an answer or a question, empty where there are
    none.
    """

    id: str
    title: str
    content_hash: str
    unanswered: str = ""


class KnowledgeStore:
    """The passages.db of one version. Passages are numbered from 1 in the order of insertion."""

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db = Database(connection)
        self._lock = threading.Lock()
        self._passage_count: int | None = None

    def close(self) -> None:
        self._db.close()

    # --- writing, while a version is built

    def _create(self) -> None:
        self._db.table("documents").create(
            {"id": str, "title": str, "content_hash": str, "unanswered": str}, pk="id"
        )
        self._db.table("passages").create(
            {
                "n": int,
                "id": str,
                "document": str,
                "title": str,
                "path": str,
                "question": str,
                "text": str,
                "language": str,
                "asked": str,
            },
            pk="n",
        )
        self._db.table("passages").create_index(["id"], unique=True)
        self._db.table("passages").create_index(["document"])
        self._db.table("intents").create({"intent": str, "text": str, "language": str})
        self._db.table("facts").create({"name": str, "value": str}, pk="name")
        self._db.table("twins").create({"n": int, "twin": int}, pk="n")
        self._db.table("spelt_words").create({"word": str}, pk="word")
        # Contentless: it holds the terms of `words`, which are not for reading.
        self._db.execute("create virtual table terms using fts5(question, body, content='')")
        # How many passages hold a term: FTS5 itself would count its whole list at every query.
        self._db.table("term_counts").create({"term": str, "doc": int}, pk="term")

    def write(
        self,
        documents: Iterable[DocumentRecord],
        passages: Sequence[Passage],
        examples: Iterable[IntentExample],
        facts: Mapping[str, Any],
    ) -> None:
        """All of a version but the twins, in one transaction."""
        self._create()
        with self._db.atomic():
            self._db.table("documents").insert_all(vars(document) for document in documents)
            self._db.table("passages").insert_all(
                _row(n, passage) for n, passage in enumerate(passages, start=1)
            )
            self._db.conn.executemany(
                "insert into terms (rowid, question, body) values (?, ?, ?)",
                _term_rows(passages),
            )
            texts = ("\n".join((p.title, *p.path, p.question, p.text)) for p in passages)
            self._db.table("spelt_words").insert_all(
                {"word": word} for word in sorted(set().union(*map(spelt_words, texts)))
            )
            self._db.table("intents").insert_all(vars(example) for example in examples)
            self._db.table("facts").insert_all(_fact_rows(facts))
            self._db.execute("create virtual table counted using fts5vocab(terms, row)")
            self._db.execute("insert into term_counts select term, doc from counted")
            self._db.execute("drop table counted")
        self._db.execute("insert into terms(terms) values ('optimize')")

    def write_twins(self, twins: Mapping[int, int]) -> None:
        """As knowledge/twins.py found them."""
        self._db.table("twins").insert_all({"n": n, "twin": twin} for n, twin in twins.items())

    def copy_to(self, path: Path, facts: Mapping[str, Any]) -> None:
        """All of it into a new file, with `facts` in the place of its own."""
        with closing(sqlite3.connect(path)) as copy:
            self._db.conn.backup(copy)
            Database(copy).table("facts").upsert_all(_fact_rows(facts), pk="name")
            copy.commit()

    # --- reading

    def fact(self, name: str) -> Any:
        with self._lock:
            row = self._db.execute("select value from facts where name = ?", [name]).fetchone()
        return json.loads(row[0]) if row else None

    def documents(self) -> list[DocumentRecord]:
        with self._lock:
            return [DocumentRecord(**row) for row in self._db.query("select * from documents")]

    def examples(self) -> list[IntentExample]:
        with self._lock:
            return [IntentExample(**row) for row in self._db.query("select * from intents")]

    def passages(self) -> list[Passage]:
        """All passages in the order of their numbers."""
        with self._lock:
            return [_passage(row) for row in self._db.query("select * from passages order by n")]

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        marks = ",".join("?" * len(numbers))
        with self._lock:
            rows = list(self._db.query(f"select * from passages where n in ({marks})", numbers))
        return {row["n"]: _passage(row) for row in rows}

    def languages(self) -> list[Language]:
        """Those of all passages in the order of their numbers."""
        with self._lock:
            rows = self._db.execute("select language from passages order by n")
            return [language for (language,) in rows]

    def questions(self) -> dict[Language, list[str]]:
        """Those of the FAQ entries in the order of their numbers."""
        with self._lock:
            rows = self._db.execute(
                "select language, question from passages where question <> '' order by n"
            ).fetchall()
        found: dict[Language, list[str]] = {}
        for language, question in rows:
            found.setdefault(language, []).append(question)
        return found

    def twins(self) -> dict[int, int]:
        """Passage number -> that of the passage which says the same in the other language."""
        with self._lock:
            return dict(self._db.execute("select n, twin from twins").fetchall())

    def spelt_words(self) -> set[str]:
        """The English words of the passages, as they are spelt."""
        with self._lock:
            return {word for (word,) in self._db.execute("select word from spelt_words")}

    def characters(self) -> list[str]:
        """The Chinese characters of the passages, and of the ways in which they are asked."""
        with self._lock:
            rows = self._db.execute("select term from term_counts where length(term) = 1")
            return [term for (term,) in rows if has_chinese(term)]

    def held(self, terms: Sequence[str]) -> set[str]:
        """Those of the terms that a passage holds."""
        marks = ",".join("?" * len(terms))
        with self._lock:
            rows = self._db.execute(
                f"select term from term_counts where term in ({marks})", list(terms)
            )
            return {term for (term,) in rows}

    def count(self) -> int:
        if self._passage_count is None:
            with self._lock:
                self._passage_count = self._db.execute("select count(*) from passages").fetchone()[
                    0
                ]
        return self._passage_count

    def full_text(self, text: str) -> FullText:
        """Of all passages that hold one of the words."""
        weights = self._query_terms(text)
        known = [term for term, (count, _) in weights.items() if count]
        total = sum(weight for _, weight in weights.values())
        unknown = sum(weight for count, weight in weights.values() if not count)
        if not known:
            return FullText({}, unknown=1.0 if unknown else 0.0)
        query = " OR ".join(f'"{term}"' for term in known)
        with self._lock:
            rows = self._db.execute(
                "select rowid, max(0.0, min(1.0, -bm25(terms) / ?)) from terms where terms match ?",
                [total * (_K1 + 1), query],
            ).fetchall()
        return FullText(dict(rows), unknown / total)

    def _query_terms(self, text: str) -> dict[str, tuple[int, float]]:
        """Term -> (passages that hold it, its inverse document frequency), the rarest first."""
        terms = sorted(set(words(text)))
        marks = ",".join("?" * len(terms))
        with self._lock:
            counts: dict[str, int] = dict(
                self._db.execute(
                    f"select term, doc from term_counts where term in ({marks})", terms
                ).fetchall()
            )
        total = self.count()
        weighted = {term: (counts.get(term, 0), _idf(counts.get(term, 0), total)) for term in terms}
        ranked = sorted(weighted.items(), key=lambda item: -item[1][1])[:MAX_QUERY_TERMS]
        common = max(_COMMON_TERM, total // 20)
        return {
            term: (count, weight)
            for place, (term, (count, weight)) in enumerate(ranked)
            if count <= common or place < _RAREST_TERMS
        }


def _idf(count: int, total: int) -> float:
    """As in SQLite's FTS5, which lets no term count for nothing."""
    return max(1e-6, math.log((total - count + 0.5) / (count + 0.5)))


def _fact_rows(facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """In ASCII: the path of a source may hold bytes that are no UTF-8."""
    return ({"name": name, "value": json.dumps(value)} for name, value in facts.items())


def _row(n: int, passage: Passage) -> dict[str, Any]:
    lists = {name: json.dumps(getattr(passage, name), ensure_ascii=False) for name in _LISTS}
    return vars(passage) | {"n": n} | lists


def _passage(row: Mapping[str, Any]) -> Passage:
    values = {name: value for name, value in row.items() if name != "n"}
    return Passage(**values | {name: tuple(json.loads(row[name])) for name in _LISTS})


def _term_rows(passages: Sequence[Passage]) -> Iterator[tuple[int, str, str]]:
    for n, passage in enumerate(passages, start=1):
        heading = passage.question or " ".join(passage.path) or passage.title
        yield (
            n,
            " ".join(words("\n".join([heading, *passage.asked]))),
            " ".join(words(passage.text)),
        )
