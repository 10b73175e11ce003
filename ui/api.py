"""The HTTP API: conversations as JSON or server-sent events. An unguessable id is the key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse

from bot.errors import Busy
from bot.feedback import Survey, add_feedback, add_survey
from bot.handoff import HandOff
from bot.live import Live
from bot.presence import customer_types
from bot.types import Answer, Piece
from knowledge.types import Language
from ui.api_errors import (
    LIMITED,
    MALFORMED,
    MESSAGE_ERRORS,
    NOT_ITS_OWN,
    UNKNOWN,
    ApiError,
)
from ui.api_schema import (
    ANSWERED,
    FOLLOWED,
    Contact,
    ConversationId,
    Feedback,
    NewConversation,
    NewMessage,
    SurveyAnswer,
)
from ui.email import is_email
from ui.language import browser_language
from ui.live_events import UNBUFFERED, customer_events, event
from ui.pace import Pace, address_of
from ui.records import (
    AnswerRecord,
    ConversationRecord,
    TurnRecord,
    answer_record,
    conversation_record,
    turn_record,
)
from ui.reply import Reply
from ui.text import write

if TYPE_CHECKING:
    from bot.build import Frontdesk

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api", tags=["conversations"])


@router.post("/conversations", status_code=201, summary="Start a conversation", responses=MALFORMED)
def start_conversation(request: Request, new: NewConversation | None = None) -> ConversationRecord:
    _pace(request).check("", address_of(request))
    language = (new and new.language) or browser_language(request.headers)
    return conversation_record(_frontdesk(request).log.start(language, channel="api"))


@router.get("/conversations/{id}", summary="Read a conversation", responses=UNKNOWN)
def read_conversation(request: Request, conversation_id: ConversationId) -> ConversationRecord:
    """All turns with their citations, the oldest first."""
    return conversation_record(_frontdesk(request).log.conversation(conversation_id))


@router.post(
    "/conversations/{id}/messages",
    summary="Send a message",
    response_model=AnswerRecord,
    responses={**MESSAGE_ERRORS, **ANSWERED},
)
async def send_message(
    request: Request, conversation_id: ConversationId, message: NewMessage
) -> Response:
    """One JSON object, or with `Accept: text/event-stream` the events `waiting` (`{"place"}`, while
    others come first), `piece` (`{"text"}`, one or more), then `answer` (the same object) or
    `error` (`{"message"}`).

    A client that disconnects cancels the answer. Where a person owns the conversation, `route` is
    `silent` and `answer` is empty.
    """
    manager = _frontdesk(request).manager
    await asyncio.to_thread(_pace(request).check, conversation_id, address_of(request))
    reply = Reply(lambda left: manager.reply(conversation_id, message.text, left=left))
    try:
        await reply.accepted()
    except BaseException:
        reply.close()
        raise
    if "text/event-stream" in request.headers.get("accept", ""):
        return EventSourceResponse(
            _events(reply, browser_language(request.headers)), headers=UNBUFFERED
        )
    return JSONResponse(answer_record(await _answer(reply, request)))


@router.post("/conversations/{id}/person", summary="Ask for a person", responses=LIMITED)
def ask_for_person(request: Request, conversation_id: ConversationId) -> TurnRecord:
    """The bot is silent from now on. Asking again changes nothing."""
    _pace(request).check_act("person", conversation_id)
    return turn_record(HandOff(_frontdesk(request).log).ask(conversation_id))


@router.delete("/conversations/{id}/person", summary="Go back to the bot", responses=NOT_ITS_OWN)
def return_to_bot(request: Request, conversation_id: ConversationId) -> TurnRecord:
    """Possible until a person has joined; then 409."""
    _pace(request).check_act("return", conversation_id)
    return turn_record(HandOff(_frontdesk(request).log).return_to_bot(conversation_id))


@router.get(
    "/conversations/{id}/events",
    summary="Follow a conversation",
    response_class=Response,
    responses={**UNKNOWN, **FOLLOWED},
)
async def follow(request: Request, conversation_id: ConversationId) -> Response:
    """An event `state` now and after each change: who owns the conversation (`bot`, `waiting`,
    `agent`, `closed`), the agent's name, the customer's place in the line, whether the agent is
    typing, whether anybody is at the desk, and the id of the last turn.

    Read the conversation again where `turn` is new.
    """
    live: Live = request.app.state.live
    await asyncio.to_thread(live.state, conversation_id)
    events = customer_events(_frontdesk(request).log, live, conversation_id)
    return EventSourceResponse(events, headers=UNBUFFERED)


@router.post(
    "/conversations/{id}/typing",
    status_code=204,
    summary="Say that the customer is typing",
    responses=LIMITED,
)
def types(request: Request, conversation_id: ConversationId) -> None:
    """A person at the desk sees it for a few seconds; what is typed is not sent."""
    _pace(request).check_act("typing", conversation_id)
    customer_types(_frontdesk(request).log, conversation_id)


@router.post(
    "/conversations/{id}/contact",
    status_code=204,
    summary="Leave an e-mail address",
    responses=LIMITED,
)
def leave_contact(request: Request, conversation_id: ConversationId, contact: Contact) -> None:
    """The address that a person can answer to."""
    email = contact.email.strip()
    if not is_email(email):
        raise ApiError(422, write("contact_invalid", browser_language(request.headers)))
    _pace(request).check_act("contact", conversation_id, address_of(request))
    _frontdesk(request).log.add_contact(conversation_id, email)


@router.put(
    "/conversations/{id}/survey",
    status_code=204,
    summary="Say whether it was solved",
    responses=LIMITED,
)
def tell(request: Request, conversation_id: ConversationId, said: SurveyAnswer) -> None:
    """Asked once, at the end; what is left out stays as it was."""
    _pace(request).check_act("survey", conversation_id, address_of(request))
    add_survey(_frontdesk(request).log, conversation_id, Survey(said.solved, said.satisfaction))


@router.put(
    "/conversations/{id}/turns/{turn_id}/feedback",
    status_code=204,
    summary="Rate an answer",
    responses=LIMITED,
)
def rate(
    request: Request, conversation_id: ConversationId, turn_id: int, feedback: Feedback
) -> None:
    """Replaces an earlier rating of the same answer; without a comment, the one before stays."""
    _pace(request).check_act("feedback", conversation_id, address_of(request))
    comment = None if feedback.comment is None else feedback.comment.strip()
    add_feedback(_frontdesk(request).log, conversation_id, turn_id, feedback.rating, comment)


def _frontdesk(request: Request) -> Frontdesk:
    frontdesk: Frontdesk = request.app.state.frontdesk
    return frontdesk


def _pace(request: Request) -> Pace:
    pace: Pace = request.app.state.pace
    return pace


async def _answer(reply: Reply, request: Request) -> Answer:
    """Reads the reply to its end, or until the client is gone."""
    try:
        async for item in reply:
            if isinstance(item, Answer):
                return item
            if await request.is_disconnected():
                break
    finally:
        reply.close()
    raise ApiError(499, "The client has left.")


async def _events(reply: Reply, language: Language) -> AsyncIterator[bytes]:
    try:
        async for item in reply:
            if isinstance(item, Piece):
                yield _piece(item)
            else:
                yield event("answer", answer_record(item))
    except Busy:  # the server is stopping, and the customer still waited in line
        yield event("error", {"message": write("busy", language)})
    except Exception:
        logger.exception("A reply over the HTTP API failed")
        yield event("error", {"message": write("server_error", language)})
    finally:
        reply.close()


def _piece(piece: Piece) -> bytes:
    if piece.place:
        return event("waiting", {"place": piece.place})
    return event("piece", {"text": piece.text})
