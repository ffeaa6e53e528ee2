"""The light of a landscape: every colour from four brand colours, at a time of day and in a weather.

Each role has a lightness, a chroma limit and a natural hue; the brand's hue is kept and leans
towards the natural one, so that a sunset stays warm and a night stays dark in any palette.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import from_oklab, luminance, mix, oklab, rgb
from brandmodel.local.picture.noise import Floats
from brandmodel.local.picture.scene import Daytime, Landscape, Season, Weather


def tone(colour: Floats, lightness: float, chroma: float, hue: float, lean: float) -> Floats:
    """A brand colour in a role, in linear light.

    Args:
        colour: linear light.
        lightness: OKLab lightness of the role.
        chroma: the most chroma that the role bears.
        hue: natural OKLab hue of the role, degrees.
        lean: 0 keeps the brand's hue, 1 takes the natural one; negative gives way where the two
            hues are far apart.
    """
    a_b = oklab(colour)[1:]
    own = float(np.hypot(*a_b))
    a_b = a_b * min(1.0, chroma / max(own, 1e-6))
    angle = np.deg2rad(hue)
    if lean < 0:
        # Where brand and nature disagree, a mixture would be mud: then the brand has it.
        towards = float(np.cos(np.arctan2(a_b[1], a_b[0]) - angle)) if own > 0.02 else 1.0
        lean = -lean * float(np.clip(0.35 + 0.9 * towards, 0.0, 1.0))
    natural = np.array([np.cos(angle), np.sin(angle)], np.float32) * np.float32(chroma)
    a_b = a_b * (1 - lean) + natural * lean
    light = from_oklab(np.array([lightness, a_b[0], a_b[1]], np.float32))
    return np.maximum(light, 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Brand:
    """The four roles in linear light."""

    ink: Floats
    paper: Floats
    primary: Floats
    accent: Floats

    @classmethod
    def of(cls, palette: Palette) -> Brand:
        """From hex to light."""
        return cls(rgb(palette.ink), rgb(palette.paper), rgb(palette.primary), rgb(palette.accent))


@dataclass(frozen=True, slots=True)
class Light:
    """What falls on the land and what stands between it and the eye. Colours in linear light.

    Attributes:
        sky: (4, 3) colours at the horizon, low, middle and zenith.
        disc: colour of the sun's or the moon's disc; may exceed 1.
        glow: colour of the light around it.
        key: direct light on the land.
        fill: light from the sky.
        haze: colour of far air.
        density: how thick the air is; 1 is a clear day.
        cover: share of the sky under cloud.
        cloud: (2, 3) colour of clouds in shade and in light.
        dark: 0 by day to 1 by night.
    """

    sky: Floats
    disc: Floats
    glow: Floats
    key: Floats
    fill: Floats
    haze: Floats
    density: float
    cover: float
    cloud: Floats
    dark: float


_Stop = tuple[str, float, float, float, float]
_SKIES: dict[Daytime, tuple[_Stop, _Stop, _Stop, _Stop]] = {
    "dawn": (
        ("paper", 0.92, 0.055, 70, 0.45),
        ("accent", 0.86, 0.075, 45, 0.4),
        ("primary", 0.76, 0.055, 330, 0.45),
        ("primary", 0.60, 0.075, 260, 0.4),
    ),
    "day": (
        ("paper", 0.93, 0.025, 220, 0.35),
        ("paper", 0.90, 0.045, 222, 0.5),
        ("primary", 0.80, 0.070, 230, 0.4),
        ("primary", 0.62, 0.105, 243, 0.4),
    ),
    "sunset": (
        ("accent", 0.87, 0.11, 78, 0.45),
        ("accent", 0.77, 0.13, 55, 0.4),
        ("primary", 0.60, 0.07, 345, 0.5),
        ("ink", 0.41, 0.085, 275, 0.35),
    ),
    "dusk": (
        ("accent", 0.76, 0.11, 60, 0.4),
        ("accent", 0.60, 0.10, 20, 0.45),
        ("primary", 0.40, 0.075, 285, 0.45),
        ("ink", 0.25, 0.07, 268, 0.35),
    ),
    "night": (
        ("primary", 0.36, 0.06, 245, 0.4),
        ("primary", 0.28, 0.06, 255, 0.45),
        ("ink", 0.21, 0.055, 262, 0.4),
        ("ink", 0.15, 0.045, 268, 0.4),
    ),
}
# disc, glow and key: role, lightness, chroma, hue, lean, strength
_SUNS: dict[Daytime, tuple[tuple[str, float, float, float, float, float], ...]] = {
    "dawn": (("paper", 0.97, 0.05, 80, 0.6, 5.0), ("accent", 0.86, 0.09, 60, 0.5, 0.55),
             ("accent", 0.88, 0.09, 62, 0.6, 1.5)),
    "day": (("paper", 0.98, 0.03, 95, 0.6, 6.0), ("paper", 0.95, 0.03, 90, 0.5, 0.40),
            ("paper", 0.95, 0.035, 85, 0.7, 2.35)),
    "sunset": (("accent", 0.95, 0.07, 85, 0.6, 6.0), ("accent", 0.84, 0.13, 70, 0.5, 0.75),
               ("accent", 0.84, 0.12, 62, 0.6, 1.9)),
    "dusk": (("accent", 0.8, 0.1, 60, 0.5, 0.0), ("accent", 0.72, 0.12, 50, 0.5, 0.32),
             ("accent", 0.70, 0.10, 40, 0.5, 0.34)),
    "night": (("paper", 0.95, 0.02, 90, 0.4, 2.2), ("paper", 0.8, 0.03, 250, 0.5, 0.10),
              ("paper", 0.74, 0.065, 255, 0.75, 0.50)),
}  # fmt: skip
_FILL: dict[Daytime, float] = {
    "dawn": 0.45,
    "day": 0.42,
    "sunset": 0.45,
    "dusk": 0.62,
    "night": 0.75,
}
_DARK: dict[Daytime, float] = {"dawn": 0.08, "day": 0.0, "sunset": 0.15, "dusk": 0.6, "night": 1.0}


@dataclass(frozen=True, slots=True)
class _Air:
    """How a weather changes the light: greyness of the sky, strength of the sun, thick air."""

    grey: float = 0.0
    sun: float = 1.0
    density: float = 1.0
    cover: float = 0.22
    dim: float = 1.0


_AIRS: dict[Weather, _Air] = {
    "clear": _Air(),
    "stars": _Air(cover=0.0),
    "aurora": _Air(cover=0.0),
    "cloudy": _Air(grey=0.25, sun=0.7, density=1.25, cover=0.62, dim=0.95),
    "fog": _Air(grey=0.45, sun=0.35, density=4.5, cover=0.0, dim=0.97),
    "rain": _Air(grey=0.62, sun=0.14, density=2.6, cover=0.92, dim=0.66),
    "snow": _Air(grey=0.5, sun=0.3, density=2.4, cover=0.85, dim=0.94),
    "storm": _Air(grey=0.6, sun=0.2, density=1.7, cover=0.88, dim=0.42),
}


def _sky(brand: Brand, scene: Landscape, air: _Air) -> Floats:
    stops = np.stack(
        [
            tone(getattr(brand, role), lightness, chroma, hue, lean)
            for role, lightness, chroma, hue, lean in _SKIES[scene.daytime]
        ]
    )
    if not air.grey:
        return stops.astype(np.float32)
    # Under cloud the sky loses its span from horizon to zenith and most of its hue.
    lab = oklab(stops)
    # The bright rim at the horizon is shut out first.
    mean = np.average(lab, axis=0, weights=(0.15, 0.15, 0.35, 0.35))
    mean[0] = lab[:, 0].mean()
    lab[:, 0] = (lab[:, 0] + (mean[0] * 1.04 - lab[:, 0]) * air.grey) * air.dim**0.45
    lab[:, 1:] = (lab[:, 1:] + (mean[1:] - lab[:, 1:]) * air.grey) * (1 - 0.55 * air.grey)
    return np.maximum(from_oklab(lab), 0).astype(np.float32)


def light_of(scene: Landscape) -> Light:
    """The light of a scene."""
    brand = Brand.of(scene.palette)
    air = _AIRS[scene.weather]
    sky = _sky(brand, scene, air)
    disc, glow, key = (
        tone(getattr(brand, role), lightness, chroma, hue, lean) * np.float32(strength)
        for role, lightness, chroma, hue, lean, strength in _SUNS[scene.daytime]
    )
    overcast = sky[1:3].mean(0)
    # Low sun warms what it hits; the shadows see only the cool upper sky.
    low = scene.daytime in ("dawn", "sunset", "dusk")
    above = sky[2:].mean(0) * np.float32(1.25) if low else sky[1:].mean(0)
    fill = above * np.float32(_FILL[scene.daytime]) * np.float32(1 + 0.9 * air.grey)
    key = (key * air.sun + overcast * np.float32(0.5 * air.grey)).astype(np.float32)
    shade = mix(
        sky[2], tone(brand.ink, 0.42, 0.05, 270, 0.3), 0.25 + 0.3 * air.grey * (air.dim < 0.9)
    )
    lit = mix(
        sky[0], tone(brand.paper, 0.97, 0.03, 80, 0.3), 0.6 if scene.daytime != "night" else 0.0
    )
    if scene.daytime in ("sunset", "dusk", "dawn"):
        lit = mix(lit, tone(brand.accent, 0.80, 0.12, 45, 0.45), 0.5 * (1 - air.grey))
    lit = mix(lit, shade, 0.55 * air.grey)
    return Light(
        sky=sky,
        disc=(disc * (1 - air.grey) ** 2 * (air.cover < 0.8)).astype(np.float32),
        glow=(glow * (1 - 0.8 * air.grey)).astype(np.float32),
        key=key,
        fill=fill.astype(np.float32),
        haze=mix(mix(sky[0], sky[1], 0.45), sky[2], 0.34 if low else 0.0).astype(np.float32),
        density=air.density,
        cover=air.cover,
        cloud=np.stack([shade, lit]).astype(np.float32),
        dark=_DARK[scene.daytime],
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """Albedos of the land, in linear light."""

    rock: Floats
    soil: Floats
    green: Floats
    leaf: Floats
    needle: Floats
    sand: Floats
    snow: Floats
    water: Floats
    bloom: Floats


_GREENS: dict[Season, tuple[str, float, float, float, float]] = {
    "none": ("primary", 0.50, 0.085, 140, -0.5),
    "spring": ("primary", 0.60, 0.11, 130, -0.55),
    "summer": ("primary", 0.47, 0.125, 134, -0.6),
    "autumn": ("accent", 0.55, 0.11, 68, 0.45),
    "winter": ("paper", 0.80, 0.02, 240, 0.4),
}


def ground_of(scene: Landscape) -> Ground:
    """The materials of a scene."""
    brand = Brand.of(scene.palette)
    role, lightness, chroma, hue, lean = _GREENS[scene.season]
    green = tone(getattr(brand, role), lightness, chroma, hue, lean)
    leaf = {
        "autumn": tone(brand.accent, 0.58, 0.14, 45, 0.4),
        "winter": tone(brand.ink, 0.40, 0.04, 230, 0.3),
    }.get(scene.season, tone(brand.primary, 0.42, 0.085, 148, -0.5))
    ground = Ground(
        rock=tone(mix(brand.ink, brand.paper, 0.5), 0.56, 0.03, 60, 0.5),
        soil=tone(mix(brand.accent, brand.ink, 0.45), 0.50, 0.05, 60, 0.4),
        green=green,
        leaf=leaf,
        needle=tone(brand.primary, 0.40, 0.075, 155, -0.5),
        sand=tone(brand.accent, 0.745, 0.085, 68, 0.35),
        snow=tone(brand.paper, 0.95, 0.015, 240, 0.3),
        water=tone(mix(brand.ink, brand.primary, 0.3), 0.36, 0.095, 240, 0.45),
        bloom=tone(brand.accent, 0.72, 0.16, 40, 0.15),
    )
    dark = _DARK[scene.daytime]
    if not dark:
        return ground
    # In little light the eye sees little colour.
    return Ground(*(_dulled(getattr(ground, f.name), 0.6 * dark) for f in fields(Ground)))


def _dulled(colour: Floats, share: float) -> Floats:
    grey = np.float32(luminance(colour)) * np.array([0.72, 0.95, 1.40], np.float32)
    return (colour + (grey - colour) * np.float32(share)).astype(np.float32)
