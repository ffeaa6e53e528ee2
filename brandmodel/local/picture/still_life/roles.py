"""Which of the brand's colours is what in a still life: backdrop, plinths, product, accents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import from_oklab, mix, oklab, rgb, with_lightness
from brandmodel.local.picture.scene import StillLife
from brandmodel.local.picture.still_life.solids import Array


def tamed(colour: Array, low: float = 0.2, high: float = 0.95, chroma: float = 0.17) -> Array:
    """The colour as a painted surface can have it: not too dark, too light or too pure."""
    lightness, a, b = (float(x) for x in oklab(colour))
    pure = float(np.hypot(a, b))
    scale = min(1.0, chroma / max(pure, 1e-6))
    lightness = min(max(lightness, low), high)
    return np.clip(from_oklab(np.array([lightness, a * scale, b * scale], np.float32)), 0, 1)


def lightness(colour: Array) -> float:
    """OKLab lightness."""
    return float(oklab(colour)[0])


def apart(one: Array, two: Array) -> float:
    """Distance in OKLab."""
    return float(np.linalg.norm(oklab(one) - oklab(two)))


@dataclass(frozen=True, slots=True)
class Roles:
    """Linear colours by role.

    Attributes:
        ground: the backdrop.
        plinth: what the product stands on.
        body: the product.
        second: its cap, lid or inside.
        tall: the side plinths.
        shape: arch, disc or steps.
        dots: spheres and stones, the accent first.
        paper, ink, primary, accent: the palette itself, tamed.
    """

    ground: Array
    plinth: Array
    body: Array
    second: Array
    tall: Array
    shape: Array
    dots: tuple[Array, ...]
    paper: Array
    ink: Array
    primary: Array
    accent: Array


def _basic(palette: Palette) -> tuple[Array, Array, Array, Array]:
    paper = tamed(rgb(palette.paper), 0.86, 0.95, 0.04)
    deep = tamed(rgb(palette.ink), 0.23, 0.4, 0.1)
    return (
        paper,
        deep,
        tamed(rgb(palette.primary), 0.36, 0.86),
        tamed(rgb(palette.accent), 0.3, 0.9),
    )


def roles(scene: StillLife, variant: int) -> Roles:
    """One of four schemes for the backdrop that was asked for."""
    paper, ink, primary, accent = _basic(scene.palette)
    extra = tuple(tamed(rgb(c), 0.3, 0.9) for c in scene.palette.more[:2])
    ground = _ground(scene, paper, ink, primary, accent)
    pale = mix(paper, primary, 0.16)
    schemes = {
        "paper": (
            (paper, ink, accent, primary, primary, (accent, ink, primary)),
            (mix(paper, ground, 0.3), primary, accent, ink, accent, (ink, accent, primary)),
            (primary, paper, accent, mix(paper, primary, 0.35), accent, (accent, ink, paper)),
            (pale, accent, ink, primary, mix(paper, primary, 0.45), (ink, primary, accent)),
        ),
        "ink": (
            (mix(ground, paper, 0.16), accent, paper, primary, primary, (accent, paper, primary)),
            (
                primary,
                paper,
                accent,
                mix(ground, paper, 0.2),
                mix(ground, primary, 0.5),
                (accent, primary, paper),
            ),
            (paper, primary, accent, mix(ground, primary, 0.4), accent, (paper, primary, accent)),
            (
                mix(ground, primary, 0.3),
                paper,
                accent,
                accent,
                mix(ground, paper, 0.22),
                (primary, accent, paper),
            ),
        ),
        "primary": (
            (
                mix(ground, paper, 0.35),
                ink,
                accent,
                paper,
                mix(ground, ink, 0.22),
                (accent, ink, paper),
            ),
            (paper, ink, accent, mix(ground, paper, 0.4), paper, (accent, paper, ink)),
            (mix(ground, paper, 0.3), paper, accent, ink, accent, (ink, accent, paper)),
            (
                paper,
                accent,
                ink,
                mix(ground, ink, 0.3),
                mix(ground, paper, 0.5),
                (ink, paper, accent),
            ),
        ),
    }
    plinth, body, second, tall, shape, dots = schemes[scene.backdrop][variant % 4]
    named = {"paper": paper, "ink": ink, "primary": primary, "accent": accent}
    if scene.body:
        # The product keeps its colour from picture to picture, so its plinth gives way.
        body = named[scene.body]
        plinth = _parted(plinth, body, body, (paper, mix(ground, paper, 0.35), ink, accent))
        # What stands behind it must not swallow it.
        shape = _parted(shape, body, ground, (accent, primary, mix(ground, primary, 0.4), ink))
    else:
        body = _parted(body, ground, plinth, (ink, accent, paper, primary))
    second = named.get(scene.cap, second)
    second = _parted(second, body, body, (accent, paper, ink, primary))
    return Roles(
        ground=ground,
        plinth=_off(plinth, ground),
        body=body,
        second=second,
        tall=_off(tall, ground),
        shape=_off(shape, ground),
        dots=tuple(_off(c, ground) for c in (*dots[:2], *extra, *dots[2:])),
        paper=paper,
        ink=ink,
        primary=primary,
        accent=accent,
    )


def _ground(scene: StillLife, paper: Array, ink: Array, primary: Array, accent: Array) -> Array:
    cold = scene.season == "winter"
    if scene.backdrop == "ink":
        return tamed(with_lightness(ink, 0.3), 0.28, 0.32, 0.075)
    if scene.backdrop == "primary":
        wanted = min(max(lightness(primary), 0.56), 0.74)
        return tamed(with_lightness(primary, wanted + (0.05 if cold else 0)), 0.5, 0.8, 0.13)
    if scene.season == "autumn":
        paper = mix(paper, accent, 0.1)
    tint = {"winter": 0.07, "spring": 0.09, "autumn": 0.04, "summer": 0.03}.get(scene.season, 0.0)
    return tamed(mix(with_lightness(paper, 0.925), primary, tint), 0.86, 0.94, 0.035)


def _parted(colour: Array, one: Array, two: Array, others: tuple[Array, ...]) -> Array:
    """The colour, or the first other that stands clear of what is beside it."""
    for candidate in (colour, *others):
        if min(apart(candidate, one), apart(candidate, two)) > 0.17:
            return candidate
    return max(others, key=lambda c: min(apart(c, one), apart(c, two)))


def _off(colour: Array, ground: Array) -> Array:
    """The colour, moved off the backdrop's lightness when the two would melt together."""
    if apart(colour, ground) > 0.075 or lightness(ground) > 0.85:
        return colour
    away = 0.1 if lightness(ground) < 0.6 else -0.1
    return tamed(with_lightness(colour, lightness(ground) + away), 0.15, 0.95)
