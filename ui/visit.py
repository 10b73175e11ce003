"""What a browser remembers between two loads of the page: its conversation and its language."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from knowledge.types import Language


@dataclass(frozen=True)
class Visit:
    """`conversation` is empty until the first message. `language` is empty until it is switched:
    then the browser's own language holds. `contact` is the address left in this conversation,
    `before` the conversation before it: one that is taken up again is not solved.
    """

    conversation: str = ""
    language: Language | None = None
    contact: str = ""
    before: str = ""

    @staticmethod
    def read(stored: object) -> Visit:
        """Comes from the browser, so anything may be in it; what makes no sense is left out."""
        if not isinstance(stored, dict):
            return Visit()
        language = stored.get("language")
        return Visit(
            conversation=_text(stored.get("conversation")),
            language=language if language in ("en", "zh") else None,
            contact=_text(stored.get("contact")),
            before=_text(stored.get("before")),
        )

    def stored(self) -> dict[str, str | None]:
        return asdict(self)

    def speaking(self, language: Language) -> Visit:
        return replace(self, language=language)

    def within(self, conversation: str) -> Visit:
        """The same visitor in another conversation."""
        before = self.conversation or self.before
        return replace(self, conversation=conversation, contact="", before=before)


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 254 else ""
