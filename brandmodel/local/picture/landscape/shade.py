"""What the land is made of and how light falls on it, per visible point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.relief import Points, Shade, Shader
from brandmodel.local.picture.landscape.terrain import Land, wooded
from brandmodel.local.picture.noise import Floats, Jet, smooth

Vector = tuple[float, float, float]


def sun_direction(look: Look) -> Vector:
    """Unit vector towards the light: from the side where the sun is seen, a little cheated forward.

    A sun truly behind the land would leave it a black outline.
    """
    up, back = {
        "dawn": (0.36, -0.15),
        "day": (0.85, -0.35),
        "sunset": (0.27, 0.12),
        "dusk": (0.50, 0.30),
        "night": (0.70, 0.10),
    }[look.scene.daytime]
    length = float(np.sqrt(1 + up * up + back * back))
    return (look.side / length, up / length, back / length)


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a shader looks at.

    Attributes:
        look: the landscape's light, materials and noise.
        shade: what the sun reaches.
        sun: unit vector towards the light.
        land: the height field.
    """

    look: Look
    shade: Shade
    sun: Vector
    land: Land

    @classmethod
    def of(cls, look: Look, land: Land) -> Setting:
        """The setting of a height field."""
        sun = sun_direction(look)
        return cls(look, Shade(land, look.view, sun), sun, land)


def facing(points: Points, sun: Vector) -> tuple[Floats, Floats]:
    """Cosine of the light's angle, not clipped, and the upward part of the normal."""
    assert points.h.dx is not None
    assert points.h.dz is not None
    up = 1 / np.sqrt(1 + points.h.dx**2 + points.h.dz**2)
    cosine = up * (
        np.float32(sun[1]) - points.h.dx * np.float32(sun[0]) - points.h.dz * np.float32(sun[2])
    )
    return cosine.astype(np.float32), up.astype(np.float32)


def lit(setting: Setting, points: Points, albedo: Floats, *, wrap: float = 0.0) -> Floats:
    """Albedo under sun and sky, before the air."""
    cosine, up = facing(points, setting.sun)
    sunlight, openness = setting.shade.at(points.x, points.z)
    direct = np.clip((cosine + np.float32(wrap)) / np.float32(1 + wrap), 0, 1) * sunlight
    sky = openness * (0.55 + 0.45 * up)
    # Light thrown back by sunlit land warms what faces away from the sun.
    bounce = np.clip(0.25 - 0.35 * cosine, 0, 0.4) * openness
    light = setting.look.light
    return albedo * (
        direct[..., None] * light.key
        + sky[..., None] * light.fill
        + bounce[..., None] * light.key * np.float32(0.16)
    )


def aired(
    setting: Setting, points: Points, colour: Floats, *, reach: float, low: float = 0.9
) -> Floats:
    """The colour after the air between: thicker with depth and low down."""
    look = setting.look
    thin = np.exp(-np.maximum(points.h.v, 0) * np.float32(low))
    amount = (
        points.z
        * np.float32(look.light.density * (1 - 0.4 * look.light.dark) / reach)
        * (0.45 + 0.75 * thin)
    )
    t = 1 - np.exp(-amount)
    air = look.air(points.slope, (points.h.v - np.float32(setting.land.eye)) / points.z)
    return (colour + (air - colour) * t[..., None]).astype(np.float32)


def blend(a: Floats, b: Floats, t: Floats) -> Floats:
    """Albedo between two materials; either may be one colour."""
    return a + (b - a) * t[..., None]


def mountain_shader(setting: Setting, *, snow_line: float, reach: float) -> Shader:
    """Rock, grass where it is flat and low, snow where it is high and not too steep."""
    ground, noise, season = setting.look.ground, setting.look.noise, setting.look.scene.season
    line = snow_line * {"winter": 0.25, "spring": 0.9, "summer": 1.2}.get(season, 1.0)
    if setting.look.scene.weather == "snow":
        line = min(line, 0.2 * snow_line)

    def shader(points: Points) -> Floats:
        _, up = facing(points, setting.sun)
        patch = noise.fractal(points.x * np.float32(2.1), points.z * np.float32(2.1), 4)
        grit = noise.value(points.x * 23, points.z * 23) * smooth(0.03, 0.01, points.grain)
        strata = noise.value(points.h.v * 9 + patch, points.x * np.float32(0.7))
        rock = ground.rock * (1 + 0.30 * patch + 0.22 * grit + 0.25 * strata)[..., None]
        rock = blend(rock, ground.soil, smooth(-0.1, 0.5, patch) * 0.45)
        height = points.h.v / np.float32(setting.land.peak)
        flat = smooth(0.62, 0.86, up + 0.12 * patch)
        grass = flat * smooth(0.50, 0.22, height + 0.25 * patch)
        green = blend(ground.green, ground.leaf, smooth(-0.25, 0.3, patch + 0.4 * grit))
        albedo = blend(rock, green * (1 + 0.25 * grit)[..., None], grass)
        hold = smooth(0.40, 0.62, up + 0.22 * patch + 0.08 * grit)
        snow = hold * smooth(line - 0.08, line + 0.10, height + 0.16 * patch)
        albedo = blend(albedo, ground.snow, snow)
        colour = lit(setting, points, albedo, wrap=0.06)
        return aired(setting, points, colour, reach=reach, low=0.8)

    return shader


def shore_shader(setting: Setting, *, snow_line: float, reach: float) -> Shader:
    """Mountains that end in a strip of pale beach or dark wet stones."""
    inner = mountain_shader(setting, snow_line=snow_line, reach=reach)

    def shader(points: Points) -> Floats:
        colour = inner(points)
        h = points.h.v
        wet = smooth(0.035, 0.0, h) * np.float32(0.45)
        return colour * (1 - wet[..., None])

    return shader


def dune_shader(setting: Setting, *, reach: float) -> Shader:
    """Sand: wide light, fine ripples, a slightly darker lee side."""
    noise, sand = setting.look.noise, setting.look.ground.sand
    if setting.look.white:
        sand = sand * 0.35 + setting.look.ground.snow * 0.65

    def shader(points: Points) -> Floats:
        assert points.h.dx is not None
        assert points.h.dz is not None
        x, z = points.x, points.z
        bend = noise.value(x * 0.7, z * 0.7, fine=True)
        show = smooth(0.0085, 0.0025, points.grain) * np.float32(0.085)
        phase = (z * np.float32(34) + x * np.float32(9) + bend * 14).astype(np.float32)
        ripple = np.cos(phase) * show
        points.h.dz[...] += ripple
        points.h.dx[...] += ripple * np.float32(0.3)
        streak = noise.fractal(x * np.float32(1.3), z * np.float32(3.1), 4)
        grit = noise.value(x * 61, z * 61) * smooth(0.012, 0.003, points.grain)
        albedo = sand * (1 + 0.10 * streak + 0.05 * grit)[..., None]
        return aired(setting, points, lit(setting, points, albedo, wrap=0.12), reach=reach, low=0.6)

    return shader


def hill_shader(setting: Setting, *, reach: float) -> Shader:
    """Meadows, fields in rows and groves."""
    noise, ground = setting.look.noise, setting.look.ground
    seat = setting.land.seat

    def shader(points: Points) -> Floats:
        u, w = points.x + np.float32(seat[0]), points.z + np.float32(seat[1])
        wood = wooded(noise, Jet(u), Jet(w)).v
        patch = noise.fractal(u * np.float32(0.9), w * np.float32(0.9), 5)
        blades = noise.value(u * 43, w * 43) * smooth(0.02, 0.006, points.grain)
        grass = blend(ground.green, ground.soil, smooth(0.05, 0.55, patch) * 0.5)
        field = smooth(
            0.10, 0.16, noise.value(u * np.float32(0.42) + 8, w * np.float32(0.62), fine=True)
        )
        rows = 0.5 + 0.5 * np.sin((u * np.float32(1.3) + w * np.float32(0.35)) * np.float32(34))
        crop = blend(
            ground.green * 0.85, ground.bloom, 0.35 + 0.4 * rows * smooth(0.04, 0.010, points.grain)
        )
        albedo = blend(grass, crop, field * 0.75) * (1 + 0.16 * blades + 0.20 * patch)[..., None]
        albedo = blend(albedo, ground.leaf * np.float32(0.55), wood)
        if setting.look.white:
            albedo = blend(albedo, ground.snow, (1 - 0.65 * wood) * np.float32(0.88))
        return aired(setting, points, lit(setting, points, albedo, wrap=0.10), reach=reach, low=0.5)

    return shader


def meadow_shader(setting: Setting, *, reach: float) -> Shader:
    """Grass with drifts of flowers, woods on the far slopes."""
    noise, ground = setting.look.noise, setting.look.ground
    seat = setting.land.seat
    bare = setting.look.bare

    def shader(points: Points) -> Floats:
        u, w = points.x + np.float32(seat[0]), points.z + np.float32(seat[1])
        wood = wooded(noise, Jet(u * np.float32(0.8)), Jet(w * np.float32(0.8))).v
        wood = wood * smooth(5.0, 7.0, points.z)
        patch = noise.fractal(u * np.float32(0.8), w * np.float32(0.8), 5)
        blades = noise.value(u * 47, w * 19) * smooth(0.02, 0.004, points.grain)
        grass = blend(ground.green, ground.leaf, smooth(-0.1, 0.5, patch) * 0.6)
        dots = noise.value(u * 29, w * 29) + noise.value(u * 9, w * 9) * np.float32(0.5)
        drift = smooth(
            0.02, 0.30, noise.value(u * np.float32(0.55) + 3, w * np.float32(0.8) + 5, fine=True)
        )
        flowers = (
            smooth(0.12, 0.34, dots) * drift * smooth(0.05, 0.012, points.grain) + 0.16 * drift
        )
        if not bare:
            grass = blend(grass, ground.bloom, flowers * np.float32(0.8))
        albedo = grass * (1 + 0.20 * blades + 0.20 * patch)[..., None]
        albedo = blend(albedo, ground.leaf * np.float32(0.50), wood)
        if setting.look.white:
            albedo = blend(albedo, ground.snow, (1 - 0.65 * wood) * np.float32(0.88))
        return aired(setting, points, lit(setting, points, albedo, wrap=0.12), reach=reach, low=0.4)

    return shader
