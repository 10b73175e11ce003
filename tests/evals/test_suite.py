"""The list of sets, the commands, and the demo pack's own baseline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.config import Config
from evals.compare import compare
from evals.dialogues import measure_dialogues
from evals.errors import EvalError
from evals.questions import measure_questions
from evals.result import read_results
from evals.retrieval import measure_retrieval
from evals.suite import read_suite, run_suite
from knowledge.types import Embedder
from tests.evals.conftest import SHOP
from ui.eval_commands import evaluate

BASELINE = SHOP.parents[1] / "baselines" / "shop.json"


def test_the_sets_of_the_demo_pack_are_listed() -> None:
    suite = read_suite()
    assert {each.suite for each in suite.sets} == {
        "intents", "retrieval", "questions", "dialogues", "fairness", "robustness",
    }  # fmt: skip
    assert suite.knowledge


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has no \[\[set\]\]"),
        ("[[set]]\nsuite = 'luck'", "names the suite 'luck'"),
        ("[[set]]\nsuite = 'dialogues'", "needs scripts"),
        ("[[set]]\nsuite = 'dialogues'\nscripts = ['no.yaml']", "there is no file or folder"),
        ("[[set]]\nsuite = 'dialogues'\nscript = []", "unknown key script"),
        ("sets = 1", "unknown key sets"),
        ("[[", "is no valid TOML"),
        ("[[set]]\nsuite = 'dialogues'\nscripts = '.'\n" * 2, "several sets named 'dialogues'"),
    ],
)
def test_a_bad_list_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError, match=message):
        read_suite(path)


def test_a_suite_runs_on_the_home_and_takes_the_owners_own_cases(
    tmp_path: Path, shop: Config
) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(
        f"[[set]]\nname = 'finding'\nsuite = 'retrieval'\nqueries = ['{SHOP / 'test_en.jsonl'}']\n",
        encoding="utf-8",
    )
    (result,) = run_suite(shop, read_suite(path), limit=5)
    assert (result.title, len(result.rows)) == ("finding", 5)


def test_the_demo_pack_is_not_worse_than_its_baseline(
    shop: Config, built_in_embedder: Embedder
) -> None:
    """The quick part; the whole: `frontdesk eval all`, then `frontdesk eval compare`."""
    asked = [SHOP / "test_en.jsonl", SHOP / "test_zh.jsonl"]
    unanswerable = [SHOP / "test_unanswerable.jsonl"]
    results = [
        measure_retrieval(shop, asked, embedder=built_in_embedder),
        measure_questions(shop, asked, unanswerable, embedder=built_in_embedder),
        measure_dialogues(shop, [SHOP / "dialogues"], embedder=built_in_embedder),
    ]
    names = {result.title for result in results}
    baseline = [result for result in read_results(BASELINE) if result.title in names]
    fell = [
        f"{each.title} {change.metric}: {change.old} -> {change.new}"
        for each in compare(baseline, results)
        for change in each.fell
    ]
    assert not fell, f"Worse than {BASELINE}: {fell}"


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from ui.eval_commands import evaluate;"
        "evaluate(['--help'], standalone_mode=False);"
        "heavy = ('numpy', 'torch', 'sklearn', 'nltk', 'matplotlib');"
        "print([name for name in heavy if name in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
    for name in ("intents", "retrieval", "answers", "dialogues", "all", "compare", "replay"):
        assert name in done.stdout


def test_a_result_file_becomes_a_report_and_a_table(tmp_path: Path) -> None:
    run = CliRunner()
    page = tmp_path / "report.html"
    assert run.invoke(evaluate, ["report", str(BASELINE), "--html", str(page)]).exit_code == 0
    assert "How well the front desk works" in page.read_text(encoding="utf-8")
    table = run.invoke(evaluate, ["table", str(BASELINE)])
    assert table.exit_code == 0
    assert "| recall_at_1 |" in table.output
