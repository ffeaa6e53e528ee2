"""The camera: moves that ease, keep the subject in the frame and never show an edge.

Units: heights of the frame on the screen, heights of the picture in the picture, both with their
origin in the middle, x to the right and y down. Nearness is 0 for what is farthest and 1 for what
is nearest; whatever moves with depth moves by nearness, as true perspective does: the image of a
point at distance z shifts and grows in proportion to 1/z.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from brandmodel.tasks import Box
from brandmodel.tasks.video import Move

_RIM = 0.006
"""Of the picture's height: kept out of the frame at every edge."""
_AIR = 0.03
"""Of the frame's height: kept free between the subject and the frame's edge."""
_SAMPLES = tuple(float(t) for t in np.linspace(0, 1, 17))


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the camera is at one moment.

    A point u of nearness q is seen at  zoom (u - centre) (1 + dolly q) + slide (q - pivot).

    Attributes:
        zoom: frame heights per picture height.
        dolly: how much more the nearest grows than the farthest.
        x: picture point in the middle of the frame.
        y: likewise.
        slide_x: frame heights by which the nearest is displaced against the farthest.
        slide_y: likewise.
        pivot: nearness of what stands still while the camera slides.
    """

    zoom: float
    dolly: float = 0.0
    x: float = 0.0
    y: float = 0.0
    slide_x: float = 0.0
    slide_y: float = 0.0
    pivot: float = 0.0

    def seen(self, u: tuple[float, float], nearness: float) -> tuple[float, float]:
        """Screen point of a picture point."""
        grown = self.zoom * (1 + self.dolly * nearness)
        lead = nearness - self.pivot
        return (
            (u[0] - self.x) * grown + self.slide_x * lead,
            (u[1] - self.y) * grown + self.slide_y * lead,
        )

    def reach(self, wide: float) -> tuple[float, float]:
        """Half of what the frame shows of the picture, whatever its nearness: (across, down)."""
        least = self.zoom * (1 + min(0.0, self.dolly))
        lead = max(self.pivot, 1 - self.pivot)
        return (
            (wide / 2 + abs(self.slide_x) * lead) / least,
            (0.5 + abs(self.slide_y) * lead) / least,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """What the camera moves through.

    Attributes:
        frame: width of the frame over its height.
        picture: width of the picture over its height.
        subject: what must stay in the frame, in fractions of the picture; None for the middle.
        pivot: nearness of the subject.
        depth: how much depth the picture has, 0 (flat) to 1.
    """

    frame: float
    picture: float
    subject: Box | None = None
    pivot: float = 0.0
    depth: float = 1.0

    @property
    def focus(self) -> tuple[float, float]:
        """Middle of the subject, in picture units."""
        if self.subject is None:
            return 0.0, 0.0
        box = self.subject
        return (box.x + box.width / 2 - 0.5) * self.picture, box.y + box.height / 2 - 0.5


def eased(t: float) -> float:
    """0..1 to 0..1: Perlin's smootherstep, with enough of a steady pace that no end freezes."""
    return 0.82 * t * t * t * (t * (6 * t - 15) + 10) + 0.18 * t


@dataclass(frozen=True, slots=True)
class Path:
    """A way from one pose to another; both fit the stage."""

    stage: Stage
    start: Pose
    end: Pose

    def at(self, t: float) -> Pose:
        """The pose at a moment, 0 the first frame to 1 the last."""
        s, a, b = eased(t), self.start, self.end

        def between(one: float, other: float) -> float:
            return one + (other - one) * s

        pose = Pose(
            zoom=a.zoom * (b.zoom / a.zoom) ** s,
            dolly=between(a.dolly, b.dolly),
            x=between(a.x, b.x),
            y=between(a.y, b.y),
            slide_x=between(a.slide_x, b.slide_x),
            slide_y=between(a.slide_y, b.slide_y),
            pivot=a.pivot,
        )
        return _inside(pose, self.stage)

    @property
    def closest(self) -> float:
        """The greatest zoom on the way."""
        return max(self.start.zoom, self.end.zoom)

    def covered(self, box: Box, nearness: float) -> Box:
        """Where something of the picture is over the whole shot, in fractions of the frame."""
        wide = self.stage.picture
        left, right = (box.x - 0.5) * wide, (box.x + box.width - 0.5) * wide
        top, bottom = box.y - 0.5, box.y + box.height - 0.5
        poses = [self.at(t) for t in _SAMPLES]
        points = np.array(
            [pose.seen(u, nearness) for pose in poses for u in ((left, top), (right, bottom))]
        )
        x = np.clip(points[:, 0] / self.stage.frame + 0.5, 0, 1)
        y = np.clip(points[:, 1] + 0.5, 0, 1)
        x0, y0 = float(x.min()), float(y.min())
        return Box(x=x0, y=y0, width=float(x.max()) - x0, height=float(y.max()) - y0)


def path_of(move: Move, stage: Stage, duration_s: float, *, side: float = 1.0) -> Path:
    """The way of a move through a stage.

    Args:
        move: which.
        stage: what there is to move through.
        duration_s: a longer shot goes farther, but not in proportion: it is calmer.
        side: -1 or 1, to which side the moves sway that name none.
    """
    far = min(max(duration_s / 4, 0.25), 2.0) ** 0.6
    start, end = _MOVES[move](stage, far, side)
    pivot = {"pivot": stage.pivot}
    start, end = replace(start, **pivot), replace(end, **pivot)
    more = _least_zoom(stage, start, end)
    start, end = (replace(p, zoom=p.zoom * more) for p in (start, end))
    return Path(stage, _inside(start, stage), _inside(end, stage))


def _least_zoom(stage: Stage, start: Pose, end: Pose) -> float:
    """Factor on both zooms so that the frame, with the travel between them, fits the picture."""
    travel = (abs(end.x - start.x) / 2, abs(end.y - start.y) / 2)
    room = (stage.picture / 2 - _RIM, 0.5 - _RIM)
    most = 0.0
    for pose in (start, end):
        reach = pose.reach(stage.frame)
        for r, span, free in zip(reach, travel, room, strict=True):
            most = max(most, r / max(free - span, 0.05))
    return most


def _inside(pose: Pose, stage: Stage) -> Pose:
    """The pose turned so that the subject is in the frame and, above all, no edge is."""
    x, y = _held(pose, stage) if stage.subject is not None else (pose.x, pose.y)
    across, down = pose.reach(stage.frame)
    free_x = max(stage.picture / 2 - _RIM - across, 0.0)
    free_y = max(0.5 - _RIM - down, 0.0)
    return replace(pose, x=min(max(x, -free_x), free_x), y=min(max(y, -free_y), free_y))


def _held(pose: Pose, stage: Stage) -> tuple[float, float]:
    """The nearest middle of the frame that has the whole subject in the frame."""
    assert stage.subject is not None
    box, focus = stage.subject, stage.focus
    grown = pose.zoom * (1 + pose.dolly * stage.pivot)
    out: list[float] = []
    for middle, half, frame, wish in (
        (focus[0], box.width * stage.picture / 2, stage.frame / 2, pose.x),
        (focus[1], box.height / 2, 0.5, pose.y),
    ):
        play = max((frame - _AIR) / grown - half, 0.0)
        out.append(min(max(wish, middle - play), middle + play))
    return out[0], out[1]


def _toward(stage: Stage, share: float) -> tuple[float, float]:
    """A point a share of the way from the middle of the picture to the subject."""
    return stage.focus[0] * share, stage.focus[1] * share


def _push_in(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    flat = 1 - stage.depth
    x, y = _toward(stage, 0.5)
    end = Pose(
        zoom=1 + (0.035 + 0.075 * flat) * far,
        dolly=0.11 * far * stage.depth,
        x=x,
        y=y,
        slide_x=0.016 * side * far * stage.depth,
    )
    return Pose(zoom=1.0, slide_x=-end.slide_x), end


def _pull_out(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    start, end = _push_in(stage, far, side)
    return end, start


def _pan(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    """To the right for side 1: the camera travels, and turns a little with it."""
    turn = (0.025 + 0.030 * (1 - stage.depth)) * far * side
    slide = 0.065 * far * side * stage.depth
    zoom = 1 + 0.02 * far
    return (
        Pose(zoom=zoom, x=-turn, slide_x=slide),
        Pose(zoom=zoom, x=turn, slide_x=-slide),
    )


def _pan_left(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    return _pan(stage, far, -1.0)


def _pan_right(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    return _pan(stage, far, 1.0)


def _rise(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    turn = (0.014 + 0.030 * (1 - stage.depth)) * far
    slide = 0.042 * far * stage.depth
    return (
        Pose(zoom=1.0, y=turn, slide_y=-slide),
        Pose(zoom=1 + 0.02 * far, dolly=0.02 * far * stage.depth, y=-turn, slide_y=slide),
    )


def _drift(stage: Stage, far: float, side: float) -> tuple[Pose, Pose]:
    turn = (0.008 + 0.016 * (1 - stage.depth)) * far * side
    slide = 0.040 * far * side * stage.depth
    rise = 0.010 * far * stage.depth
    return (
        Pose(zoom=1.0, x=-turn, slide_x=slide, slide_y=-rise),
        Pose(
            zoom=1 + (0.02 + 0.03 * (1 - stage.depth)) * far,
            dolly=0.03 * far * stage.depth,
            x=turn,
            slide_x=-slide,
            slide_y=rise,
        ),
    )


_MOVES: dict[Move, Callable[[Stage, float, float], tuple[Pose, Pose]]] = {
    "push-in": _push_in,
    "pull-out": _pull_out,
    "pan-left": _pan_left,
    "pan-right": _pan_right,
    "rise": _rise,
    "drift": _drift,
}
