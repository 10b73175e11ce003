"""Which characters may stand in a text: tidies what files bring along, and changes no words."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, lone surrogates (SQLite refuses them), zero-width and bidirectional marks.
# A zero-width joiner stays between emoji, where it makes one picture of two.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    r"\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]|(?<=\w)\u200d"
)
# Ligatures and Kangxi radicals: PDF fonts write them for plain letters and Han characters.
_TYPESETTING = re.compile(r"[\ufb00-\ufb06\u2e80-\u2fd5]")


def clean(text: str) -> str:
    """NFC, `\\n` between lines, and nothing that cannot be seen or stored."""
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    text = _TYPESETTING.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """`clean`, with every run of white space as one blank."""
    return " ".join(clean(text).split())
