"""The end card: the brand's own ground, its mark, the last words, and a quiet light that settles.

Everything rests for the last part of it, so that the film ends on a picture and not in a movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.cut.letters import Letters, Sheet, bounds
from brandmodel.local.cut.motion import RISE, Overlay, Times
from brandmodel.local.cut.oneline import SMALLER, OneLine
from brandmodel.local.cut.planes import Frame, frame_of
from brandmodel.local.cut.schedule import Span
from brandmodel.local.cut.stage import Stage, body_scale
from brandmodel.local.picture import colour
from brandmodel.local.type.block import Block, Row
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import sheet
from brandmodel.local.type.ground import READABLE, Rect
from brandmodel.local.type.logo import draw_logo
from brandmodel.local.type.shaping import Style, is_rtl
from brandmodel.local.type.typeset import hung
from brandmodel.local.type.veil import measured, readable_on
from brandmodel.tasks import TypeLine

REST_S = 0.4
"""How long the last picture stands still."""
_BEGINS_S, _COMES_S, _STAGGER_S = 0.08, 0.8, 0.14
# How far the light wanders, as a share of the width.
_DRIFT = 0.035
# A logo this broad holds the name already.
_BROAD = 2.3
# Height of the name's capitals beside a logo, and the gap, as shares of the logo's height.
_NAME_BESIDE, _NAME_GAP = 0.44, 0.3


@dataclass(frozen=True, slots=True)
class EndCard:
    """The card, ready to be drawn frame by frame."""

    ground: Frame
    span: Span
    overlays: tuple[Overlay, ...]
    stage: Stage

    def frame(self, at: int) -> Frame:
        """Film frame ``at`` without its overlays."""
        return self._cut(self._wandered(at))

    def _wandered(self, at: int) -> float:
        """How far the light is from where it comes to rest, 1..0."""
        moving = max(1, self.span.length - round(REST_S * self.stage.fps))
        left = 1 - min(1.0, (at - self.span.first) / moving)
        # It slows down all the way: the eye never sees it stop.
        return left * left * (3 - 2 * left) * 0.5 + left * left * 0.5

    def _cut(self, away: float) -> Frame:
        width, height = self.stage.width, self.stage.height
        if away == 0:
            return Frame.over(self.ground.data.copy(), width, height)
        made = Frame.empty(width, height)
        zoom = 1 + 2 * _DRIFT * away
        across = _DRIFT * width * away
        for own, plane in (
            (self.ground.y, made.y),
            (self.ground.u, made.u),
            (self.ground.v, made.v),
        ):
            scale = plane.shape[1] / width
            middle = (plane.shape[1] / 2, plane.shape[0] / 2)
            matrix = cv2.getRotationMatrix2D(middle, 0, zoom)
            matrix[0, 2] -= across * scale
            cv2.warpAffine(
                own, matrix, plane.shape[::-1], dst=plane, borderMode=cv2.BORDER_REPLICATE
            )
        return made


def end_card(lines: Sequence[TypeLine], span: Span, letters: Letters, stage: Stage) -> EndCard:
    """The card for the last frames of a film.

    Args:
        lines: its words.
        span: its frames in the film.
        letters: what to letter with; the mark is its logo and name.
        stage: the film's frame.
    """
    base, glow = _grounds(letters)
    pixels = _lit_ground(base, glow, letters, stage)
    overlays = _words(lines, pixels, span, letters, stage)
    return EndCard(frame_of(pixels), span, tuple(overlays), stage)


def _grounds(letters: Letters) -> tuple[str, str]:
    """(ground, light): dark ink with the primary colour as light, or a light palette's reverse."""
    return letters.inks.dark, letters.palette.primary


def _lit_ground(base: str, glow: str, letters: Letters, stage: Stage) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB: the ground, a broad light from above right, a faint one from below left."""
    width, height = stage.width, stage.height
    small = (max(2, width // 2), max(2, height // 2))
    x = (np.arange(small[0], dtype=np.float32)[None] + 0.5) / small[0]
    y = (np.arange(small[1], dtype=np.float32)[:, None] + 0.5) / small[1]
    wide = width / height

    def light(cx: float, cy: float, radius: float) -> NDArray[np.float32]:
        away = ((x - cx) * wide) ** 2 + (y - cy) ** 2
        return np.exp(-away / (radius * radius)).astype(np.float32)

    ground, primary = colour.lab(base), colour.lab(glow)
    reach = max(1.0, wide)
    lab = np.broadcast_to(ground, (small[1], small[0], 3)).astype(np.float32)
    lab = lab + (primary - ground) * (0.62 * light(1.02, -0.08, 0.62 * reach))[..., None]
    lab = lab + (primary - lab) * (0.1 * light(-0.04, 1.14, 0.42 * reach))[..., None]
    # Two large discs, hardly lighter than their ground: a shape to look at, not to read on.
    for cx, cy, radius, lift in ((0.93, 0.96, 0.44, 0.032), (1.02, 0.72, 0.72, 0.022)):
        away = np.hypot((x - cx) * wide, (y - cy)) - radius * min(1.0, wide)
        lab[..., 0] += lift * np.clip(0.5 - away * small[1] / 2, 0, 1)
    full = cv2.resize(
        colour.encoded(colour.from_oklab(lab.astype(np.float32))),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    dither = np.random.default_rng(7).random((height, width, 1), np.float32) - np.float32(0.5)
    return np.clip(np.asarray(full) * 255 + dither * 1.6 + 0.5, 0, 255).astype(np.uint8)


def _words(
    lines: Sequence[TypeLine],
    pixels: NDArray[np.uint8],
    span: Span,
    letters: Letters,
    stage: Stage,
) -> list[Overlay]:
    pieces = letters.pieces(lines)
    rtl = is_rtl(pieces[0].text) if pieces else False
    page = sheet(stage.width, stage.height, (0.0, 0.0), rtl=rtl)
    body = page.body * body_scale(stage)
    frame = Rect(page.frame.x0, page.frame.y0, page.frame.x1, min(page.frame.y1, stage.floor))
    mark = _mark_height(letters, stage, alone=not pieces)
    gap = 1.9 * body if mark and pieces else 0.0
    width = min(frame.width, 0.7 * stage.width if stage.width > stage.height else frame.width)
    measured = frame.grown(-0.1 * frame.width, 0)
    height = 0.86 * frame.height - mark - gap
    block = _fitted(Typesetter(letters.shaper, pieces, measured, body), width, height)
    unbroken = OneLine(letters.shaper, pieces, measured, body).block(width, height, "center")
    if unbroken is not None and unbroken.title >= SMALLER * block.title:
        block = unbroken
    height = mark + gap + block.rect.height
    top = frame.y0 + (frame.height - height) * 0.47
    x = (stage.width - block.rect.width) / 2
    block = block.moved(x, top + mark + gap)
    begins = span.first + round(_BEGINS_S * stage.fps)
    coming = max(1, min(round(_COMES_S * stage.fps), span.length // 3))
    times = Times(begins, span.end + 10_000, coming, 0)
    made: list[Overlay] = []
    if mark:
        made.append(_mark(top, mark, pixels, times, letters, stage))
    rows = [hung(row, letters.shaper) for row in block.rows]
    step = round(_STAGGER_S * stage.fps)
    order = dict.fromkeys(row.piece.index for row, _ in rows)
    for number, index in enumerate(order, 1 if mark else 0):
        own = [r for r in rows if r[0].piece.index == index]
        late = replace(times, first=times.first + min(number * step, span.length // 4))
        made.append(_text(own, block, pixels, late, letters, stage))
    return made


def _fitted(setter: Typesetter, width: float, height: float) -> Block:
    """The words, as small as it takes."""
    scale = 1.0
    while scale > 0.2:
        block = setter.block(width, height, "center", scale=scale)
        if block is not None:
            return block
        scale *= 0.85
    return Block((), (), Rect(0, 0, 0, 0))


def _mark_height(letters: Letters, stage: Stage, *, alone: bool) -> float:
    """Of the logo, or of the name's capitals where there is no logo."""
    short = min(stage.width, stage.height)
    if letters.logo is not None:
        share = 0.24 if alone else 0.115
        return min(share * short, 0.5 * stage.width / letters.logo.aspect)
    if not letters.name:
        return 0.0
    return (0.1 if alone else 0.042) * short


def _mark(
    top: float,
    height: float,
    pixels: NDArray[np.uint8],
    times: Times,
    letters: Letters,
    stage: Stage,
) -> Overlay:
    """Logo and name beside each other, or one of them alone, centred."""
    below = RISE * stage.height
    logo, style = letters.logo, Style(letters.faces.display, 600, -0.012)
    named = bool(letters.name) and (logo is None or logo.aspect < _BROAD)
    up, _ = letters.shaper.rises(letters.name)
    size = (height if logo is None else _NAME_BESIDE * height) / up if named else 0.0
    wide = height * logo.aspect if logo else 0.0
    gap = _NAME_GAP * height if logo and named else 0.0
    ink = letters.shaper.ink(letters.name, style, size) if named else None
    long = ink.right - ink.left if ink else 0.0
    if wide + gap + long > 0.86 * stage.width:
        shrunk = 0.86 * stage.width / (wide + gap + long)
        wide, gap, long, size = (v * shrunk for v in (wide, gap, long, size))
        ink = letters.shaper.ink(letters.name, style, size) if named else None
    high = wide / logo.aspect if logo else height
    x0, y0 = (stage.width - wide - gap - long) / 2, top + (height - high) / 2
    area = Rect(x0, y0, x0 + wide + gap + long, y0 + high).grown(0.35 * max(high, size))
    piece = Sheet(area, stage.width, stage.height, below=below)
    rtl = named and is_rtl(letters.name)
    if logo:
        left = x0 + (long + gap if rtl else 0.0)
        rect = Rect(left, y0, left + wide, y0 + high)
        around = rect.grown(0.05 * high)
        piece.picture(_logo(rect, around, pixels, letters), around.x0, around.y0)
    if ink:
        left = x0 if rtl else x0 + wide + gap
        at = (left - ink.left, y0 + (high + up * size) / 2)
        fill = max(
            (letters.inks.light, letters.inks.dark), key=lambda c: measured(pixels, [area], c)
        )
        letters.shaper.paint(piece.canvas, letters.name, style, size, at, fill)
    return Overlay(piece.patch(), times, rise=below)


def _logo(rect: Rect, area: Rect, pixels: NDArray[np.uint8], letters: Letters) -> NDArray[np.uint8]:
    """Straight-alpha pixels of ``area``: the logo as it is laid on this ground, and nothing else.

    Laid on the ground's mean and on that mean a little lighter, the two differ where it is clear.
    """
    assert letters.logo is not None
    x0, y0, x1, y1 = (round(v) for v in area)
    part = pixels[max(0, y0) : y1, max(0, x0) : x1]
    mean = np.minimum(part.reshape(-1, 3).mean(0), 230)
    shape = (y1 - y0, x1 - x0, 3)
    moved = Rect(rect.x0 - x0, rect.y0 - y0, rect.x1 - x0, rect.y1 - y0)
    sheets: list[NDArray[np.float32]] = []
    for offset in (0, 24):
        flat = np.full(shape, mean.astype(np.uint8) + np.uint8(offset), np.uint8)
        draw_logo(flat, letters.logo, moved, letters.palette)
        sheets.append(flat.astype(np.float32))
    alpha = 1 - (sheets[1] - sheets[0]).mean(-1, keepdims=True) / 24
    if alpha.min() < -0.1 or alpha.max() > 1.1:
        # It was laid in two different ways: what lies on the darker ground is taken as it is.
        return np.dstack([sheets[0], np.full(shape[:2], 255, np.float32)]).astype(np.uint8)
    alpha = np.clip(alpha, 0, 1)
    ground = mean.astype(np.uint8).astype(np.float32)
    colours = ground + (sheets[0] - ground) / np.maximum(alpha, 1 / 64)
    made = np.concatenate([np.clip(colours, 0, 255), alpha * 255], -1)
    return (made + 0.5).astype(np.uint8)


def _text(
    own: Sequence[tuple[Row, Rect]],
    block: Block,
    pixels: NDArray[np.uint8],
    times: Times,
    letters: Letters,
    stage: Stage,
) -> Overlay:
    piece = own[0][0].piece
    below = RISE * stage.height
    pill = next((p for p in block.pills if p.piece is piece), None)
    rects = [rect for _, rect in own]
    area = bounds(rects, [pill] if pill else [], pad=0.1 * own[0][0].size)
    sheet = Sheet(area, stage.width, stage.height, below=below)
    palette, inks = letters.palette, letters.inks
    ink = max((inks.light, inks.dark), key=lambda c: measured(pixels, rects, c))
    if pill:
        sheet.shape(pill.rect, palette.accent, radius=pill.radius)
        ink = readable_on(palette.accent, inks)
    elif piece.role == "eyebrow" and measured(pixels, rects, palette.accent) >= READABLE:
        ink = palette.accent
    sheet.text(letters.shaper, [row for row, _ in own], ink)
    return Overlay(sheet.patch(), times, rise=below)
