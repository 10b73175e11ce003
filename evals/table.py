"""Results as the Markdown of evals/RESULTS.md, with the published figures of the same sets beside.

A result is recognised by the folder of its data: intents/banking77, faq/stackfaq ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from evals.figures import written
from evals.result import Result

# Figures of others on the same sets: (method, figure, source).
PUBLISHED: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "banking77": (
        ("ConveRT + USE", "accuracy 93.4", "Casanueva et al. 2020, arXiv:2003.04807"),
        ("BERT, fine-tuned", "accuracy 93.7", "Casanueva et al. 2020, arXiv:2003.04807"),
    ),
    "banking77 10-shot": (
        ("ConveRT + USE", "accuracy 85.2", "Casanueva et al. 2020, arXiv:2003.04807"),
        ("CPFT", "accuracy 87.2", "Zhang et al. 2021, arXiv:2109.06349"),
        (
            "ICDA, a large model writes data",
            "accuracy 89.8",
            "Lin et al. 2023, arXiv:2302.05096",
        ),
    ),
    "banking77 5-shot": (("CPFT", "accuracy 80.9", "Zhang et al. 2021, arXiv:2109.06349"),),
    "clinc150": (
        (
            "BERT and others",
            "accuracy in scope 96.2 to 96.9, out-of-scope recall 40 to 60",
            "Larson et al. 2019, arXiv:1909.02027",
        ),
    ),
    "cic_zh": (("SVM on character 1-4-grams (floor)", "accuracy 61.0, macro F1 0.460", "ours"),),
    "stackfaq": (("vector of the question field (floor)", "R@1 94.8", "ours"),),
    "bq_zh": (("BM25 over Chinese characters and bigrams (floor)", "R@1 22.3", "ours"),),
}


def markdown(results: Sequence[Result]) -> str:
    """One section a result, in the order given."""
    parts = [
        "# Results",
        "Written by `frontdesk eval table RESULT.json... > evals/RESULTS.md`. Intervals are "
        "95 % bootstrap intervals over rows.",
        *(_section(result) for result in results),
    ]
    return "\n\n".join(parts)


def set_of(result: Result) -> str:
    """`banking77 10-shot`, `stackfaq`, or the result's own title."""
    data = [PurePath(name) for name in result.measured_on.get("data", {})]
    folders = [path.parent.name for path in data]
    if not folders or folders[0] in ("shop", "", "data"):
        return result.title
    shots = next((path.stem for path in data if path.stem.endswith("shot")), "")
    shot = shots.rpartition("_")[2].replace("shot", "-shot")
    return " ".join(filter(None, (folders[0], shot)))


def _section(result: Result) -> str:
    name = set_of(result)
    lines = [f"## {name}", "", *_measured_on(result), ""]
    lines += ["| figure | ours | 95 % interval | n |", "|---|---|---|---|"]
    for metric, figure in result.metrics.items():
        low_high = f"{written(metric, figure.low)} – {written(metric, figure.high)}"
        lines.append(f"| {metric} | {written(metric, figure.value)} | {low_high} | {figure.n:,} |")
    if others := PUBLISHED.get(name):
        lines += ["", "| others | figure | source |", "|---|---|---|"]
        lines += [f"| {method} | {figure} | {source} |" for method, figure, source in others]
    return "\n".join(lines)


def _measured_on(result: Result) -> list[str]:
    on = result.measured_on
    models = ", ".join(f"{role} {name}" for role, name in on.get("models", {}).items())
    data = ", ".join(f"`{name}`" for name in on.get("data", {}))
    return [f"{models}; {data}; commit {on.get('commit')}."]
