"""Where type goes: candidate places on the grid, and which of them suits the picture best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from brandmodel.brand import Palette
from brandmodel.local.type.block import Align, Block, Row
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import Anchor, Region, Sheet, regions
from brandmodel.local.type.ground import READABLE, Ground, Rect, covered
from brandmodel.tasks import Space, TypeRole

_HEAD: frozenset[TypeRole] = frozenset({"eyebrow", "title", "line"})
_FOOT: frozenset[TypeRole] = frozenset({"detail", "button"})
# Scale of everything but the title, and how much it is disliked; where even the last does not fit,
# the request is set as small as it takes.
_SCALES = ((1.0, 0.0), (0.86, 0.25), (0.74, 0.8))


@dataclass(frozen=True, slots=True)
class Placement:
    """Blocks at their places, and the brand's."""

    blocks: tuple[Block, ...]
    brand: Rect | None
    region: Region
    score: float = 0.0


def placed(
    setter: Typesetter, page: Sheet, ground: Ground, palette: Palette, space: Space
) -> Placement:
    """The best placement: readable, on calm ground, across no subject if any place allows it.

    Where none does, at least the first subject, which is the most important, is left alone.
    """
    scored = [
        _scored(option, page, ground, palette, space)
        for scale, dislike in _SCALES
        for region in regions(page, ground)
        for option in _made(
            setter, page, replace(region, liking=region.liking - dislike), ground, scale
        )
    ]
    if not scored:
        return _forced(setter, page)
    for subjects in (ground.subjects, ground.subjects[:1]):
        clear = [o for o in scored if _crossing(o, subjects, page) < 0.002]
        if clear:
            return max(clear, key=lambda o: o.score)
    return max(scored, key=lambda o: o.score)


def _made(
    setter: Typesetter, page: Sheet, region: Region, ground: Ground, scale: float
) -> Iterator[Placement]:
    """The placements that a region allows: with the brand above, below, or across."""
    if region.split:
        made = _split(setter, page, region, scale)
        if made:
            yield made
        return
    reserve = page.brand[1] + 1.9 * page.body if page.brand[1] and not region.far else 0.0
    block = setter.block(region.rect.width, region.rect.height - reserve, region.align, scale=scale)
    if block is None:
        return
    x = _across(region, page, block.rect.width)
    if region.far:
        y = _down(region.rect, block.rect.height, region.anchor)
        yield _with_brand(block.moved(x, y), page, region, ground)
        return
    below = region.anchor == "top"
    rest = Rect(
        region.rect.x0,
        region.rect.y0 + (0 if below else reserve),
        region.rect.x1,
        region.rect.y1 - (reserve if below else 0),
    )
    moved = block.moved(x, _down(rest, block.rect.height, region.anchor))
    brand = _brand_in_column(page, region, moved.rect, below=below)
    yield Placement((moved,), brand, region)


def _split(setter: Typesetter, page: Sheet, region: Region, scale: float) -> Placement | None:
    """Title at the top, details and button at the bottom of the same column."""
    rect, align = region.rect, region.align
    head = setter.block(rect.width, rect.height * 0.62, align, scale=scale, roles=_HEAD)
    foot = setter.block(rect.width, rect.height * 0.3, align, scale=scale, roles=_FOOT)
    if not head or not foot or not head.rows or not foot.rows:
        return None
    reserve = page.brand[1] + 1.9 * page.body if page.brand[1] else 0.0
    if head.rect.height + foot.rect.height + reserve + 3 * page.body > rect.height:
        return None
    upper = head.moved(_across(region, page, head.rect.width), rect.y0 + reserve)
    lower = foot.moved(_across(region, page, foot.rect.width), rect.y1 - foot.rect.height)
    brand = _brand_in_column(page, region, upper.rect, below=False)
    return Placement((upper, lower), brand, region)


def _across(region: Region, page: Sheet, width: float) -> float:
    """Where a block begins: columns at the right hug the margin, all others their own edge.

    A brand in the column that is broader than the block decides in the block's place.
    """
    rect = region.rect
    if region.side == "right" and region.align == "left" and not region.far:
        return rect.x1 - min(max(width, page.brand[0]), rect.width)
    if region.align == "center":
        return (rect.x0 + rect.x1 - width) / 2
    if region.side == "right" or (region.align == "right" and region.side != "left"):
        return rect.x1 - width
    return rect.x0


def _down(rect: Rect, height: float, anchor: Anchor) -> float:
    room = rect.height - height
    # The optical middle lies a little above the measured one.
    return rect.y0 + room * {"top": 0.0, "middle": 0.46, "bottom": 1.0}[anchor]


def _brand_in_column(page: Sheet, region: Region, block: Rect, *, below: bool) -> Rect | None:
    width, height = page.brand
    if not height:
        return None
    x = {
        "left": block.x0,
        "center": (region.rect.x0 + region.rect.x1 - width) / 2,
        "right": block.x1 - width,
    }[region.align]
    x = min(max(x, page.frame.x0), page.frame.x1 - width)
    y = page.frame.y1 - height if below else page.frame.y0
    return Rect(x, y, x + width, y + height)


def _with_brand(block: Block, page: Sheet, region: Region, ground: Ground) -> Placement:
    """The brand in the calmer of the two corners across."""
    width, height = page.brand
    if not height:
        return Placement((block,), None, region)
    frame = page.frame
    left = block.rect.x0 + block.rect.x1 > frame.x0 + frame.x1
    x = frame.x0 if left else frame.x1 - width
    corners = [
        Rect(x, frame.y0, x + width, frame.y0 + height),
        Rect(x, frame.y1 - height, x + width, frame.y1),
    ]
    grown = block.rect.grown(page.body)
    best = min(
        corners,
        key=lambda c: (
            ground.unrest(c) + 5 * covered([c], ground.subjects) + 50 * covered([c], [grown])
        ),
    )
    return Placement((block,), best, region)


def _crossing(option: Placement, subjects: Sequence[Rect], page: Sheet) -> float:
    """How much of the type stands on subjects, and of the brand on the type."""
    rects = [row.bounds((0.74, 0.22)).grown(0.25 * page.body) for row in _rows(option)]
    rects += [pill.rect for block in option.blocks for pill in block.pills]
    crossing = covered(rects, subjects) if rects else 0.0
    if option.brand:
        crossing += covered([option.brand], [b.rect.grown(0.5 * page.body) for b in option.blocks])
        crossing += 0.5 * covered([option.brand], subjects)
    return crossing


def _scored(
    option: Placement, page: Sheet, ground: Ground, palette: Palette, space: Space
) -> Placement:
    rects = [row.bounds((0.74, 0.22)) for row in _rows(option)]
    rects += [pill.rect.grown(0.4 * page.body) for block in option.blocks for pill in block.pills]
    score = option.region.liking - 12 * min(1.0, _crossing(option, ground.subjects, page))
    if rects:
        weights = [r.area**0.5 for r in rects]
        unrest = sum(ground.unrest(r) * w for r, w in zip(rects, weights, strict=True))
        score -= 4.2 * unrest / sum(weights)
        ease = min(ground.readability(b.rect, palette) for b in option.blocks if b.rows)
        score -= 2.2 * (1 - min(1.0, (ease - 1) / (READABLE - 1)))
    if option.brand:
        score -= 0.7 * ground.unrest(option.brand)
        score -= 0.3 * (1 - min(1.0, ground.readability(option.brand, palette) / READABLE))
    score += 2.2 * _presence(option, page) + _obeys(option.region, space)
    score -= 0.45 * _broken_lines(option)
    return Placement(option.blocks, option.brand, option.region, score)


def _broken_lines(option: Placement) -> int:
    """How many more rows than texts the short texts take: a date should not be broken."""
    short = [r for r in _rows(option) if r.piece.role in ("eyebrow", "detail", "button")]
    return len(short) - len({r.piece.index for r in short})


def _presence(option: Placement, page: Sheet) -> float:
    """How well the title stands out: its size against the one that fills the usual area."""
    title = max(b.title for b in option.blocks)
    lines = sum(row.piece.role == "title" for row in _rows(option))
    reach = (page.width * page.height) ** 0.5 * 0.12
    return min(1.0, title * max(1, lines) ** 0.5 / (reach * 1.5)) if title else 0.5


def _obeys(region: Region, space: Space) -> float:
    if space == "none":
        return 0.0
    if region.split:
        return -0.8
    if region.side == space:
        return 2.6
    if region.side == "center" or space in ("left", "right") and region.side in ("top", "bottom"):
        return -0.4
    opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[space]
    if region.side == opposite:
        return -1.6
    return 1.0 if region.anchor == space else 0.0


def _rows(option: Placement) -> list[Row]:
    return [row for block in option.blocks for row in block.rows]


def _forced(setter: Typesetter, page: Sheet) -> Placement:
    """The whole frame, as small as it takes."""
    align: Align = "right" if page.rtl else "left"
    region = Region(page.frame, align, "top", "top")
    reserve = page.brand[1] + page.body if page.brand[1] else 0.0
    scale = _SCALES[-1][0]
    block: Block | None = None
    while block is None and scale > 0.02:
        scale *= 0.85
        block = setter.block(page.frame.width, page.frame.height - reserve, align, scale=scale)
    if block is None:
        return Placement((), None, region)
    moved = block.moved(_across(region, page, block.rect.width), page.frame.y0)
    brand = _brand_in_column(page, region, moved.rect, below=True)
    return Placement((moved,), brand, region)
