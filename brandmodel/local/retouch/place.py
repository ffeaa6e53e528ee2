"""Puts a cut-out product into a scene so that it stands there: scale, light, shadow, edge.

All light is added and taken in linear light; nothing outside the product and its shadow changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import Array, encoded, linear, luminance
from brandmodel.local.retouch.cutout import box_of
from brandmodel.local.retouch.pixels import Pixels, load, png, reduced, size, split_alpha
from brandmodel.local.retouch.shadow import ground_shade
from brandmodel.local.retouch.upscale import resized
from brandmodel.tasks import Box, Picture, PlaceProduct, Space

_STUDIO_LIGHT = 0.72
"""Luminance of the lights of a well-lit studio scene: a product photograph fits it as it is."""
_PLINTH = 1.1
"""Widths of the place from its middle to the rim of what the product stands on."""
_OWN_SHADE = 0.75
"""Widths of the product that its own shadow reaches at least."""
_FLAT = 0.4
"""Height of a circle on the ground over its width: the eye is a little above."""
_WIDEST = 1.6
"""Widths of the place that a product may have."""
_PLACES: dict[Space, Box] = {
    "none": Box(x=0.3, y=0.3, width=0.4, height=0.52),
    "left": Box(x=0.5, y=0.26, width=0.38, height=0.56),
    "right": Box(x=0.12, y=0.26, width=0.38, height=0.56),
    "top": Box(x=0.28, y=0.42, width=0.44, height=0.48),
    "bottom": Box(x=0.28, y=0.1, width=0.44, height=0.48),
}


@dataclass(frozen=True, slots=True)
class _Light:
    """The scene's light at the product's place.

    Attributes:
        side: 1 from the left, -1 from the right.
        gain: how bright against a studio.
        tint: (3,) colour of the light, of luminance about 1.
    """

    side: int
    gain: float
    tint: Array


def place(request: PlaceProduct, desk: Desk) -> Picture:
    """The scene with the product standing on the lower edge of its first subject.

    Raises:
        InvalidRequestError: a picture cannot be decoded, or the product has no visible pixel.
    """
    scene, _ = split_alpha(load(desk.read(request.scene)))
    product = _trimmed(load(desk.read(request.product)))
    spot = request.subjects[0] if request.subjects else _PLACES[request.space]
    left, top, width, height = _fitted(size(product), spot, size(scene))
    notes = _doubts(size(product), (width, height))
    across, down = size(scene)
    # What it stands on is about twice as wide as the place; no shadow hangs in the air beyond.
    reach = max(_PLINTH * spot.width * across, _OWN_SHADE * width)
    picture = placed(scene, resized(product, width, height), left, top, reach=reach)
    image = desk.keep(png(picture), "image/png", width=across, height=down)
    taken = Box(x=left / across, y=top / down, width=width / across, height=height / down)
    return Picture(image=image, subjects=(taken, *request.subjects[1:]), notes=notes)


def placed(scene: Pixels, product: Pixels, left: int, top: int, *, reach: float) -> Pixels:
    """(H, W, 3) scene with an (h, w, 4) product whose upper left corner is at (left, top).

    The shadow is gone ``reach`` pixels away from the middle of the product's foot.
    """
    width, height = size(product)
    margin = round(max(0.75 * max(width, height), reach))
    across, down = size(scene)
    # The part of the scene that product and shadow reach; the rest keeps its bytes.
    x0, y0 = max(0, left - margin), max(0, top - margin // 4)
    x1, y1 = min(across, left + width + margin), min(down, top + height + margin // 2)
    part = linear(np.ascontiguousarray(scene[y0:y1, x0:x1]))
    alpha = np.zeros(part.shape[:2], np.float32)
    colour = np.zeros_like(part)
    inside = np.s_[top - y0 : top - y0 + height, left - x0 : left - x0 + width]
    solid = (product[..., 3] / np.float32(255)).astype(np.float32)
    light = _light(scene, (left + width / 2) / across)
    alpha[inside] = solid
    colour[inside] = _lit(linear(np.ascontiguousarray(product[..., :3])), solid, light)
    foot = (left - x0 + width / 2, float(top - y0 + height))
    shade = ground_shade(alpha, side=light.side) * _faded(alpha.shape, foot, reach)
    ground = (part * (1 - shade[..., None] * (1 - _shade_colour(part)))).astype(np.float32)
    colour = _wrapped(colour, alpha, ground, max(width, height))
    blend = (ground + (colour - ground) * alpha[..., None]).astype(np.float32)
    out = scene.copy()
    out[y0:y1, x0:x1] = (encoded(blend) * 255 + 0.5).astype(np.uint8)
    return out


def _faded(shape: tuple[int, ...], foot: tuple[float, float], reach: float) -> Array:
    """(H, W) 1 around the foot to 0 at the reach, on a ground that is seen from a little above."""
    rows, columns = np.indices(shape, np.float32)
    away = np.hypot(columns - foot[0], (rows - foot[1]) / np.float32(_FLAT)) / np.float32(reach)
    return np.clip((1 - away) / 0.45, 0, 1).astype(np.float32)


def _trimmed(product: Pixels) -> Pixels:
    """The product without empty margins."""
    if product.shape[2] == 3:
        return np.dstack([product, np.full(product.shape[:2], 255, np.uint8)])
    box = box_of(np.ascontiguousarray(product[..., 3]))
    if box is None:
        raise InvalidRequestError(
            "the product's picture is empty: every pixel is transparent",
            hint="Give a photograph of the product, or one with a transparent background.",
        )
    width, height = size(product)
    rows = slice(round(box.y * height), round((box.y + box.height) * height))
    return product[rows, round(box.x * width) : round((box.x + box.width) * width)]


def _fitted(
    product: tuple[int, int], spot: Box, scene: tuple[int, int]
) -> tuple[int, int, int, int]:
    """(left, top, width, height) in pixels: on the spot's lower edge, within scene and plinth.

    What is wider or taller than the spot takes as much of the picture as what would fit it.
    """
    across, down = scene
    room = (min(spot.width, 1) * across, min(spot.height, 1) * down)
    alike = (room[0] * room[1] / (product[0] * product[1])) ** 0.5
    scale = min(alike, _WIDEST * room[0] / product[0], room[1] / product[1])
    width, height = (
        min(max(1, round(n * scale)), most) for n, most in zip(product, scene, strict=True)
    )
    left = round((spot.x + spot.width / 2) * across - width / 2)
    top = round((spot.y + spot.height) * down) - height
    return min(max(left, 0), across - width), min(max(top, 0), down - height), width, height


def _doubts(before: tuple[int, int], after: tuple[int, int]) -> tuple[str, ...]:
    if after[1] <= 2 * before[1]:
        return ()
    return (
        f"The product's photograph is small ({before[0]} x {before[1]} pixels of product) and was "
        f"enlarged {after[1] / before[1]:.1f} times.",
    )


def _light(scene: Pixels, middle: float) -> _Light:
    """From a small copy: how bright the lights are, their colour, and the side they come from."""
    small = linear(reduced(scene, 96))
    bright = luminance(small)
    high = bright >= np.quantile(bright, 0.85)
    key = float(bright[high].mean())
    mean = small[high].mean(0)
    tint = np.clip(mean / max(float(luminance(mean)), 1e-4), 0.4, 2.0) ** 0.35
    gain = float(np.clip((key / _STUDIO_LIGHT) ** 0.45, 0.35, 1.12))
    return _Light(_side(bright, middle), gain, tint.astype(np.float32))


def _side(bright: Array, middle: float) -> int:
    """1 for light from the left, the studio's own, unless a clear source stands on the right."""
    brightest = bright >= 0.93 * float(bright.max())
    columns = np.nonzero(brightest)[1] / bright.shape[1]
    source = float(brightest.mean()) < 0.06 and float(columns.std()) < 0.12
    return -1 if source and float(columns.mean()) > middle + 0.1 else 1


def _lit(colour: Array, alpha: Array, light: _Light) -> Array:
    """The product in the scene's light: brightness, tint, a darker far side and a darker foot."""
    height, width = alpha.shape
    across = np.linspace(-1, 1, width, dtype=np.float32) * light.side
    far = 1 - 0.12 * np.clip(across, 0, 1) ** 2 + 0.03 * np.clip(-across, 0, 1)
    down = np.linspace(1, 0, height, dtype=np.float32) * (height / max(width, height))
    foot = 1 - 0.3 * np.exp(-down / 0.035)
    shaped = far[None, :, None] * foot[:, None, None]
    return (colour * light.tint * np.float32(light.gain) * shaped).astype(np.float32)


def _shade_colour(part: Array) -> Array:
    """(3,) what is left of the light in full shadow: the sky's or the wall's share, a bit cool."""
    mean = part.reshape(-1, 3).mean(0)
    hue = mean / max(float(luminance(mean)), 1e-4)
    return np.clip(0.16 * hue**0.5 * np.array([0.94, 1.0, 1.1], np.float32), 0, 0.4).astype(
        np.float32
    )


def _wrapped(colour: Array, alpha: Array, ground: Array, longest: int) -> Array:
    """The scene's light spilling over the product's rim, which seats the edge in the scene."""
    reach = max(1.0, longest / 160)
    inner = cv2.GaussianBlur(alpha, (0, 0), reach)
    rim = np.clip(1 - inner, 0, 1) * alpha
    around = cv2.GaussianBlur(ground, (0, 0), 3 * reach)
    return (colour + (around - colour) * (0.3 * rim)[..., None]).astype(np.float32)
