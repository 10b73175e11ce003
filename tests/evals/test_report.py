"""The report: one file, nothing loaded, every text escaped, Chinese included."""

from __future__ import annotations

import re
from pathlib import Path

from evals.figures import figures
from evals.report import write_report
from evals.result import Result, Row
from evals.table import markdown, set_of

EVIL = "<script>alert(1)</script> $x_1$"


def intents() -> Result:
    labels = [("退款", "退款"), ("退款", EVIL), (EVIL, "退款")]
    rows = [
        Row(
            f"row {n}",
            {"accuracy": float(wanted == got), "confidence": 0.5},
            wanted == got,
            labels={"intent": wanted, "got": got},
            shown={"query": EVIL},
        )
        for n, (wanted, got) in enumerate(labels)
    ]
    each = {"intent": EVIL, "precision": 0.5, "recall": 0.25, "f1": 1 / 3, "n": 4}
    pairs = [{"wanted": "退款", "got": EVIL, "count": 1, "examples": [EVIL]}]
    return Result(
        "intents",
        figures(rows, ["accuracy", "macro_f1"]),
        {"at": "2026-01-01", "commit": "abc", "data": {"data/banking77/test.jsonl": "x"}},
        rows,
        {"confusions": pairs, "intents": [each], "classify_ms": 0.71},
    )


def questions() -> Result:
    rows = [
        Row(str(n), {"confidence": n / 10, "risk": float(n < 3), "answered_right": 1.0})
        for n in range(10)
    ]
    details = {
        "risk_coverage": [[0.5, 0.0], [1.0, 0.3]],
        "today": {"threshold": 0.5, "coverage": 0.5, "risk": 0.0},
        "seconds": {"median": 0.25, "p95": 1.5},
        "words": {"median": 12.0, "p95": 40.0},
    }
    return Result("questions", figures(rows, ["answered_right", "aurc"]), {}, rows, details)


def fairness() -> Result:
    rows = [Row(str(n), {"gap_reached_right": -float(n % 2)}, groups=("typos",)) for n in range(9)]
    return Result("fairness", figures(rows, ["gap_reached_right"], groups=["typos"]), {}, rows)


def test_the_report_loads_nothing_and_escapes_everything(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report([intents(), questions(), fairness()], path)
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)", page)
    assert not re.search(r"@import|url\((?!#)", page)
    assert page.count("<svg") == 5
    assert "退款" in page
    assert "Right intent" in page
    assert "33.3 %" in page
    assert "took 0.71 ms a message" in page
    assert "An answer took 0.25 s; 95 of 100 took less than 1.5 s." in page
    assert "12 words or Chinese characters; 95 of 100 have fewer than 40." in page


def test_the_report_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report([questions()], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_table_puts_published_figures_beside_ours() -> None:
    result = intents()
    text = markdown([result])
    assert set_of(result) == "banking77"
    assert "| accuracy | 33.3 % |" in text
    assert "ConveRT + USE | accuracy 93.4 | Casanueva et al. 2020" in text
    shots = {
        "data": {"intents/banking77/train_10shot.jsonl": "", "intents/banking77/test.jsonl": ""}
    }
    assert set_of(Result("intents", {}, shots, [])) == "banking77 10-shot"
