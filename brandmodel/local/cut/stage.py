"""The frame that a film's type stands on."""

from __future__ import annotations

from typing import NamedTuple

from brandmodel.local.type.ground import Rect
from brandmodel.tasks import Box

_MARGIN = 0.075
# What players lay over an upright film: its maker's name above, buttons and a text below.
_UPRIGHT_TOP, _UPRIGHT_BOTTOM = 0.07, 0.15


class Stage(NamedTuple):
    """The film's frame in pixels.

    Attributes:
        floor: the top of what is read at the bottom, or the height.
        ceiling: the bottom of what is read at the top, or 0.
        taken: what else type must not cross, beside the subjects.
    """

    width: int
    height: int
    fps: int
    floor: float
    ceiling: float = 0.0
    taken: tuple[Rect, ...] = ()


def safe(stage: Stage) -> Rect:
    """The frame inside its margins, without what players lay over an upright film."""
    width, height = stage.width, stage.height
    margin = _MARGIN * min(width, height)
    frame = Rect(margin, margin, width - margin, height - margin)
    if width >= height:
        return frame
    return frame._replace(
        y0=max(margin, _UPRIGHT_TOP * height), y1=height - max(margin, _UPRIGHT_BOTTOM * height)
    )


def free(stage: Stage) -> Rect:
    """What is safe, between what is read at the top and at the bottom."""
    frame = safe(stage)
    return frame._replace(y0=max(frame.y0, stage.ceiling), y1=min(frame.y1, stage.floor))


def box_rect(box: Box, stage: Stage) -> Rect:
    """A box in pixels."""
    x, y = box.x * stage.width, box.y * stage.height
    return Rect(x, y, x + box.width * stage.width, y + box.height * stage.height)


def rect_box(rect: Rect, stage: Stage) -> Box:
    """What of a rectangle lies in the frame, as a box."""
    x0, y0, x1, y1 = rect.within(Rect(0, 0, stage.width, stage.height))
    width, height = max(0.0, x1 - x0), max(0.0, y1 - y0)
    return Box(
        x=x0 / stage.width,
        y=y0 / stage.height,
        width=width / stage.width,
        height=height / stage.height,
    )


def body_scale(stage: Stage) -> float:
    """How much larger running text is than in print: a film is seen from further away."""
    return 1.18 if stage.width >= stage.height else 1.34
