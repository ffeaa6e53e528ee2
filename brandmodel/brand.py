"""The brand kit: what makes a picture look and a text sound like one company."""

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
