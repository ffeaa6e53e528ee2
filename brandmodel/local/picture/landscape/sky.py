"""Skies: gradient, sun or moon, clouds, stars and aurora, in linear light."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.picture.colour import mix
from brandmodel.local.picture.landscape.light import Brand, Light, tone
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats, Lattice, smooth, turned
from brandmodel.local.picture.scene import Landscape


def painted(look: Look) -> Floats:
    """(H, W, 3) the sky on the whole frame, as if there were no land."""
    scene, view, light, noise = look.scene, look.view, look.light, look.noise
    rows = look.clear_sky(view.ys())[:, None]
    picture = np.repeat(rows, view.width, 1)
    if light.dark > 0.5 and light.cover < 0.5:
        picture += _stars(scene, view, light, noise)
    if scene.weather == "aurora":
        picture += _aurora(scene, view, noise)
    shining, disc = _sun(scene, view, light)
    picture += shining
    if light.cover > 0:
        _under(picture, disc, _clouds(look))
    return picture + disc


def moonless(scene: Landscape) -> bool:
    """Whether stars or northern lights have the night to themselves."""
    return scene.weather in ("stars", "aurora") and scene.daytime in ("night", "dusk")


def shows_disc(scene: Landscape, light: Light) -> bool:
    """Whether the sun or moon itself is to be seen."""
    return scene.daytime != "dusk" and not moonless(scene) and float(light.disc.max()) > 0.02


def _under(picture: Floats, disc: Floats, cover: tuple[Floats, Floats]) -> None:
    """Lay clouds over sky and disc, in place."""
    colour, alpha = cover
    picture += (colour - picture) * alpha[..., None]
    disc *= (1 - alpha[..., None]) ** 2


def _sun(scene: Landscape, view: View, light: Light) -> tuple[Floats, Floats]:
    """(H, W, 3) glow around the sun and its disc."""
    x, y = view.xs(), view.ys()
    dx = (x - np.float32(view.sun[0]))[None, :]
    dy = (y - np.float32(view.sun[1]))[:, None]
    r = np.sqrt(dx * dx + dy * dy)
    spread = 0.6 if scene.daytime == "night" else 1.0
    ring = 0.55 * np.exp(-r / np.float32(0.055 * spread)) + 0.55 * np.exp(
        -r / np.float32(0.22 * spread)
    )
    if scene.daytime in ("dawn", "sunset", "dusk"):
        # Low sun: the light also runs along the horizon.
        flat = np.sqrt((dx * 0.38) ** 2 + (y[:, None] * 1.9) ** 2)
        ring = ring * 0.8 + 0.45 * np.exp(-flat / 0.2)
    if moonless(scene):
        ring = ring * 0.0
    glow = ring.astype(np.float32)[..., None] * light.glow
    radius, soft = 0.026, max(0.002, 1.2 * view.scale)
    shape = smooth(radius + soft, radius - soft, r)[..., None]
    disc = shape * light.disc * np.float32(1.0 if shows_disc(scene, light) else 0.0)
    return glow, disc.astype(np.float32)


def _clouds(look: Look) -> tuple[Floats, Floats]:
    """(H, W, 3) colour and (H, W) cover of clouds."""
    view = look.view
    # Clouds are soft: half the pixels are enough.
    step = 2 if view.height * view.width > 200_000 else 1
    rows = max(1, int(np.ceil(min(1.0, view.horizon + 0.01) * view.height / step)))
    y = view.ys(0.5 * step - 0.5)[::step][:rows, None]
    x = view.xs(0.5 * step - 0.5)[::step][None, :]
    thick = look.scene.weather in ("rain", "storm", "snow", "cloudy")
    colour, alpha = _ceiling(look, x, y, thick=thick)
    if look.scene.weather in ("clear", "cloudy") and look.light.dark < 0.5:
        heaps, cover = _heaps(look, x, y)
        colour = (
            colour
            + (heaps - colour)
            * (cover / np.maximum(1 - (1 - alpha) * (1 - cover), 1e-4))[..., None]
        )
        alpha = 1 - (1 - alpha) * (1 - cover)
    return _grown(colour, view, step, rows), _grown(alpha, view, step, rows)


def _lit_cloud(look: Look, lit: Floats, alpha: Floats, x: Floats, y: Floats) -> Floats:
    """Colour of cloud between shade and light, with the sun shining through thin parts."""
    light, sun = look.light, look.view.sun
    away = np.sqrt((x - np.float32(sun[0])) ** 2 + (y - np.float32(sun[1])) ** 2)
    rim = np.exp(-away / np.float32(0.22)) * (1.15 - alpha)
    return (
        mix(light.cloud[0], light.cloud[1], lit) + light.glow * (rim * np.float32(0.9))[..., None]
    )


def _ceiling(look: Look, x: Floats, y: Floats, *, thick: bool) -> tuple[Floats, Floats]:
    """High cloud in perspective: torn streaks, or a closed and rolling deck."""
    light, noise, view = look.light, look.noise, look.view
    random = look.random(0xC1)
    far = 1 / (np.maximum(y, 0) + np.float32(0.075))
    turn = float(random.uniform(-0.5, 0.5))
    u = x * far * np.float32(np.cos(turn)) - far * np.float32(np.sin(turn))
    v = x * far * np.float32(np.sin(turn)) + far * np.float32(np.cos(turn))
    u, v = u + np.float32(random.uniform(0, 30)), v + np.float32(random.uniform(0, 30))
    stretch = (0.62, 0.80) if thick else (0.26, 0.80)
    u, v = u * np.float32(stretch[0]), v * np.float32(stretch[1])
    warp = noise.value(u * 0.7 + 3, v * 0.7 + 9, fine=True) * np.float32(0.35 if thick else 0.5)
    density = noise.fractal(u + warp, v - warp, 6, gain=0.56)
    mask = noise.value(u * 0.31 + 11, v * 0.31 + 4, fine=True)
    sx, sy = view.sun[0] - x, view.sun[1] - y
    away = np.sqrt(sx * sx + sy * sy) + np.float32(0.1)
    push = np.float32(0.17)
    toward = noise.fractal(u + warp + push * sx / away, v - warp - push * sy / away, 4, gain=0.56)
    body = density + mask * np.float32(0.75 * (1 - light.cover))
    level = np.float32(0.30 - 0.78 * light.cover)
    alpha = smooth(0.0, 0.34 if thick else 0.62, body - level)
    risen = smooth(0.0, 0.13, np.maximum(y, 0) / np.float32(view.top))
    alpha = alpha * (0.30 + 0.70 * risen) * np.float32(0.96 if thick else 0.80)
    lit = np.clip(0.50 + (density - toward) * 2.4 - (0.9 * density if thick else 0.1 * alpha), 0, 1)
    colour = _lit_cloud(look, lit, alpha, x, y)
    return mix_haze(colour, light.haze, (1 - risen) * np.float32(0.75)), alpha


def _heaps(look: Look, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Cumulus over the horizon: flat feet, tops heaped from round bulges."""
    light, noise, view = look.light, look.noise, look.view
    random = look.random(0xC2)
    size = view.top
    lit_side = np.float32(0.045 * size) * np.float32(1.0 if view.sun[0] > 0 else -1.0)
    seat = float(random.uniform(0, 30))
    tall = float(random.uniform(0.55, 1.0)) * (1.35 if look.scene.weather == "cloudy" else 0.85)

    def heap(dx: np.float32 | float, dy: np.float32 | float, octaves: int) -> Floats:
        a, b = (x + dx) / np.float32(size), (y + dy) / np.float32(size)
        a, b = np.broadcast_arrays(a, b)
        flat_x, flat_y = np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32)
        along = noise.fractal(
            flat_x * np.float32(1.1) + np.float32(seat), np.full_like(flat_x, 3.3), 2
        )
        billow = np.zeros_like(flat_x)
        u, w = flat_x * np.float32(3.2) + np.float32(seat), flat_y * np.float32(4.4)
        for i in range(octaves):
            billow += (np.abs(noise.value(u, w, fine=True)) * 2 - np.float32(0.5)) * np.float32(
                0.5**i
            )
            u, w = turned(u, w, i)
        top = np.float32(0.16 * tall) * (1 + 3.2 * along)
        return (top - (flat_y - np.float32(0.06))) / np.float32(0.13) + billow * np.float32(0.62)

    body = heap(0.0, 0.0, 5)
    foot = smooth(0.035, 0.085, np.broadcast_to(y / np.float32(size), body.shape))
    alpha = smooth(0.0, 0.30, body) * foot
    shadow = heap(lit_side, 0.05 * size, 4)
    lit = np.clip(0.62 + (body - shadow) * 0.34 - np.clip(body * 0.10, 0, 0.35), 0, 1)
    colour = _lit_cloud(look, lit.astype(np.float32), alpha, x, y)
    lower = 1 - smooth(0.03, 0.22, np.broadcast_to(y / np.float32(size), body.shape))
    colour = mix_haze(colour, light.haze, 0.25 + 0.5 * lower)
    return colour, (alpha * np.float32(0.88)).astype(np.float32)


def mix_haze(colour: Floats, haze: Floats, t: Floats) -> Floats:
    """Linear blend towards the haze; what real air does."""
    return (colour + (haze - colour) * t[..., None]).astype(np.float32)


def _grown(part: Floats, view: View, step: int, rows: int) -> Floats:
    """Back to full size, continued below the horizon by its last row."""
    full = np.ascontiguousarray(part)
    if step > 1:
        size = (int(np.ceil(view.width / step)) * step, rows * step)
        full = cv2.resize(full, size, interpolation=cv2.INTER_LINEAR)
    full = full[: view.height, : view.width]
    missing = view.height - full.shape[0]
    if missing > 0:
        full = cv2.copyMakeBorder(full, 0, missing, 0, 0, cv2.BORDER_REPLICATE)
    return np.asarray(full, np.float32)


def _stars(scene: Landscape, view: View, light: Light, noise: Lattice) -> Floats:
    """(H, W, 3) stars, and a faint milky way where stars were asked for."""
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x57A2])
    rich = scene.weather == "stars"
    count = 1500 if rich else 420
    x = random.uniform(-view.half, view.half, count)
    y = view.top * (1 - random.random(count) ** 1.15)
    power = np.clip(0.10 / (random.random(count) + 0.02) ** 0.85, 0, 2.4)
    band = (
        _milky_way(view, random, noise) if rich else np.zeros((view.height, view.width), np.float32)
    )
    fade = smooth(0.02, 0.30, (y / view.top).astype(np.float32)) * min(1.0, light.dark * 1.2 - 0.2)
    layer = np.zeros((view.height + 2, view.width + 2), np.float32)
    column, row = view.width / 2 + x / view.scale, view.horizon * view.height - y / view.scale
    c, r = np.clip(column, 0, view.width - 1), np.clip(row, 0, view.height - 1)
    ci, ri = c.astype(int), r.astype(int)
    fc, fr = c - ci, r - ri
    # A star's light is fixed, so a smaller picture gathers it in fewer, brighter pixels.
    amount = power * fade * (1.1e-6 / view.scale**2)
    for oc, orow, share in (
        (0, 0, (1 - fc) * (1 - fr)), (1, 0, fc * (1 - fr)), (0, 1, (1 - fc) * fr), (1, 1, fc * fr)
    ):  # fmt: skip
        np.add.at(layer, (ri + orow, ci + oc), (amount * share).astype(np.float32))
    layer = layer[:-2, :-2]
    sharp = cv2.GaussianBlur(layer, (0, 0), max(0.45, 0.0006 / view.scale))
    glow = cv2.GaussianBlur(layer, (0, 0), max(0.8, 0.0022 / view.scale))
    tint = mix(light.sky[1], np.ones(3, np.float32), 0.75)
    return ((sharp + 0.5 * glow + band)[..., None] * tint).astype(np.float32)


def _milky_way(view: View, random: np.random.Generator, noise: Lattice) -> Floats:
    x, y = view.xs()[None, :], view.ys()[:, None]
    lean = float(random.uniform(0.5, 0.9)) * (1 if random.random() < 0.5 else -1)
    off = (x - np.float32(view.subject * 0.3)) * np.float32(np.cos(lean)) + (
        y - np.float32(view.top * 0.6)
    ) * np.float32(np.sin(lean))
    xs, ys = x * 3 + 0 * y, y * 3 + 0 * x
    cloud = noise.fractal(xs.astype(np.float32), ys.astype(np.float32), 5, gain=0.6)
    band = np.exp(-((off + 0.10 * cloud) ** 2) / np.float32(0.024))
    dust = smooth(-0.15, 0.30, cloud + 0.25 * np.abs(off) / 0.1 - 0.1)
    up = smooth(0.02, 0.35, np.maximum(y, 0) / np.float32(view.top))
    return (band * (0.35 + 0.65 * dust) * up * 0.075).astype(np.float32)


def _aurora(scene: Landscape, view: View, noise: Lattice) -> Floats:
    """(H, W, 3) curtains of light: each hangs on a winding line and fades upwards."""
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0xA0])
    brand = Brand.of(scene.palette)
    low = tone(brand.primary, 0.80, 0.17, 160, 0.45)
    high = tone(brand.accent, 0.60, 0.15, 315, 0.5)
    x, y = view.xs()[None, :], view.ys()[:, None]
    picture = np.zeros((view.height, view.width, 3), np.float32)
    for i in range(4):
        seat = np.float32(random.uniform(0, 30))
        base = view.top * (0.24 + 0.15 * i + float(random.uniform(-0.03, 0.05)))
        line = noise.fractal(x * np.float32(1.5) + seat, np.full_like(x, 3.7 * i), 3)
        up = (
            y
            - np.float32(base)
            - line * np.float32(0.20 * view.top)
            - x * np.float32(0.16 * (1 - i % 2 * 2))
        )
        fold = x * np.float32(16) + line * np.float32(22) + seat
        rays = 0.5 + noise.fractal(fold, np.full_like(x, 1.3 * i), 3, gain=0.6)
        tall = np.float32(view.top * 0.34) * (0.55 + 0.7 * np.clip(rays, 0, 1))
        body = np.exp(-np.maximum(up, 0) / tall) * smooth(-0.016 * 2, 0.012, up)
        broad = smooth(
            -0.35,
            0.25,
            noise.value(x * np.float32(0.9) + seat, np.full_like(x, 9.1 + i), fine=True),
        )
        power = (
            body * (0.35 + 0.75 * np.clip(rays, 0, 1.4)) * broad * np.float32(0.36 / (1 + 0.35 * i))
        )
        part = np.clip(up / np.float32(view.top * 0.42), 0, 1)
        picture += power[..., None] * mix(
            low, high, np.broadcast_to(part, power.shape).astype(np.float32)
        )
    return picture
