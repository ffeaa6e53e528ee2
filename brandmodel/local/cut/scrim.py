"""Making type readable on a picture that moves: contrast counts in the worst frame.

The ink that needs less help is taken; where the ground does not carry it, a soft veil is laid under
the block, and where a veil would have to be thick, a plate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.cut.planes import Patch
from brandmodel.local.picture import colour
from brandmodel.local.type.ground import READABLE, Rect, samples, spread, worst
from brandmodel.local.type.veil import Inks, falloff, least_strength, readable_on

Pixels = NDArray[np.uint8]

_AIM = READABLE * 1.08
"""A little more than must be, since encoding and the frames between cost some."""
_STRONGEST = 0.66
# On a ground of hard, lively shapes a veil only muddies them (spread of values 0..1).
_BUSY, _BUSY_STRONGEST = 0.2, 0.3
# Distance in OKLab from which a plate is seen as a shape of its own.
_STANDS_OUT = 0.22
_SAMPLES = 6000


@dataclass(frozen=True, slots=True)
class Carried:
    """How a block is made readable.

    Attributes:
        ink: for the letters.
        veil: sRGB 0..1 of the veil or plate; None when neither is needed.
        strength: 0..1.
        plate: whether it is a flat plate.
    """

    ink: str
    veil: NDArray[np.float32] | None = None
    strength: float = 0.0
    plate: bool = False

    def under(self, frames: Sequence[Pixels], rects: Sequence[Rect], ink: str) -> float:
        """Contrast of an ink on the places, veil included, in the worst of the frames."""
        found: list[float] = []
        for frame in frames:
            ground = _thin(samples(frame, rects))
            if self.veil is not None:
                ground = ground + (self.veil - ground) * np.float32(self.strength)
            found.append(worst(spread(ground.astype(np.float32)), ink))
        return min(found)


def carried(
    frames: Sequence[Pixels],
    texts: Mapping[int, Sequence[Rect]],
    inks: Inks,
    palette: Palette,
) -> Carried:
    """What makes every text readable in every one of the frames.

    Args:
        frames: (H, W, 3) uint8, spread over the time in which the type is seen.
        texts: the places of each text's lines, in pixels.
        inks: the two inks.
        palette: what a plate is coloured from.
    """
    grounds = [_thin(samples(frame, rects)) for frame in frames for rects in texts.values()]
    now = {ink: min(worst(spread(g), ink) for g in grounds) for ink in (inks.light, inks.dark)}
    best = max(now, key=lambda ink: now[ink])
    if now[best] >= _AIM:
        return Carried(best)
    mean = np.concatenate(grounds).mean(0).astype(np.float32)
    found: list[Carried] = []
    for ink in now:
        veil = _veil_colour(mean, inks, dark=ink == inks.light)
        found.append(Carried(ink, veil, _needed(grounds, veil, ink)))
    least = min(found, key=lambda c: c.strength * _apart(mean, c.veil))
    busy = max(float(ground.std(0).mean()) for ground in grounds) > _BUSY
    if least.strength <= (_BUSY_STRONGEST if busy else _STRONGEST):
        return least
    return _plated(mean, inks, palette)


def _plated(mean: NDArray[np.float32], inks: Inks, palette: Palette) -> Carried:
    """A plate that stands out from its ground: in the primary colour if that carries an ink."""
    ground = colour.oklab(colour.linear(mean))
    far = {
        fill: float(np.linalg.norm(colour.lab(fill) - ground))
        for fill in (palette.primary, inks.light, inks.dark)
    }
    fits = [
        fill
        for fill, away in far.items()
        if away > _STANDS_OUT and _ratio(readable_on(fill, inks), fill) >= READABLE * 1.2
    ]
    fill = fits[0] if fits else max((inks.light, inks.dark), key=lambda f: far[f])
    return Carried(readable_on(fill, inks), colour.encoded(colour.rgb(fill)), 1.0, True)


def _ratio(one: str, other: str) -> float:
    a, b = (float(colour.luminance(colour.rgb(c))) for c in (one, other))
    return colour.contrast(a, b)


def veil_patch(
    how: Carried, whole: Rect, width: int, height: int, *, tight: bool = False
) -> Patch | None:
    """The veil or plate under a block of type; None when the ground carries it alone.

    ``tight`` makes the plate just as large as ``whole``.
    """
    if how.veil is None:
        return None
    if how.plate:
        near = 0.0 if tight else 0.06 * min(width, height)
        grown = whole if tight else whole.grown(0.045 * min(width, height))
        return _plate(how, grown, width, height, near)
    pad = 0.035 * min(width, height)
    grown = whole.grown(pad)
    near = 0.2 * min(width, height)
    across = falloff(width, grown.x0, grown.x1, 0.36 * width, near)
    down = falloff(height, grown.y0, grown.y1, 0.36 * height, near)
    alpha = down[:, None] * across[None] * np.float32(how.strength)
    rows, columns = (np.flatnonzero(part > 0.002) for part in (down, across))
    y0, y1 = rows[0] // 2 * 2, min(height, -(-(rows[-1] + 1) // 2) * 2)
    x0, x1 = columns[0] // 2 * 2, min(width, -(-(columns[-1] + 1) // 2) * 2)
    return Patch.flat(alpha[y0:y1, x0:x1], how.veil * 255, int(x0), int(y0))


def _plate(how: Carried, rect: Rect, width: int, height: int, near: float) -> Patch:
    """A flat rectangle; one that comes near an edge bleeds off it."""
    assert how.veil is not None
    x0 = 0 if rect.x0 < near else int(rect.x0) // 2 * 2
    y0 = 0 if rect.y0 < near else int(rect.y0) // 2 * 2
    x1 = width if width - rect.x1 < near else int(rect.x1 / 2 + 1) * 2
    y1 = height if height - rect.y1 < near else int(rect.y1 / 2 + 1) * 2
    alpha = np.full((y1 - y0, x1 - x0), how.strength, np.float32)
    return Patch.flat(alpha, how.veil * 255, x0, y0)


def _thin(ground: Pixels) -> NDArray[np.float32]:
    few = ground[:: max(1, len(ground) // _SAMPLES)]
    return (few.astype(np.float32) / 255).astype(np.float32)


def _apart(mean: NDArray[np.float32], veil: NDArray[np.float32] | None) -> float:
    if veil is None:
        return 0.0
    one, other = (colour.oklab(colour.linear(c.astype(np.float32))) for c in (mean, veil))
    return float(np.linalg.norm(one - other))


def _veil_colour(mean: NDArray[np.float32], inks: Inks, *, dark: bool) -> NDArray[np.float32]:
    """Between the picture's own hue and the brand's, so that a veil looks like light, not paint."""
    own = colour.linear(mean)
    if dark:
        toned, brand = colour.with_lightness(own, 0.15, chroma=0.8), colour.rgb(inks.dark)
        return colour.encoded(colour.mix(toned, brand, 0.35))
    toned, brand = colour.with_lightness(own, 0.97, chroma=0.5), colour.rgb(inks.light)
    return colour.encoded(colour.mix(toned, brand, 0.5))


def _needed(grounds: Sequence[NDArray[np.float32]], veil: NDArray[np.float32], ink: str) -> float:
    """The least strength 0..1 with which every ground carries the ink; 2 if none does."""

    def carries(strength: float) -> bool:
        veiled = ((g + (veil - g) * np.float32(strength)).astype(np.float32) for g in grounds)
        return all(worst(spread(v), ink) >= _AIM for v in veiled)

    return least_strength(carries)
