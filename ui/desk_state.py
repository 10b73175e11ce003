"""What the routes of the desk work with: `request.app.state.desk`, typed."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from bot.gaps import FoundGaps
from bot.handoff import HandOff
from bot.live import Live
from bot.staff import Staff
from ui.desk_session import Sessions
from ui.jobs import Jobs
from ui.login_limit import LoginLimit

if TYPE_CHECKING:
    from bot.build import Frontdesk


@dataclass(frozen=True)
class DeskState:
    frontdesk: Frontdesk
    staff: Staff
    sessions: Sessions
    login_limit: LoginLimit
    live: Live
    hand_off: HandOff
    jobs: Jobs
    gaps: dict[int, FoundGaps]
    suggesting: Executor


def desk_of(request: Request) -> DeskState:
    state: DeskState = request.app.state.desk
    return state
