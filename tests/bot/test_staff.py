"""Users of the desk: passwords, sessions, and the rows of the audit table."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher

from bot.audit import audit_entries
from bot.database import ConversationDatabase
from bot.errors import StaffError, WrongPassword
from bot.staff import Agent, Staff

PASSWORD = "correct horse"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ConversationDatabase]:
    opened = ConversationDatabase(tmp_path / "c.db")
    yield opened
    opened.close()


@pytest.fixture
def staff(database: ConversationDatabase) -> Staff:
    """With a quick hash: what argon2 costs is argon2's business."""
    return Staff(database, PasswordHasher(time_cost=1, memory_cost=64))


def test_a_user_logs_in_with_the_password_and_in_no_other_way(staff: Staff) -> None:
    staff.add("Mei", PASSWORD)
    assert staff.agent_of(staff.log_in("mei", PASSWORD)) == Agent("Mei", "agent")
    for name, password in (("Mei", "wrong horse"), ("Mei", ""), ("Tom", PASSWORD), ("", "")):
        with pytest.raises(WrongPassword):
            staff.log_in(name, password)
    assert staff.agent_of("made up") is None


class MetHasher(PasswordHasher):
    """Knows whether three passwords were ever verified at the same time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64)
        self.met = False
        self._three = threading.Barrier(3, timeout=0.5)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        with contextlib.suppress(threading.BrokenBarrierError):
            self._three.wait()
            self.met = True
        return super().verify(hash, password)


def test_no_crowd_of_passwords_is_verified_at_once(database: ConversationDatabase) -> None:
    hasher = MetHasher()
    staff = Staff(database, hasher)
    staff.add("Mei", PASSWORD)
    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(lambda _: staff.log_in("Mei", PASSWORD), range(6)))
    assert len(set(tokens)) == 6
    assert not hasher.met


def test_passwords_and_tokens_are_not_in_the_file(
    staff: Staff, database: ConversationDatabase, tmp_path: Path
) -> None:
    staff.add("Mei", PASSWORD)
    token = staff.log_in("Mei", PASSWORD)
    database.close()
    content = (tmp_path / "c.db").read_bytes()
    assert b"$argon2id$" in content
    assert PASSWORD.encode() not in content
    assert token.encode() not in content


def test_a_log_out_is_seen_by_every_process(staff: Staff, tmp_path: Path) -> None:
    staff.add("Mei", PASSWORD)
    first, second = staff.log_in("Mei", PASSWORD), staff.log_in("Mei", PASSWORD)
    other = Staff(ConversationDatabase(tmp_path / "c.db"))
    assert other.agent_of(first) is not None
    staff.log_out(first)
    assert other.agent_of(first) is None
    assert other.agent_of(second) is not None


def test_a_new_password_and_a_removal_end_all_sessions(staff: Staff) -> None:
    staff.add("Root", PASSWORD, "admin")
    staff.add("Mei", PASSWORD)
    token = staff.log_in("Mei", PASSWORD)
    staff.set_password("Mei", "another horse")
    assert staff.agent_of(token) is None
    token = staff.log_in("Mei", "another horse")
    staff.remove("Mei")
    assert staff.agent_of(token) is None
    assert [member.agent.name for member in staff.members()] == ["Root"]


@pytest.mark.parametrize(
    ("name", "password", "role", "reason"),
    [
        ("mei", PASSWORD, "agent", "name_taken"),
        ("", PASSWORD, "agent", "name"),
        ("x" * 41, PASSWORD, "agent", "name"),
        ("<b>Tom</b>", PASSWORD, "agent", "name"),
        ("Tom", "short", "agent", "password"),
        ("Tom", "x" * 201, "agent", "password"),
        ("Tom", PASSWORD, "owner", "role"),
    ],
)
def test_what_makes_no_user_is_refused_with_a_sentence(
    staff: Staff, name: str, password: str, role: str, reason: str
) -> None:
    staff.add("Mei", PASSWORD)
    with pytest.raises(StaffError) as refused:
        staff.add(name, password, role)
    assert refused.value.reason == reason
    assert len(staff.members()) == 1


def test_the_last_admin_stays(staff: Staff) -> None:
    staff.add("Root", PASSWORD, "admin")
    with pytest.raises(StaffError, match="last admin"):
        staff.remove("Root")
    staff.add("Ada", PASSWORD, "admin")
    staff.remove("Root")
    with pytest.raises(StaffError, match="no user Root"):
        staff.remove("Root")


def test_the_first_admin_is_made_once(staff: Staff) -> None:
    password = staff.add_first_admin()
    assert staff.agent_of(staff.log_in("admin", password)) == Agent("admin", "admin")
    assert staff.add_first_admin() == ""


def test_who_did_what_is_written_down(staff: Staff, database: ConversationDatabase) -> None:
    staff.add("Root", PASSWORD, "admin")
    staff.add("Mei", PASSWORD, by="Root")
    staff.log_out(staff.log_in("Mei", PASSWORD))
    done = [(entry.agent, entry.action, entry.detail) for entry in audit_entries(database)]
    assert done == [
        ("Mei", "logged_out", ""),
        ("Mei", "logged_in", ""),
        ("Root", "user_added", "Mei (agent)"),
        ("", "user_added", "Root (admin)"),
    ]
