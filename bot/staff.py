"""Staff: who may use the desk, who is logged in, who is there now. Knows no cookies, no pages."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from bot.audit import write_audit
from bot.database import ConversationDatabase, now
from bot.errors import StaffError, WrongPassword

AgentRole = Literal["agent", "admin"]

MIN_PASSWORD_CHARS = 10  # with argon2 and a limit on attempts; NIST SP 800-63B asks for 8
MAX_PASSWORD_CHARS = 200
MAX_NAME_CHARS = 40
# A shift with its overtime: nobody is thrown out in the middle of a conversation.
SESSION_SECONDS = 12 * 3600
FIRST_ADMIN = "admin"
# Each takes 64 MiB and a core: a crowd that logs in, or guesses, waits its turn.
_VERIFIED_AT_ONCE = 2


@dataclass(frozen=True)
class Agent:
    """Who works at the desk. `name` is what customers read: "Mei has joined"."""

    name: str
    role: AgentRole

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


@dataclass(frozen=True)
class StaffMember:
    """One row of the list of users; `seen_at` is empty for who was never here."""

    agent: Agent
    created_at: str
    seen_at: str


class Staff:
    def __init__(
        self, database: ConversationDatabase, hasher: PasswordHasher | None = None
    ) -> None:
        """`hasher`: argon2id with the library's parameters (RFC 9106, low memory) by default."""
        self._database = database
        self._db = database.db
        self._hasher = hasher or PasswordHasher()
        self._verifying = threading.BoundedSemaphore(_VERIFIED_AT_ONCE)
        # Verified for names that nobody has, so that the time taken tells no names.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def add(self, name: str, password: str, role: str = "agent", *, by: str = "") -> Agent:
        """Raises StaffError: a name that is taken or malformed, or a password that is too short."""
        agent = Agent(_name(name), _role(role))
        row = {
            "name": agent.name,
            "password": self._hash(password),
            "role": agent.role,
            "created_at": now(),
        }
        with self._database.transaction():
            if self._find(agent.name) is not None:
                sentence = f"There is a user {agent.name} already. Choose another name."
                raise StaffError(sentence, "name_taken")
            self._db.table("users").insert(row)
            write_audit(self._database, by, "user_added", detail=f"{agent.name} ({agent.role})")
        return agent

    def add_first_admin(self) -> str:
        """The password of a new admin where there are no users yet, else an empty text."""
        password = secrets.token_urlsafe(12)
        with self._database.transaction():
            if self._db.table("users").count:
                return ""
            self.add(FIRST_ADMIN, password, "admin")
        return password

    def remove(self, name: str, *, by: str = "") -> None:
        """Ends the user's sessions, too. Raises StaffError, also for the last admin."""
        with self._database.transaction():
            member = self._existing(name)
            if member["role"] == "admin" and self._count_admins() == 1:
                sentence = f"{member['name']} is the last admin. Add another one first."
                raise StaffError(sentence, "last_admin")
            self._db.execute("delete from sessions where user = ?", [member["name"]])
            self._db.execute("delete from users where name = ?", [member["name"]])
            write_audit(self._database, by, "user_removed", detail=member["name"])

    def set_password(self, name: str, password: str) -> None:
        """Whoever is logged in with the old password is logged out."""
        hashed = self._hash(password)
        with self._database.transaction():
            member = self._existing(name)
            self._db.execute(
                "update users set password = ? where name = ?", [hashed, member["name"]]
            )
            self._db.execute("delete from sessions where user = ?", [member["name"]])
            write_audit(self._database, "", "password_changed", detail=member["name"])

    def members(self) -> list[StaffMember]:
        with self._database.lock:
            rows = list(self._db.query("select * from users order by name collate nocase"))
        return [
            StaffMember(Agent(row["name"], row["role"]), row["created_at"], row["seen_at"] or "")
            for row in rows
        ]

    def log_in(self, name: str, password: str) -> str:
        """A new session's token, of 256 random bits. Raises WrongPassword."""
        with self._database.lock:
            member = self._find(name)
        self._verify(member["password"] if member else self._nobody, password)
        if member is None:
            raise WrongPassword("The name or the password is wrong.")
        token = secrets.token_urlsafe(32)
        with self._database.transaction():
            self._db.execute("delete from sessions where expires_at < ?", [now()])
            self._db.table("sessions").insert(
                {
                    "token_hash": _digest(token),
                    "user": member["name"],
                    "created_at": now(),
                    "expires_at": now(ago_seconds=-SESSION_SECONDS),
                    "seen_at": now(),
                }
            )
            write_audit(self._database, member["name"], "logged_in")
        self.seen(token)
        return token

    def agent_of(self, token: str) -> Agent | None:
        """Who is logged in with this token, in whichever process the login was."""
        with self._database.lock:
            row = self._db.execute(
                "select name, role from sessions join users on users.name = sessions.user "
                "where token_hash = ? and expires_at > ?",
                [_digest(token), now()],
            ).fetchone()
        return Agent(*row) if row else None

    def log_out(self, token: str) -> Agent | None:
        """Ends the session in every process. Returns whose it was."""
        agent = self.agent_of(token)
        if agent is None:
            return None
        with self._database.transaction():
            self._db.execute("delete from sessions where token_hash = ?", [_digest(token)])
            write_audit(self._database, agent.name, "logged_out")
        return agent

    def seen(self, token: str) -> None:
        """A heartbeat: the agent has the desk open."""
        with self._database.transaction():
            self._db.execute(
                "update sessions set seen_at = ? where token_hash = ?", [now(), _digest(token)]
            )
            self._db.execute(
                "update users set seen_at = ? where name = "
                "(select user from sessions where token_hash = ?)",
                [now(), _digest(token)],
            )

    def _find(self, name: str) -> dict[str, Any] | None:
        rows = list(
            self._db.query("select * from users where name = ? collate nocase", [name.strip()])
        )
        return rows[0] if rows else None

    def _existing(self, name: str) -> dict[str, Any]:
        member = self._find(name)
        if member is None:
            raise StaffError(f"There is no user {name}. Run: frontdesk users list", "unknown")
        return member

    def _count_admins(self) -> int:
        return int(
            self._db.execute("select count(*) from users where role = 'admin'").fetchone()[0]
        )

    def _hash(self, password: str) -> str:
        if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
            raise StaffError(
                f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters, "
                f"and this one {len(password)}.",
                "password",
            )
        return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> None:
        try:
            with self._verifying:
                self._hasher.verify(hashed, password[: MAX_PASSWORD_CHARS + 1])
        except (VerifyMismatchError, InvalidHashError) as error:
            raise WrongPassword("The name or the password is wrong.") from error


def _name(name: str) -> str:
    """As customers will read it: one line of letters, digits, spaces, dots, hyphens."""
    cleaned = " ".join(name.split())
    letters = all(c.isalnum() or c in " .-_'@" for c in cleaned)
    if not letters or not 1 <= len(cleaned) <= MAX_NAME_CHARS:
        raise StaffError(
            f"The name {cleaned!r} must have 1 to {MAX_NAME_CHARS} letters, digits, spaces "
            "or . - _ ' @",
            "name",
        )
    return cleaned


def _role(role: str) -> AgentRole:
    if role == "admin":
        return "admin"
    if role == "agent":
        return "agent"
    raise StaffError(f"There is no role {role!r}. Use agent or admin.", "role")


def _digest(token: str) -> str:
    """A token is random and long: a plain hash keeps who reads the file from using it."""
    return hashlib.sha256(token.encode()).hexdigest()
