"""Values that requests and results are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import Field, JsonValue

from brandmodel.brand import Palette, Voice
from brandmodel.tasks._base import Value

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Space = Literal["none", "left", "right", "top", "bottom"]
"""The side of a picture that is kept calm for type."""


class Asset(Value):
    """Bytes in the store, named by their digest. Only the digest enters a step's key.

    Attributes:
        sha256: digest of the bytes, lower-case hex.
        media_type: for example ``image/png``.
        size: bytes.
        width: pixels, for pictures and video.
        height: pixels, for pictures and video.
        duration_s: seconds, for sound and video.
    """

    sha256: Sha256
    media_type: str
    size: int = Field(ge=0)
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


NO_ASSET = Asset(sha256="0" * 64, media_type="application/octet-stream", size=0)
"""Stands for bytes that do not exist, in sketches."""


def sketched(media_type: str, *, width: int | None = None, height: int | None = None) -> Asset:
    """An asset for a sketch: right in type and size, without bytes."""
    return Asset(sha256="0" * 64, media_type=media_type, size=0, width=width, height=height)


class Document(Value):
    """One of the brand's documents."""

    name: str
    asset: Asset


class Box(Value):
    """A rectangle in fractions of the picture, origin at the upper left."""

    x: float
    y: float
    width: float
    height: float


class Text(Value):
    """Words that a recipe returns as an output of their own.

    Attributes:
        links: what the words refer to as ``media/<sha256><suffix>``; saved beside them.
    """

    text: str
    media_type: str = "text/plain"
    links: tuple[Asset, ...] = ()


class Kit(Value):
    """The brand as a recipe sees it: every file is an asset. Requests take slices of it.

    Attributes:
        signer: fingerprint of the certificate that signs for the brand.
        display: the face for headlines: a bundled family's name or a font file.
        text: the face for text, likewise.
    """

    name: str = ""
    tagline: str = ""
    palette: Palette | None = None
    display: str | Asset = "Inter Display"
    text: str | Asset = "Inter"
    logo: Asset | None = None
    voice: Voice = Voice()
    documents: tuple[Document, ...] = ()
    references: tuple[Asset, ...] = ()
    signer: str = ""


class Brief(Value):
    """What the caller asked for.

    Attributes:
        prompt: the caller's words.
        width: pixels; None leaves it to the recipe.
        height: pixels; None leaves it to the recipe.
        seed: reproduces the result.
        media_type: what the main output shall be; None leaves it to the recipe.
        products: photographs of the product to be shown.
        pictures: finished pictures to be shown as they are, such as an earlier result.
        logo: stands in for the brand's own.
        music: stereo WAV, 48 kHz; stands in for composed music.
        script: a person's own words to be said, in place of a written script.
        options: settings of the recipe, by name; they go before the published model's.
    """

    prompt: str
    width: int | None = None
    height: int | None = None
    seed: int = 0
    media_type: str | None = None
    products: tuple[Asset, ...] = ()
    pictures: tuple[Asset, ...] = ()
    logo: Asset | None = None
    music: Asset | None = None
    script: str = ""
    options: dict[str, JsonValue] = {}


def assets_in(value: Any) -> list[Asset]:
    """Every asset that a value holds, at any depth, in order."""
    found: list[Asset] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Asset]) -> None:
    if isinstance(value, Asset):
        found.append(value)
    elif isinstance(value, tuple | list):
        for member in cast("Sequence[Any]", value):
            _collect(member, found)
    elif isinstance(value, Value):
        for member in value.__dict__.values():
            # Most fields are plain; a call of their own for each would be most of the work.
            if member and type(member) not in _PLAIN:
                _collect(member, found)


_PLAIN = frozenset({str, int, float, bool, type(None)})
