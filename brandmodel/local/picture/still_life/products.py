"""The products: what each is turned, cut or folded from, and where its label sits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brandmodel.local.picture.colour import mix, oklab, rgb, with_lightness
from brandmodel.local.picture.scene import Product
from brandmodel.local.picture.still_life.forms import Handle, Tube
from brandmodel.local.picture.still_life.label import Print, cover, label, screen, wrap
from brandmodel.local.picture.still_life.lathe import Lathe, rounded
from brandmodel.local.picture.still_life.solids import Array, Block, Frame, frame, vec
from brandmodel.local.picture.still_life.view import Body, Paint, Skin


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the set: a point, and a turn about the vertical."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0

    def put(
        self,
        dx: float = 0.0,
        dy: float = 0.0,
        dz: float = 0.0,
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
    ) -> Frame:
        """A frame at an offset that turns with the spot."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        at = (self.x + c * dx + s * dz, self.y + dy, self.z - s * dx + c * dz)
        return frame(at, yaw=self.yaw + yaw, pitch=pitch, roll=roll)


@dataclass(frozen=True, slots=True)
class Look:
    """What a product is made of: its body, a second colour for caps and lids, and its print."""

    body: Array
    second: Array
    show: Print
    variant: int = 0

    @property
    def lacquer(self) -> Paint:
        """The body's gloss."""
        return Paint(self.body, gloss=0.95, rough=0.1)

    @property
    def cap(self) -> Paint:
        """Caps and lids: satin, or on every third product brushed metal."""
        if self.variant % 3 == 1:
            return Paint(self.second, gloss=0.8, rough=0.3, metal=True)
        return Paint(self.second, gloss=0.75, rough=0.28)


GROUP = "product"


def _label_of(radius: float, tall: float, top: float, look: Look, share: float = 2.1) -> Skin:
    """A paper label ``share`` radians wide on a turned body."""
    wide = radius * share
    image = label(wide, tall, look.show)
    return Skin(image, -wide / 2, top, wide, tall, gloss=0.22)


def _bottle(spot: Spot, look: Look) -> list[Body]:
    r, shoulder, neck, tall = (
        (0.50, 1.18, 0.17, 1.62),
        (0.43, 1.42, 0.15, 1.98),
        (0.56, 0.92, 0.19, 1.42),
    )[look.variant % 3]
    corners = [
        (0.0, 0.0, 0.0),
        (r, 0.0, 0.07),
        (r, shoulder, 0.2),
        (neck + 0.02, shoulder + (tall - shoulder) * 0.58, 0.16),
        (neck, tall, 0.0),
        (0.0, tall, 0.0),
    ]
    low, high = 0.15, shoulder - 0.14
    skin = _label_of(r, high - low, high, look)
    body = Lathe(rounded(corners, steps=7))
    w = neck + 0.055
    cap = Lathe(rounded([(0, 0, 0), (w, 0, 0.02), (w, 0.31, 0.045), (0, 0.31, 0)], steps=4))
    collar = Lathe(
        rounded([(0, 0, 0), (neck + 0.03, 0, 0.01), (neck + 0.03, 0.05, 0.01), (0, 0.05, 0)])
    )
    return [
        Body(body, spot.put(), Paint(look.body, gloss=1.0, rough=0.06, skins=(skin,)), GROUP),
        Body(collar, spot.put(0, tall - 0.07), look.lacquer, GROUP),
        Body(cap, spot.put(0, tall - 0.015), look.cap, GROUP),
    ]


def _vessel(r0: float, r1: float, tall: float, wall: float, lip: float) -> Lathe:
    corners = [
        (0.0, 0.0, 0.0),
        (r0, 0.0, 0.09),
        (r1, tall, lip),
        (r1 - wall, tall, lip),
        (r0 - wall, wall, 0.08),
        (0.0, wall, 0.0),
    ]
    return Lathe(rounded(corners, steps=5), hollow=True)


def _liquid(r: float, spot: Spot, y: float, colour: Array) -> Body:
    disc = Lathe([(r, -0.02), (r, 0.0), (0.0, 0.0)])
    return Body(disc, spot.put(0, y), Paint(colour, gloss=0.8, rough=0.05), GROUP)


def _coffee(look: Look) -> Array:
    return mix(rgb("#2a140b"), look.second, 0.08)


def _mug(spot: Spot, look: Look) -> list[Body]:
    r, tall = ((0.62, 1.24), (0.68, 1.06), (0.56, 1.36))[look.variant % 3]
    body = _vessel(r, r, tall, 0.075, 0.036)
    size = tall * 0.62
    wide = r * 2.0
    skin = Skin(label(wide, size, look.show), -wide / 2, tall * 0.82, wide, size, gloss=0.55)
    if look.variant % 2 == 0:
        skin = _printed(skin, look)
    handle = Handle(0.27, 0.12, 0.072)
    return [
        Body(body, spot.put(), Paint(look.body, gloss=1.0, rough=0.1, skins=(skin,)), GROUP, r),
        Body(handle, spot.put(r + 0.13, tall * 0.5, 0), look.lacquer, GROUP),
        _liquid(r - 0.08, spot, tall - 0.16, _coffee(look)),
    ]


def _printed(skin: Skin, look: Look) -> Skin:
    """Printed straight on the glaze: the label's paper becomes see-through."""
    gap = np.linalg.norm(oklab(skin.image[..., :3]) - oklab(look.show.ground), axis=-1)
    image = skin.image.copy()
    image[..., 3] *= np.clip(gap * 4, 0, 1)
    return Skin(image, skin.left, skin.top, skin.width, skin.height, gloss=skin.gloss)


def _can(spot: Spot, look: Look) -> list[Body]:
    r, tall = ((0.44, 1.62), (0.37, 1.78))[look.variant % 2]
    corners = [
        (0.0, 0.03, 0.0),
        (r - 0.065, 0.0, 0.012),
        (r, 0.085, 0.05),
        (r, tall - 0.15, 0.07),
        (r - 0.055, tall - 0.035, 0.03),
        (r - 0.045, tall, 0.008),
        (r - 0.068, tall, 0.008),
        (r - 0.075, tall - 0.04, 0.01),
        (0.0, tall - 0.04, 0.0),
    ]
    metal = Paint(with_lightness(look.show.ground, 0.8, chroma=0.15), 0.85, 0.22, metal=True)
    around, low, high = 2 * math.pi * r, 0.1, tall - 0.165
    art = Skin(
        wrap(around, high - low, look.show, front=0.21), -around / 2, high, around, high - low
    )
    body = Paint(metal.colour, 0.9, 0.16, skins=(art,))
    tab = Block(vec(0.06, 0.012, 0.11), edge=0.011)
    return [
        Body(Lathe(rounded(corners, steps=5)), spot.put(), body, GROUP),
        Body(tab, spot.put(0, tall - 0.025, 0.06), metal, GROUP),
    ]


def _jar(spot: Spot, look: Look) -> list[Body]:
    r, tall = ((0.66, 0.72), (0.58, 1.0))[look.variant % 2]
    corners = [(0, 0, 0), (r, 0, 0.1), (r, tall, 0.09), (r - 0.1, tall, 0.0), (0, tall, 0.0)]
    lid = rounded([(0, 0, 0), (r - 0.015, 0, 0.015), (r - 0.015, 0.3, 0.04), (0, 0.3, 0)], steps=4)
    skin = _label_of(r, tall * 0.7, tall * 0.87, look, 2.2)
    body = Paint(look.body, gloss=1.0, rough=0.08, skins=(skin,))
    return [
        Body(
            Lathe(rounded([(float(a), float(b), float(c)) for a, b, c in corners])),
            spot.put(),
            body,
            GROUP,
        ),
        Body(Lathe(lid), spot.put(0, tall + 0.015), look.cap, GROUP),
    ]


def _tube(spot: Spot, look: Look) -> list[Body]:
    r, tall = 0.44, 1.62
    cap = rounded([(0, 0, 0), (r * 0.86, 0, 0.03), (r * 0.9, 0.34, 0.02), (0, 0.34, 0)], steps=4)
    wide, high = r * 1.7, tall * 0.66
    art = label(wide, high, look.show)
    skin = Skin(art, -wide / 2, tall * 0.84, wide, high, toward=(0, 0, 1), gloss=0.6)
    skin = _printed(skin, look)
    body = Paint(look.body, gloss=0.8, rough=0.2, skins=(skin,))
    return [
        Body(Lathe(cap), spot.put(), look.cap, GROUP),
        Body(Tube(r, tall), spot.put(0, 0.35), body, GROUP),
    ]


def _cup(spot: Spot, look: Look) -> list[Body]:
    """A takeaway cup: a paper cone with a sleeve of print, and a lid."""
    r0, r1, tall = 0.40, 0.56, 1.46
    body = Lathe(rounded([(0, 0, 0), (r0, 0, 0.02), (r1, tall, 0.0), (0, tall, 0.0)]))
    lid = [
        (0.0, -0.03, 0.0),
        (r1 + 0.035, -0.03, 0.02),
        (r1 + 0.035, 0.05, 0.025),
        (r1 - 0.03, 0.07, 0.02),
        (r1 - 0.07, 0.22, 0.03),
        (r1 - 0.13, 0.22, 0.02),
        (r1 - 0.15, 0.15, 0.02),
        (0.0, 0.15, 0.0),
    ]
    middle = (r0 + r1) / 2
    around = 2 * math.pi * middle
    low, high = tall * 0.2, tall * 0.8
    art = Skin(
        wrap(around, high - low, look.show, front=0.21), -around / 2, high, around, high - low
    )
    return [
        Body(body, spot.put(), Paint(look.body, gloss=0.3, rough=0.5, skins=(art,)), GROUP),
        Body(Lathe(rounded(lid, steps=4)), spot.put(0, tall), look.cap, GROUP),
    ]


def _box(spot: Spot, look: Look) -> list[Body]:
    half = (vec(0.52, 0.82, 0.34), vec(0.66, 0.66, 0.42))[look.variant % 2]
    w, h = 2 * float(half[0]), 2 * float(half[1])
    art = Skin(cover(w, h, look.show), -w / 2, h / 2, w, h, toward=(0, 0, 1))
    body = Paint(look.body, gloss=0.35, rough=0.45, skins=(art,))
    turn = -0.42 if look.variant % 4 < 2 else 0.42
    return [Body(Block(half, edge=0.012), spot.put(0, float(half[1]), yaw=turn), body, GROUP)]


def _book(spot: Spot, look: Look) -> list[Body]:
    """A hard cover that stands a little open to the side, its pages set back."""
    w, h, thick = 1.16, 1.62, 0.26
    art = cover(w, h, look.show)
    skin = Skin(art, -w / 2, h / 2, w, h, toward=(0, 0, 1))
    board = Block(vec(w / 2, h / 2, 0.022), edge=0.012)
    cloth = Paint(look.body, gloss=0.25, rough=0.5)
    front = Paint(look.body, gloss=0.25, rough=0.5, skins=(skin,))
    spine = Block(vec(0.022, h / 2, thick / 2), edge=0.018)
    pages = Block(vec(w / 2 - 0.035, h / 2 - 0.035, thick / 2 - 0.02), edge=0.004)
    paper = Paint(with_lightness(look.show.ground, 0.93, chroma=0.6))
    turn = Spot(spot.x, spot.y, spot.z, spot.yaw - 0.38)
    y = h / 2
    return [
        Body(board, turn.put(0, y, thick / 2), front, GROUP),
        Body(board, turn.put(0, y, -thick / 2), cloth, GROUP),
        Body(spine, turn.put(-w / 2 + 0.02, y), cloth, GROUP),
        Body(pages, turn.put(0, y), paper, GROUP),
    ]


def _phone(spot: Spot, look: Look) -> list[Body]:
    w, h = 0.92, 1.9
    half = vec(w / 2, h / 2, 0.05)
    inner_w, inner_h = w - 0.1, h - 0.1
    glass = Skin(
        _corners(screen(inner_w, inner_h, look.show), 0.1 / inner_w),
        -inner_w / 2,
        inner_h / 2,
        inner_w,
        inner_h,
        toward=(0, 0, 1),
        gloss=0.3,
    )
    shell = Paint(with_lightness(look.body, 0.2, chroma=0.5), 0.9, 0.1, skins=(glass,))
    lean = -0.1
    up = h / 2 * math.cos(lean) + 0.05 * abs(math.sin(lean))
    stand = Block(vec(0.3, 0.11, 0.16), edge=0.03)
    turn = Spot(spot.x, spot.y, spot.z, spot.yaw + (-0.3 if look.variant % 2 else 0.3))
    return [
        Body(
            Block(half, edge=0.03, corner=0.13),
            turn.put(0, up + 0.06, 0.02, pitch=lean),
            shell,
            GROUP,
        ),
        Body(stand, turn.put(0, 0.11, -0.02), Paint(look.second, 0.3, 0.4), GROUP),
    ]


def _corners(image: Array, radius: float) -> Array:
    """The picture with rounded corners; ``radius`` in widths."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    r = radius * width
    dx = np.maximum(np.abs(x - width / 2) - width / 2 + r, 0)
    dy = np.maximum(np.abs(y - height / 2) - height / 2 + r, 0)
    out = image.copy()
    out[..., 3] *= np.clip(r - np.hypot(dx, dy) + 0.5, 0, 1)
    return out


_MADE: dict[Product, Callable[[Spot, Look], list[Body]]] = {
    "bottle": _bottle,
    "mug": _mug,
    "can": _can,
    "jar": _jar,
    "tube": _tube,
    "cup": _cup,
    "box": _box,
    "book": _book,
    "phone": _phone,
}


def made(product: Product, spot: Spot, look: Look) -> list[Body]:
    """The bodies of a product that stands on the spot; none for ``none``."""
    build = _MADE.get(product)
    return build(spot, look) if build else []
