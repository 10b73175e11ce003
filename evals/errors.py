"""What can go wrong in a measurement: its data or its result files, never the bot itself."""

from bot.errors import BotError


class EvalError(BotError):
    """A file of data or results cannot be used. Names the file, the line and what to do."""
