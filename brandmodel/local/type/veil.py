"""Making type readable: the better ink, then a soft veil, then a panel or a plate.

Contrast is reckoned on the pixels under each text, in their worst case, never on an average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.picture import colour
from brandmodel.local.type.grid import Side
from brandmodel.local.type.ground import READABLE, Rect, around, samples, spread, worst

# Above this a veil is no longer subtle, and a flat panel looks more deliberate.
_STRONGEST = 0.74
# On a ground of hard, lively shapes a veil only muddies them (spread of 8-bit values).
_BUSY = 52.0
_BUSY_STRONGEST = 0.3
_AIM = READABLE * 1.04
_STRIP = 256


@dataclass(frozen=True, slots=True)
class Inks:
    """The dark and the light ink of a palette, each far enough from the middle to be read."""

    dark: str
    light: str


def inks(palette: Palette) -> Inks:
    """The palette's ink and paper, moved apart in lightness only where they are too close."""
    dark, light = colour.rgb(palette.ink), colour.rgb(palette.paper)
    if colour.luminance(dark) > colour.luminance(light):
        dark, light = light, dark
    if colour.luminance(dark) > 0.07:
        dark = colour.with_lightness(dark, 0.26, chroma=0.7)
    if colour.luminance(light) < 0.7:
        light = colour.with_lightness(light, 0.96, chroma=0.3)
    return Inks(colour.hex_of(dark), colour.hex_of(light))


def readable_on(fill: str, choice: Inks) -> str:
    """The ink for a flat ground; black or white when neither ink of the palette is readable."""
    ground = float(colour.luminance(colour.rgb(fill)))
    for ink in (choice.dark, choice.light, "#000000", "#ffffff"):
        if worst((ground, ground), ink) >= _AIM:
            return ink
    return "#000000" if ground > 0.18 else "#ffffff"


def measured(pixels: NDArray[np.uint8], rects: Sequence[Rect], ink: str) -> float:
    """Contrast ratio of an ink in the worst case over the pixels of the places."""
    return worst(spread(samples(pixels, rects)), ink)


def settled(
    pixels: NDArray[np.uint8],
    texts: Mapping[int, Sequence[Rect]],
    choice: Inks,
    side: Side,
    *,
    prefer: str = "",
    room: Rect | None = None,
) -> tuple[str, bool]:
    """Find the ink in which every text can be read; lay a veil or a panel into ``pixels`` if needed.

    Args:
        pixels: (H, W, 3) uint8, changed in place.
        texts: the places of each text's lines.
        choice: the two inks.
        side: where the block stands; a panel bleeds off there.
        prefer: the ink of another block of the same picture.
        room: what a panel must hold beside the texts.

    Returns:
        The ink, and whether a panel was laid.
    """
    grounds = [samples(pixels, rects) for rects in texts.values()]
    now = {
        ink: min(worst(spread(ground), ink) for ground in grounds)
        for ink in (choice.dark, choice.light)
    }
    order = sorted(
        now, key=lambda ink: (ink == prefer and now[ink] >= _AIM, now[ink]), reverse=True
    )
    if now[order[0]] >= _AIM:
        return order[0], False
    whole = around(rect for rects in texts.values() for rect in rects)
    mean = np.concatenate(grounds).astype(np.float32).mean(0) / 255
    veils = {ink: _veil_colour(mean, choice, dark=ink == choice.light) for ink in order}
    strengths = {ink: _needed(grounds, veils[ink], ink) for ink in order}
    # What a veil costs the picture: its strength times how far it takes the ground from itself.
    costs = {ink: strengths[ink] * _apart(mean, veils[ink]) for ink in order}
    if prefer in costs:
        costs[prefer] -= 0.06
    best = min(order, key=lambda ink: costs[ink])
    busy = max(float(ground.std(0).mean()) for ground in grounds) > _BUSY
    if strengths[best] <= (_BUSY_STRONGEST if busy else _STRONGEST):
        _lay_veil(pixels, whole, veils[best], strengths[best])
        return best, False
    flat = choice.light if best == choice.dark else choice.dark
    _lay_panel(pixels, around([whole, room or whole]), flat, side)
    return readable_on(flat, choice), True


def lay_plate(pixels: NDArray[np.uint8], rect: Rect, fill: str) -> None:
    """A flat rectangle under one text, in place."""
    height, width = pixels.shape[:2]
    x0, y0 = max(0, round(rect.x0)), max(0, round(rect.y0))
    x1, y1 = min(width, round(rect.x1)), min(height, round(rect.y1))
    pixels[y0:y1, x0:x1] = _bytes(fill)


def _bytes(fill: str) -> NDArray[np.uint8]:
    return np.array([int(fill[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def _apart(mean: NDArray[np.float32], veil: NDArray[np.float32]) -> float:
    labs = [colour.oklab(colour.linear(c.astype(np.float32))) for c in (mean, veil)]
    return float(np.linalg.norm(labs[0] - labs[1]))


def _veil_colour(mean: NDArray[np.float32], choice: Inks, *, dark: bool) -> NDArray[np.float32]:
    """Between the picture's own hue and the brand's, so that a veil looks like light, not paint."""
    own = colour.linear(mean.astype(np.float32))
    if dark:
        toned, brand = colour.with_lightness(own, 0.16, chroma=0.8), colour.rgb(choice.dark)
        return colour.encoded(colour.mix(toned, brand, 0.35))
    toned, brand = colour.with_lightness(own, 0.97, chroma=0.5), colour.rgb(choice.light)
    return colour.encoded(colour.mix(toned, brand, 0.5))


def _needed(grounds: Sequence[NDArray[np.uint8]], veil: NDArray[np.float32], ink: str) -> float:
    """The least strength 0..1 with which every ground carries the ink; 2 if none does."""
    thin = [g[:: max(1, len(g) // 4000)].astype(np.float32) / 255 for g in grounds]

    def carries(strength: float) -> bool:
        veiled = ((g + (veil - g) * np.float32(strength)).astype(np.float32) for g in thin)
        return all(worst(spread(v), ink) >= _AIM * 1.02 for v in veiled)

    return least_strength(carries)


def least_strength(carries: Callable[[float], bool]) -> float:
    """The least strength 0..1 that carries the ink, to a hundredth; 2 if none does."""
    low, high = 0.0, 1.0
    if not carries(high):
        return 2.0
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if carries(middle) else (middle, high)
    return high


def falloff(
    length: int, start: float, end: float, reach: float, near: float
) -> NDArray[np.float32]:
    """1 between start and end, easing to 0 over ``reach``; stays 1 towards an edge that is near."""
    at = np.arange(length, dtype=np.float32) + np.float32(0.5)
    before = np.zeros(length, np.float32) if start < near else (start - at) / reach
    after = np.zeros(length, np.float32) if length - end < near else (at - end) / reach
    t = np.clip(np.maximum(before, after), 0, 1)
    return (1 - t * t * t * (t * (t * 6 - 15) + 10)).astype(np.float32)


def _lay_veil(
    pixels: NDArray[np.uint8], rect: Rect, veil: NDArray[np.float32], strength: float
) -> None:
    """Blend a soft-edged veil into the pixels, with dither against banding."""
    height, width = pixels.shape[:2]
    near = 0.16 * min(width, height)
    pad = 0.03 * min(width, height)
    grown = rect.grown(pad)
    reach_x, reach_y = 0.34 * width, 0.34 * height
    tall, broad = rect.height > 0.55 * height, rect.width > 0.62 * width
    across = falloff(width, grown.x0, grown.x1, reach_x, width if broad else near)
    down = falloff(height, grown.y0, grown.y1, reach_y, height if tall else near)
    random = np.random.default_rng(0)
    target = veil * np.float32(255)
    for top in range(0, height, _STRIP):
        rows = slice(top, min(top + _STRIP, height))
        if not down[rows].any():
            continue
        strip = pixels[rows].astype(np.float32)
        amount = (down[rows, None] * across[None])[..., None] * np.float32(strength)
        dither = random.random(amount.shape, np.float32)
        blended = strip + (target - strip) * amount
        still = amount == 0
        pixels[rows] = np.where(still, strip, np.clip(blended + dither, 0, 255)).astype(np.uint8)


def _lay_panel(pixels: NDArray[np.uint8], rect: Rect, fill: str, side: Side) -> None:
    """A flat panel that bleeds off the picture on the block's side; a card in the middle."""
    height, width = pixels.shape[:2]
    margin = 0.075 * min(height, width)
    x0, y0, x1, y1 = rect.grown(margin)
    bled = {
        "left": Rect(0, 0, x1, height),
        "right": Rect(x0, 0, width, height),
        "top": Rect(0, 0, width, y1),
        "bottom": Rect(0, y0, width, height),
        "center": Rect(x0, y0, x1, y1),
    }[side]
    lay_plate(pixels, bled, fill)
