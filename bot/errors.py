"""What can go wrong in a conversation.

BotError
├── ConfigError           frontdesk.toml or a FRONTDESK_* variable is wrong
├── UnknownConversation   no conversation has this id
├── UnknownTurn           no turn of this conversation has this id
├── EmptyMessage          nothing to answer
├── MessageTooLong        more than Config.max_message_chars
├── OwnershipError        the conversation belongs to somebody else now
├── StaffError            a user of the desk cannot be added, changed or removed like this
├── WrongPassword         no user has this name and password
└── GeneratorError        a generator failed, stalled or cannot be loaded
"""


class BotError(Exception):
    """The message is one sentence for a person, and names what to do next."""


class ConfigError(BotError):
    pass


class UnknownConversation(BotError):
    pass


class UnknownTurn(BotError):
    pass


class EmptyMessage(BotError):
    pass


class MessageTooLong(BotError):
    pass


class OwnershipError(BotError):
    pass


class StaffError(BotError):
    pass


class WrongPassword(BotError):
    pass


class GeneratorError(BotError):
    pass
