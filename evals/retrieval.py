"""How well the knowledge base finds: rank of the right entry, with each miss and what came first.

Entries are counted, not passages: a long answer is cut into several passages of one entry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from evals.desk import Remembering, silent, temporary_home
from evals.figures import figures
from evals.provenance import measured_on
from evals.reading import Line, read_lines, refuse_double
from evals.result import Result, Row, row_id, unique_ids
from knowledge.characters import one_line
from knowledge.embedder import load_embedder
from knowledge.language import language_of
from knowledge.passages import cut, entry_of
from knowledge.reading import read_document
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, Match, Progress

DEPTH = 10
# Passages that are fetched: several may belong to one entry.
_PASSAGES = 4 * DEPTH
_MEASURES = ("recall_at_1", "recall_at_5", "recall_at_10", "mrr", "ndcg_at_10")
_LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Query:
    """`relevant` holds ids of entries; `twins` those that say the same in the other language."""

    text: str
    relevant: frozenset[str]
    twins: frozenset[str] = frozenset()


def measure_retrieval(
    config: Config,
    queries: Sequence[Path],
    *,
    faq: Path | None = None,
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """Over `faq`, ingested into a temporary home, or over the knowledge of `config.home`.

    Raises EvalError, KnowledgeMissing and the errors of Ingest.
    """
    lines = read_lines(queries, limit=limit)
    asked = [_query(line) for line in lines]
    chosen = Remembering(embedder or load_embedder(config.embedder))
    if faq is None:
        return _measure(config, asked, chosen, data=queries, names={}, progress=progress)
    entries = read_lines([faq])
    refuse_double(entries, "id")
    _refuse_unknown(lines, asked, {line.text("id") for line in entries})
    with temporary_home(config, [faq], embedder=chosen, progress=progress) as temporary:
        names = _entry_names(faq, entries)
        data = [faq, *queries]
        return _measure(temporary, asked, chosen, data=data, names=names, progress=progress)


def _query(line: Line) -> Query:
    relevant = frozenset(line.texts("relevant"))
    if not relevant:
        raise line.wrong('has no id in "relevant"')
    return Query(line.text("query"), relevant, frozenset(line.optional_texts("twins")))


def _refuse_unknown(lines: Sequence[Line], asked: Sequence[Query], known: set[str]) -> None:
    for line, query in zip(lines, asked, strict=True):
        if missing := query.relevant - known:
            raise line.wrong(f"names the entry {min(missing)!r}, which the FAQ does not have")


def _entry_names(faq: Path, lines: Sequence[Line]) -> dict[str, str]:
    """Id of the entry as Ingest names it -> id of its row in the FAQ.

    Equal questions are numbered by Ingest in the order of the file.
    """
    rows: dict[str, list[str]] = {}
    answered = [line for line in lines if str(line.values.get("answer") or "").strip()]
    for line in answered or lines:
        rows.setdefault(one_line(line.text("question")), []).append(line.text("id"))
    passages = cut(read_document(faq, faq.name))
    entries = dict.fromkeys((entry_of(each.id), each.question) for each in passages)
    names: dict[str, str] = {}
    for entry, question in entries:
        if same := rows.get(question):
            names[entry] = same.pop(0)
    return names


def _measure(
    config: Config,
    asked: Sequence[Query],
    embedder: Remembering,
    *,
    data: Sequence[Path],
    names: Mapping[str, str],
    progress: Progress,
) -> Result:
    embedder.warm([query.text for query in asked], progress)
    base = KnowledgeBase(config.home, embedder, chroma_url=config.chroma_url)
    ids = unique_ids([row_id(query.text) for query in asked])
    rows = []
    for done, (query, name) in enumerate(zip(asked, ids, strict=True), start=1):
        language = language_of(query.text)
        found = base.search(query.text, k=_PASSAGES, language=language)
        rows.append(_row(name, query, _entries(found, names)))
        progress("search", done, len(asked))
    base.close()
    groups = [group for group in _LANGUAGES if any(group in row.groups for row in rows)]
    measures = [*_MEASURES, "recall_at_1_any_language"]
    return Result(
        suite="retrieval",
        metrics=figures(rows, measures, groups=groups if len(groups) > 1 else ()),
        measured_on=measured_on(config, data, models={"embedder": embedder.name}),
        rows=rows,
    )


def _entries(found: Sequence[Match], names: Mapping[str, str]) -> list[tuple[str, Match]]:
    """The first DEPTH entries, each with its best match. Ids are those of the FAQ's rows."""
    best: dict[str, Match] = {}
    for match in found:
        entry = entry_of(match.passage.id)
        best.setdefault(names.get(entry, entry), match)
    return list(best.items())[:DEPTH]


def _row(name: str, query: Query, found: Sequence[tuple[str, Match]]) -> Row:
    ranked = [entry for entry, _ in found]
    scores = ranking_scores(ranked, query.relevant)
    if query.twins:
        right = bool(ranked) and ranked[0] in query.relevant | query.twins
        scores["recall_at_1_any_language"] = float(right)
    shown: dict[str, object] = {"query": query.text, "wanted": sorted(query.relevant)}
    if found:
        shown["first"] = ranked[0]
        shown["score"] = round(found[0][1].score, 4)
    if not scores["recall_at_1"]:
        shown["first_heading"] = found[0][1].passage.heading if found else ""
        shown["rank"] = next((n for n, e in enumerate(ranked, 1) if e in query.relevant), None)
    right = scores["recall_at_1"] > 0
    return Row(name, scores, right, groups=(language_of(query.text),), shown=shown)


def ranking_scores(ranked: Sequence[str], relevant: frozenset[str]) -> dict[str, float]:
    """Recall@k is the share of queries with a relevant entry among the first k ("success@k").

    nDCG has binary gains and log2 discounts (Jarvelin & Kekalainen 2002), as trec_eval.
    """
    ranks = [rank for rank, entry in enumerate(ranked[:DEPTH], start=1) if entry in relevant]
    first = ranks[0] if ranks else math.inf
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), DEPTH) + 1))
    return {
        "recall_at_1": float(first <= 1),
        "recall_at_5": float(first <= 5),
        "recall_at_10": float(first <= DEPTH),
        "mrr": 1 / first,
        "ndcg_at_10": sum(1 / math.log2(rank + 1) for rank in ranks) / ideal,
    }
