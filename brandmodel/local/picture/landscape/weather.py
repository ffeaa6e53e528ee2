"""Weather between the eye and the land: rain, snow, fog banks, lightning; and bloom."""

from __future__ import annotations

import cv2
import numpy as np
import skia

from brandmodel.local.picture.landscape.ink import inked
from brandmodel.local.picture.landscape.light import Light
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats, smooth


def bloomed(picture: Floats) -> None:
    """Spread what is brighter than 0.75 over its surroundings, in place."""
    height, width = picture.shape[:2]
    unit = float(np.sqrt(height * width))
    factor = max(1, int(unit / 160))
    size = (max(8, width // factor), max(8, height // factor))
    over = cv2.resize(
        np.clip(picture - np.float32(0.75), 0, 2.5), size, interpolation=cv2.INTER_AREA
    )
    wide = cv2.GaussianBlur(over, (0, 0), 0.035 * unit / factor)
    near = cv2.GaussianBlur(over, (0, 0), 0.010 * unit / factor)
    glow = near * np.float32(0.22) + wide * np.float32(0.22)
    picture += np.maximum(cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR), 0)


def weathered(picture: Floats, look: Look, depth: Floats) -> None:
    """Add what falls or drifts, in place."""
    scene, view, light, random = look.scene, look.view, look.light, look.random(0x3A)
    if scene.weather == "fog":
        _fog(picture, look, depth)
    if scene.weather == "storm":
        _lightning(picture, view, light, random)
    if scene.weather in ("rain", "storm"):
        _rain(picture, view, light, random, 1.0 if scene.weather == "rain" else 0.6)
    if scene.weather == "snow":
        _snow(picture, view, light, random)


def _fog(picture: Floats, look: Look, depth: Floats) -> None:
    """Banks of fog lie on the land: thick with distance, torn at their upper edge."""
    view, light, noise = look.view, look.light, look.noise
    x, y = view.xs()[None, :], view.ys()[:, None]
    flat_x, flat_y = np.broadcast_to(x * 1.6, depth.shape), np.broadcast_to(y * 6.0, depth.shape)
    torn = noise.fractal(flat_x.astype(np.float32), flat_y.astype(np.float32), 5, gain=0.55)
    far = 1 - np.exp(-np.minimum(depth, 60) / np.float32(9.0))
    level = np.float32(0.10 * view.top)
    bank = np.exp(-(((y - level) / np.float32(0.34 * view.top)) ** 2)) * (0.75 + 0.75 * torn)
    off = np.sqrt((x - np.float32(view.sun[0])) ** 2 + (y - np.float32(view.sun[1])) ** 2)
    air = light.haze + (np.exp(-off / np.float32(0.25))[..., None] * light.glow) * np.float32(0.9)
    t = np.clip(bank * (0.35 + 0.55 * far), 0, 0.92)
    picture += (air - picture) * t[..., None]


def _rain(
    picture: Floats, view: View, light: Light, random: np.random.Generator, amount: float
) -> None:
    """Streaks in three depths, fine and slanted, lighter than what is behind them."""
    slant = float(random.uniform(0.08, 0.22)) * (1 if random.random() < 0.5 else -1)
    area = view.half * (view.top - view.bottom)
    for count, long, wide, strength in (
        (1500, 0.035, 0.0007, 0.20),
        (620, 0.075, 0.0011, 0.24),
        (130, 0.15, 0.0019, 0.20),
    ):
        total = int(count * amount * area / 0.63)
        xs = random.uniform(-view.half * 1.2, view.half * 1.2, total)
        ys = random.uniform(view.bottom, view.top + long, total)
        lengths = long * random.uniform(0.5, 1.2, total)

        def draw(
            canvas: skia.Canvas,
            xs: Floats = xs,
            ys: Floats = ys,
            lengths: Floats = lengths,
            wide: float = wide,
        ) -> None:
            path = skia.Path()
            for x, y, length in zip(xs.tolist(), ys.tolist(), lengths.tolist(), strict=True):
                path.moveTo(x, y)
                path.lineTo(x + slant * length, y - length)
            line = skia.Paint(
                Color=0xFFFFFFFF, AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=wide
            )
            canvas.drawPath(path, line)

        _, alpha = inked(view, draw)
        shine = light.haze * np.float32(0.75) + np.float32(0.14 * (1 - light.dark))
        picture += (shine - picture * np.float32(0.6)) * (alpha * np.float32(strength))[..., None]


def _snow(picture: Floats, view: View, light: Light, random: np.random.Generator) -> None:
    """Flakes in four depths: fine and many far away, few, large and out of focus near."""
    area = view.half * (view.top - view.bottom)
    white = np.minimum(
        light.haze * np.float32(0.75) + np.float32(0.42 * (1 - 0.75 * light.dark)), 1.0
    )
    for count, radius, soft, strength in (
        (1500, 0.0011, 0.0004, 0.60),
        (620, 0.0021, 0.0008, 0.80),
        (150, 0.0042, 0.0022, 0.75),
        (26, 0.010, 0.0065, 0.42),
    ):
        total = int(count * area / 0.63)
        xs = random.uniform(-view.half, view.half, total)
        ys = random.uniform(view.bottom, view.top, total)
        sizes = radius * random.uniform(0.55, 1.3, total)

        def draw(
            canvas: skia.Canvas, xs: Floats = xs, ys: Floats = ys, sizes: Floats = sizes
        ) -> None:
            path = skia.Path()
            for x, y, r in zip(xs.tolist(), ys.tolist(), sizes.tolist(), strict=True):
                path.addOval(skia.Rect(x - r, y - r * 1.1, x + r, y + r * 1.1))
            canvas.drawPath(path, skia.Paint(Color=0xFFFFFFFF, AntiAlias=True))

        _, alpha = inked(view, draw)
        if soft / view.scale > 0.3:
            alpha = cv2.GaussianBlur(alpha, (0, 0), soft / view.scale)
        picture += (white - picture) * (alpha * np.float32(strength))[..., None]


def _lightning(picture: Floats, view: View, light: Light, random: np.random.Generator) -> None:
    """One far bolt on the subject's side, and the cloud it lights."""
    x = view.sun[0] + float(random.uniform(-0.05, 0.05))
    start, end = view.top * 0.80, 0.012
    points = _bolt(random, (x, start), (x + float(random.uniform(-0.10, 0.10)), end), 6)

    def draw(canvas: skia.Canvas) -> None:
        for line, wide in (
            (points, 0.0020),
            (_branch(random, points, end), 0.0010),
            (_branch(random, points, end), 0.0010),
        ):
            path = skia.Path()
            path.moveTo(*line[0])
            for px, py in line[1:]:
                path.lineTo(px, py)
            canvas.drawPath(
                path,
                skia.Paint(
                    Color=0xFFFFFFFF,
                    AntiAlias=True,
                    Style=skia.Paint.kStroke_Style,
                    StrokeWidth=wide,
                ),
            )

    _, alpha = inked(view, draw)
    halo = cv2.GaussianBlur(alpha, (0, 0), 0.012 / view.scale)
    dx, dy = view.xs()[None, :] - np.float32(x), view.ys()[:, None] - np.float32(start * 0.8)
    flash = np.exp(-np.sqrt(dx * dx + (dy * 1.6) ** 2) / np.float32(0.16)) * smooth(
        -0.02, 0.1, view.ys()[:, None]
    )
    tint = light.sky[1] * np.float32(0.5) + np.float32(0.5)
    picture += (
        tint
        * (alpha * np.float32(1.6) + halo * np.float32(1.5) + flash * np.float32(0.22))[..., None]
    )


def _bolt(
    random: np.random.Generator, a: tuple[float, float], b: tuple[float, float], splits: int
) -> list[tuple[float, float]]:
    """Midpoint displacement between two ends."""
    line = [a, b]
    swing = 0.20 * abs(a[1] - b[1])
    for _ in range(splits):
        fresh: list[tuple[float, float]] = []
        for p, q in zip(line, line[1:], strict=False):
            middle = ((p[0] + q[0]) / 2 + float(random.normal(0, swing * 0.35)), (p[1] + q[1]) / 2)
            fresh += [p, middle]
        line = [*fresh, line[-1]]
        swing *= 0.55
    return line


def _branch(
    random: np.random.Generator, line: list[tuple[float, float]], end: float
) -> list[tuple[float, float]]:
    start = line[int(random.integers(len(line) // 5, len(line) // 2))]
    reach = (start[1] - end) * float(random.uniform(0.4, 0.7))
    return _bolt(
        random, start, (start[0] + reach * float(random.choice([-0.6, 0.6])), start[1] - reach), 5
    )
