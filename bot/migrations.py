"""The numbered steps of conversations.db's schema. A step that has shipped is never edited, and
neither is its script in schema/.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

_SCRIPTS = Path(__file__).parent / "schema"

migrations = Migrations("conversations")


@migrations(name="001_conversations_and_turns")
def _conversations_and_turns(db: Database) -> None:
    db.table("conversations").create(
        {
            "id": str,
            "created_at": str,
            "updated_at": str,
            "language": str,
            "channel": str,
            "owner": str,
        },
        pk="id",
        not_null={"created_at", "updated_at", "language", "channel", "owner"},
    )
    db.table("turns").create(
        {
            "id": int,
            "conversation_id": str,
            "reply_to": int,
            "role": str,
            "text": str,
            "status": str,
            "created_at": str,
            "intent": str,
            "intent_confidence": float,
            "intent_known": int,
            "route": str,
            "rule": str,
            "generator": str,
            "model": str,
            "knowledge_version": str,
            "options": str,
            "dropped": str,
            "timings_ms": str,
            "error": str,
        },
        pk="id",
        not_null={"conversation_id", "role", "text", "status", "created_at"},
        foreign_keys=[("conversation_id", "conversations", "id"), ("reply_to", "turns", "id")],
    )
    db.table("turns").create_index(["conversation_id", "id"])
    db.table("turns").create_index(["created_at"])


@migrations(name="002_what_each_answer_rests_on")
def _matches(db: Database) -> None:
    db.table("matches").create(
        {
            "turn_id": int,
            "rank": int,
            "passage_id": str,
            "document": str,
            "title": str,
            "text": str,
            "score": float,
            "cosine": float,
            "lexical": float,
            "cited": int,
        },
        pk=("turn_id", "rank"),
        not_null={"passage_id", "document", "title", "text", "score", "cited"},
        foreign_keys=[("turn_id", "turns", "id")],
    )
    db.table("matches").create_index(["passage_id"])


@migrations(name="003_feedback_and_contacts")
def _feedback(db: Database) -> None:
    db.table("feedback").create(
        {"turn_id": int, "rating": str, "comment": str, "created_at": str},
        pk="turn_id",
        not_null={"rating", "comment", "created_at"},
        foreign_keys=[("turn_id", "turns", "id")],
    )
    db.table("contacts").create(
        {"id": int, "conversation_id": str, "email": str, "created_at": str},
        pk="id",
        not_null={"conversation_id", "email", "created_at"},
        foreign_keys=[("conversation_id", "conversations", "id")],
    )
    db.create_view(
        "gaps",
        """
        select question.created_at, question.text as question, conversations.language,
               reply.route, reply.rule, question.conversation_id, reply.id as turn_id
        from turns as reply
        join turns as question on question.id = reply.reply_to
        join conversations on conversations.id = reply.conversation_id
        where reply.route = 'decline' or reply.rule = 'second_decline'
        """,
    )


@migrations(name="010_users_sessions_and_audit")
def _staff(db: Database) -> None:
    """A session's `seen_at` is the last heartbeat of its page; a user's outlives the session."""
    db.table("users").create(
        {
            "name": str,
            "password": str,
            "role": str,
            "created_at": str,
            "seen_at": str,
        },
        pk="name",
        not_null={"password", "role", "created_at"},
    )
    db.table("sessions").create(
        {
            "token_hash": str,
            "user": str,
            "created_at": str,
            "expires_at": str,
            "seen_at": str,
        },
        pk="token_hash",
        not_null={"user", "created_at", "expires_at", "seen_at"},
        foreign_keys=[("user", "users", "name")],
    )
    db.table("sessions").create_index(["user"])
    db.table("audit").create(
        {
            "id": int,
            "at": str,
            "agent": str,
            "action": str,
            "conversation_id": str,
            "detail": str,
        },
        pk="id",
        not_null={"at", "agent", "action", "detail"},
    )
    db.table("audit").create_index(["conversation_id"])
    db.table("audit").create_index(["at"])


@migrations(name="011_agents_in_conversations")
def _agents(db: Database) -> None:
    """`asked_at` is since when, and `asked_why` by which rule, the customer has waited;
    `typing_at` when the agent last typed, `here_at` when the customer's page was last open.
    """
    for column in ("agent", "asked_at", "asked_why", "typing_at", "here_at"):
        db.table("conversations").add_column(column, str)
    db.table("conversations").create_index(["owner", "asked_at"])
    db.table("turns").add_column("agent", str)
    db.table("turns").add_column("suggestion_id", int)
    db.table("suggestions").create(
        {
            "id": int,
            "question_id": int,
            "rank": int,
            "text": str,
            "source": str,
            "passages": str,
            "generator": str,
            "model": str,
            "created_at": str,
        },
        pk="id",
        not_null={"question_id", "rank", "text", "source", "passages", "created_at"},
        foreign_keys=[("question_id", "turns", "id")],
    )
    db.table("suggestions").create_index(["question_id"])


@migrations(name="020_facts_of_conversations_and_answers")
def _facts(db: Database) -> None:
    _run(db, "020_facts.sql")


@migrations(name="021_full_text_of_turns")
def _full_text(db: Database) -> None:
    _run(db, "021_full_text.sql")


@migrations(name="022_reviews_and_drafts")
def _reviews(db: Database) -> None:
    _run(db, "022_reviews_and_drafts.sql")


@migrations(name="040_where_each_word_comes_from")
def _spans(db: Database) -> None:
    db.table("turns").add_column("spans", str)


@migrations(name="060_counts_by_day")
def _counts(db: Database) -> None:
    _run(db, "060_counts_by_day.sql")


@migrations(name="061_customers_who_type")
def _customers_who_type(db: Database) -> None:
    """When the customer last typed to a person; what was typed is nobody's until it is sent."""
    db.table("conversations").add_column("customer_typing_at", str)


@migrations(name="062_who_changed_a_draft")
def _who_changed_a_draft(db: Database) -> None:
    db.table("drafts").add_column("changed_by", str)


@migrations(name="063_all_who_changed_a_draft")
def _all_who_changed_a_draft(db: Database) -> None:
    """A list in JSON, where the name of the last one stood."""
    db.execute("update drafts set changed_by = json_array(changed_by) where changed_by <> ''")


def _run(db: Database, script: str) -> None:
    """Statement by statement: sqlite3's executescript would end the step's transaction."""
    statement = ""
    for line in (_SCRIPTS / script).read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
