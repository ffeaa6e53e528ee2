"""The grid of a picture, and the places on it that a designer would try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from brandmodel.local.type.block import Align
from brandmodel.local.type.ground import Ground, Rect, around

Anchor = Literal["top", "middle", "bottom"]
Side = Literal["left", "right", "top", "bottom", "center"]

_COLUMNS = 12
_ANCHORS: tuple[tuple[Anchor, float], ...] = (("middle", 0.25), ("bottom", 0.3), ("top", 0.0))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The picture's area and what everything on it is measured by, in pixels.

    Attributes:
        frame: the area inside the margins.
        body: size of running text.
        brand: (width, height) of logo and name; (0, 0) when there is neither.
        rtl: whether the type reads from right to left.
    """

    width: int
    height: int
    margin: float
    frame: Rect
    body: float
    brand: tuple[float, float]
    rtl: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A place for a block.

    Attributes:
        split: details and button go to the other end of the same column.
        far: the brand stands in the corner across instead of in the column.
        liking: how much a designer likes the place, everything else alike.
    """

    rect: Rect
    align: Align
    anchor: Anchor
    side: Side
    split: bool = False
    far: bool = False
    liking: float = 0.0


def sheet(width: int, height: int, brand: tuple[float, float], *, rtl: bool) -> Sheet:
    """Margins and measures of a picture.

    Args:
        width: pixels.
        height: pixels.
        brand: width and height of logo and name in units of the running text; (0, 0) without.
        rtl: whether the type reads from right to left.
    """
    short, long = min(width, height), max(width, height)
    margin = 0.075 * short
    side = (width * height) ** 0.5
    body = max(side * (0.0272 - 0.0034 * min(long / short - 1, 1.0)), min(9.5, 0.05 * short))
    unit = min(body, 0.55 * (width - 2 * margin) / brand[0]) if brand[0] else 0.0
    frame = Rect(margin, margin, width - margin, height - margin)
    return Sheet(width, height, margin, frame, body, (brand[0] * unit, brand[1] * unit), rtl)


def regions(page: Sheet, ground: Ground) -> Iterator[Region]:
    """Candidate places, the brand's reserve not yet taken off."""
    wide = page.width / page.height
    if wide > 1.12:
        yield from _columns(page, (0.4, 0.48, 0.58) if wide < 2.2 else (0.42, 0.55, 0.68))
        yield from _bands(page, (0.62, 0.8), center=0.74 if wide < 2.2 else 0.6)
    else:
        yield from _bands(page, (0.72, 0.86, 1.0), center=1.0)
        if wide > 0.8:
            yield from _columns(page, (0.5, 0.6))
    if ground.subjects:
        yield from _free_strips(page, around(ground.subjects))
    if len(ground.subjects) > 1:
        yield from _free_strips(page, ground.subjects[0])


def _columns(page: Sheet, shares: Sequence[float]) -> Iterator[Region]:
    """Columns at the left and at the right edge."""
    frame = page.frame
    align: Align = "right" if page.rtl else "left"
    for share in shares:
        width = _snapped(frame.width * share, frame.width)
        left = Rect(frame.x0, frame.y0, frame.x0 + width, frame.y1)
        right = Rect(frame.x1 - width, frame.y0, frame.x1, frame.y1)
        sides: tuple[tuple[Rect, Side], ...] = ((left, "left"), (right, "right"))
        for rect, side in sides:
            home = (side == "right") == page.rtl
            for anchor, liking in _ANCHORS:
                for far in (False, True):
                    yield Region(
                        rect,
                        align,
                        anchor,
                        side,
                        far=far,
                        liking=liking + (0.25 if home else 0.0) - (0.3 if far else 0.0),
                    )


def _bands(page: Sheet, shares: Sequence[float], *, center: float) -> Iterator[Region]:
    """Bands at the top and the bottom, flush with the margin or centred."""
    frame = page.frame
    wide = page.width > 1.12 * page.height
    align: Align = "right" if page.rtl else "left"
    for share in shares:
        width = _snapped(frame.width * share, frame.width)
        x0 = frame.x1 - width if page.rtl else frame.x0
        rect = Rect(x0, frame.y0, x0 + width, frame.y1)
        yield Region(rect, align, "top", "top", liking=0.15)
        yield Region(rect, align, "bottom", "bottom", liking=0.35)
        yield Region(rect, align, "top", "top", split=True, liking=-0.4 if wide else 0.3)
    inset = frame.width * (1 - center) / 2
    rect = Rect(frame.x0 + inset, frame.y0, frame.x1 - inset, frame.y1)
    yield Region(rect, "center", "top", "top", liking=-0.3)
    yield Region(rect, "center", "middle", "center", liking=-0.35)
    yield Region(rect, "center", "top", "top", split=True, liking=-0.2)


def _free_strips(page: Sheet, whole: Rect) -> Iterator[Region]:
    """What a subject leaves free on each side of it."""
    frame, gap = page.frame, 0.9 * page.body
    align: Align = "right" if page.rtl else "left"
    strips: tuple[tuple[Rect, Side], ...] = (
        (Rect(frame.x0, frame.y0, min(whole.x0 - gap, frame.x1), frame.y1), "left"),
        (Rect(max(whole.x1 + gap, frame.x0), frame.y0, frame.x1, frame.y1), "right"),
        (Rect(frame.x0, frame.y0, frame.x1, min(whole.y0 - gap, frame.y1)), "top"),
        (Rect(frame.x0, max(whole.y1 + gap, frame.y0), frame.x1, frame.y1), "bottom"),
    )
    for rect, side in strips:
        if rect.width < 0.22 * page.width or rect.height < 0.16 * page.height:
            continue
        for anchor, _ in _ANCHORS:
            for far in (False, True):
                yield Region(rect, align, anchor, side, far=far, liking=0.1 - 0.3 * far)


def _snapped(width: float, whole: float) -> float:
    """A width on the grid of twelve columns."""
    return max(1, round(width / whole * _COLUMNS)) * whole / _COLUMNS
