"""Where one can write is seen by its border: three to one, as WCAG 1.4.11 asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(file: str, name: str) -> list[str]:
    """In light and in dark."""
    css = (UI / file).read_text(encoding="utf-8")
    return [
        c for line in re.findall(rf"--{name}: (.*);", css) for c in re.findall("#[0-9a-f]+", line)
    ]


@pytest.mark.parametrize("file", ["page.css", "desk.css", "desk_login.css"])
@pytest.mark.parametrize("around", ["card", "paper", "accent-soft"])
def test_the_border_of_a_field_stands_out(file: str, around: str) -> None:
    edges, others = colours(file, "edge"), colours(file, around)
    assert len(edges) == 2
    for edge, other in zip(edges, others, strict=False):
        assert contrast(edge, other) >= 3, (edge, other)


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("page.css", "#box.block {"),
        ("conversation.css", ".contact input {"),
        ("desk.css", "textarea {"),
        ("desk_login.css", "input {"),
    ],
)
def test_every_field_has_that_border(file: str, field: str) -> None:
    css = (UI / file).read_text(encoding="utf-8")
    rule = css[css.index(field) :]
    assert "border: 1px solid var(--edge);" in rule[: rule.index("}")]
