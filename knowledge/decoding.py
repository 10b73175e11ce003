"""Bytes -> text, whatever encoding a file was saved in; tells text from binary data."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path, PurePath

from knowledge.errors import UnreadableFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PROBE_BYTES = 65536
_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
# What browsers read instead of these two (WHATWG Encoding Standard, section 4.2).
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin-1": "cp1252"}
_CHINESE = ["gb18030", "big5"]
# In Western text a letter with an accent stands among plain ones; in Chinese they come in rows.
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")


def decode(data: bytes, path: Path) -> str:
    """Text of UTF-8, UTF-16, UTF-32 or a legacy encoding; raises UnreadableFile for binary data."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding, path)
    if _is_binary(data[:_PROBE_BYTES]) and not _looks_like_utf16(data[:_PROBE_BYTES]):
        raise _not_text(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(data, _guess(data, path), path)


def decode_html(data: bytes, path: Path) -> str:
    """`decode`, but an encoding that the page declares comes before a guess."""
    declared = _DECLARED.search(data[:4096])
    if declared and not data.startswith(tuple(mark for mark, _ in _MARKS)):
        name = declared[1].decode("ascii").lower()
        try:
            return data.decode(_WIDER.get(name, name))
        except (LookupError, UnicodeDecodeError):
            pass  # the declaration is wrong, as it often is
    return decode(data, path)


def readable_name(path: PurePath) -> str:
    """The path as text. A name that is not UTF-8 most often comes out of a Chinese archive."""
    return "/".join(map(_decoded_name, path.as_posix().split("/")))


def _decoded_name(name: str) -> str:
    data = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    # Two names stay two names.
    return data.decode("utf-8", errors="backslashreplace")


def _decoded(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(path) from error


def _guess(data: bytes, path: Path) -> str:
    probe = data[:_PROBE_BYTES]
    if _looks_like_utf16(probe):
        return "utf-16-le" if probe[1::2].count(0) >= probe[0::2].count(0) else "utf-16-be"
    if 2 * len(_ALONE.findall(probe)) >= len(_HIGH.findall(probe)):
        return "cp1252"
    from charset_normalizer import from_bytes

    lines = probe[: probe.rfind(b"\n") + 1] or probe  # a character cut in two would mislead it
    best = from_bytes(lines, cp_isolation=_CHINESE, threshold=0.5).best()
    if best is None:
        raise _not_text(path)
    return best.encoding


def _looks_like_utf16(probe: bytes) -> bool:
    """Latin text in UTF-16 has a zero in every other byte, and none in the others."""
    even, odd = probe[0::2].count(0), probe[1::2].count(0)
    return max(even, odd) > 0.2 * len(probe) and min(even, odd) < 0.01 * len(probe)


def _is_binary(probe: bytes) -> bool:
    """Text has a few stray control characters at most; a tenth of random bytes are such."""
    return len(_CONTROL.findall(probe)) > 4 + 0.02 * len(probe)


def _not_text(path: Path) -> UnreadableFile:
    return UnreadableFile(f"{path} is not text. Save it again as UTF-8 text, or take it away.")
