"""What the HTTP API takes, and what its description at /openapi.json shows: bodies and examples."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from bot.types import Rating
from knowledge.types import Language
from ui.records import AnswerRecord, StateRecord

ConversationId = Annotated[
    str,
    Path(alias="id", description="The conversation's key.", examples=["q4Vt6d0jY1Wn0m2J7c8b9A"]),
]

_ANSWER: AnswerRecord = {
    "answer": "We refund you within **5 to 7 working days**.",
    "route": "answer",
    "intent": {"name": "refund_time", "confidence": 0.93, "known": True},
    "citations": [
        {
            "passage_id": "shop/faq/en/returns.md#how-long-do-refunds-take",
            "document": "shop/faq/en/returns.md",
            "title": "How long do refunds take?",
            "text": "We refund you within **5 to 7 working days** after your return has arrived.",
            "score": 0.91,
        }
    ],
    "spans": [
        {
            "start": 0,
            "end": 43,
            "passage_id": "shop/faq/en/returns.md#how-long-do-refunds-take",
            "source_start": 0,
            "source_end": 43,
        }
    ],
    "options": [],
    "owner": "bot",
    "conversation_id": "q4Vt6d0jY1Wn0m2J7c8b9A",
    "turn_id": 2,
    "timings_ms": {"embed": 6.1, "classify": 0.4, "search": 3.2, "total": 12.9},
}
_STATE: StateRecord = {
    "owner": "waiting",
    "agent": "",
    "place": 1,
    "typing": False,
    "staffed": True,
    "turn": 3,
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewConversation(_Body):
    language: Language | None = Field(
        None, description="Of the bot's own phrases; else by Accept-Language.", examples=["en"]
    )


class NewMessage(_Body):
    text: str = Field(examples=["How long do refunds take?"])


class Contact(_Body):
    email: str = Field(examples=["anna@example.com"])


class Feedback(_Body):
    rating: Rating = Field(examples=["up"])
    comment: str | None = Field(None, max_length=2000, examples=["Exactly what I needed."])


class SurveyAnswer(_Body):
    solved: bool | None = Field(None, examples=[True])
    satisfaction: int | None = Field(None, ge=1, le=5, description="5 is the best", examples=[4])


ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {"example": _ANSWER},
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: piece\ndata: {"text": "We refund you within "}\n\n',
            },
        }
    },
}
FOLLOWED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": f"event: state\ndata: {json.dumps(_STATE)}\n\n",
            }
        }
    },
}
