"""Whether a text can be an e-mail address."""

from __future__ import annotations

import re

# The HTML standard's rule for <input type=email>, with at least one dot in the domain; lengths
# by RFC 5321, 4.5.3.1.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")


def is_email(text: str) -> bool:
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None
