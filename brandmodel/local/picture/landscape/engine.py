"""Landscapes: land, water, city and sky from one seed and four colours."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from brandmodel.local.picture.finish import developed
from brandmodel.local.picture.landscape import city, meadow, sky, trees
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.relief import Relief, Shader
from brandmodel.local.picture.landscape.shade import (
    Setting,
    dune_shader,
    hill_shader,
    meadow_shader,
    mountain_shader,
    shore_shader,
)
from brandmodel.local.picture.landscape.terrain import Land, land_of
from brandmodel.local.picture.landscape.trees import Stand
from brandmodel.local.picture.landscape.water import Water, depth_of, flooded
from brandmodel.local.picture.landscape.weather import bloomed, weathered
from brandmodel.local.picture.noise import Floats
from brandmodel.local.picture.scene import Drawing, Landscape, Terrain
from brandmodel.tasks import Box

_GRAIN = 0.007
_Painted = tuple[Floats, tuple[Box, ...]]


def draw(scene: Landscape, width: int, height: int) -> Drawing:
    """Draw a landscape.

    Args:
        scene: what to draw; its seed and its space choose the composition.
        width: pixels.
        height: pixels. The same scene at two sizes of one shape is the same picture.

    Returns:
        Pixels, the bounds of the main subject and of the sun or moon where they are in view, and
        depth in world units, infinite where there is only sky.
    """
    look = Look.of(scene, width, height)
    picture = sky.painted(look)
    depth, subjects = _PAINTERS.get(scene.terrain, _relief)(look, picture)
    weathered(picture, look, depth)
    bloomed(picture)
    pixels = developed(picture, seed=scene.seed, grain=_GRAIN)
    return Drawing(pixels=pixels, subjects=(*subjects, *_disc(look, depth)), depth=depth)


def _disc(look: Look, depth: Floats) -> tuple[Box, ...]:
    """Bounds of the sun or moon, if one is to be seen."""
    view = look.view
    (x, y), r = view.sun, 0.03
    column, row = int(view.column(x)), int(view.row(y))
    inside = 0 <= column < view.width and 0 <= row < view.height
    if not inside or not sky.shows_disc(look.scene, look.light) or np.isfinite(depth[row, column]):
        return ()
    return (view.box(x - r, y + r, x + r, y - r),)


def _relief(look: Look, picture: Floats) -> _Painted:
    """Land from a height field, with water and trees where it has them."""
    land = land_of(look.scene, look.view, look.noise)
    relief = Relief(land, look.view)
    shader = _shader(Setting.of(look, land))
    depth = relief.depth
    if land.wet:
        depth = _shores(look, picture, land, relief, shader)
    else:
        relief.paint(picture, shader)
    stand = _STANDS.get(look.scene.terrain)
    if stand:
        trees.scattered(picture, look, land, depth, stand)
    if look.scene.terrain == "meadow":
        meadow.grown(picture, look, land)
    return depth, (_summit(look, land, relief),)


def _shores(look: Look, picture: Floats, land: Land, relief: Relief, shader: Shader) -> Floats:
    """Paint land and the still water around it; (H, W) depth of both."""
    wet = relief.wet()
    core = cv2.erode(wet.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    relief.paint(picture, shader, skip=core)
    water = _water(look, land)
    alpha = np.asarray(cv2.blur(wet.astype(np.float32), (3, 3)), np.float32)
    flooded(picture, look, water, alpha, relief.mirrored())
    plane = depth_of(look.view, land.eye)[:, None]
    return np.where(wet, plane, relief.depth).astype(np.float32)


def _water(look: Look, land: Land) -> Water:
    """Sea or still water, livelier in bad weather."""
    rough = {"storm": 2.3, "rain": 1.5, "cloudy": 1.2, "fog": 0.7}.get(look.scene.weather, 1.0)
    if look.scene.terrain == "sea":
        foam = 0.55 if look.scene.weather == "storm" else 0.0
        return Water(land.eye, 1.1, 0.060 * rough, octaves=7, foam=foam)
    return Water(land.eye, 0.9, 0.011 * rough, octaves=6)


def _summit(look: Look, land: Land, relief: Relief) -> Box:
    """Bounds of the main rise: what stands out over the rest around the subject."""
    view = look.view
    skyline = relief.skyline()
    x = view.xs()
    near = np.abs(x - np.float32(view.subject)) < 0.45 * view.half
    top = float(skyline[near].max())
    high = np.flatnonzero(near & (skyline > max(0.45 * top, top - 0.22)))
    foot = min(0.0, top - 0.05)
    return view.box(float(x[high[0]]), top, float(x[high[-1]]), foot)


def _city(look: Look, picture: Floats) -> _Painted:
    view = look.view
    depth, box = city.skyline(picture, look)
    quay = view.ys() + np.float32(city.FOOT)
    alpha = np.repeat(np.clip(0.5 - quay / np.float32(view.scale), 0, 1)[:, None], view.width, 1)
    # The quay lies below the horizon: the mirror begins there.
    mirrored = np.repeat(np.maximum(-quay - np.float32(city.FOOT), 0)[:, None], view.width, 1)
    flooded(picture, look, Water(1.0, 1.0, 0.020, octaves=7), alpha, mirrored)
    return np.where(alpha > 0.5, depth_of(view, 1.0)[:, None], depth).astype(np.float32), (box,)


def _forest(look: Look, picture: Floats) -> _Painted:
    depth = trees.forest(picture, look)
    side = look.view.subject
    reach = 0.4 * look.view.half
    return depth, (
        look.view.box(side - reach, 0.5 * look.view.top, side + reach, look.view.bottom),
    )


_PAINTERS: dict[Terrain, Callable[[Look, Floats], _Painted]] = {
    "city": _city,
    "forest": _forest,
}
_STANDS: dict[Terrain, Stand] = {
    "hills": Stand(5200, 2.2, 24.0, 0.16, round=0.85, woods=True),
    "meadow": Stand(4200, 5.5, 24.0, 0.20, round=0.75, woods=True, scale=0.8),
    "mountains": Stand(5200, 0.92, 5.6, 0.105, high=0.62, open=0.45),
    "lake": Stand(6000, 1.2, 9.0, 0.13, low=0.004, high=0.75, open=0.15),
    "island": Stand(3600, 4.0, 9.5, 0.10, low=0.02, high=0.45, open=0.25),
}


def _shader(setting: Setting) -> Shader:
    match setting.look.scene.terrain:
        case "dunes":
            return dune_shader(setting, reach=26)
        case "hills":
            return hill_shader(setting, reach=24)
        case "meadow":
            return meadow_shader(setting, reach=26)
        case "mountains":
            return mountain_shader(setting, snow_line=0.42, reach=24)
        case "sea":
            return shore_shader(setting, snow_line=3.0, reach=40)
        case _:
            return shore_shader(setting, snow_line=0.50, reach=28)
