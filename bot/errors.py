"""What can go wrong in a conversation.

BotError
├── ConfigError           frontdesk.toml or a FRONTDESK_* variable is wrong
├── UnknownConversation   no conversation has this id
├── UnknownTurn           no turn of this conversation has this id
├── UnknownSuggestion     no reply with this id was suggested in this conversation
├── EmptyMessage          nothing to answer
├── MessageTooLong        more than Config.max_message_chars
├── OwnershipError        the conversation belongs to somebody else now
├── Busy                  too many customers wait already, or the server is stopping
├── ReaderLeft            nobody reads what is being written
├── StaffError            a user of the desk cannot be added, changed or removed like this
├── WrongPassword         no user has this name and password
├── DraftError            a draft of knowledge is not there, not filled in, or decided already
├── GeneratorError        a generator failed, stalled or cannot be loaded
└── TrainingError         there is nothing to train the writer with
"""


class BotError(Exception):
    """The message is one sentence for a person, and names what to do next."""


class ConfigError(BotError):
    pass


class UnknownConversation(BotError):
    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"No conversation {conversation_id!r}. Start a new one.")


class UnknownTurn(BotError):
    pass


class UnknownSuggestion(BotError):
    pass


class EmptyMessage(BotError):
    pass


class MessageTooLong(BotError):
    pass


class OwnershipError(BotError):
    pass


class Busy(BotError):
    pass


class ReaderLeft(BotError):
    pass


class StaffError(BotError):
    """`reason` is what a page looks its own sentence up by."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class WrongPassword(BotError):
    pass


class DraftError(BotError):
    """`reason` is what a page looks its own sentence up by."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class GeneratorError(BotError):
    pass


class TrainingError(BotError):
    pass


def first_line(error: BaseException) -> str:
    """Of what it says, without the dot at its end; its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
