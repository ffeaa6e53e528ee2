"""Setting words and logo on a picture, as a poster.

The order: read the words, find the place, make the ground readable, lay shapes, paint letters,
and measure each text's contrast on the pixels it stands on.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.picture import colour
from brandmodel.local.type.bitmap import claimed_pixels
from brandmodel.local.type.block import Piece, Pill, Row
from brandmodel.local.type.faces import missing_characters, settable, typeface, typeface_of
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import Sheet, Side, sheet
from brandmodel.local.type.ground import READABLE, Ground, Rect, around
from brandmodel.local.type.logo import logo_of
from brandmodel.local.type.mark import Mark
from brandmodel.local.type.placing import Placement, placed
from brandmodel.local.type.shaping import Shaper, Style, is_rtl
from brandmodel.local.type.veil import Inks, inks, lay_plate, measured, readable_on, settled
from brandmodel.tasks import Asset, Box, TextBox, TypeRole, Typeset, TypesetPicture
from brandmodel.tasks.image import LARGEST_PIXELS

_ORDER: tuple[TypeRole, ...] = ("eyebrow", "title", "line", "detail", "button")
_WEIGHTS: dict[TypeRole, int] = {
    "eyebrow": 600,
    "title": 700,
    "line": 400,
    "detail": 500,
    "button": 600,
}
_TRACKING: dict[TypeRole, float] = {
    "eyebrow": 0.13,
    "title": -0.018,
    "line": -0.003,
    "detail": 0.0,
    "button": 0.0,
}
_MOST_LETTERS = 4000


@dataclass(slots=True)
class _Job:
    """What one request comes down to."""

    shaper: Shaper
    pieces: tuple[Piece, ...]
    mark: Mark
    inks: Inks
    palette: Palette
    notes: list[str] = field(default_factory=list[str])


def typeset(request: Typeset, desk: Desk) -> TypesetPicture:
    """Set the lines, the logo and the name of a request on its picture.

    Raises:
        InvalidRequestError: picture, logo or typeface is not what it should be, or there are more
            words than any picture holds.
    """
    pixels = _opened(desk.read(request.image), request.palette)
    job = _job(request, desk)
    height, width = pixels.shape[:2]
    boxes: tuple[TextBox, ...] = ()
    page = sheet(width, height, job.mark.size(job.shaper), rtl=_reads_rtl(job))
    if job.pieces or page.brand[1]:
        setter = Typesetter(job.shaper, job.pieces, page.frame, page.body)
        ground = Ground(pixels, request.subjects)
        where = placed(setter, page, ground, request.palette, request.space)
        boxes = _set(pixels, job, page, where)
    return TypesetPicture(
        image=_kept(pixels, desk),
        texts=boxes,
        notes=tuple(job.notes),
    )


def _opened(data: bytes, palette: Palette) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB; transparent places show the palette's paper."""
    claimed = claimed_pixels(data)
    if claimed > LARGEST_PIXELS:
        raise InvalidRequestError(f"the picture to set type on has over {LARGEST_PIXELS:,} pixels")
    layered = data[:4] in (b"\x89PNG", b"RIFF")
    flags = cv2.IMREAD_UNCHANGED if layered else cv2.IMREAD_COLOR
    found = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if claimed else None
    if found is None:
        raise InvalidRequestError(
            "the picture to set type on cannot be read", hint="Give a PNG, JPEG or WebP file."
        )
    seen = np.asarray(found)
    if seen.dtype != np.uint8 or seen.ndim != 3:
        plain = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        seen = np.asarray(plain, np.uint8)
    if seen.shape[2] == 4:
        alpha = seen[..., 3:].astype(np.float32) / 255
        paper = colour.encoded(colour.rgb(palette.paper)) * 255
        flat = seen[..., 2::-1] * alpha + paper * (1 - alpha)
        return (flat + 0.5).astype(np.uint8)
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2RGB), np.uint8)


def _kept(pixels: NDArray[np.uint8], desk: Desk) -> Asset:
    bgr = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8)
    _, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    height, width = pixels.shape[:2]
    return desk.keep(data.tobytes(), "image/png", width=width, height=height)


def _job(request: Typeset, desk: Desk) -> _Job:
    files = [f for f in (request.display, request.text) if isinstance(f, Asset)]
    data = {f.sha256: desk.read(f) for f in files}
    shaper = Shaper(*data.values())
    own = dict(zip(data, shaper.own, strict=True))
    faces = [typeface_of(d) for d in data.values()]
    display, text = (_family(f, own) for f in (request.display, request.text))
    if sum(len(line.text) for line in request.lines) > _MOST_LETTERS:
        raise InvalidRequestError(f"more than {_MOST_LETTERS} letters are to be set on one picture")
    missing: dict[str, None] = {}
    pieces: list[Piece] = []
    for index, line in enumerate(request.lines):
        missing.update(dict.fromkeys(missing_characters(line.text, *faces)))
        words = settable(line.text, *faces)
        if words:
            pieces.append(_piece(index, line.role, words, display, text))
    name = settable(request.name, *faces)
    missing.update(dict.fromkeys(missing_characters(request.name, *faces)))
    logo = logo_of(desk.read(request.logo)) if request.logo else None
    job = _Job(
        shaper,
        tuple(sorted(pieces, key=lambda p: _ORDER.index(p.role))),
        Mark(logo, name, Style(text, 600, -0.008)),
        inks(request.palette),
        request.palette,
    )
    if missing:
        job.notes.append(f"left out, since no typeface has them: {' '.join(missing)}")
    return job


def _family(face: str | Asset, own: dict[str, str]) -> str:
    if isinstance(face, Asset):
        return own[face.sha256]
    typeface(face)
    return face


def _piece(index: int, role: TypeRole, words: str, display: str, text: str) -> Piece:
    if role == "title":
        serif = display.casefold() == "eb garamond"
        style = Style(display, 500 if serif else 700, -0.012 if serif else _TRACKING["title"])
        return Piece(index, role, words, style)
    shown = words.upper() if role == "eyebrow" else words
    return Piece(index, role, shown, Style(text, _WEIGHTS[role], _TRACKING[role]))


def _reads_rtl(job: _Job) -> bool:
    first = next((p for p in job.pieces if p.role == "title"), None)
    deciding = first or (job.pieces[0] if job.pieces else None)
    return is_rtl(deciding.text if deciding else job.mark.name)


def _set(
    pixels: NDArray[np.uint8], job: _Job, page: Sheet, where: Placement
) -> tuple[TextBox, ...]:
    """Everything that is laid into the pixels, from the ground up; returns the texts' boxes."""
    hanging = [[hung(row, job.shaper) for row in block.rows] for block in where.blocks]
    prefer = ""
    colours: dict[int, str] = {}
    plated: set[int] = set()
    for block, rows in zip(where.blocks, hanging, strict=True):
        texts = _places(rows, without="button")
        if texts:
            room = around([block.rect])
            side = _panel_side(where, len(where.blocks) > 1, block.rect, page)
            prefer, panel = settled(pixels, texts, job.inks, side, prefer=prefer, room=room)
            colours.update(dict.fromkeys(texts, prefer))
            plated.update(texts if panel else ())
    name = job.mark.name_box(job.shaper, where.brand) if where.brand else None
    name_ink = ""
    if name and where.brand:
        spot = {-1: [name.grown(1)]}
        name_ink, _ = settled(pixels, spot, job.inks, "center", prefer=prefer)
    if where.brand:
        job.mark.draw_logo(pixels, where.brand, job.palette)
    rows = [row for part in hanging for row in part]
    for pill in (pill for block in where.blocks for pill in block.pills):
        fill = _pill_fill(pixels, pill.rect, job)
        _lay_pill(pixels, pill, fill)
        colours[pill.piece.index] = readable_on(fill, job.inks)
    _tint_eyebrows(pixels, rows, colours, job)
    boxes = _boxes(pixels, rows, colours, plated, job)
    with _canvas(pixels) as canvas:
        for row, _ in rows:
            ink = colours[row.piece.index]
            job.shaper.paint(canvas, row.text, row.piece.style, row.size, (row.x, row.y), ink)
        if name and where.brand:
            job.mark.paint_name(canvas, job.shaper, where.brand, name_ink)
    return boxes


def _panel_side(where: Placement, split: bool, rect: Rect, page: Sheet) -> Side:
    if split:
        return "top" if rect.y0 + rect.y1 < page.height else "bottom"
    return where.region.side


def hung(row: Row, shaper: Shaper) -> tuple[Row, Rect]:
    """The row hung by the edge of its ink, and the bounds of that ink."""
    ink = shaper.ink(row.text, row.piece.style, row.size)
    shift = {
        "left": -ink.left,
        "center": (row.width - ink.left - ink.right) / 2,
        "right": row.width - ink.right,
    }[row.align]
    moved = row.moved(shift, 0)
    x, y = moved.x, moved.y
    return moved, Rect(x + ink.left, y + ink.top, x + ink.right, y + ink.bottom)


def _places(rows: Sequence[tuple[Row, Rect]], *, without: str = "") -> dict[int, list[Rect]]:
    """Where the lines of each text stand, a little more than their ink."""
    found: dict[int, list[Rect]] = {}
    for row, rect in rows:
        if row.piece.role != without:
            found.setdefault(row.piece.index, []).append(rect.grown(0.06 * row.size))
    return found


def _tint_eyebrows(
    pixels: NDArray[np.uint8],
    rows: Sequence[tuple[Row, Rect]],
    colours: dict[int, str],
    job: _Job,
) -> None:
    """Accent or primary for the eyebrow where they can be read."""
    for index, rects in _places([r for r in rows if r[0].piece.role == "eyebrow"]).items():
        for tint in (job.palette.accent, job.palette.primary):
            if measured(pixels, rects, tint) >= READABLE * 1.02:
                colours[index] = tint
                break


def _boxes(
    pixels: NDArray[np.uint8],
    rows: Sequence[tuple[Row, Rect]],
    colours: dict[int, str],
    plated: set[int],
    job: _Job,
) -> tuple[TextBox, ...]:
    """What is reported of each text; lays a plate under one that is still hard to read."""
    height, width = pixels.shape[:2]
    pieces = {row.piece.index: row.piece for row, _ in rows}
    found: dict[int, TextBox] = {}
    for index, rects in _places(rows).items():
        ratio = measured(pixels, rects, colours[index])
        if ratio < READABLE:
            plated.add(index)
            fill = job.inks.dark if colours[index] == job.inks.light else job.inks.light
            colours[index] = readable_on(fill, job.inks)
            for rect in rects:
                lay_plate(pixels, rect.grown(0.3 * rect.height), fill)
            ratio = measured(pixels, rects, colours[index])
        piece = pieces[index]
        ink = around(rect for row, rect in rows if row.piece.index == index)
        box = Box(
            x=ink.x0 / width,
            y=ink.y0 / height,
            width=ink.width / width,
            height=ink.height / height,
        )
        found[index] = TextBox(
            role=piece.role,
            text=piece.text,
            box=box,
            contrast=round(ratio, 2),
            ink=colours[index],
            plate=index in plated,
        )
    return tuple(found[index] for index in sorted(found))


def _pill_fill(pixels: NDArray[np.uint8], rect: Rect, job: _Job) -> str:
    """The accent, or the colour that stands out most where the accent would be lost."""
    height, width = pixels.shape[:2]
    x0, y0 = int(max(0, rect.x0)), int(max(0, rect.y0))
    part = pixels[y0 : int(min(height, rect.y1)) + 1, x0 : int(min(width, rect.x1)) + 1]
    ground = colour.oklab(colour.linear(part.reshape(-1, 3)[::7]).mean(0))
    choices = (job.palette.accent, job.palette.primary, job.inks.dark, job.inks.light)
    far = {c: float(np.linalg.norm(colour.lab(c) - ground)) for c in choices}
    if far[job.palette.accent] > 0.13:
        return job.palette.accent
    return max(far, key=lambda c: far[c])


def _lay_pill(pixels: NDArray[np.uint8], pill: Pill, fill: str) -> None:
    paint = skia.Paint(AntiAlias=True, Color=0xFF000000 | int(fill[1:], 16))
    r = pill.rect
    with _canvas(pixels) as canvas:
        shape = skia.Rect.MakeLTRB(r.x0, r.y0, r.x1, r.y1)
        canvas.drawRoundRect(shape, pill.radius, pill.radius, paint)


@contextmanager
def _canvas(pixels: NDArray[np.uint8]) -> Generator[skia.Canvas]:
    """A canvas over (H, W, 3) pixels; what is painted is in them afterwards."""
    sheet = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), np.uint8)
    surface = skia.Surface(
        sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    yield surface.getCanvas()
    surface.flushAndSubmit()
    cv2.cvtColor(sheet, cv2.COLOR_RGBA2RGB, dst=pixels)
