"""Frees the main object of a photograph from its background, without a trained model.

A backdrop is modelled from the picture's rim; GrabCut (Rother, Kolmogorov and Blake, 2004) then
tells object from ground by colour and edges on a small copy, and the edge is drawn at full size.
Reliable for a product on a plain ground; hair, glass and busy rooms are beyond it, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import Array, linear, oklab
from brandmodel.local.retouch.matte import Mask, own_colours, soft_alpha
from brandmodel.local.retouch.pixels import Pixels, joined, load, png, reduced, size, split_alpha
from brandmodel.tasks import Box, CutOut, Picture

_WORK = 480
_SMALLEST = 16
_PLAIN = 0.035
"""OKLab deviation of the rim from a smooth ground, below which the ground counts as plain."""
_EDGE = 0.012
"""OKLab a pixel; the rims of soft shadows are flatter, those of objects steeper."""
_NOTHING = "No object could be told from the ground; the whole picture was kept."


@dataclass(frozen=True, slots=True)
class _Ground:
    """The background as it is thought to be.

    Attributes:
        away: (H, W) how far each pixel is from it, in OKLab; shadows count less.
        edges: (H, W) steepness of the picture, OKLab a pixel, the steepest within two pixels.
        plain: whether it is one smooth surface.
    """

    away: Array
    edges: Array
    plain: bool


def cut_out(request: CutOut, desk: Desk) -> Picture:
    """The main object on nothing: RGBA of the picture's size, and the object's box.

    A picture that comes with transparency has been cut out by its owner and is used as it is.

    Raises:
        InvalidRequestError: the picture cannot be decoded.
    """
    pixels = load(desk.read(request.image))
    colour, given = split_alpha(pixels)
    notes: tuple[str, ...] = ()
    if given is None or given.min() > 250:
        mask, notes = object_mask(reduced(colour, _WORK))
        if mask is None:
            given = np.full(colour.shape[:2], 255, np.uint8)
        else:
            alpha = soft_alpha(colour, reduced(colour, _WORK), mask)
            colour = own_colours(colour, alpha)
            given = (alpha * 255 + 0.5).astype(np.uint8)
    width, height = size(colour)
    image = desk.keep(png(joined(colour, given)), "image/png", width=width, height=height)
    box = box_of(given)
    return Picture(
        image=image, subjects=(box,) if box and _NOTHING not in notes else (), notes=notes
    )


def box_of(alpha: Pixels) -> Box | None:
    """Bounds of what is more than half covered, or None."""
    rows, columns = (np.flatnonzero((alpha > 127).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    height, width = alpha.shape
    return Box(
        x=float(columns[0] / width),
        y=float(rows[0] / height),
        width=float((columns[-1] + 1 - columns[0]) / width),
        height=float((rows[-1] + 1 - rows[0]) / height),
    )


def object_mask(small: Pixels) -> tuple[Mask | None, tuple[str, ...]]:
    """The object's mask on a small copy, None where there is none, and doubts in words."""
    if min(size(small)) < _SMALLEST:
        return None, (_NOTHING,)
    # A dark thing on a dark ground looks like a shadow: shadows count in full at the second look.
    for shadow in (0.35, 1.0):
        ground = _ground(small, shadow)
        if float((ground.away > 0.06).mean()) > 0.002:
            mask = _tidied(_segmented(small, ground), ground)
            if mask is not None:
                return mask, _doubts(mask, ground)
    return None, (_NOTHING,)


def _ground(small: Pixels, shadow: float) -> _Ground:
    """A smooth surface through the rim's colours, or the rim's main colours where it is busy."""
    seen = oklab(linear(small))
    rim = _rim(small.shape[:2], 0.05)
    surface, error = _surface(seen, rim)
    if error < _PLAIN:
        difference = seen - surface
        darker = np.where(difference[..., 0] < 0, shadow, 1.0)
        scale = np.stack([darker, np.full_like(darker, 1.6), np.full_like(darker, 1.6)], -1)
        away = np.linalg.norm(difference * scale, axis=-1).astype(np.float32)
        return _Ground(away, _edges(seen), plain=True)
    colours = _main_colours(seen[rim], 8)
    away = np.min([np.linalg.norm(seen - colour, axis=-1) for colour in colours], axis=0)
    return _Ground(np.asarray(away, np.float32), _edges(seen), plain=False)


def _edges(seen: Array) -> Array:
    soft = cv2.GaussianBlur(seen, (0, 0), 1.0)
    across, down = cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)
    steep = np.sqrt((across * across + down * down).sum(-1)) / 32
    return np.asarray(cv2.dilate(steep, np.ones((5, 5), np.uint8)), np.float32)


def _rim(shape: tuple[int, ...], share: float) -> Mask:
    rim = np.ones(shape, bool)
    edge = max(2, round(min(shape) * share))
    rim[edge:-edge, edge:-edge] = False
    return rim


def _surface(seen: Array, rim: Mask) -> tuple[Array, float]:
    """A quadratic surface through the rim, fitted without its outliers, and what it misses."""
    rows, columns = np.indices(rim.shape, np.float32)
    y, x = rows / rim.shape[0] - 0.5, columns / rim.shape[1] - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1)
    known, values = terms[rim], seen[rim]
    keep = np.ones(len(known), bool)
    weights = np.zeros((6, 3), np.float32)
    miss = np.zeros(len(known), np.float32)
    for _ in range(4):
        weights = np.linalg.lstsq(known[keep], values[keep], rcond=None)[0]
        miss = np.linalg.norm(values - known @ weights, axis=1)
        keep = miss <= max(float(np.quantile(miss, 0.8)), 1e-4)
    return (terms @ weights).astype(np.float32), float(np.quantile(miss, 0.8))


def _main_colours(values: Array, count: int) -> Array:
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1e-3)
    labels = np.zeros((len(values), 1), np.int32)
    _, _, centres = cv2.kmeans(values, count, labels, stop, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres, np.float32)


def _middle(shape: tuple[int, ...]) -> Array:
    """1 in the middle, falling towards the rim: who photographs a product puts it there."""
    rows, columns = np.indices(shape, np.float32)
    y, x = rows / shape[0] - 0.52, columns / shape[1] - 0.5
    return np.exp(-(((x / 0.34) ** 2 + (y / 0.4) ** 2) ** 1.5)).astype(np.float32)


def _segmented(small: Pixels, ground: _Ground) -> Mask:
    """GrabCut, begun from the distance to the ground."""
    hints = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    if ground.plain:
        hints[ground.away > 0.085] = cv2.GC_PR_FGD
        hints[ground.away > 0.25] = cv2.GC_FGD
        hints[ground.away < 0.03] = cv2.GC_BGD
    else:
        standing_out = ground.away * _middle(hints.shape)
        hints[standing_out > np.quantile(standing_out, 0.8)] = cv2.GC_PR_FGD
        hints[ground.away < 0.02] = cv2.GC_BGD
        hints[_rim(hints.shape, 0.02)] = cv2.GC_BGD
    if not ((hints == cv2.GC_PR_FGD) | (hints == cv2.GC_FGD)).any():
        return np.zeros(hints.shape, bool)
    # GrabCut draws its first clusters at random.
    cv2.setRNGSeed(1)
    scratch = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    cv2.grabCut(bgr, hints, (0, 0, 1, 1), *scratch, 4, cv2.GC_INIT_WITH_MASK)
    return (hints == cv2.GC_FGD) | (hints == cv2.GC_PR_FGD)


def _tidied(mask: Mask, ground: _Ground) -> Mask | None:
    """The main part, closed, without holes that are not the ground showing through."""
    span = max(3, round(max(mask.shape) / 90)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (span, span))
    # Threads of a busy ground hang on to the object; on a plain one thin parts are its own.
    speck = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)) if ground.plain else disc
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, speck)
    solid = cv2.morphologyEx(np.asarray(solid, np.uint8), cv2.MORPH_CLOSE, disc)
    main = _main_part(np.asarray(solid, np.uint8))
    if main is None or main.mean() < 0.001:
        return None
    if ground.plain:
        main = _bridged(main, ground)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~main).astype(np.uint8))
    for label in range(1, count):
        hole = labels == label
        at_rim = bool((hole & _rim(mask.shape, 0.001)).any())
        if not at_rim and not _shows_ground(hole, ground, int(stats[label, cv2.CC_STAT_AREA])):
            main = main | hole
    return main


def _main_part(solid: NDArray[np.uint8]) -> Mask | None:
    """The largest connected part, and others nearly as large: a bottle and its cap."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    middle = _middle(solid.shape)
    worth = [area * (0.2 + middle[labels == i + 1].mean()) for i, area in enumerate(areas)]
    wanted = [i + 1 for i, value in enumerate(worth) if value > 0.35 * max(worth)]
    return np.isin(labels, wanted)


def _bridged(main: Mask, ground: _Ground) -> Mask:
    """With the parts that lie between others and end in an edge: a pale label on a pale ground."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((_between(main)).astype(np.uint8))
    filled = main.copy()
    for label in range(1, count):
        part = labels == label
        grown = cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        free = grown & ~part & ~main
        ends = ground.edges[free]
        if stats[label, cv2.CC_STAT_AREA] > 60 and len(ends) and (ends > _EDGE).mean() > 0.6:
            filled |= part
    return filled


def _between(main: Mask) -> Mask:
    """Pixels off the mask that have it on both sides, across or up and down."""
    across, down = (
        np.maximum.accumulate(main, axis)
        & np.flip(np.maximum.accumulate(np.flip(main, axis), axis), axis)
        for axis in (1, 0)
    )
    return (across | down) & ~main


def _shows_ground(hole: Mask, ground: _Ground, area: int) -> bool:
    """Whether a hole is an opening, such as in a handle, rather than a mistake."""
    return ground.plain and area > 60 and float(np.median(ground.away[hole])) < 0.04


def _doubts(mask: Mask, ground: _Ground) -> tuple[str, ...]:
    share = float(mask.mean())
    touched = sum(bool(edge.mean() > 0.02) for edge in (mask[0], mask[:, 0], mask[:, -1]))
    doubts: list[str] = []
    if not ground.plain:
        doubts.append("The background is busy: look at the cut-out's edges.")
    if share < 0.015:
        doubts.append("The object found is very small.")
    if share > 0.85:
        doubts.append("The object found fills nearly the whole picture.")
    if _solidity(mask) < 0.55:
        doubts.append("Parts of the object may be missing.")
    if touched:
        doubts.append("The object found reaches the picture's edge and may be cut off.")
    return tuple(doubts)


def _solidity(mask: Mask) -> float:
    """Share of its convex hull that the mask fills."""
    hull = cv2.convexHull(np.argwhere(mask).astype(np.int32))
    return float(mask.sum()) / max(float(cv2.contourArea(hull)), 1.0)
