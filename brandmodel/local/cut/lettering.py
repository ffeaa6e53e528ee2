"""A shot's words in motion: veil or plate, bar, pills and letters, and when each is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.cut.letters import Letters, Sheet, bounds
from brandmodel.local.cut.lowerthird import bar_fill, plated
from brandmodel.local.cut.motion import RISE, Overlay, Times
from brandmodel.local.cut.scrim import Carried, carried, veil_patch
from brandmodel.local.cut.stage import Stage
from brandmodel.local.picture import colour
from brandmodel.local.type.block import Piece, Pill, Row
from brandmodel.local.type.ground import READABLE, Rect
from brandmodel.local.type.veil import readable_on

Pixels = NDArray[np.uint8]
SetRow = tuple[Row, Rect]
"""A row and the bounds of its ink."""

_STAGGER_S = 0.11
_VEIL_EARLY_S = 0.1


@dataclass(frozen=True, slots=True)
class Under:
    """What a shot's words stand on.

    Attributes:
        frames: (H, W, 3) uint8 while they are seen, in order.
        kept_free: what neither words nor plates may cover.
    """

    frames: Sequence[Pixels]
    kept_free: Sequence[Rect]
    letters: Letters
    stage: Stage


def in_motion(
    rows: Sequence[SetRow], pills: Sequence[Pill], bar: Rect | None, under: Under, times: Times
) -> tuple[Overlay, ...]:
    """The overlays, from the lowest up; each text comes a little after the one above it.

    Args:
        rows: every set line.
        pills: the shapes of buttons.
        bar: of a lower third; None for a title.
        under: what they stand on.
        times: when the first of them is seen.
    """
    texts = _texts(rows)
    how, made = _carried(texts, bar, under, times)
    by_index = {pill.piece.index: pill for pill in pills}
    for number, own in enumerate(texts):
        late = round(number * _STAGGER_S * under.stage.fps)
        late = min(late, (times.end - times.first) // 4)
        pill = by_index.get(own[0][0].piece.index)
        made.append(_text(own, pill, how, under, replace(times, first=times.first + late)))
    return tuple(made)


def _texts(rows: Sequence[SetRow]) -> list[list[SetRow]]:
    """The rows of each text, the texts from top to bottom."""
    found: dict[int, list[SetRow]] = {}
    for row, rect in sorted(rows, key=lambda r: r[1].y0):
        found.setdefault(row.piece.index, []).append((row, rect))
    return list(found.values())


def _carried(
    texts: Sequence[Sequence[SetRow]], bar: Rect | None, under: Under, times: Times
) -> tuple[Carried, list[Overlay]]:
    """How the ground carries the words, and what that takes: veil or plate, and the bar."""
    letters, stage = under.letters, under.stage
    plain = {
        own[0][0].piece.index: _places(own) for own in texts if own[0][0].piece.role != "button"
    }
    made: list[Overlay] = []
    if not plain:
        return Carried(letters.inks.light), made
    how = carried(under.frames, plain, letters.inks, letters.palette)
    whole = bounds([rect for rects in plain.values() for rect in rects])
    plate: Rect | None = None
    if how.plate and bar is not None:
        plate, bar = plated(whole, bar, stage)
    size = (stage.width, stage.height)
    patch = veil_patch(how, whole, size, plate=plate, kept_free=under.kept_free)
    if patch is not None:
        early = max(times.first - round(_VEIL_EARLY_S * stage.fps), 0)
        made.append(Overlay(patch, replace(times, first=early)))
    if bar is not None:
        rise = RISE * stage.height
        piece = Sheet(bar, stage.width, stage.height, below=rise)
        piece.shape(bar, bar_fill(how, under.frames, bar, letters))
        made.append(Overlay(piece.patch(), times, rise=rise))
    return how, made


def _places(own: Sequence[SetRow]) -> list[Rect]:
    return [rect.grown(0.06 * row.size) for row, rect in own]


def _text(
    own: Sequence[SetRow], pill: Pill | None, how: Carried, under: Under, times: Times
) -> Overlay:
    """One text, on its pill if it is a button."""
    stage, letters = under.stage, under.letters
    rise = RISE * stage.height
    rects = [rect for _, rect in own]
    area = bounds(rects, [pill] if pill else [], pad=0.1 * own[0][0].size)
    piece = Sheet(area, stage.width, stage.height, below=rise)
    if pill:
        fill = _pill_fill(under.frames, pill.rect, letters)
        piece.shape(pill.rect, fill, radius=pill.radius)
        ink = readable_on(fill, letters.inks)
    else:
        ink = _ink(how, under.frames, _places(own), own[0][0].piece, letters)
    piece.text(letters.shaper, [row for row, _ in own], ink)
    return Overlay(piece.patch(), times, rise=rise)


def _ink(
    how: Carried, frames: Sequence[Pixels], rects: Sequence[Rect], piece: Piece, letters: Letters
) -> str:
    """The block's ink; accent or primary for an eyebrow where they can be read."""
    if piece.role == "eyebrow":
        for tint in (letters.palette.accent, letters.palette.primary):
            if how.under(frames, rects, tint) >= READABLE * 1.05:
                return tint
    return how.ink


def _pill_fill(frames: Sequence[Pixels], rect: Rect, letters: Letters) -> str:
    """The accent, or what stands out most where the accent would be lost."""
    x0, y0, x1, y1 = (int(max(0, v)) for v in rect)
    parts = [frame[y0 : y1 + 1, x0 : x1 + 1].reshape(-1, 3)[::7] for frame in frames]
    ground = colour.oklab(colour.linear(np.concatenate(parts)).mean(0))
    palette, inks = letters.palette, letters.inks
    far = {
        c: float(np.linalg.norm(colour.lab(c) - ground))
        for c in (palette.accent, palette.primary, inks.dark, inks.light)
    }
    return palette.accent if far[palette.accent] > 0.13 else max(far, key=lambda c: far[c])
