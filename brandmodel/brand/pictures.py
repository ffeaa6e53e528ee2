"""A palette read out of pictures: which colours are there, and which role each can play.

Colours are compared in OKLab (Bjorn Ottosson, https://bottosson.github.io/posts/oklab/, public
domain). Clusters by k-means, begun with the commonest colour and then always the one that is
farthest from those chosen, so that the same pictures always give the same palette.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brandmodel.brand.slices import Palette, contrast
from brandmodel.errors import BrandError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SIDE = 128
_CLUSTERS = 14
_ROUNDS = 24
_GREY = 0.035
"""OKLab chroma below which a colour has no hue to speak of."""
_BRIGHT = 0.06
"""Chroma below which a colour does not stand out as an accent."""
_APART = math.radians(50)
_SEEN_APART = 0.09
_CONTRAST = 7.0

_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


@dataclass(frozen=True, slots=True)
class _Tone:
    """A colour in OKLab and its share of the pictures, 0 to 1."""

    lightness: float
    a: float
    b: float
    share: float

    @property
    def chroma(self) -> float:
        return math.hypot(self.a, self.b)

    def at(self, lightness: float, most_chroma: float) -> _Tone:
        """The same hue at another lightness, no more colourful than given."""
        keep = min(1.0, most_chroma / self.chroma) if self.chroma else 1.0
        return _Tone(lightness, self.a * keep, self.b * keep, self.share)

    def turned(self, angle: float) -> _Tone:
        """The hue turned by an angle in radians."""
        cos, sin = math.cos(angle), math.sin(angle)
        a, b = self.a * cos - self.b * sin, self.a * sin + self.b * cos
        return _Tone(self.lightness, a, b, self.share)


def palette_from_pictures(paths: Iterable[Path]) -> Palette:
    """The palette that pictures share.

    The darkest colour becomes ink and the lightest paper, pulled apart until type reads at 7:1 or
    better; the colour that is both vivid and frequent becomes primary, a vivid one of another hue
    accent. Pictures without colour give a palette of greys, with an accent that is made up.

    Raises:
        BrandError: no picture is given, or one cannot be read.
    """
    pixels = [_pixels(path) for path in paths]
    if not pixels:
        raise BrandError("references", "", "there is no picture to read a palette from")
    tones = _tones(pixels)
    ink, paper = _ink_and_paper(tones)
    free = [t for t in tones if _is_new(t, (ink, paper))]
    primary = _primary(free, ink)
    accent = _accent(free, primary)
    named = [_hex(ink), _hex(paper), _hex(primary), _hex(accent)]
    more = [t for t in _vivid(free) if t.share > 0.01 and _is_new(t, (primary, accent))]
    return Palette(
        ink=named[0],
        paper=named[1],
        primary=named[2],
        accent=named[3],
        more=tuple(dict.fromkeys(c for c in map(_hex, more) if c not in named))[:4],
    )


def _pixels(path: Path) -> NDArray[np.uint8]:
    """(n, 3) uint8 sRGB of a small version; what is transparent is left out."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            # Plain means: sharper filters overshoot at edges and invent colours.
            small = image.convert("RGBA")
            small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
            rgba = np.asarray(small, np.uint8).reshape(-1, 4)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        hint = "give a PNG, JPEG or WebP picture"
        raise BrandError(path, "", "is no picture that can be read", hint=hint) from error
    solid = rgba[rgba[:, 3] >= 128, :3]
    if not len(solid):
        raise BrandError(path, "", "is transparent throughout: it has no colours")
    return solid


def _tones(pictures: list[NDArray[np.uint8]]) -> list[_Tone]:
    """The main colours, each picture counting the same whatever its shape."""
    import numpy as np

    # 32 steps a channel: thousands of pixels become a few hundred weighted colours.
    cells = [np.unique(p >> 3, axis=0, return_counts=True) for p in pictures]
    colours = _oklab(np.concatenate([c for c, _ in cells]).astype(np.float64) * 8 + 3.5)
    weights = np.concatenate([n / n.sum() for _, n in cells]) / len(pictures)
    centres = _begin(colours, weights)
    for _ in range(_ROUNDS):
        nearest = _distances(colours, centres).argmin(axis=1)
        shares = np.bincount(nearest, weights, minlength=len(centres))
        sums = [np.bincount(nearest, weights * colours[:, i], len(centres)) for i in range(3)]
        moved = np.stack(sums, axis=1) / np.maximum(shares, 1e-12)[:, None]
        centres = np.where(shares[:, None] > 0, moved, centres)
    nearest = _distances(colours, centres).argmin(axis=1)
    shares = np.bincount(nearest, weights, minlength=len(centres))
    return [
        _Tone(float(c[0]), float(c[1]), float(c[2]), float(s))
        for c, s in zip(centres, shares, strict=True)
        if s > 0.002
    ]


def _begin(colours: Floats, weights: Floats) -> Floats:
    """Starting points: the commonest colour, then the farthest of those that are not too rare."""
    import numpy as np

    chosen = [int(weights.argmax())]
    while len(chosen) < min(_CLUSTERS, len(colours)):
        away = _distances(colours, colours[chosen]).min(axis=1)
        score = away * weights**0.25
        if score.max() <= 1e-6:
            break
        chosen.append(int(score.argmax()))
    return np.array(colours[chosen])


def _distances(colours: Floats, centres: Floats) -> Floats:
    import numpy as np

    return np.linalg.norm(colours[:, None, :] - centres[None, :, :], axis=2)


def _oklab(srgb: Floats) -> Floats:
    """(n, 3) OKLab of sRGB values 0 to 255."""
    import numpy as np

    s = srgb / 255
    light = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return np.cbrt(light @ np.array(_TO_LMS).T) @ np.array(_TO_LAB).T


def _ink_and_paper(tones: list[_Tone]) -> tuple[_Tone, _Tone]:
    darkest = min(tones, key=lambda t: t.lightness)
    lightest = max(tones, key=lambda t: t.lightness)
    # A strong colour is neither: ink may be deep blue, paper cream, no more.
    ink = darkest.at(min(darkest.lightness, 0.36), 0.09)
    paper = lightest.at(max(lightest.lightness, 0.9), 0.03)
    while contrast(_hex(ink), _hex(paper)) < _CONTRAST:
        ink = ink.at(max(ink.lightness - 0.02, 0.0), 0.09)
        paper = paper.at(min(paper.lightness + 0.01, 0.985), 0.03)
    return ink, paper


def _vivid(tones: list[_Tone]) -> list[_Tone]:
    """Colours with a hue, light enough to be told by it; the vivid and frequent first."""
    coloured = [t for t in tones if t.chroma >= _GREY and 0.25 <= t.lightness <= 0.93]
    return sorted(coloured, key=lambda t: -t.chroma * t.share**0.4)


def _primary(tones: list[_Tone], ink: _Tone) -> _Tone:
    vivid = _vivid(tones)
    if vivid:
        return vivid[0]
    middle = [t for t in tones if 0.35 <= t.lightness <= 0.75]
    return max(middle, key=lambda t: t.share) if middle else ink.at(0.5, _GREY)


def _accent(tones: list[_Tone], primary: _Tone) -> _Tone:
    """The most vivid colour of another hue; rare ones count nearly as much as frequent ones."""
    others = [
        t
        for t in _vivid(tones)
        if _between(t, primary) >= _APART and t.chroma >= _BRIGHT and t.lightness >= 0.45
    ]
    if others:
        return max(others, key=lambda t: t.chroma * t.share**0.15)
    if primary.chroma < _GREY:
        return _Tone(0.72, 0.07, 0.11, 0.0)
    opposite = primary.turned(math.pi)
    strength = 0.12 / opposite.chroma
    return _Tone(0.74, opposite.a * strength, opposite.b * strength, 0.0)


def _between(one: _Tone, other: _Tone) -> float:
    """Angle between two hues, 0 to pi."""
    angle = abs(math.atan2(one.b, one.a) - math.atan2(other.b, other.a))
    return min(angle, 2 * math.pi - angle)


def _is_new(tone: _Tone, others: Iterable[_Tone]) -> bool:
    return all(
        math.dist((tone.lightness, tone.a, tone.b), (o.lightness, o.a, o.b)) > _SEEN_APART
        for o in others
    )


def _hex(tone: _Tone) -> str:
    """``#rrggbb``; a colour that no screen shows loses chroma, not hue."""
    for step in range(21):
        keep = 1 - step / 20
        light = _light(tone.lightness, tone.a * keep, tone.b * keep)
        if all(-0.002 <= v <= 1.002 for v in light):
            break
    else:
        light = _light(tone.lightness, 0.0, 0.0)
    return "#" + "".join(f"{_byte(v):02x}" for v in light)


def _light(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """Linear sRGB of OKLab."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _byte(light: float) -> int:
    v = min(max(light, 0.0), 1.0)
    return round(255 * (v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055))
