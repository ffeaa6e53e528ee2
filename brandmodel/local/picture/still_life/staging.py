"""Arranging a set: the product on its plinth, props around it, the camera, the lamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brandmodel.local.picture.colour import contrast, luminance, mix, oklab, with_lightness
from brandmodel.local.picture.scene import Prop, StillLife
from brandmodel.local.picture.still_life import props
from brandmodel.local.picture.still_life.floor import Set, beside, free, leaf_spot, places
from brandmodel.local.picture.still_life.label import Print
from brandmodel.local.picture.still_life.products import GROUP, Look, Spot, made
from brandmodel.local.picture.still_life.props import matte, satin
from brandmodel.local.picture.still_life.roles import apart, roles, tamed
from brandmodel.local.picture.still_life.solids import Array, vec
from brandmodel.local.picture.still_life.view import Body, Paint

_SEASON_PROP: dict[str, Prop] = {
    "autumn": "leaves",
    "winter": "ice",
    "spring": "branches",
    "summer": "citrus",
}


def staged(scene: StillLife, aspect: float) -> Set:
    """The set of a scene for a picture of the given aspect ratio."""
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x5717])
    variant = int(random.integers(0, 12))
    side = 1 if random.random() < 0.5 else -1
    if scene.space in ("left", "right"):
        # What is tall or wide goes to the side that is not kept free.
        side = 1 if scene.space == "left" else -1
    share = 0.7 if scene.space in ("left", "right") else 1.0
    room = min(max(aspect * share * 1.85, 1.5), 4.2)
    out = Set(scene, roles(scene, variant), random, side, room)
    out.azimuth = out.pick(-0.16, 0.16)
    _podium(out, 4 if "steps" in scene.props else int(random.integers(0, 4)), aspect)
    _hero(out, variant if scene.design is None else scene.design)
    wanted = list(dict.fromkeys(scene.props))
    seasonal = _SEASON_PROP.get(scene.season)
    if seasonal and seasonal not in wanted:
        wanted.append(seasonal)
    for prop in sorted((p for p in wanted if p != "steps"), key=_ORDER.index):
        _ADDED[prop](out)
    return out


def _podium(out: Set, kind: int, aspect: float) -> None:
    """What the product stands on: a drum, stacked discs, a block, or a low wide disc."""
    colour = out.roles.plinth
    wide = out.scene.product in ("mug", "book", "jar", "box")
    r = 1.14 if wide else 1.02
    if out.scene.space in ("left", "right"):
        r *= 0.92 if aspect > 1 else 0.78
    if kind == 0:
        tall = out.pick(0.45, 0.7)
        out.core.append(props.drum(Spot(), r * 1.1, tall, matte(colour)))
    elif kind == 1:
        tall = 0.5
        under = out.roles.tall if apart(out.roles.tall, colour) > 0.1 else out.roles.shape
        out.core.append(props.drum(Spot(), r * 1.25, 0.26, matte(under)))
        out.core.append(props.drum(Spot(0, 0.26), r * 0.92, 0.24, matte(colour)))
    elif kind == 2:
        tall = out.pick(0.4, 0.62)
        half = (r * 1.02, tall / 2, r * 0.8)
        out.core.append(props.brick(Spot(yaw=out.side * 0.22), half, matte(colour)))
    elif kind == 4:
        tall = 0.46
        plain, strong = matte(colour), matte(out.roles.tall)
        out.core.extend(props.stairs(r * 1.2, (plain, plain, strong)))
    else:
        tall = out.pick(0.2, 0.28)
        out.core.append(props.drum(Spot(), r * 1.35, tall, matte(colour)))
    out.top = tall
    out.taken.append((0.0, 0.0, r * (1.1, 1.25, 1.08, 1.35, 1.3)[kind]))


def _print(out: Set, body: Array, variant: int) -> Print:
    """The label's colours: paper on a dark body, the body's own tint on a light one."""
    r = out.roles
    ground = r.paper if apart(body, r.paper) > 0.2 else r.ink
    if out.scene.product in ("mug", "tube"):
        ground = body
    if out.scene.product in ("can", "cup", "box", "book"):
        ground = body
    options = (r.ink, r.paper, with_lightness(r.ink, 0.18), with_lightness(r.paper, 0.96))
    under = float(luminance(ground))
    inks = [c for c in options if contrast(under, float(luminance(c))) > 4.5]
    ink = inks[0] if inks else max(options, key=lambda c: contrast(under, float(luminance(c))))
    marks = sorted(
        (r.primary, r.accent, r.paper, r.ink),
        key=lambda c: -min(apart(c, ground), apart(c, body) + (0.1 if body is ground else 0), 0.2),
    )
    # Frames and fields belong on paper; on glaze and plastic only the mark is printed.
    style = {"mug": variant % 2, "tube": 0}.get(out.scene.product, variant)
    return Print(
        out.scene.label,
        out.scene.sublabel,
        ground,
        ink,
        marks[0],
        marks[1],
        style=style,
        serif=variant % 5 == 3,
    )


def _hero(out: Set, variant: int) -> None:
    """The product, a little turned; or the first of its props where there is no product."""
    r = out.roles
    spot = Spot(0, out.top, 0.04, out.azimuth + out.pick(-0.07, 0.07))
    if out.scene.product == "none":
        if not out.scene.plinth_only:
            out.core.extend(replace(body, group=GROUP) for body in _piece(out, spot))
            out.tall = max(float(b.corners()[1].max()) for b in out.core) - out.top
            return
        look = Look(r.body, r.second, _print(out, r.body, 0))
        out.core.extend(made("bottle", spot, look))
        return
    body = r.body
    out.show = _print(out, body, variant)
    look = Look(body, r.second, out.show, variant)
    out.core.extend(made(out.scene.product, spot, look))
    out.tall = max(float(b.corners()[1].max()) for b in out.core) - out.top


def _piece(out: Set, spot: Spot) -> list[Body]:
    """What a set without a product shows in its place: the prop that was named first, larger."""
    r = out.roles
    first = out.scene.props[0] if out.scene.props else "spheres"
    if first == "stones":
        greys = [mix(r.paper, r.ink, share) for share in (0.5, 0.25, 0.65)]
        return props.pebbles(spot, 0.74, [greys[0], greys[1], r.accent, greys[2]], out.random)
    if first == "citrus":
        return props.fruit(spot, 0.5, tamed(r.accent, 0.72, 0.88), out.random)
    if first == "ice":
        tint = mix(vec(0.62, 0.85, 0.97), r.primary, 0.1)
        return props.cubes(spot, 0.42, tint, out.random, 5)
    if first in ("leaves", "branches"):
        vase = props.drum(spot, 0.4, 0.75, satin(r.body))
        above = Spot(spot.x - 0.1 * out.side, spot.y + 0.6, spot.z)
        return [vase, *_sprig(out, above, 1.5, out.side), *_sprig(out, above, 1.15, -out.side)]
    if first in ("plinths", "steps", "disc"):
        radius = 0.5
        low = props.drum(spot, 0.62, 0.7, matte(r.body))
        above = Spot(spot.x, spot.y + 0.7, spot.z)
        return [low, props.ball(above, radius, satin(r.second))]
    if first == "arch":
        sizes = ((0.0, 0.66, r.body), (0.42, 0.5, r.second), (0.84, 0.34, r.body))
        return [
            props.drum(Spot(spot.x, spot.y + up, spot.z), radius, 0.42, satin(colour))
            for up, radius, colour in sizes
        ]
    return [props.ball(spot, 0.72, satin(r.body))]


def _add_arch(out: Set) -> None:
    colour = out.roles.shape
    x = out.side * out.pick(0.2, 0.8)
    span = out.pick(0.95, 1.45)
    rise = out.top + out.tall - span
    legs = max(rise + out.pick(0.1, 0.5), 0.35)
    if out.scene.space == "top":
        legs = max(out.top + out.tall - span - 0.45, 0.1)
    if out.scene.space in ("left", "right"):
        x = out.side * max(abs(x), span + 0.3 - out.taken[0][2])
    z, yaw = -1.95, -out.side * out.pick(0.0, 0.3)
    out.around.append(props.arch(Spot(x, 0, z, yaw), span, legs, 0.3, matte(colour)))
    if span > 1.2 and out.random.random() < 0.6:
        inner = tamed(mix(colour, out.roles.ground, 0.4))
        within = props.arch(Spot(x, 0, z - 0.12, yaw), span - 0.55, legs, 0.26, matte(inner))
        out.around.append(within)
    out.taken.extend([(x - span, z, 0.3), (x + span, z, 0.3)])


def _add_disc(out: Set) -> None:
    r = out.roles
    clear = apart(r.accent, r.ground) > 0.12 and apart(r.accent, r.body) > 0.12
    colour = r.accent if clear or not out.scene.body else r.shape
    radius = out.pick(1.3, 1.6)
    if out.scene.space == "top":
        radius = 1.05
    up = max(radius * 0.92, out.top + out.tall * 0.62)
    if out.scene.space == "top":
        up = min(up, out.top + out.tall - radius + 0.2)
    paint = Paint(colour, gloss=0.1, rough=0.9, glow=0.1)
    out.around.append(props.sun(Spot(out.side * out.pick(0.1, 0.6), 0, -2.3), radius, up, paint))


def _add_plinths(out: Set) -> None:
    """A tall drum to one side, a block to the other, each with a place on top."""
    r = out.roles
    tall = out.pick(0.75, 1.15) + out.top * 0.5
    place = free(out, 0.6, places(out, 0.6, out.side, True))
    if place:
        out.around.append(props.drum(place, 0.58, tall, matte(r.tall)))
        _crown(out, place, tall, 0.42)
    place = free(out, 0.62, places(out, 0.62, -out.side, out.random.random() < 0.5))
    if place:
        low = out.pick(0.28, 0.5)
        colour = r.dots[1] if apart(r.dots[1], r.ground) > 0.1 else r.tall
        turned = Spot(place.x, 0, place.z, out.pick(-0.5, 0.5))
        out.around.append(props.brick(turned, (0.5, low / 2, 0.45), matte(colour)))
        _crown(out, place, low, 0.36)


def _crown(out: Set, place: Spot, tall: float, limit: float) -> None:
    """A sphere on a side plinth, where spheres are wanted."""
    if "spheres" not in out.scene.props:
        return
    r = out.roles
    used = sum(b.group == "spheres" for b in out.around)
    colour = r.dots[used % len(r.dots)]
    radius = limit * out.pick(0.8, 1.0)
    out.around.append(props.ball(Spot(place.x, tall, place.z), radius, satin(colour)))


def _add_spheres(out: Set) -> None:
    r = out.roles
    for side, radius in ((-out.side, out.pick(0.2, 0.28)), (out.side, out.pick(0.13, 0.19))):
        place = free(out, radius * 1.1, places(out, radius, side, False))
        if place:
            used = sum(b.group == "spheres" for b in out.around)
            out.around.append(props.ball(place, radius, satin(r.dots[used % len(r.dots)])))


def _add_citrus(out: Set) -> None:
    rind = tamed(out.roles.accent, 0.72, 0.88)
    place = beside(out, 0.55, (-out.side, out.side))
    if place:
        out.around.extend(props.fruit(place, 0.3, rind, out.random))


def _add_ice(out: Set) -> None:
    r = out.roles
    tint = mix(vec(0.62, 0.85, 0.97), r.primary, 0.1)
    for way in (out.side, -out.side):
        place = beside(out, 0.5, (way,))
        if place:
            out.around.extend(
                props.cubes(place, 0.24, tint, out.random, 4 if way == out.side else 2)
            )


def _add_stones(out: Set) -> None:
    r = out.roles
    pale = mix(r.paper, r.ink, 0.25)
    colours = [mix(r.paper, r.ink, 0.5), pale, r.dots[0], mix(r.paper, r.ink, 0.65)]
    for way, size in ((out.side, 0.46), (-out.side, 0.32)):
        place = free(out, size * 1.3, places(out, size, way, False) + places(out, size, way, True))
        if place:
            out.around.extend(props.pebbles(place, size, colours, out.random))


def _add_branches(out: Set) -> None:
    x = out.side * out.pick(0.75, 0.95)
    length = out.pick(2.1, 2.5) if out.scene.space != "top" else out.top + out.tall - 0.6
    for z, share in ((-1.0, 1.0), (-0.8, 0.68)):
        spot = Spot(x, 0, z)
        out.around.extend(_sprig(out, spot, length * share, out.side))


def _sprig(out: Set, spot: Spot, length: float, side: int) -> list[Body]:
    """A leafy twig in the set's own greens."""
    r = out.roles
    green = tamed(r.primary, 0.42, 0.72, 0.12)
    leaves = props.foliage([green, mix(green, r.paper, 0.25), mix(green, r.ink, 0.25)], (0, 2))
    return props.branch(spot, length, side, leaves, mix(r.ink, r.accent, 0.35), out.random)


def _add_leaves(out: Set) -> None:
    r = out.roles
    # Leaves need a colour: of accent and primary, the one that is not a grey.
    hue = r.accent if float(np.hypot(*oklab(r.accent)[1:])) > 0.05 else r.primary
    warm = [tamed(c, 0.5, 0.75) for c in (hue, mix(hue, r.ink, 0.25))]
    warm += [mix(hue, r.primary, 0.22), mix(hue, r.paper, 0.25)]
    leaves = props.foliage(warm, (0, 1))
    spots = [spot for number in range(8) if (spot := leaf_spot(out, number))]
    if out.scene.space != "top":
        # Two are still falling, beside the product and never in front of it.
        high = out.top + out.tall
        spots.append((out.side * out.pick(0.85, 1.2), high * out.pick(0.85, 1.05), -0.4))
        spots.append((out.side * out.pick(1.2, 1.5), high * out.pick(0.5, 0.7), -0.1))
    out.around.extend(props.fallen(leaves, spots, 0.31, out.random))


_ORDER: tuple[Prop, ...] = (
    "arch", "disc", "citrus", "ice", "stones", "plinths", "spheres", "branches", "leaves",
)  # fmt: skip
_ADDED = {
    "arch": _add_arch,
    "disc": _add_disc,
    "plinths": _add_plinths,
    "spheres": _add_spheres,
    "citrus": _add_citrus,
    "ice": _add_ice,
    "stones": _add_stones,
    "branches": _add_branches,
    "leaves": _add_leaves,
}
