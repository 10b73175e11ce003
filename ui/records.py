"""Answers and conversations as JSON objects: the one shape of the HTTP API and of `ask --json`."""

from __future__ import annotations

from typing_extensions import TypedDict

from bot.live import LiveState
from bot.types import Answer, Citation, Conversation, Intent, Turn


class IntentRecord(TypedDict):
    name: str
    confidence: float
    known: bool


class CitationRecord(TypedDict):
    passage_id: str
    document: str
    title: str
    text: str
    score: float


class AnswerRecord(TypedDict):
    answer: str
    route: str
    intent: IntentRecord | None
    citations: list[CitationRecord]
    options: list[str]
    owner: str
    conversation_id: str
    turn_id: int
    timings_ms: dict[str, float]


class TurnRecord(TypedDict):
    id: int
    role: str
    text: str
    status: str
    created_at: str
    route: str | None
    citations: list[CitationRecord]
    options: list[str]
    rating: str | None
    agent: str


class ConversationRecord(TypedDict):
    id: str
    language: str
    owner: str
    agent: str
    created_at: str
    turns: list[TurnRecord]


def answer_record(answer: Answer) -> AnswerRecord:
    return {
        "answer": answer.text,
        "route": answer.route.value,
        "intent": intent_record(answer.intent) if answer.intent else None,
        "citations": [citation_record(citation) for citation in answer.citations],
        "options": list(answer.options),
        "owner": answer.owner.value,
        "conversation_id": answer.conversation_id,
        "turn_id": answer.turn_id,
        "timings_ms": {name: round(float(ms), 2) for name, ms in answer.timings_ms.items()},
    }


def intent_record(intent: Intent) -> IntentRecord:
    return {
        "name": intent.name,
        "confidence": round(float(intent.confidence), 4),
        "known": bool(intent.known),
    }


def citation_record(citation: Citation) -> CitationRecord:
    return {
        "passage_id": citation.passage_id,
        "document": citation.document,
        "title": citation.title,
        "text": citation.text,
        "score": round(float(citation.score), 4),
    }


class StateRecord(TypedDict):
    owner: str
    agent: str
    place: int
    typing: bool
    staffed: bool
    turn: int


def state_record(state: LiveState) -> StateRecord:
    return {
        "owner": state.owner.value,
        "agent": state.agent,
        "place": state.place,
        "typing": state.typing,
        "staffed": state.staffed,
        "turn": state.turn,
    }


def turn_record(turn: Turn) -> TurnRecord:
    return {
        "id": turn.id,
        "role": turn.role,
        "text": turn.text,
        "status": turn.status,
        "created_at": turn.created_at,
        "route": turn.route.value if turn.route else None,
        "citations": [citation_record(citation) for citation in turn.citations],
        "options": list(turn.options),
        "rating": turn.rating,
        "agent": turn.agent,
    }


def conversation_record(conversation: Conversation) -> ConversationRecord:
    return {
        "id": conversation.id,
        "language": conversation.language,
        "owner": conversation.owner.value,
        "agent": conversation.agent,
        "created_at": conversation.created_at,
        "turns": [turn_record(turn) for turn in conversation.turns],
    }
