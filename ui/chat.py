"""What a customer can do on the chat page, and what the page shows after it. Knows no Gradio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.errors import (
    Busy,
    EmptyMessage,
    MessageTooLong,
    OwnershipError,
    UnknownConversation,
)
from bot.feedback import Survey, add_survey, read_survey
from bot.handoff import HandOff
from bot.live import Live, LiveState
from bot.types import Conversation, Owner, Piece
from knowledge.types import Language
from ui.bubbles import failure, note, stopped_bubble, waiting_bubble, writing_bubble
from ui.email import is_email
from ui.pace import Pace, TooFast
from ui.reply import Replies, Reply
from ui.survey import survey_panel
from ui.text import write
from ui.transcript import status_panel, turns_html, welcome
from ui.visit import Visit

if TYPE_CHECKING:
    from bot.build import Frontdesk

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """One state of the page. `accepted` is the message that was just stored, as the turn
    `question`: the box may forget it. `notice` is a sentence on what was refused. `agent` is who
    serves the customer, and `state` what of the conversation's live state is shown.
    """

    visit: Visit
    language: Language
    turns: list[str]
    waiting: bool = False
    agent: str = ""
    state: str = ""
    writing: bool = False
    accepted: str = ""
    question: int = 0
    notice: str = ""


class Chat:
    def __init__(self, frontdesk: Frontdesk, live: Live, pace: Pace) -> None:
        self._pace = pace
        self._log = frontdesk.log
        self._live = live
        self._hand_off = HandOff(frontdesk.log)
        self._manager = frontdesk.manager
        self._config = frontdesk.config
        self._knowledge = frontdesk.knowledge
        self._replies = Replies()

    def company(self, language: Language) -> str:
        names = self._knowledge.pack.name
        return names.get(language) or next(iter(names.values()), "Frontdesk")

    def arrive(self, visit: Visit, language: Language) -> View:
        """What is shown first. A log that cannot be read gives a sentence, not a blank page."""
        try:
            return self.show(visit, language)
        except Exception:
            logger.exception("The conversation could not be read")
            return View(visit, language, [note(write("server_error", language))])

    def show(self, visit: Visit, language: Language, *, notice: str = "") -> View:
        """The page as the log has it. A conversation that is not there any more is forgotten."""
        try:
            # Before the turns: what comes in between is then seen to be missing.
            state = self._live.state(visit.conversation)
            conversation = self._log.conversation(visit.conversation)
        except UnknownConversation:
            return View(visit.within(""), language, [self._welcome(language)], notice=notice)
        turns = turns_html(conversation.turns, language) or [self._welcome(language)]
        turns += status_panel(state, language, contact=visit.contact)
        survey = read_survey(self._log, conversation.id)
        turns += survey_panel(conversation.turns, conversation.owner, survey, language)
        return View(
            visit,
            language,
            turns,
            waiting=state.owner in (Owner.WAITING, Owner.AGENT),
            agent=state.agent,
            state=_key(state),
            notice=notice,
        )

    def refresh(self, visit: Visit, language: Language) -> View | None:
        """After somebody else has done something; None while an answer is written here: its end
        shows it.
        """
        return None if self._replies.of(visit.conversation) else self.show(visit, language)

    async def send(
        self, text: str, visit: Visit, language: Language, address: str = ""
    ) -> AsyncIterator[View]:
        """Stores the message, then shows the answer as it is written.

        The reply is closed when this iterator is: a customer who leaves ends the work.
        """
        try:
            await asyncio.to_thread(self._pace.check, visit.conversation, address)
        except TooFast as error:
            notice = write("too_fast", language, seconds=error.seconds)
            yield await asyncio.to_thread(self.show, visit, language, notice=notice)
            return
        visit = await asyncio.to_thread(self._started, visit, language)
        reply = Reply(lambda left: self._manager.reply(visit.conversation, text, left=left))
        with self._replies.holding(visit.conversation, reply):
            async for view in self._sent(reply, text, visit, language):
                if reply.abandoned:
                    return
                yield view

    async def _sent(
        self, reply: Reply, text: str, visit: Visit, language: Language
    ) -> AsyncIterator[View]:
        """The answer as it is written, or why there is none."""
        try:
            await reply.accepted()
            asked = await asyncio.to_thread(self._asked, text, visit, language)
            async for view in self._views(reply, asked):
                yield view
        except Busy:
            view = await asyncio.to_thread(self.show, visit, language)
            # The sentence that the log's failed message ends with is put better here.
            yield replace(view, turns=view.turns[:-1], notice=write("busy", language))
        except Exception as error:  # noqa: BLE001 - _refusal logs it where it is unexpected
            notice = self._refusal(error, language)
            yield await asyncio.to_thread(self.show, visit, language, notice=notice)

    def stop(self, visit: Visit) -> None:
        """Ends the answers that are being written in this conversation; `send` shows the end."""
        for reply in self._replies.of(visit.conversation):
            reply.close()

    def abandon(self, visit: Visit) -> None:
        """Ends the answers of a conversation that the page has left: `send` shows nothing more."""
        for reply in self._replies.of(visit.conversation):
            reply.abandon()

    def ask_for_person(self, visit: Visit, language: Language, address: str = "") -> View:
        """Starts a conversation where there is none. Raises TooFast."""
        if self._conversation(visit) is None:
            self._pace.check("", address)
            visit = self._started(visit, language)
        if self._log.head(visit.conversation).owner in (Owner.BOT, Owner.CLOSED):
            self._hand_off.ask(visit.conversation)
            self.stop(visit)
        return self.show(visit, language)

    def return_to_bot(self, visit: Visit, language: Language) -> View:
        """Somebody may have joined at the same moment: then the page says so. Raises TooFast."""
        self._pace.check_act("return", visit.conversation)
        with suppress(OwnershipError):
            self._hand_off.return_to_bot(visit.conversation)
        return self.show(visit, language)

    def leave_contact(
        self, email: str, visit: Visit, language: Language, address: str = ""
    ) -> View:
        """Raises TooFast."""
        email = email.strip()
        view = self.show(visit, language)
        if not view.visit.conversation:
            return view
        if not is_email(email):
            problem = write("contact_invalid", language)
            state = self._live.state(visit.conversation)
            panel = status_panel(state, language, contact=email, problem=problem)
            return replace(view, turns=view.turns[: -len(panel)] + panel) if panel else view
        self._pace.check_act("contact", visit.conversation, address)
        self._log.add_contact(visit.conversation, email)
        return self.show(replace(visit, contact=email), language)

    def tell(self, visit: Visit, language: Language, said: Survey) -> View:
        """Stores what the customer says at the end. Raises UnknownConversation."""
        add_survey(self._log, visit.conversation, said)
        return self.show(visit, language)

    def _welcome(self, language: Language) -> str:
        starters = self._knowledge.pack.starters.get(language, ())
        return welcome(starters, language)

    def _conversation(self, visit: Visit) -> Conversation | None:
        try:
            return self._log.conversation(visit.conversation) if visit.conversation else None
        except UnknownConversation:
            return None

    def _started(self, visit: Visit, language: Language) -> Visit:
        """The visit with a conversation that is in the log."""
        if self._conversation(visit) is not None:
            return visit
        follows = visit.conversation or visit.before
        return visit.within(self._log.start(language, follows=follows).id)

    def _asked(self, text: str, visit: Visit, language: Language) -> View:
        """The page up to the question; how it ended may be in the log already."""
        conversation = self._log.conversation(visit.conversation)
        last = max(i for i, turn in enumerate(conversation.turns) if turn.role == "customer")
        question = replace(conversation.turns[last], status="accepted")
        turns = turns_html([*conversation.turns[:last], question], language)
        waiting = conversation.owner is not Owner.BOT
        return View(
            visit,
            language,
            turns,
            waiting=waiting,
            agent=conversation.agent,
            accepted=text,
            question=question.id,
        )

    async def _views(self, reply: Reply, asked: View) -> AsyncIterator[View]:
        said, answered = "", False
        try:
            if not asked.waiting:
                yield _with(asked, writing_bubble(said, asked.language), writing=True)
            async for item in reply:
                if isinstance(item, Piece) and item.place:
                    waiting = waiting_bubble(item.place, asked.language)
                    yield _with(asked, waiting, writing=True)
                elif isinstance(item, Piece):
                    said += item.text
                    yield _with(asked, writing_bubble(said, asked.language), writing=True)
                else:
                    answered = True
        except Busy:  # the server is stopping, and the customer still waited in line
            yield _with(asked, failure(asked.language, "busy"))
            return
        except Exception:
            # Without the id: whoever has it can read the conversation.
            logger.exception("A reply on the chat page failed")
            yield _with(asked, failure(asked.language))
            return
        after = await asyncio.to_thread(self.show, asked.visit, asked.language)
        after = replace(after, accepted=asked.accepted, question=asked.question)
        stopped = not answered and after.turns == asked.turns
        # What is shown of a stopped answer is not in the log: it stays until something new happens.
        yield replace(_stopped(asked, said), state=after.state) if stopped else after

    def _refusal(self, error: Exception, language: Language) -> str:
        if isinstance(error, EmptyMessage):
            return write("message_empty", language)
        if isinstance(error, MessageTooLong):
            return write("message_too_long", language, limit=self._config.max_message_chars)
        logger.exception("A message could not be stored", exc_info=error)
        return write("not_stored", language)


def _key(state: LiveState) -> str:
    """What of the state the page shows; page.js makes the same of an event."""
    staffed = int(state.owner is Owner.WAITING and state.staffed)
    return f"{state.owner}:{state.agent}:{state.place}:{staffed}:{state.turn}"


def _with(view: View, *bubbles: str, writing: bool = False) -> View:
    return replace(view, turns=[*view.turns, *bubbles], writing=writing)


def _stopped(asked: View, said: str) -> View:
    end = note(write("stopped", asked.language))
    return _with(asked, stopped_bubble(said, asked.language), end) if said else _with(asked, end)
