"""From what is seen and how it is lit to light in the picture: paint, skins, gloss, ice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.local.picture.still_life.light import Rig, bounced, dome, mirrored, struck
from brandmodel.local.picture.still_life.solids import FAR, Array, Index, dot, unit
from brandmodel.local.picture.still_life.view import CHUNK, Body, Camera, Seen, Skin


@dataclass(frozen=True, slots=True)
class Lit:
    """Everything that shading needs about N points.

    Attributes:
        key: (N,) share of the key light that arrives.
        soft: (3, N) gathered light.
        pixel: size of a picture's pixel at distance 1.
    """

    rig: Rig
    bodies: Sequence[Body]
    camera: Camera
    seen: Seen
    p: Array
    key: Array
    soft: Array
    pixel: float


def shaded(lit: Lit, backdrop: Array) -> Array:
    """(3, N) linear light towards the eye."""
    out = np.zeros_like(lit.p)
    for number in range(-1, len(lit.bodies)):
        every = np.flatnonzero(lit.seen.who == number)
        for start in range(0, every.size, CHUNK):
            rows = every[start : start + CHUNK]
            if number < 0:
                out[:, rows] = _direct(lit, rows, lit.seen.n[:, rows]) * backdrop[:, None]
            else:
                out[:, rows] = _body(lit, lit.bodies[number], number, rows)
    return out


def _pool(p: Array) -> Array:
    """The key light is a spot on the set: it falls off softly towards the wings and up the wall."""
    wide = (p[0] * 0.085) ** 2 + (np.maximum(p[1] - 1.5, 0) * 0.1) ** 2 + (p[2] * 0.05) ** 2
    return np.exp(-wide).astype(np.float32)


def _direct(lit: Lit, rows: Index, n: Array, thin: float = 0.0) -> Array:
    """Irradiance: the key light, softened at the terminator by its size, and the gathered light."""
    p = lit.p[:, rows]
    facing = dot(n, unit(lit.rig.key_at[:, None] - p))
    wrap = np.float32(0.07)
    front = np.clip((facing + wrap) / (1 + wrap), 0, 1)
    if thin:
        front = front * (1 - thin * 0.5) + np.clip(-facing, 0, 1) * np.float32(thin)
    share = lit.key[rows] * front * _pool(p)
    return lit.rig.key[:, None] * share + lit.soft[:, rows]


def _body(lit: Lit, body: Body, number: int, rows: Index) -> Array:
    paint = body.paint
    n = lit.seen.n[:, rows]
    own = body.place.inward(lit.p[:, rows])
    if paint.bump:
        n = unit(n + body.place.turned_out(_relief(own, paint.pores)) * np.float32(paint.bump))
    albedo: Array = np.repeat(paint.colour[:, None], rows.size, 1)
    gloss: Array = np.full(rows.size, paint.gloss, np.float32)
    for skin in paint.skins:
        cover = _laid(lit, body, skin, own, rows)
        albedo = albedo * (1 - cover[3]) + cover[:3] * cover[3]
        if skin.gloss is not None:
            gloss = gloss + (np.float32(skin.gloss) - gloss) * cover[3]
    if lit.rig.snow and body.group != "product":
        albedo = _snowed(albedo, lit.p[:, rows], lit.seen.n[:, rows], lit.rig.snow)
    arriving = _direct(lit, rows, n, paint.thin) * _well(body, own, lit.seen.n[:, rows])
    out = albedo * (arriving + np.float32(paint.glow))
    if paint.clear:
        out = _through(lit, body, number, rows, lit.seen.n[:, rows], out)
    if paint.gloss:
        out = _polished(lit, number, rows, (n, gloss, albedo), out)
    return out


def _snowed(albedo: Array, p: Array, n: Array, depth: float) -> Array:
    """White where a surface looks up, with a drifted rim."""
    drift = np.sin(p[0] * 5.1 + 1.7 * np.sin(p[2] * 3.3)) + np.sin(p[2] * 6.7 + p[0] * 2.9)
    cover = np.clip((n[1] - np.float32(0.62) + drift * np.float32(0.06)) * 5, 0, 1) * depth
    white = np.array([[0.86], [0.9], [0.95]], np.float32)
    return albedo + (white - albedo) * cover


def _well(body: Body, own: Array, n: Array) -> Array:
    """How much light reaches down inside a vessel."""
    if not body.well:
        return np.ones(own.shape[1], np.float32)
    top = float(body.solid.high[1])
    local = body.place.turned_in(n)
    deep = np.clip((top - own[1]) / np.float32(body.well), 0, 2)
    r = np.hypot(own[0], own[2])
    inner = own[0] * local[0] + own[2] * local[2] < -0.02 * r
    inner |= (local[1] > 0.7) & (deep > 0.05)
    return np.where(inner, 1 / (1 + 1.6 * deep), 1)


def _relief(p: Array, pores: float) -> Array:
    """Gradient of a fine isotropic relief: waves in many fixed directions."""
    random = np.random.default_rng(7)
    out = np.zeros_like(p)
    for _ in range(14):
        k = random.standard_normal(3).astype(np.float32)
        k *= np.float32(random.uniform(40, 90) * pores) / np.linalg.norm(k)
        phase = np.float32(random.uniform(0, 2 * math.pi))
        out += (k / np.linalg.norm(k))[:, None] * np.cos(k @ p + phase)
    return out * np.float32(0.35)


def _laid(lit: Lit, body: Body, skin: Skin, own: Array, rows: Index) -> Array:
    """(4, N) colour and cover of a skin at points in the body's frame."""
    if skin.toward == (0, 1, 0):
        u, v = own[0], -own[2]
    else:
        u, v = body.solid.flat(own, lit.seen.part[rows])
    step = float(np.median(lit.seen.t[rows])) * lit.pixel
    image = _scaled(skin, step)
    height, width = image.shape[:2]
    x = (u - np.float32(skin.left)) / np.float32(skin.width) * width - np.float32(0.5)
    y = (np.float32(skin.top) - v) / np.float32(skin.height) * height - np.float32(0.5)
    out = _sampled(image, x, y)
    if skin.toward is not None:
        n = body.place.turned_in(lit.seen.n[:, rows])
        toward = np.asarray(skin.toward, np.float32)[:, None]
        out[3] *= np.clip(dot(n, toward) * 4 - np.float32(2.4), 0, 1)
    return out


def _scaled(skin: Skin, step: float) -> Array:
    """The skin at about the picture's own resolution, so that fine type neither aliases nor blurs."""
    factor = min(1.0, skin.width / skin.image.shape[1] / (step * 0.72))
    if factor > 0.95:
        return skin.image
    height, width = skin.image.shape[:2]
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    solid = skin.image[..., 3:]
    flat = np.concatenate([skin.image[..., :3] * solid, solid], -1)
    small = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-4)
    return small


def _sampled(image: Array, x: Array, y: Array) -> Array:
    """(4, N) bilinear samples; nothing outside."""
    height, width = image.shape[:2]
    fx, fy = np.floor(x), np.floor(y)
    wx, wy = x - fx, y - fy
    out = np.zeros((4, x.size), np.float32)
    for dx, ax in ((0, 1 - wx), (1, wx)):
        for dy, ay in ((0, 1 - wy), (1, wy)):
            ix, iy = fx.astype(np.intp) + dx, fy.astype(np.intp) + dy
            ok = (ix >= 0) & (ix < width) & (iy >= 0) & (iy < height)
            texel = image[np.where(ok, iy, 0), np.where(ok, ix, 0)].T
            w = ax * ay * ok
            out[3] += texel[3] * w
            out[:3] += texel[:3] * (w * texel[3])
    out[:3] /= np.maximum(out[3], np.float32(1e-4))
    return out


def _reflection(lit: Lit, number: int, rows: Index, n: Array, rough: float) -> Array:
    """(3, N) what a polished surface mirrors: the room, its lamps, and the other bodies."""
    d = lit.seen.d[:, rows]
    r = d - n * (2 * dot(d, n))
    out = mirrored(lit.rig, r, rough)
    o = lit.p[:, rows] + n * np.float32(5e-3)
    clear = np.float32(1 - 0.6 * min(rough, 1))
    t, who = _nearest(lit, number, o, r)
    hit = np.flatnonzero(who >= 0)
    # Where two things touch, each mirrors the other's shade.
    open_air = np.float32(0.15) + np.float32(0.85) * np.clip(t[hit] * 3, 0, 1)
    other = bounced(lit.rig, lit.bodies, r[:, hit], who[hit]) * open_air
    out[:, hit] += (other - out[:, hit]) * clear
    down = np.flatnonzero((r[1] < -0.02) & (who < 0))
    shade = np.clip(o[1, down] / -r[1, down] * 1.6, 0, 1) * np.float32(0.75) + np.float32(0.25)
    out[:, down] *= shade
    return out


def _nearest(lit: Lit, number: int, o: Array, d: Array) -> tuple[Array, Array]:
    t: Array = np.full(d.shape[1], FAR, np.float32)
    who: Array = np.full(d.shape[1], -1, np.int16)
    for other, body in enumerate(lit.bodies):
        # Ice behind ice would only add a tangle of edges.
        if other != number and not body.paint.clear:
            hit, far = struck(body, o, d)
            won = far < t[hit]
            t[hit[won]], who[hit[won]] = far[won], other
    floor = np.where(d[1] < 0, o[1] / np.maximum(-d[1], np.float32(1e-5)), FAR)
    who[t > floor] = -1
    return t, who


def _polished(
    lit: Lit,
    number: int,
    rows: Index,
    surface: tuple[Array, Array, Array],
    under: Array,
) -> Array:
    n, gloss, albedo = surface
    body = lit.bodies[number].paint
    facing = np.clip(-dot(n, lit.seen.d[:, rows]), 0, 1)
    grazing = (1 - facing) ** 5
    mirror = _reflection(lit, number, rows, n, body.rough)
    if body.metal:
        tint = albedo + (1 - albedo) * grazing
        return under * (1 - gloss) + mirror * tint * gloss
    share = gloss * (np.float32(0.055) + np.float32(0.75) * grazing * (1 - body.rough * 0.7))
    return under * (1 - share) + mirror * share


def _through(lit: Lit, body: Body, number: int, rows: Index, n: Array, own: Array) -> Array:
    """Ice: what lies behind, bent once on the way in, tinted; and a glint from inside."""
    d = lit.seen.d[:, rows]
    eta = np.float32(1 / 1.31)
    cosine = -dot(n, d)
    root = np.sqrt(np.maximum(1 - eta * eta * (1 - cosine * cosine), 0))
    inside = d * eta + n * (eta * cosine - root)
    o = lit.p[:, rows] - n * np.float32(5e-3)
    _, who = _nearest(lit, number, o, inside)
    behind = dome(lit.rig, inside) * np.float32(0.95)
    hit = np.flatnonzero(who >= 0)
    # Frost blurs what is seen through it; half of it stays light.
    behind[:, hit] += (bounced(lit.rig, lit.bodies, inside[:, hit], who[hit]) - behind[:, hit]) / 2
    clear = np.float32(body.paint.clear)
    # The longer the way through, the more of the tint: faces are clear, edges are deep.
    depth = np.float32(0.25) + np.float32(1.6) * (1 - np.clip(cosine, 0, 1)) ** 1.5
    tint = np.maximum(body.paint.colour, np.float32(0.02))[:, None] ** depth
    upper = np.float32(0.86) + np.float32(0.2) * np.clip(n[1], 0, 1)
    return own * (1 - clear) + behind * tint * upper * clear
