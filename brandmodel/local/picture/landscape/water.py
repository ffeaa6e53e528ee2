"""Water: still or in waves, mirroring what has already been painted above it.

The mirror is found per column from the same height field as the view, so that a shore and its
reflection meet exactly; waves tilt it. What waves a pixel cannot show becomes roughness.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats, Jet, Lattice, smooth, turned_jets


@dataclass(frozen=True, slots=True)
class Water:
    """How a sheet of water moves.

    Attributes:
        eye: height of the eye above it.
        length: of its longest waves, world units.
        slope: of its waves, about; 0.01 is a pond, 0.2 a rough sea.
        octaves: sizes of waves, each half of the one before.
        foam: 0 to 1, share of crests that break.
    """

    eye: float
    length: float
    slope: float
    octaves: int = 6
    foam: float = 0.0


def depth_of(view: View, eye: float) -> Floats:
    """(H,) depth of the water plane in each row; infinite above the horizon."""
    below = -view.ys()
    with np.errstate(divide="ignore"):
        return np.where(below > 1e-5, eye / np.maximum(below, np.float32(1e-5)), np.inf).astype(
            np.float32
        )


def flooded(picture: Floats, look: Look, water: Water, alpha: Floats, mirrored: Floats) -> None:
    """Lay water over the picture, in place.

    Args:
        picture: (H, W, 3) everything above the water.
        look: the landscape's frame, light and noise.
        water: how it moves.
        alpha: (H, W) where it is.
        mirrored: (H, W) slope that still water mirrors; rows above the horizon are not read.
    """
    view, light, ground, noise = look.view, look.light, look.ground, look.noise
    first = int(np.clip(np.floor(view.row(0.0)), 0, view.height - 1))
    low = np.maximum(-view.ys()[first:], np.float32(0.25 * view.scale))[:, None]
    z = np.float32(water.eye) / low
    x = view.xs()[None, :] * z
    tilt_x, tilt_z, height, rough = _waves(water, noise, x, z, view.scale)
    mirror = _taps(picture, view, mirrored[first:], (tilt_x, tilt_z), rough)
    # A wave leaning towards the eye shows more of the water's own body.
    cosine = np.clip((low + tilt_z * 0.9) / np.sqrt(1 + low * low), 0.0, 1)
    shine = 0.05 + 0.95 * (1 - cosine) ** 5
    thin = np.clip(0.5 + height * 1.1, 0, 1)
    glowing = light.fill * np.float32(1.7) + light.key * np.float32(0.16)
    body = ground.water * glowing * (0.55 + 0.9 * thin[..., None])
    colour = body + (mirror - body) * shine[..., None]
    if water.foam:
        broken = _foam(water, noise, x, z, height)
        white = ground.snow * (light.fill * np.float32(1.3) + light.key * np.float32(0.35))
        colour += (white - colour) * broken[..., None]
    air = 1 - np.exp(
        -np.minimum(z, 1e4) / np.float32(water.eye) * np.float32(0.011 * light.density)
    )
    colour += (light.haze - colour) * (air * 0.75)[..., None]
    part = alpha[first:, :, None]
    picture[first:] += (colour - picture[first:]) * part


def _waves(
    water: Water, noise: Lattice, x: Floats, z: Floats, scale: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Slopes across and along, height about -1..1, and the slope of what is too small to show."""
    cells = 1 / water.length
    # A pixel is much longer along z than across: its area decides what it can show.
    grain = (z * np.float32(scale) * np.sqrt(np.maximum(z / np.float32(water.eye), 1))).astype(
        np.float32
    )
    z_full = np.broadcast_to(z, x.shape).astype(np.float32)
    jx, jz = Jet.plane(
        np.minimum(np.maximum(x, -4e3), 4e3).astype(np.float32),
        np.minimum(z_full, 4e3),
        slopes=True,
    )
    u, w = jx * (cells * 0.55), jz * (cells * 1.25)
    shape = x.shape
    tilt_x, tilt_z = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    height, lost = np.zeros(shape, np.float32), np.zeros(z.shape, np.float32)
    share = 1.0
    for i in range(water.octaves):
        weight = np.clip(1.35 - grain * np.float32(cells * 2.0), 0, 1)
        n = noise.at(u, w, fine=i < 3)
        crest = 1.0 - n.abs(0.12) * 1.8
        assert crest.dx is not None
        assert crest.dz is not None
        strength = np.float32(water.slope * share / cells) * weight
        tilt_x += crest.dx * strength
        tilt_z += crest.dz * strength
        height += (crest.v - 0.55) * np.float32(0.62 * 0.5**i) * weight
        lost += (1 - weight) * np.float32(share) * np.float32(share)
        u, w = turned_jets(u, w, i) if i % 2 else (u * 2.0 + 5.1, w * 2.0 + 2.3)
        cells *= 2
        share *= 0.80
    return tilt_x, tilt_z, height, np.sqrt(lost) * np.float32(water.slope * 0.9)


def _taps(
    picture: Floats, view: View, mirrored: Floats, tilt: tuple[Floats, Floats], rough: Floats
) -> Floats:
    """What tilted water mirrors: five looks up and down the spread of slopes."""
    source = np.minimum(picture, np.float32(4.0))
    columns = np.arange(view.width, dtype=np.float32)[None, :]
    columns = columns + tilt[0] * np.float32(0.5 / view.scale) * (0.15 + np.abs(mirrored))
    total = np.zeros((*mirrored.shape, 3), np.float32)
    spread = (-1.2, -0.5, 0.0, 0.5, 1.2)
    for part in spread:
        y = np.abs(
            mirrored + 2 * tilt[1] + rough * np.float32(1.0 + 1.1 * part) + np.float32(0.006 * part)
        )
        y = np.minimum(y, np.float32(view.top * 0.985))
        rows = np.float32(view.horizon * view.height - 0.5) - y / np.float32(view.scale)
        total += cv2.remap(
            source,
            columns,
            rows.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
    return total / np.float32(len(spread))


def _foam(water: Water, noise: Lattice, x: Floats, z: Floats, height: Floats) -> Floats:
    """(h, W) broken crests."""
    cells = np.float32(1 / water.length)
    z = np.broadcast_to(np.minimum(z, 4e3), x.shape).astype(np.float32)
    torn = noise.fractal(x * cells * 3, z * cells * 7, 4, gain=0.7)
    near = 1 / (1 + z / np.float32(14 * water.eye))
    return smooth(0.52 - 0.30 * water.foam, 0.95, height + torn * 0.9) * near * np.float32(0.9)
