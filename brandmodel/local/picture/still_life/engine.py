"""The product still life: a set is staged, framed, lit, seen once, and developed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from brandmodel.local.picture.finish import developed
from brandmodel.local.picture.scene import Drawing, StillLife
from brandmodel.local.picture.still_life.framing import bounds, camera_for, kept_clear, rig_for
from brandmodel.local.picture.still_life.light import Rig, cells, gathered, key_share
from brandmodel.local.picture.still_life.products import GROUP
from brandmodel.local.picture.still_life.shade import Lit, shaded
from brandmodel.local.picture.still_life.smooth import enlarged, joined
from brandmodel.local.picture.still_life.solids import Array
from brandmodel.local.picture.still_life.staging import staged
from brandmodel.local.picture.still_life.view import (
    Body,
    Camera,
    Seen,
    Sweep,
    look,
    pixel_centres,
    refined,
)
from brandmodel.tasks import Box

_SWEEP = Sweep(wall=6.0, bend=3.5)


def draw(scene: StillLife, width: int, height: int) -> Drawing:
    """Ray-trace a still life. The same scene at two sizes is the same picture.

    Returns:
        Pixels; the product's place and then the larger groups of props as subjects; distance from
        the eye; coverage of the product, all 0 where its place is left empty.
    """
    aspect = width / height
    stage = staged(scene, aspect)
    camera = camera_for(stage, aspect)
    seen_of_it = kept_clear(stage, camera)
    bodies = [b for b in seen_of_it if not (scene.plinth_only and b.group == GROUP)]
    rig = rig_for(stage, stage.roles.ground)
    fx, fy = pixel_centres(width, height)
    seen = look(camera, _SWEEP, bodies, fx, fy, camera.rays(fx, fy))
    p = seen.at(camera.eye)
    key, soft = _light(rig, bodies, seen, p, (width, height), camera)
    lit = Lit(rig, bodies, camera, seen, p, key, soft, 1 / (camera.zoom * height))
    light = shaded(lit, stage.roles.ground)
    fine = refined(camera, _SWEEP, bodies, seen, width, height)
    # Highlights are held back before the mean, or their edges stay jagged.
    light = fine.resolve(np.minimum(light, np.float32(1.6)))
    own = np.array([b.group == GROUP for b in bodies] + [False])
    mask = own[seen.who].astype(np.float32)
    mask[fine.rows] = own[fine.who].mean(0)
    picture = light.reshape(3, height, width).transpose(1, 2, 0)
    pixels = developed(_glowing(np.ascontiguousarray(picture)), seed=scene.seed, grain=0.009)
    return Drawing(
        pixels,
        _subjects(seen_of_it, camera),
        seen.t.reshape(height, width).astype(np.float32),
        mask.reshape(height, width),
    )


def _light(
    rig: Rig,
    bodies: Sequence[Body],
    seen: Seen,
    p: Array,
    size: tuple[int, int],
    camera: Camera,
) -> tuple[Array, Array]:
    """Key share (N,) and gathered light (3, N), sampled on every second pixel and enlarged."""
    width, height = size
    grid = np.arange(width * height).reshape(height, width)[::2, ::2]
    rows, shape = grid.ravel(), grid.shape
    few = Seen(seen.t[rows], seen.who[rows], seen.part[rows], seen.d[:, rows], seen.n[:, rows])
    points = np.ascontiguousarray(p[:, rows])
    cell = cells(shape[1], shape[0])
    share = key_share(rig, bodies, few, points, cell)
    if rig.gobo is not None:
        share *= rig.gobo.passed(points, rig.key_at / np.linalg.norm(rig.key_at))
    values = np.concatenate(
        [
            share[None],
            gathered(rig, bodies, few, points, cell),
        ]
    ).reshape(4, *shape)
    who, n = few.who.reshape(shape), few.n.reshape(3, *shape)
    # A few pixels' width on the surface, more where it is far away.
    tolerance = (few.t * np.float32(5 / (camera.zoom * height)) + np.float32(0.01)).reshape(shape)
    values = joined(values, who, n, points.reshape(3, *shape), tolerance)
    full = (seen.who.reshape(height, width), seen.n.reshape(3, height, width))
    out = enlarged(values, (who, n), full).reshape(4, -1)
    return out[0], out[1:]


def _glowing(light: Array) -> Array:
    """A breath of bloom around what is brighter than paper."""
    height, width = light.shape[:2]
    small = cv2.resize(
        light, (max(8, width // 4), max(8, height // 4)), interpolation=cv2.INTER_AREA
    )
    bright = cv2.GaussianBlur(
        np.maximum(small - np.float32(0.95), 0), (0, 0), max(height, width) / 260
    )
    return light + cv2.resize(bright, (width, height)) * np.float32(0.35)


def _subjects(bodies: Sequence[Body], camera: Camera) -> tuple[Box, ...]:
    """The product's place first, then the other groups that are large in the picture."""
    groups: dict[str, list[Body]] = {}
    for body in bodies:
        groups.setdefault(body.group, []).append(body)
    first = [_box(camera, groups.pop(GROUP))] if GROUP in groups else []
    rest = [_box(camera, some) for some in groups.values()]
    rest = sorted((b for b in rest if b.width * b.height > 0.01), key=lambda b: -b.width * b.height)
    return (*first, *rest)


def _box(camera: Camera, bodies: Sequence[Body]) -> Box:
    left, top, right, bottom = (min(max(v, 0.0), 1.0) for v in bounds(camera, bodies))
    return Box(x=left, y=top, width=right - left, height=bottom - top)
