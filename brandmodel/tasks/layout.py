"""Type on pictures."""

from __future__ import annotations

from typing import ClassVar

from brandmodel.brand import Palette
from brandmodel.tasks._base import Request, Result, Stage, Usage, Value
from brandmodel.tasks.image import pixels
from brandmodel.tasks.values import Asset, Box, Space, sketched
from brandmodel.tasks.writing import TypeLine, TypeRole


class TextBox(Value):
    """A text as it stands on the finished picture.

    Attributes:
        box: bounds of its ink.
        contrast: WCAG contrast ratio, worst case over the finished pixels of the box.
        ink: colour of the letters.
        plate: whether a plate had to be laid under it.
    """

    role: TypeRole
    text: str
    box: Box
    contrast: float
    ink: str
    plate: bool = False


class TypesetPicture(Result):
    """A picture with type on it."""

    image: Asset
    texts: tuple[TextBox, ...] = ()


class Typeset(Request[TypesetPicture]):
    """Set words and logo on a picture: hierarchy, margins, contrast of at least 4.5:1 per text.

    Attributes:
        display: the face for the title: a bundled family's name or a font file.
        text: the face for everything else, likewise.
        name: the brand's name, set beside the logo, or alone when there is no logo.
        subjects: what type must not cross.
    """

    stage: ClassVar[Stage] = "refine"

    image: Asset
    lines: tuple[TypeLine, ...]
    palette: Palette = Palette()
    display: str | Asset = "Inter Display"
    text: str | Asset = "Inter"
    logo: Asset | None = None
    name: str = ""
    space: Space = "none"
    subjects: tuple[Box, ...] = ()

    def sketch(self, *, dear: bool) -> TypesetPicture:
        """A picture of the same size."""
        width, height = self.image.width, self.image.height
        return TypesetPicture(image=sketched("image/png", width=width, height=height))

    def usage(self, result: TypesetPicture) -> Usage:
        """Setting type costs as many tokens as there are letters, and no image."""
        letters = sum(len(line.text) for line in self.lines)
        return Usage(tokens_in=letters, pixels=pixels(0, 0))
