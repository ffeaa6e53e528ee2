"""Camera and lamps for a set: where the eye stands, how the set fills the picture, the light."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from brandmodel.local.picture.scene import StillLife
from brandmodel.local.picture.still_life.floor import Set
from brandmodel.local.picture.still_life.light import Gobo, Rig, softbox
from brandmodel.local.picture.still_life.products import GROUP
from brandmodel.local.picture.still_life.solids import Array, vec
from brandmodel.local.picture.still_life.view import Body, Camera, aimed

Bounds = tuple[float, float, float, float]
_AREA: dict[str, Bounds] = {
    "none": (0.1, 0.1, 0.9, 0.93),
    "left": (0.485, 0.1, 1.0, 0.93),
    "right": (0.0, 0.1, 0.515, 0.93),
    "top": (0.1, 0.47, 0.9, 0.965),
    "bottom": (0.1, 0.04, 0.9, 0.53),
}
"""Where the product and its plinth go, as left, top, right, bottom."""
_FREE: dict[str, Bounds] = {
    "left": (0.46, -9, 9, 9),
    "right": (-9, -9, 0.54, 9),
    "top": (-9, 0.46, 9, 9),
    "bottom": (-9, -9, 9, 0.545),
}
"""Where everything must stay."""


def bounds(camera: Camera, bodies: Sequence[Body]) -> Bounds:
    """Left, top, right, bottom of bodies in fractions of the picture."""
    corners = np.concatenate([b.corners() for b in bodies], 1)
    fx, fy = camera.seen(corners)
    return float(fx.min()), float(fy.min()), float(fx.max()), float(fy.max())


_NEAR: dict[str, tuple[float, float]] = {
    "close": (0.8, 0.13),
    "macro": (1.75, 0.12),
    "place": (0.66, 0.19),
}
"""Height of a product that is seen from nearby, and how far down it begins, in picture heights."""
_NEAR_LOW = {"close": (0.5, 0.42), "macro": (1.1, 0.4), "place": (0.44, 0.43)}
"""Likewise where the upper part of the picture is kept calm."""
_WIDEST = 0.56
"""Of the picture's width: how much of it a product that is seen from nearby may take."""


def camera_for(stage: Set, aspect: float) -> Camera:
    """A long lens at a seeded height; zoom and shift put the set where the space leaves room."""
    if stage.scene.framing != "whole":
        return _near(stage, aspect)
    eye, axes = _eye(stage)
    area = _AREA[stage.scene.space]
    free = _FREE.get(stage.scene.space)
    zoom = _zoom(stage, Camera(eye, axes, 1.0, (0.5, 0.5), aspect), area)
    shift = (0.5, 0.5)
    for _ in range(40):
        shift = _shift(stage, eye, axes, zoom, aspect)
        camera = Camera(eye, axes, zoom, shift, aspect)
        if free is None or _kept(bounds(camera, stage.core), area, free, stage, camera):
            break
        zoom *= 0.96
    return Camera(eye, axes, zoom, shift, aspect)


def _near(stage: Set, aspect: float) -> Camera:
    """The product alone fills the picture; what stands around it may leave the frame."""
    scene = stage.scene
    eye, axes = _eye(stage)
    # An empty place is seen whole with what it stands on, for what will be put there.
    framing = "place" if scene.plinth_only else scene.framing
    tall, top = (_NEAR_LOW if scene.space == "top" else _NEAR)[framing]
    product = [b for b in stage.core if b.group == GROUP] or stage.core
    left, high, right, low = bounds(Camera(eye, axes, 1.0, (0.0, 0.0), aspect), product)
    widest = _WIDEST * (1.5 if framing == "macro" else 1.0)
    zoom = min(tall / (low - high), widest / (right - left))
    # Where the width is the limit, the height that is left over goes above rather than below.
    top += 0.6 * max(min(tall, 0.8) - zoom * (low - high), 0.0)
    middle = {"left": 0.7, "right": 0.3}.get(scene.space, 0.5 - 0.04 * stage.side)
    shift = (middle - zoom * (left + right) / 2, top - zoom * high)
    return Camera(eye, axes, zoom, shift, aspect)


def kept_clear(stage: Set, camera: Camera) -> list[Body]:
    """What is seen of the set from nearby: nothing that would stand where type goes."""
    free = _FREE.get(stage.scene.space)
    if stage.scene.framing == "whole" or free is None:
        return stage.bodies
    groups: dict[str, list[Body]] = {}
    for body in stage.around:
        groups.setdefault(body.group, []).append(body)
    kept = list(stage.core)
    for some in groups.values():
        left, top, right, bottom = bounds(camera, some)
        if left > free[0] and top > free[1] and right < free[2] and bottom < free[3]:
            kept += some
    return kept


def _eye(stage: Set) -> tuple[Array, Array]:
    """Where the eye stands, and its axes."""
    random = np.random.default_rng([stage.scene.seed & 0xFFFFFFFF, 0xCA])
    height = float(random.uniform(0.12, 0.3))
    away = 10.5
    middle = vec(0, stage.top + stage.tall * 0.35, 0)
    eye = middle + vec(
        away * math.sin(stage.azimuth) * math.cos(height),
        away * math.sin(height),
        away * math.cos(stage.azimuth) * math.cos(height),
    )
    return eye, aimed(eye, middle)


def _zoom(stage: Set, camera: Camera, area: Bounds) -> float:
    left, top, right, bottom = bounds(camera, stage.core)
    zoom = min((area[2] - area[0]) / (right - left), (area[3] - area[1]) / (bottom - top))
    product = [b for b in stage.core if b.group == "product"] or stage.core
    tall = bounds(camera, product)
    return min(zoom, 0.52 / (tall[3] - tall[1]))


def _shift(stage: Set, eye: Array, axes: Array, zoom: float, aspect: float) -> tuple[float, float]:
    """Centres the core in its area, low rather than high; keeps everything out of the free side."""
    area = _AREA[stage.scene.space]
    free = _FREE.get(stage.scene.space, (-9, -9, 9, 9))
    camera = Camera(eye, axes, zoom, (0.0, 0.0), aspect)
    core, every = bounds(camera, stage.core), bounds(camera, stage.bodies)
    x = (area[0] + area[2]) / 2 - (core[0] + core[2]) / 2
    slack = (area[3] - area[1]) - (core[3] - core[1])
    y = area[1] + 0.58 * slack - core[1]
    if stage.scene.space == "none":
        # The weight of the props pulls the product a little to the other side.
        x -= 0.25 * min(max((every[0] + every[2]) / 2 + x - 0.5, -0.24), 0.24)
        # An arch or a disc behind it needs air above, as far as the plinth leaves room below.
        y += min(max(0.06 - (every[1] + y), 0.0), max(0.87 - core[3] - y, 0.0))
    x = min(max(x, free[0] - every[0]), max(free[2] - every[2], free[0] - every[0]))
    x = min(x, free[2] - every[2]) if free[2] < 5 else x
    y = max(y, free[1] - every[1]) if free[1] > -5 else y
    y = min(y, free[3] - every[3]) if free[3] < 5 else y
    return x, y


def _kept(core: Bounds, area: Bounds, free: Bounds, stage: Set, camera: Camera) -> bool:
    """Whether the core is still whole in the picture and the free side is free."""
    every = bounds(camera, stage.bodies)
    slack = 0.012
    inside = core[0] > -0.05 and core[1] > 0.025 and core[2] < 1.05 and core[3] < 0.985
    product = bounds(camera, [b for b in stage.core if b.group == GROUP] or stage.core)
    inside = inside and product[0] > 0.045 and product[2] < 0.955
    return inside and (
        every[0] > free[0] - slack
        and every[1] > free[1] - slack
        and every[2] < free[2] + slack
        and every[3] < free[3] + slack
    )


def warmth_of(scene: StillLife) -> float:
    """-1 cool to 1 warm, with the season's own share."""
    season = {"autumn": 0.6, "winter": -0.6, "summer": 0.2, "spring": -0.05}.get(scene.season, 0.0)
    return min(max(scene.warmth + season, -1.0), 1.0)


def _gobo(scene: StillLife, random: np.random.Generator) -> Gobo | None:
    """Twigs outside the picture in spring, summer and autumn; their shade is soft and faint."""
    if scene.season not in ("spring", "summer", "autumn"):
        return None
    side = 256
    image = np.ones((side, side), np.float32)
    for _ in range(5):
        x, y = (float(v) * side for v in random.uniform((-0.1, 0.0), (0.5, 0.75)))
        angle = float(random.uniform(-0.9, 0.5))
        for number in range(13):
            x, y = x + 13 * math.cos(angle), y + 13 * math.sin(angle)
            angle += float(random.uniform(-0.1, 0.14))
            lean = angle + (1 if number % 2 else -1) * float(random.uniform(0.5, 1.1))
            middle = (x + 13 * math.cos(lean), y + 13 * math.sin(lean))
            size = (15.0 * float(random.uniform(0.8, 1.2)), 5.0)
            cv2.ellipse(image, (middle, (2 * size[0], 2 * size[1]), math.degrees(lean)), 0.0, -1)
    deep = 0.5 if scene.season == "summer" else 0.38
    if scene.space != "none":
        # Type goes there: a hint of shade is enough.
        deep *= 0.45
    soft = cv2.GaussianBlur(image, (0, 0), 3.2 if scene.season == "summer" else 4.5)
    return Gobo((1 - deep + deep * soft).astype(np.float32), 11.0)


def rig_for(stage: Set, ground: Array) -> Rig:
    """The lamps: one large key at the side, a dome, and soft boxes for gloss to mirror."""
    scene = stage.scene
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x116])
    warm = warmth_of(scene)
    side = -stage.side
    if scene.space in ("left", "right"):
        # Shadows fall away from the side that is kept calm.
        side = -1 if scene.space == "left" else 1
    low = math.radians(44 - 15 * max(warm, 0) + 6 * max(-warm, 0) + float(random.uniform(-3, 3)))
    turn = math.radians(float(random.uniform(38, 56)))
    away = 9.0
    key_at = vec(
        side * away * math.cos(low) * math.sin(turn),
        away * math.sin(low),
        away * math.cos(low) * math.cos(turn),
    )
    tone = np.array([1 + 0.2 * warm, 1 - 0.02 * abs(warm), 1 - 0.34 * warm], np.float32)
    cool = np.array([1 - 0.07 * warm, 1.0, 1 + 0.1 * warm], np.float32)
    sunny = {"summer": 1.08, "spring": 1.03}.get(scene.season, 1.0)
    share = 0.66 + 0.06 * max(warm, 0) - 0.08 * max(-warm, 0)
    # A floor in full light returns just its own colour.
    key = tone * np.float32(share * sunny / max(math.sin(low), 0.42))
    fill = cool * np.float32(1.06 - share)
    strength = tone * np.float32(5.2)
    rim = softbox(vec(-side * 0.95, 0.12, 0.1), (0.16, 1.1), cool * np.float32(3.4))
    main = softbox(vec(side * 0.75, 0.42, 0.75), (0.26, 0.75), strength)
    top = softbox(vec(side * 0.15, 1.0, -0.1), (0.7, 0.4), strength * np.float32(0.35))
    size = 1.05 * {"summer": 0.6, "winter": 1.35}.get(scene.season, 1.0)
    return Rig(
        key_at=key_at,
        key_size=size,
        key=key,
        dome_top=fill * np.float32(1.12),
        dome_side=fill * np.float32(0.82),
        floor=ground * np.float32(0.95),
        boxes=(main, rim, top),
        gobo=_gobo(scene, random),
        snow=0.85 if scene.season == "winter" else 0.0,
    )
