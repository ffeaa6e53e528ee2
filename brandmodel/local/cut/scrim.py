"""Making type readable on a picture that moves: the worst letter in the worst frame counts.

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
from brandmodel.local.type.veil import Inks, least_strength, readable_on

Pixels = NDArray[np.uint8]

_AIM = READABLE * 1.08
"""A little more than must be, since encoding and the frames between cost some."""
_DARK_AIM = 7.0
"""Level AAA: dark letters on a middle tone look weaker than their ratio says, light ones do not."""
_STRONGEST = 0.66
# So much more a light veil costs: on a middle tone it is seen as haze, a dark one passes for shade.
_HAZE = 2.5
# Share of a side over which a veil fades out.
_REACH = 0.5
# On a ground of hard, lively shapes a veil only muddies them (spread of values 0..1).
_BUSY, _BUSY_STRONGEST = 0.2, 0.3
# Distance in OKLab from which a plate is seen as a shape of its own.
_STANDS_OUT = 0.22
# Pixels that are looked at under one letter.
_SAMPLES = 500


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
        """Contrast of an ink at the worst letter's place in the worst frame, veil included."""
        found: list[float] = []
        for ground in _grounds(frames, rects):
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
    grounds = [g for rects in texts.values() for g in _grounds(frames, rects)]
    # What an ink has over what it needs: dark and light need not the same.
    ease = {
        ink: min(worst(spread(g), ink) for g in grounds) / _aim(ink, inks)
        for ink in (inks.light, inks.dark)
    }
    best = max(ease, key=lambda ink: ease[ink])
    if ease[best] >= 1:
        return Carried(best)
    mean = np.concatenate(grounds).mean(0).astype(np.float32)
    found: list[Carried] = []
    for ink in ease:
        veil = _veil_colour(mean, inks, dark=ink == inks.light)
        found.append(Carried(ink, veil, _needed(grounds, veil, ink, _aim(ink, inks))))
    wholes = [_thin(samples(frame, rects)) for frame in frames for rects in texts.values()]
    busy = max(float(whole.std(0).mean()) for whole in wholes) > _BUSY
    most = _BUSY_STRONGEST if busy else _STRONGEST
    costs = {
        c.ink: c.strength * _apart(mean, c.veil) * (_HAZE if c.ink == inks.dark else 1.0)
        for c in found
        if c.strength <= most
    }
    if costs:
        return min((c for c in found if c.ink in costs), key=lambda c: costs[c.ink])
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
    how: Carried,
    whole: Rect,
    size: tuple[int, int],
    *,
    plate: Rect | None = None,
    kept_free: Sequence[Rect] = (),
) -> Patch | None:
    """The veil or plate under a block of type; None when the ground carries it alone.

    Args:
        how: the veil or plate.
        whole: what holds the block, in pixels.
        size: (width, height) of the frame.
        plate: its place, where it is not simply around the block.
        kept_free: what a plate leaves uncovered as far as the block does.
    """
    if how.veil is None:
        return None
    width, height = size
    short = min(width, height)
    if how.plate:
        rect = plate or _bled(whole.grown(0.045 * short), size, 0.06 * short)
        return _plate(how, _off(rect, whole, kept_free), size)
    grown, near = whole.grown(0.035 * short), 0.2 * short
    across = _away(width, grown.x0, grown.x1, near)
    down = _away(height, grown.y0, grown.y1, near)
    # Round, since a veil with corners is seen as a box.
    t = np.minimum(np.hypot(down[:, None], across[None]), 1)
    alpha = (1 - t * t * t * (t * (t * 6 - 15) + 10)) * np.float32(how.strength)
    rows, columns = (np.flatnonzero(part < 0.98) for part in (down, across))
    y0, y1 = rows[0] // 2 * 2, min(height, -(-(rows[-1] + 1) // 2) * 2)
    x0, x1 = columns[0] // 2 * 2, min(width, -(-(columns[-1] + 1) // 2) * 2)
    return Patch.flat(alpha[y0:y1, x0:x1], how.veil * 255, int(x0), int(y0))


def _away(length: int, start: float, end: float, near: float) -> NDArray[np.float32]:
    """0 between start and end and up to an edge that is near, 1 where a veil has faded out."""
    at = np.arange(length, dtype=np.float32) + np.float32(0.5)
    before = np.zeros_like(at) if start < near else start - at
    after = np.zeros_like(at) if length - end < near else at - end
    beyond = np.maximum(np.maximum(before, after), 0) / (_REACH * length)
    return beyond.astype(np.float32)


def _bled(rect: Rect, size: tuple[int, int], near: float) -> Rect:
    """A plate that comes near an edge bleeds off it."""
    width, height = size
    return Rect(
        0 if rect.x0 < near else rect.x0,
        0 if rect.y0 < near else rect.y0,
        width if width - rect.x1 < near else rect.x1,
        height if height - rect.y1 < near else rect.y1,
    )


def _off(rect: Rect, core: Rect, others: Sequence[Rect]) -> Rect:
    """The plate without what it covers of the others, on the side that costs least of it."""
    for other in others:
        if not rect.within(other).area or core.within(other).area:
            continue
        sides = (
            (other.x0 >= core.x1, rect._replace(x1=other.x0)),
            (other.x1 <= core.x0, rect._replace(x0=other.x1)),
            (other.y0 >= core.y1, rect._replace(y1=other.y0)),
            (other.y1 <= core.y0, rect._replace(y0=other.y1)),
        )
        rect = max((less for beside, less in sides if beside), key=lambda r: r.area)
    return rect


def _plate(how: Carried, rect: Rect, size: tuple[int, int]) -> Patch:
    """A flat rectangle, from even edge to even edge."""
    assert how.veil is not None
    x0, y0 = (max(0, int(v) // 2 * 2) for v in (rect.x0, rect.y0))
    x1, y1 = (min(most, -int(-v // 2) * 2) for v, most in zip(rect[2:], size, strict=True))
    alpha = np.full((y1 - y0, x1 - x0), how.strength, np.float32)
    return Patch.flat(alpha, how.veil * 255, x0, y0)


def _aim(ink: str, inks: Inks) -> float:
    return _DARK_AIM if ink == inks.dark else _AIM


def _grounds(frames: Sequence[Pixels], rects: Sequence[Rect]) -> list[NDArray[np.float32]]:
    """(N, 3) of 0..1 under every letter of the lines, in every frame."""
    cells = [cell for rect in rects for cell in _cells(rect)]
    return [_thin(samples(frame, [cell])) for frame in frames for cell in cells]


def _cells(rect: Rect) -> list[Rect]:
    """A line in parts as wide as it is high, which is about a letter with its neighbours."""
    count = max(1, round(rect.width / max(1.0, rect.height)))
    step = rect.width / count
    return [rect._replace(x0=rect.x0 + i * step, x1=rect.x0 + (i + 1) * step) for i in range(count)]


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


def _needed(
    grounds: Sequence[NDArray[np.float32]], veil: NDArray[np.float32], ink: str, aim: float
) -> float:
    """The least strength 0..1 with which every ground carries the ink; 2 if none does."""

    def carries(strength: float) -> bool:
        veiled = ((g + (veil - g) * np.float32(strength)).astype(np.float32) for g in grounds)
        return all(worst(spread(v), ink) >= aim for v in veiled)

    return least_strength(carries)
