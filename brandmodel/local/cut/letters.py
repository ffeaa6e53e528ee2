"""A film's type: faces, inks and styles of its lines, and drawing set lines on clear ground."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.cut.planes import Patch
from brandmodel.local.desk import Desk
from brandmodel.local.type.block import Piece, Pill, Row
from brandmodel.local.type.faces import missing_characters, settable, typeface, typeface_of
from brandmodel.local.type.ground import Rect, around
from brandmodel.local.type.logo import Logo, logo_of
from brandmodel.local.type.shaping import Shaper, Style
from brandmodel.local.type.veil import Inks, inks
from brandmodel.tasks import Assemble, Asset, TypeLine, TypeRole

_ORDER: tuple[TypeRole, ...] = ("eyebrow", "title", "line", "detail", "button")
# A step bolder than on a poster: moving ground and a short look take some of the stroke away.
_STYLES: dict[TypeRole, tuple[int, float]] = {
    "eyebrow": (600, 0.13),
    "title": (700, -0.018),
    "line": (500, -0.004),
    "detail": (500, 0.0),
    "button": (600, 0.0),
}


@dataclass(slots=True)
class Faces:
    """What text is set with.

    Attributes:
        display: family of titles.
        text: family of everything else.
        own: the faces that were brought.
        missing: characters that no face can set, in the order they were met.
    """

    shaper: Shaper
    display: str
    text: str
    own: tuple[skia.Typeface, ...] = ()
    missing: dict[str, None] = field(default_factory=dict[str, None])

    def settable(self, words: str) -> str:
        """The words without characters that no face has; those are remembered."""
        self.missing.update(dict.fromkeys(missing_characters(words, *self.own)))
        return settable(words, *self.own)

    def title(self) -> Style:
        """How titles are set."""
        if self.display.casefold() == "eb garamond":
            return Style(self.display, 500, -0.012)
        return Style(self.display, *_STYLES["title"])


def faces(display: str | Asset, text: str | Asset, desk: Desk) -> Faces:
    """The faces of a request: bundled families by name, others as files.

    Raises:
        InvalidRequestError: a file is no font, or no bundled family has the name.
    """
    files = [f for f in (display, text) if isinstance(f, Asset)]
    data = {f.sha256: desk.read(f) for f in files}
    shaper = Shaper(*data.values())
    families = dict(zip(data, shaper.own, strict=True))
    named = [_family(f, families) for f in (display, text)]
    return Faces(shaper, named[0], named[1], tuple(typeface_of(d) for d in data.values()))


def _family(face: str | Asset, own: dict[str, str]) -> str:
    if isinstance(face, Asset):
        return own[face.sha256]
    typeface(face)
    return face


@dataclass(slots=True)
class Letters:
    """What one film is lettered with."""

    faces: Faces
    inks: Inks
    palette: Palette
    name: str
    logo: Logo | None

    @property
    def shaper(self) -> Shaper:
        """Sets and measures lines."""
        return self.faces.shaper

    def pieces(self, lines: Sequence[TypeLine]) -> tuple[Piece, ...]:
        """The lines in the order of the hierarchy; what cannot be set is left out."""
        made: list[Piece] = []
        for index, line in enumerate(lines):
            words = self.faces.settable(line.text)
            if words:
                shown = words.upper() if line.role == "eyebrow" else words
                made.append(Piece(index, line.role, shown, self.style(line.role)))
        return tuple(sorted(made, key=lambda p: _ORDER.index(p.role)))

    def style(self, role: TypeRole) -> Style:
        """How a role is set."""
        if role == "title":
            return self.faces.title()
        return Style(self.faces.text, *_STYLES[role])


def letters(request: Assemble, desk: Desk) -> Letters:
    """The letters of a request.

    Raises:
        InvalidRequestError: typeface or logo is not what it should be.
    """
    own = faces(request.display, request.text, desk)
    return Letters(
        own,
        inks(request.palette),
        request.palette,
        own.settable(request.name),
        logo_of(desk.read(request.logo)) if request.logo else None,
    )


class Sheet:
    """Clear ground of a part of the frame, to draw on; gives a patch."""

    def __init__(self, bounds: Rect, width: int, height: int, *, below: float = 0.0) -> None:
        """Takes the part in pixels, the frame's size, and how far it is moved down at most."""
        self._x0, self._y0 = (max(0, 2 * math.floor(v / 2)) for v in (bounds.x0, bounds.y0))
        x1 = min(width, 2 * math.ceil(bounds.x1 / 2))
        y1 = min(height, 2 * math.ceil((bounds.y1 + below) / 2))
        self.pixels = np.zeros((max(2, y1 - self._y0), max(2, x1 - self._x0), 4), np.uint8)
        self._surface = skia.Surface(
            self.pixels, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
        )
        self.canvas = self._surface.getCanvas()
        self.canvas.translate(-self._x0, -self._y0)

    def text(self, shaper: Shaper, rows: Iterable[Row], ink: str) -> None:
        """Set rows."""
        for row in rows:
            shaper.paint(self.canvas, row.text, row.piece.style, row.size, (row.x, row.y), ink)

    def shape(self, rect: Rect, fill: str, *, radius: float = 0.0, alpha: float = 1.0) -> None:
        """A filled rectangle with round corners."""
        colour = round(255 * alpha) << 24 | int(fill[1:], 16)
        paint = skia.Paint(AntiAlias=True, Color=colour)
        self.canvas.drawRoundRect(skia.Rect.MakeLTRB(*rect), radius, radius, paint)

    def picture(self, rgba: NDArray[np.uint8], x: float, y: float) -> None:
        """Lay a straight-alpha picture with its corner at (x, y)."""
        straight = np.ascontiguousarray(rgba)
        image = skia.Image.fromarray(straight, skia.kRGBA_8888_ColorType)
        self.canvas.drawImage(image, round(x), round(y))

    def patch(self) -> Patch:
        """What was drawn."""
        self._surface.flushAndSubmit()
        return Patch.of(self.pixels, self._x0, self._y0)


def bounds(rows: Sequence[Rect], pills: Sequence[Pill] = (), *, pad: float = 0.0) -> Rect:
    """What holds all."""
    return around([*rows, *(p.rect for p in pills)]).grown(pad)
