"""Messages in a language that nobody here reads: neither English nor Chinese. Pure.

The encoder knows none of them, so that nothing is found; the customer is told why.
"""

from __future__ import annotations

import re

from knowledge.language import has_chinese
from knowledge.spelling import english_share

# Kana, Hangul, Cyrillic, Greek, Hebrew, Arabic, Devanagari, Thai.
_SCRIPTS = re.compile(
    r"[\u3041-\u30ff\uac00-\ud7a3\u0400-\u04ff\u0370-\u03ff\u0590-\u05ff\u0600-\u06ff"
    r"\u0900-\u097f\u0e00-\u0e7f]"
)
# Signs and greetings that no English message has.
_OPENING = re.compile(
    r"^\W*(?:[¿¡]|(?:hola|bonjour|bonsoir|guten (?:tag|morgen|abend)|gr[üu](?:ß|ss) gott"
    r"|buenos d[ií]as|buenas|bom dia|ol[áa]|buongiorno)\b)",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[^\W\d_]{2,}")
# Fewer words may be names and codes.
_LEAST_WORDS = 3
# English holds words of other languages ("die", "me", "son"), and customers misspell it.
_MOST_ENGLISH = 0.67
# No message without one of these, lest nonsense be taken for a language: German, French, Spanish,
# Italian, Portuguese, Dutch, Polish, Swedish.
_FUNCTION_WORDS = re.compile(
    r"\b(?:ich|sie|wir|der|das|und|ist|nicht|mit|einen|einem|eine|wie|was|kann|haben|für|auf"
    r"|je|vous|vos|votre|nous|les|une|est|sont|pas|avec|pour|dans|combien|comment|quels?|quelles?|ce"
    r"|el|los|las|una|que|qu[ée]|es|por|para|con|cu[áa]nto|c[óo]mo|dónde|tienen|hablan|mi"
    r"|il|lo|gli|di|che|non|quanto|posso|della|sono|vorrei|os|n[ãa]o|um|uma|você|quero|meu"
    r"|ik|het|een|niet|wat|kan|met|voor|hoe|jest|nie|czy|jak|ile|się|moje"
    r"|och|är|inte|jag|hur|vad)\b",
    re.IGNORECASE,
)


def is_foreign(text: str) -> bool:
    """Whether the letters or the words are those of another language."""
    if len(_SCRIPTS.findall(text)) > 1 or (_OPENING.search(text) and not has_chinese(text)):
        return True
    words = _LATIN.findall(text)
    if has_chinese(text) or len(words) < _LEAST_WORDS:
        return False
    return _FUNCTION_WORDS.search(text) is not None and english_share(words) < _MOST_ENGLISH
