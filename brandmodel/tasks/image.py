"""Pictures: made, enlarged, cut out, placed, graded."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field

from brandmodel.brand import Palette
from brandmodel.tasks._base import Request, Result, Stage, Usage
from brandmodel.tasks.values import Asset, Box, Space, sketched

LARGEST_SIDE = 16_384
LARGEST_PIXELS = 40_000_000


class Picture(Result):
    """A picture and what its maker knows about it.

    Attributes:
        image: 8-bit sRGB.
        subjects: where the main objects are; empty when the maker cannot tell.
        scene: how to draw it again at another size, for makers that can; opaque to everyone else.
    """

    image: Asset
    subjects: tuple[Box, ...] = ()
    scene: str = ""


_AMPLE = 4
"""How many times larger than what was asked the most generous model draws."""


def pixels(width: int | None, height: int | None) -> int:
    """Pixel count of a size that may be unknown."""
    return (width or 0) * (height or 0)


class _MakesPicture(Request[Picture]):
    """A request whose result is one picture of a size that is known before."""

    def expected_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the result."""
        raise NotImplementedError

    def sketch(self, *, dear: bool) -> Picture:
        """A picture of the right size without pixels."""
        width, height = self.expected_size()
        return Picture(image=sketched("image/png", width=width, height=height))

    def sketch_of_model(self, *, dear: bool) -> Picture:
        """Half as large, so that it has to be enlarged; or so large that it never has."""
        width, height = self.expected_size()
        if dear:
            width, height = -(-width // 2), -(-height // 2)
        else:
            width, height = (min(side * _AMPLE, LARGEST_SIDE) for side in (width, height))
        return Picture(image=sketched("image/png", width=width, height=height))

    def usage(self, result: Picture) -> Usage:
        """One image of its pixel count."""
        width, height = result.image.width or 0, result.image.height or 0
        return Usage(images=1, pixels=pixels(width, height), lines=min(width, height))


class GenerateImage(_MakesPicture):
    """Make a picture from words.

    Attributes:
        prompt: what is to be seen.
        palette: colours to hold to; None leaves them to the maker.
        space: the side to keep calm for type.
        label: words on the product's label, for makers that can write.
        plinth: leave the place of the product empty; a photograph is put there later.
        reference: keep to this picture's composition (promotion of an approved draft).
        scene: what ``Picture.scene`` says of the reference, for makers that can draw it again.
    """

    stage: ClassVar[Stage] = "generate"

    prompt: str
    width: int = Field(default=1024, ge=16, le=LARGEST_SIDE)
    height: int = Field(default=1024, ge=16, le=LARGEST_SIDE)
    seed: int = 0
    palette: Palette | None = None
    space: Space = "none"
    label: str = ""
    plinth: bool = False
    reference: Asset | None = None
    scene: str = ""

    def expected_size(self) -> tuple[int, int]:
        """The size asked for."""
        return self.width, self.height

    def keeping_to(self, draft: Picture) -> Self:
        """With the draft's picture as its reference."""
        return self.model_copy(update={"reference": draft.image, "scene": draft.scene})


class EditImage(_MakesPicture):
    """Change a picture by words.

    Attributes:
        images: the picture to change, and pictures to take things from.
        mask: where to change it: transparent there; None leaves that to the words.
    """

    stage: ClassVar[Stage] = "generate"

    images: tuple[Asset, ...] = Field(min_length=1, max_length=16)
    prompt: str
    mask: Asset | None = None
    width: int | None = Field(default=None, ge=16, le=LARGEST_SIDE)
    height: int | None = Field(default=None, ge=16, le=LARGEST_SIDE)
    seed: int = 0

    def expected_size(self) -> tuple[int, int]:
        """The size asked for, else the first picture's."""
        first = self.images[0]
        return self.width or first.width or 1024, self.height or first.height or 1024


class UpscaleImage(_MakesPicture):
    """Enlarge a picture. A maker that knows the scene draws it again instead.

    Attributes:
        scene: what ``Picture.scene`` says; empty for foreign pictures.
        subjects: handed on.
    """

    stage: ClassVar[Stage] = "refine"

    image: Asset
    width: int = Field(ge=16, le=LARGEST_SIDE)
    height: int = Field(ge=16, le=LARGEST_SIDE)
    scene: str = ""
    subjects: tuple[Box, ...] = ()

    def expected_size(self) -> tuple[int, int]:
        """The size asked for."""
        return self.width, self.height


class FitImage(_MakesPicture):
    """Bring a picture to a size: what does not fit its shape is cut off, and nothing is invented.

    Attributes:
        subjects: kept in, and handed on.
    """

    stage: ClassVar[Stage] = "refine"

    image: Asset
    width: int = Field(ge=16, le=LARGEST_SIDE)
    height: int = Field(ge=16, le=LARGEST_SIDE)
    subjects: tuple[Box, ...] = ()

    def expected_size(self) -> tuple[int, int]:
        """The size asked for."""
        return self.width, self.height


class CutOut(_MakesPicture):
    """Free the main object of a picture from its background; the result has an alpha channel."""

    stage: ClassVar[Stage] = "refine"

    image: Asset

    def expected_size(self) -> tuple[int, int]:
        """As the picture; sketches may not know it."""
        return self.image.width or 1024, self.image.height or 1024


class PlaceProduct(_MakesPicture):
    """Put a cut-out product into a scene: on its plinth, in its light, with a contact shadow."""

    stage: ClassVar[Stage] = "refine"

    scene: Asset
    product: Asset
    subjects: tuple[Box, ...] = ()
    space: Space = "none"

    def expected_size(self) -> tuple[int, int]:
        """As the scene."""
        return self.scene.width or 1024, self.scene.height or 1024


class GradeImage(_MakesPicture):
    """Pull a picture's colours towards the palette, keeping lightness and skin of the picture.

    Attributes:
        strength: 0 leaves the picture alone, 1 pulls as far as looks natural.
    """

    stage: ClassVar[Stage] = "refine"

    image: Asset
    palette: Palette
    strength: float = Field(default=0.6, ge=0, le=1)

    def expected_size(self) -> tuple[int, int]:
        """As the picture."""
        return self.image.width or 1024, self.image.height or 1024
