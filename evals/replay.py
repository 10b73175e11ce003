"""Logged questions, each with its logged history, asked of today's bot: what changed."""

from __future__ import annotations

from bot.config import Config
from bot.types import Answer, BotTurn, Route, Turn
from evals.desk import Desk, open_desk, silent
from evals.dialogues import whole_text
from evals.errors import EvalError
from evals.figures import figures
from evals.logged import LoggedAnswer, logged_answers
from evals.provenance import measured_on
from evals.result import Result, Row
from knowledge.types import Embedder, Progress

_MEASURES = ("same_route", "same_citations", "same_answer")


def measure_replay(
    config: Config,
    *,
    since: str,
    limit: int | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Result:
    """Raises EvalError, KnowledgeMissing, and the errors of what the Config names."""
    logged = logged_answers(config, since=since)[:limit]
    if not logged:
        raise EvalError(
            f"Nothing was answered since {since} in {config.home}. Name an earlier date."
        )
    rows = []
    with open_desk(config, embedder=embedder) as desk:
        for each in logged:
            rows.append(_row(each, _ask_again(desk, each)))
            progress("replay", len(rows), len(logged))
        models = desk.models
    return Result(
        suite="replay",
        metrics=figures(rows, _MEASURES),
        measured_on=measured_on(config, [], models=models) | {"since": since},
        rows=rows,
    )


def _ask_again(desk: Desk, logged: LoggedAnswer) -> Answer:
    """The history stands in the log as it was, so that each question is judged by itself."""
    conversation = desk.log.start(logged.language, channel="eval")
    asked: Turn | None = None
    for turn in logged.history:
        if turn.role == "customer":
            asked = desk.log.add_customer_turn(conversation.id, turn.text)
        elif turn.role == "bot" and asked is not None:
            route = turn.route or Route.ANSWER
            said = BotTurn(turn.text, route, rule="replay", options=turn.options)
            desk.log.add_bot_turn(asked, said)
    return desk.say(conversation.id, logged.question.text)


def _row(logged: LoggedAnswer, now: Answer) -> Row:
    before = logged.answer
    cited = [citation.passage_id for citation in before.citations]
    cites = [citation.passage_id for citation in now.citations]
    text = "\n".join([before.text, *before.options])
    same = {
        "same_route": before.route is now.route,
        "same_citations": cited == cites,
        "same_answer": text == whole_text(now),
    }
    shown: dict[str, object] = {"query": logged.question.text}
    if not all(same.values()):
        shown |= {
            "changed": [name.removeprefix("same_") for name, held in same.items() if not held],
            "route_then": before.route.value if before.route else "",
            "route_now": now.route.value,
            "cited_then": cited,
            "cited_now": cites,
            "answer_then": text,
            "answer_now": whole_text(now),
            "ran_with": logged.ran_with,
        }
    scores = {name: float(held) for name, held in same.items()}
    return Row(f"turn {before.id}", scores, groups=(now.language,), shown=shown)
