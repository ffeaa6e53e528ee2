"""The parts of a brand that a request may hold: colours and voice."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

_HEX = re.compile(r"^#(?:[0-9a-fA-F]{3}){1,2}$")


def _colour(text: str) -> str:
    if not _HEX.match(text):
        raise ValueError(f"{text!r} is not a colour; write it as #rrggbb")
    digits = text[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(c * 2 for c in digits))


Colour = Annotated[str, AfterValidator(_colour)]
"""sRGB as ``#rrggbb``."""


class Slice(BaseModel):
    """A part of the brand that a request may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Palette(Slice):
    """Four colours by role, and more where the brand has them.

    Attributes:
        ink: the darkest: text, shadow, depth.
        paper: the lightest: ground, sky, text on dark.
        primary: what the brand is known by.
        accent: used sparingly, for the one thing that matters.
        more: further colours, most important first.
    """

    ink: Colour = "#0b2545"
    paper: Colour = "#f6f1e5"
    primary: Colour = "#13a89e"
    accent: Colour = "#f4a259"
    more: tuple[Colour, ...] = ()


class Voice(Slice):
    """How the brand speaks.

    Attributes:
        tone: a few words, such as ``calm, precise, warm``.
        avoid: words and phrases that never appear.
    """

    tone: str = ""
    avoid: tuple[str, ...] = ()


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours ``#rrggbb``, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
