"""Everything that stands around a product: plinths, spheres, fruit, leaves, ice, stones, twigs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from brandmodel.local.picture.colour import mix, with_lightness
from brandmodel.local.picture.still_life.botany import leaf, wheel
from brandmodel.local.picture.still_life.forms import Arch, Card, Twig, bent
from brandmodel.local.picture.still_life.lathe import Lathe, rounded
from brandmodel.local.picture.still_life.products import Spot
from brandmodel.local.picture.still_life.solids import Array, Ball, Block, Frame, vec
from brandmodel.local.picture.still_life.view import Body, Paint, Skin

Random = np.random.Generator


def matte(colour: Array) -> Paint:
    """Painted plaster."""
    return Paint(colour, gloss=0.16, rough=0.85)


def satin(colour: Array) -> Paint:
    """Lacquered wood."""
    return Paint(colour, gloss=0.6, rough=0.2)


def drum(spot: Spot, radius: float, tall: float, paint: Paint, group: str = "plinth") -> Body:
    """A round plinth with a fine bevel."""
    bevel = min(0.03, tall * 0.2)
    profile = [(0.0, 0.0, 0.0), (radius, 0.0, 0.0), (radius, tall, bevel), (0.0, tall, 0.0)]
    return Body(Lathe(rounded(profile, steps=4)), spot.put(), paint, group)


def brick(
    spot: Spot, half: tuple[float, float, float], paint: Paint, group: str = "plinth"
) -> Body:
    """A square plinth with a fine bevel; ``half`` sizes."""
    return Body(Block(vec(*half), edge=0.025), spot.put(0, half[1]), paint, group)


def ball(spot: Spot, radius: float, paint: Paint, group: str = "spheres") -> Body:
    """A sphere that lies on the spot."""
    return Body(Ball(radius), spot.put(0, radius), paint, group)


def arch(spot: Spot, span: float, legs: float, bar: float, paint: Paint) -> Body:
    """An arch that stands on the spot."""
    return Body(Arch(span, legs, bar, bar * 0.85), spot.put(), paint, "arch")


def sun(spot: Spot, radius: float, up: float, paint: Paint) -> Body:
    """A large upright disc; ``up`` is how high its middle stands."""
    profile = [(0, 0, 0), (radius, 0, 0.02), (radius, 0.14, 0.03), (0, 0.14, 0)]
    solid = Lathe(rounded([(float(a), float(b), float(c)) for a, b, c in profile], steps=4))
    return Body(solid, spot.put(0, up, 0, pitch=math.pi / 2), paint, "disc")


def stairs(wide: float, paints: tuple[Paint, Paint, Paint]) -> list[Body]:
    """Three broad steps about the origin; the product stands on the middle one."""
    sizes = ((0.22, 0.3, 0.86), (0.46, 0.56, 0.0), (0.86, 0.3, -0.86))
    return [
        Body(
            Block(vec(wide, tall / 2, deep), edge=0.025),
            Spot().put(0, tall / 2, z),
            paint,
            "plinth",
        )
        for (tall, deep, z), paint in zip(sizes, paints, strict=True)
    ]


def pebbles(spot: Spot, size: float, colours: list[Array], random: Random) -> list[Body]:
    """A cairn of flat stones, and one stone beside it."""
    out: list[Body] = []
    y, half = 0.0, size
    for number in range(int(random.integers(2, 4))):
        flat = half * float(random.uniform(0.36, 0.46))
        solid = Ball(half, flat, half * float(random.uniform(0.78, 0.95)))
        dx, dz = (float(v) * half * 0.13 for v in random.uniform(-1, 1, 2))
        place = spot.put(dx, y + flat * 0.98, dz, yaw=float(random.uniform(0, 3)))
        out.append(Body(solid, place, _stone(colours[number % len(colours)]), "stones"))
        y += flat * 1.93
        half *= float(random.uniform(0.62, 0.76))
    small = size * 0.42
    side = -1 if random.random() < 0.5 else 1
    place = spot.put(side * size * 1.35, small * 0.55, size * 0.5)
    out.append(Body(Ball(small, small * 0.56, small * 0.8), place, _stone(colours[-1]), "stones"))
    return out


def _stone(colour: Array) -> Paint:
    return Paint(colour, gloss=0.25, rough=0.6, bump=0.07)


def fruit(spot: Spot, size: float, rind: Array, random: Random) -> list[Body]:
    """A whole citrus fruit, a half with its face to the eye, and a wheel that lies flat."""
    peel = Paint(rind, gloss=0.5, rough=0.34, bump=0.1, pores=2.1)
    pith = with_lightness(rind, 0.95, chroma=0.3)
    flesh = mix(rind, with_lightness(rind, 0.8), 0.45)
    face = wheel(rind, flesh, pith)
    half = [(0.0, 0.0, 0.0)]
    for step in range(1, 9):
        angle = math.pi / 2 * step / 8
        half.append((size * math.sin(angle), size * (1 - math.cos(angle)), 0.0))
    half.append((0.0, size, 0.0))
    side = 1 if random.random() < 0.5 else -1
    cut = Body(
        Lathe(rounded(half)),
        spot.put(
            side * size * 1.5,
            size * 1.0,
            size * 0.75 - size * 0.4,
            yaw=-side * 0.35,
            pitch=math.pi / 2 - 0.18,
        ),
        Paint(rind, 0.35, 0.3, skins=(_face(face, size),)),
        "citrus",
    )
    thick = size * 0.2
    disc = Lathe(
        rounded(
            [(0, 0, 0), (size * 0.93, 0, 0.03), (size * 0.93, thick, 0.03), (0, thick, 0)], steps=3
        )
    )
    flat = Body(
        disc,
        spot.put(-side * size * 0.75, 0.0, size * 1.65, yaw=0.6),
        Paint(rind, 0.35, 0.25, skins=(_face(face, size * 0.93),)),
        "citrus",
    )
    whole = Body(Ball(size, size * 0.96, size), spot.put(0, size * 0.96), peel, "citrus")
    return [whole, cut, flat]


def _face(image: Array, size: float) -> Skin:
    return Skin(image, -size, size, 2 * size, 2 * size, toward=(0, 1, 0), gloss=0.5)


def cubes(spot: Spot, size: float, tint: Array, random: Random, count: int = 4) -> list[Body]:
    """Ice cubes in a loose heap."""
    paint = Paint(tint, gloss=1.0, rough=0.07, clear=0.8)
    out: list[Body] = []
    places = [(0.0, 0.0, 0.0), (2.15, 0.0, 0.5), (0.9, 0.0, 2.0), (0.85, 1.93, 0.75)]
    for dx, dy, dz in places[:count]:
        half = size * float(random.uniform(0.88, 1.0))
        place = spot.put(
            (dx - 0.8) * size,
            half + dy * size,
            (dz - 0.6) * size,
            yaw=float(random.uniform(-0.5, 0.9)),
        )
        out.append(Body(Block(vec(half, half, half), edge=half * 0.2), place, paint, "ice"))
    return out


@dataclass(frozen=True, slots=True)
class Foliage:
    """Prepared leaves by number, so that many leaves share one drawing.

    ``images`` have straight alpha, for the outlines; ``skins`` are the same, opaque and upright.
    """

    images: tuple[Array, ...]
    skins: tuple[Array, ...]

    def card(self, number: int, half: float, place: Frame, group: str, curl: float) -> Body:
        """One leaf."""
        image = self.images[number % len(self.images)]
        # The sheet lies in x-z and its image's top points to -z: rows run along +z.
        solid = Card(half, image[..., 3], curl_x=curl / half, curl_z=0.35 * curl / half)
        opaque = self.skins[number % len(self.skins)]
        skin = Skin(opaque, -half, half, 2 * half, 2 * half)
        paint = Paint(opaque[0, 0, :3], 0.18, 0.5, thin=0.35, skins=(skin,))
        return Body(solid, place, paint, group)


def _bled(image: Array) -> Array:
    """Opaque everywhere: colour outside the outline is the leaf's mean, so no rim shows."""
    cover = image[..., 3:]
    mean = (image[..., :3] * cover).sum((0, 1)) / np.maximum(cover.sum(), 1)
    out: Array = np.ones_like(image)
    out[..., :3] = image[..., :3] * cover + mean * (1 - cover)
    return out


def foliage(colours: list[Array], shapes: tuple[int, ...]) -> Foliage:
    """Leaves in the given colours; every second one of another shape."""
    images = tuple(
        leaf(
            shapes[number % len(shapes)],
            colour,
            mix(colour, with_lightness(colour, 0.9, chroma=0.5), 0.5),
            with_lightness(colour, 0.36, chroma=0.9),
        )
        for number, colour in enumerate(colours)
    )
    skins = tuple(np.ascontiguousarray(_bled(image)[::-1]) for image in images)
    return Foliage(images, skins)


def fallen(
    leaves: Foliage, spots: list[tuple[float, float, float]], size: float, random: Random
) -> list[Body]:
    """Leaves that lie where they fell, each tipped a little."""
    out: list[Body] = []
    for number, (x, y, z) in enumerate(spots):
        half = size * float(random.uniform(0.8, 1.15))
        lies = y == 0
        lean = (
            random.uniform((-0.35, 0.75, 0.45), (0.35, 1.0, 1.0))
            if lies
            else random.uniform((-0.7, -0.3, 0.7), (0.7, 0.4, 1.0))
        )
        up = lean / np.linalg.norm(lean)
        turn = float(random.uniform(0, 2 * math.pi))
        right = np.cross(up, (math.cos(turn), math.sin(turn) * 0.2, math.sin(turn)))
        right /= np.linalg.norm(right)
        away = np.cross(right, up)
        # It rests on its lowest rim.
        lift = half * 0.72 * float(np.hypot(right[1], away[1])) if lies else 0.0
        place = Frame(vec(x, y + lift, z), np.stack([right, up, away]).astype(np.float32))
        out.append(leaves.card(number, half, place, "leaves", float(random.uniform(0.08, 0.2))))
    return out


def branch(
    spot: Spot, length: float, side: int, leaves: Foliage, bark: Array, random: Random
) -> list[Body]:
    """A twig that rises from the spot and leans to one side, with leaves in pairs."""
    points = bent(length * 0.62, length, 6, sway=0.18)
    points[:, 0] *= side
    out = [Body(Twig(points, 0.034), spot.put(), Paint(bark, 0.1, 0.6), "branches")]
    count = 10
    for number in range(count):
        f = 0.3 + 0.69 * number / (count - 1)
        low = min(int(f * 5), 4)
        at = points[low] + (points[low + 1] - points[low]) * (f * 5 - low)
        half = 0.3 * (1.05 - 0.35 * f) * float(random.uniform(0.85, 1.15))
        turn = side * (1 if number % 2 else -1)
        roll = -turn * float(random.uniform(0.5, 1.0)) - side * 0.35
        reach = half * 0.95
        place = spot.put(
            float(at[0]) + -math.sin(roll) * reach,
            float(at[1]) + math.cos(roll) * reach,
            float(at[2]),
            pitch=math.pi / 2 - 0.25,
        )
        place = _hung(place, roll, float(random.uniform(-0.35, 0.35)))
        out.append(leaves.card(number, half, place, "branches", float(random.uniform(0.1, 0.3))))
    return out


def _hung(place: Frame, roll: float, tilt: float) -> Frame:
    """A leaf that faces the eye: stalk towards the twig, turned by ``roll`` in the picture."""
    c, s = math.cos(roll), math.sin(roll)
    right, tip = np.array([c, s, 0]), np.array([-s, c, 0])
    toward = np.array([math.sin(tilt), 0.25, math.cos(tilt)])
    toward -= tip * (toward @ tip)
    toward /= np.linalg.norm(toward)
    right = np.cross(tip, toward)
    return Frame(place.at, np.stack([right, toward, -tip]).astype(np.float32))
