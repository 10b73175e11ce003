"""What an owner reads on the desk's page of numbers, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.types import Language

NUMBERS_TEXTS: Mapping[str, Mapping[Language, str]] = {}
