"""HandOff: what customers and agents do to who answers, each with the words that tell of it."""

from __future__ import annotations

from bot.audit import Action, write_audit
from bot.errors import EmptyMessage
from bot.live import Live
from bot.log import ConversationLog
from bot.ownership import Move
from bot.phrases import Phrase, say
from bot.types import Conversation, Owner, Turn

# What stands in `conversations.asked_why` where the customer pressed the button.
ASKED_BY_BUTTON = "button"


class HandOff:
    """Each method is one transaction: the check of who owns the conversation, the change, the turn
    in the conversation's language, and the row of the audit table.
    """

    def __init__(self, log: ConversationLog) -> None:
        self._log = log

    def ask(self, conversation_id: str) -> Turn:
        """Puts the customer into the queue. Asking again changes nothing, but is answered."""
        with self._log.database.transaction():
            head = self._log.head(conversation_id)
            if head.owner is Owner.AGENT:
                text = say("agent_is_here", head.language, name=head.agent)
            else:
                text = say("hand_off_asked", head.language)
            return self._log.move(conversation_id, Move.ASK, text, why=ASKED_BY_BUTTON)

    def return_to_bot(self, conversation_id: str) -> Turn:
        """Raises OwnershipError where an agent has joined already."""
        text = say("returned_to_bot", self._log.head(conversation_id).language)
        return self._log.move(conversation_id, Move.RETURN, text)

    def take(self, conversation_id: str, agent: str) -> Turn | None:
        """None where the agent had it already. Raises OwnershipError where another one has it."""
        with self._log.database.transaction():
            if _is_with(self._log.head(conversation_id), agent):
                return None
            return self._tell(conversation_id, Move.TAKE, agent, "agent_joined", "took_over")

    def say(
        self, conversation_id: str, agent: str, text: str, *, suggestion_id: int | None = None
    ) -> Turn:
        """Raises EmptyMessage, OwnershipError where the agent does not have it, and
        UnknownSuggestion.
        """
        if not text.strip():
            raise EmptyMessage("The message is empty. Write something.")
        with self._log.database.transaction():
            turn = self._log.add_agent_turn(
                conversation_id, agent, text.strip(), suggestion_id=suggestion_id
            )
            self._audit("answered", conversation_id, agent, f"turn {turn.id}")
        return turn

    def hand_back(self, conversation_id: str, agent: str) -> Turn:
        return self._tell(
            conversation_id, Move.HAND_BACK, agent, "agent_handed_back", "handed_back"
        )

    def close(self, conversation_id: str, agent: str) -> Turn:
        return self._tell(conversation_id, Move.CLOSE, agent, "agent_closed", "closed")

    def release(self, conversation_id: str, agent: str) -> Turn:
        return self._tell(conversation_id, Move.RELEASE, agent, "agent_left", "released")

    def release_all(self, agent: str) -> int:
        """Whom the agent was serving waits for another one. Returns how many they are."""
        with self._log.database.transaction():
            rows = self._log.database.db.execute(
                "select id from conversations where owner = ? and agent = ?",
                [Owner.AGENT.value, agent],
            ).fetchall()
            for (conversation_id,) in rows:
                self.release(conversation_id, agent)
        return len(rows)

    def release_absent(self, live: Live) -> None:
        """Customers of agents who have gone without a word are put back into the line."""
        for agent in live.absent():
            self.release_all(agent)

    def _tell(
        self, conversation_id: str, move: Move, agent: str, phrase: Phrase, action: Action
    ) -> Turn:
        with self._log.database.transaction():
            language = self._log.head(conversation_id).language
            text = say(phrase, language, name=agent)
            turn = self._log.move(conversation_id, move, text, agent=agent)
            self._audit(action, conversation_id, agent)
        return turn

    def _audit(self, action: Action, conversation_id: str, agent: str, detail: str = "") -> None:
        write_audit(
            self._log.database, agent, action, conversation_id=conversation_id, detail=detail
        )


def _is_with(conversation: Conversation, agent: str) -> bool:
    return conversation.owner is Owner.AGENT and conversation.agent == agent
