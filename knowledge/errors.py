"""What can go wrong between a file and a passage.

KnowledgeError
├── UnreadableFile      one file could not be read; the others go on
├── KnowledgeMissing    nothing has been ingested yet
├── KnowledgeBusy       another process is ingesting
├── PackError           a pack's intents or settings are malformed
├── EmbedderError       the sentence encoder cannot be loaded
└── VectorStoreError    Chroma cannot be reached or refuses
"""


class KnowledgeError(Exception):
    """The message is one sentence for a person, and names what to do next."""


class UnreadableFile(KnowledgeError):
    pass


class KnowledgeMissing(KnowledgeError):
    pass


class KnowledgeBusy(KnowledgeError):
    pass


class PackError(KnowledgeError):
    pass


class EmbedderError(KnowledgeError):
    pass


class VectorStoreError(KnowledgeError):
    pass
