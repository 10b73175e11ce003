"""The command `frontdesk`: what it prints, and how it fails."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import pytest
from filelock import FileLock

from bot.config import Config
from ui.cli import frontdesk

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, shop_home: Path) -> Path:
    return Path(shutil.copytree(shop_home, tmp_path / "home"))


@pytest.fixture
def run(home: Path) -> Run:
    """The real command in a process of its own."""

    def command(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        code = [sys.executable, "-c", "from ui.cli import main; main()", *arguments]
        options = {
            "cwd": home.parent,
            "env": {"FRONTDESK_HOME": str(home), "PYTHONPATH": str(ROOT)},
        }
        return subprocess.run(code, input=stdin, capture_output=True, text=True, **options)  # type: ignore[call-overload, no-any-return]

    return command


def test_ask_json_prints_one_object_with_citations(run: Run) -> None:
    answer = json.loads(run("ask", "how long do refunds take?", "--json").stdout)
    assert answer["route"] == "answer"
    assert answer["citations"][0]["document"] == "shop/faq/en/returns.md"
    assert set(answer["intent"]) == {"name", "confidence", "known"}
    assert {"conversation_id", "turn_id", "timings_ms", "options", "owner"} <= set(answer)


def test_a_chinese_question_gets_a_chinese_answer(run: Run) -> None:
    result = run("ask", "退款要多久？")
    assert "工作日" in result.stdout
    assert "shop/faq/zh/returns.md" in result.stdout


def test_chat_keeps_one_conversation(run: Run) -> None:
    result = run("chat", stdin="How do I return a jacket?\nand for shoes?\n")
    assert result.returncode == 0
    assert "shoes" in result.stdout.lower()


def test_search_prints_scores_and_ids(run: Run) -> None:
    (match,) = json.loads(run("search", "refunds", "-k", "1", "--json").stdout)
    assert match["passage"]["document"] == "shop/faq/en/returns.md"


def test_knowledge_is_told_and_rolled_back_with_a_sentence(run: Run) -> None:
    assert "embedder: all-MiniLM" in run("knowledge", "status").stdout
    assert "shop/faq/en/returns.md" in run("knowledge", "list").stdout
    failed = run("knowledge", "rollback")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "no version before" in failed.stderr


def test_a_broken_file_is_named_and_the_exit_code_says_so(run: Run, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.md").write_text("# Good\n\nWe open at nine.\n", encoding="utf-8")
    (docs / "rates.csv").write_text("country,price\nNorway,9\n", encoding="utf-8")
    (docs / "faq.pdf").write_bytes(bytes(range(256)) * 20_000)
    (docs / "terms.doc").touch()
    (docs / "faq.csv").write_text("question,answer\nHow long?,5 days\nWhen?,\n")
    result = run("ingest", str(docs))
    assert result.returncode == 1
    assert "Skipped: docs/faq.csv has rows without an answer (1): “When?”." in result.stderr
    assert "Skipped: docs/terms.doc cannot be read. Save as .docx." in result.stderr
    assert "rates.csv" in result.stderr
    assert "faq.pdf" in result.stderr
    assert "2 passages from 2 documents" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ask",), 2, "Missing argument"),
        (("nonsense",), 2, "No such command"),
        (("search", "x", "-k", "0"), 2, "-k"),
        (("ingest", "/no/such/folder"), 1, "There is no file or folder"),
        (("--config", "missing.toml", "ask", "x"), 1, "No configuration file"),
        (("ask", ""), 1, "The message is empty"),
        (("export", "turns", "out.txt"), 2, "must end with .csv, .jsonl or .parquet"),
    ],
)
def test_a_failure_is_a_sentence_and_an_exit_code(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run(*arguments)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_what_was_asked_is_exported(run: Run, home: Path) -> None:
    run("ask", "how long do refunds take?")
    out = home.parent / "turns.jsonl"
    result = run("export", "turns", str(out))
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["role"] for row in rows[-2:]] == ["customer", "bot"]
    assert f"{len(rows)} rows" in result.stdout


def test_an_unknown_key_in_the_configuration_is_named(run: Run, home: Path) -> None:
    (home.parent / "frontdesk.toml").write_text("genrator = 'quote'\n")
    result = run("ask", "hello")
    assert result.returncode == 1
    assert "Did you mean generator?" in result.stderr


def test_help_imports_nothing_of_weight() -> None:
    code = (
        "import sys; from ui.cli import frontdesk;"
        "frontdesk.main(['--help'], standalone_mode=False);"
        "print([m for m in ('torch', 'numpy', 'chromadb', 'gradio') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.endswith("[]\n")


def _commands(group: click.Group, prefix: str) -> list[str]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += _commands(command, f"{prefix} {name}")
        else:
            found.append(f"{prefix} {name}")
    return found


def test_the_readme_names_every_command_setting_and_file() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in _commands(frontdesk, "frontdesk") if name not in readme]
    missing += [name for name in Config.model_fields if f"`{name}`" not in readme]
    files = [
        p for folder in ("knowledge", "bot", "evals", "ui") for p in (ROOT / folder).rglob("*.py")
    ]
    missing += [p.name for p in files if p.name != "__init__.py" and p.name not in readme]
    assert missing == []


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_what_the_readme_calls_a_command_is_one(name: str) -> None:
    readme = (ROOT / name).read_text(encoding="utf-8")
    known = {name.split()[1] for name in _commands(frontdesk, "frontdesk")}
    named = set(re.findall(r"^frontdesk ([a-z]+)", readme, re.MULTILINE))
    named |= set(re.findall(r"`frontdesk ([a-z]+)", readme))
    assert named <= known


def set_fact(home: Path, name: str, value: str) -> None:
    with closing(sqlite3.connect(home / "knowledge" / "0001" / "passages.db")) as db, db:
        db.execute("update facts set value = ? where name = ?", [value, name])


def test_a_new_encoder_embeds_everything_again_by_itself(run: Run, home: Path) -> None:
    set_fact(home, "embedder", '"another encoder"')
    result = run("ask", "how long do refunds take?", "--json")
    assert "all documents are embedded again" in result.stderr
    assert json.loads(result.stdout)["route"] == "answer"


def test_knowledge_of_another_frontdesk_is_brought_up_to_date_by_itself(
    run: Run, home: Path
) -> None:
    set_fact(home, "layout", "1")
    result = run("ask", "how long do refunds take?", "--json")
    assert "brought up to date" in result.stderr
    assert json.loads(result.stdout)["route"] == "answer"


def test_it_is_brought_up_to_date_although_a_source_has_gone(run: Run, home: Path) -> None:
    set_fact(home, "layout", "1")
    set_fact(home, "sources", '["/gone/shop"]')
    result = run("ask", "how long do refunds take?", "--json")
    assert "No longer there: /gone/shop" in result.stderr
    assert json.loads(result.stdout)["route"] == "answer"


@pytest.mark.parametrize("model", ["encoder", "writer"])
def test_two_trainings_do_not_write_to_one_folder(model: str, run: Run, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    pair = {"en": "Where is my parcel?", "zh": "我的包裹在哪里？", "source": "shop"}
    (data / "pairs.jsonl").write_text(json.dumps(pair), encoding="utf-8")
    out.mkdir()
    with FileLock(out / "lock"):
        failed = run("train", model, "--data", str(data), "--out", str(out))
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "Another training writes to" in failed.stderr
    assert [each.name for each in out.iterdir()] == ["lock"]
