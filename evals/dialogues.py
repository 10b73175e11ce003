"""Dialogue scripts, run through the real DialogManager on a real log; each check by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.types import Answer
from evals.desk import Desk, open_desk, silent
from evals.figures import figures
from evals.provenance import measured_on
from evals.result import Result, Row
from evals.scripts import Script, ScriptTurn, read_scripts
from knowledge.types import Embedder, Progress

# A script passes if it passes in each of so many runs, where a model draws its words.
RUNS_WHERE_RANDOM = 3
UNKNOWN_INTENT = "unknown"


@dataclass(frozen=True)
class Check:
    """One expectation with what came instead; `got` is empty where it held."""

    what: str
    held: bool
    got: str = ""


def measure_dialogues(
    config: Config,
    scripts: Sequence[Path],
    *,
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """Raises EvalError, KnowledgeMissing, and the errors of what the Config names."""
    chosen = read_scripts(scripts)[:limit]
    rows = []
    with open_desk(config, embedder=embedder) as desk:
        for done, script in enumerate(chosen, start=1):
            rows.append(run_script(desk, script, runs=_runs(config)))
            progress("dialogues", done, len(chosen))
        models = desk.models
    languages = sorted({script.language for script in chosen})
    return Result(
        suite="dialogues",
        metrics=figures(rows, ("scripts_passed", "checks_held"), groups=languages),
        measured_on=measured_on(config, _files(chosen), models=models),
        rows=rows,
        details={"runs": _runs(config)},
    )


def run_script(desk: Desk, script: Script, *, runs: int = 1) -> Row:
    """A check holds if it holds in every run."""
    played = [_play(desk, script) for _ in range(runs)]
    failed = list(dict.fromkeys(each for _, run in played for each in _failures(run)))
    held = sum(
        all(check.held for check in same)
        for turns in zip(*(run for _, run in played), strict=True)
        for same in zip(*turns, strict=True)
    )
    total = sum(len(checks) for checks in played[0][1])
    passed = held == total
    return Row(
        id=script.name,
        scores={"scripts_passed": float(passed), "checks_held": held, "checks": total},
        right=passed,
        groups=(script.language,),
        shown=_shown(script, failed, played[0][0]),
    )


def _shown(script: Script, failed: list[str], told: list[dict[str, str]]) -> dict[str, object]:
    """What was said is kept where something went wrong."""
    shown: dict[str, object] = {"file": Path(script.source).name}
    if failed:
        shown |= {"failed": failed, "dialogue": told}
    return shown | ({"pinned": dict(script.pinned)} if script.pinned else {})


def _play(desk: Desk, script: Script) -> tuple[list[dict[str, str]], list[list[Check]]]:
    conversation = desk.log.start(script.language, channel="eval")
    told: list[dict[str, str]] = []
    checks: list[list[Check]] = []
    for turn in script.turns:
        answer = desk.say(conversation.id, turn.customer)
        told.append({"customer": turn.customer, "bot": whole_text(answer), "route": answer.route})
        checks.append(check_turn(turn, answer))
    return told, checks


def check_turn(turn: ScriptTurn, answer: Answer) -> list[Check]:
    """One check for each expectation; `contains` and `lacks` give one for each of their texts."""
    checks = []
    for key, choices in turn.expect.items():
        if key in ("contains", "lacks"):
            checks += _check_text(key, choices, whole_text(answer))
        elif key == "cites":
            checks.append(_check_citations(choices, answer))
        else:
            got = _value(key, answer)
            checks.append(Check(f"{key} {' or '.join(choices)}", got in choices, got))
    return checks


def whole_text(answer: Answer) -> str:
    """What the customer sees: the text with the questions to choose from."""
    return "\n".join([answer.text, *answer.options])


def _value(key: str, answer: Answer) -> str:
    if key == "intent":
        return answer.intent.name if answer.intent and answer.intent.known else UNKNOWN_INTENT
    return {
        "route": answer.route.value,
        "language": answer.language,
        "owner": answer.owner.value,
    }[key]


def _check_text(key: str, wanted: Sequence[str], text: str) -> list[Check]:
    plain = " ".join(text.casefold().split())
    return [
        Check(
            f"{key} {each!r}",
            (" ".join(each.casefold().split()) in plain) is (key == "contains"),
            " ".join(text.split())[:200],
        )
        for each in wanted
    ]


def _check_citations(wanted: Sequence[str], answer: Answer) -> Check:
    cited = [citation.passage_id for citation in answer.citations]
    got = ", ".join(cited) or "nothing"
    if not wanted:
        return Check("cites nothing", not cited, got)
    held = any(name.startswith(each) for name in cited for each in wanted)
    return Check(f"cites {' or '.join(wanted)}", held, got)


def _failures(checks: Sequence[Sequence[Check]]) -> list[str]:
    return [
        f"turn {number}: {check.what}, got {check.got}"
        for number, turn in enumerate(checks, start=1)
        for check in turn
        if not check.held
    ]


def _runs(config: Config) -> int:
    random = config.generator != "quote" and config.temperature > 0
    return RUNS_WHERE_RANDOM if random else 1


def _files(scripts: Sequence[Script]) -> list[Path]:
    return [Path(name) for name in dict.fromkeys(script.source for script in scripts)]
