"""The frames between: where things are halfway, seen from both neighbours.

Motion is DIS optical flow (Kroeger, Timofte, Dai, Van Gool: Fast Optical Flow using Dense Inverse
Search, 2016), both ways. For a moment between two frames each pixel is followed back into both;
where the two ways do not lead back to each other something is hidden in one of them, and the
other alone is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.local.desk import Desk
from brandmodel.local.motion import pipe
from brandmodel.local.motion.layers import Floats, Pixels
from brandmodel.local.motion.sampling import sampled
from brandmodel.tasks import Clip, InterpolateFrames

_FLOW_WIDTH = 720
"""Motion is measured on frames of at most this width."""
_ROUNDS = 5
_LOOSE = 0.75
"""Pixels by which the two ways may miss each other before a pixel counts as hidden."""
_CUT = 0.6
"""Share of such pixels from which two frames are two shots: nothing lies between them."""
_NEAR = 1e-3
_CRF = 14


def interpolate(request: InterpolateFrames, desk: Desk) -> Clip:
    """A clip at another frame rate or slowed down, with the frames between made from motion.

    It lasts as long as is asked or else as before, to within a frame. A clip that has the rate and
    is not to be stretched is handed back as it is.

    Raises:
        InvalidRequestError: the clip cannot be decoded.
        MissingExtraError: there is no ffmpeg.
    """
    data = desk.read(request.clip)
    facts = pipe.info(data)
    if abs(facts.fps - request.fps) < 0.01 and request.duration_s is None:
        return Clip(video=request.clip, subjects=request.subjects)
    length_s = request.duration_s or facts.duration_s
    count = max(1, round(length_s * request.fps))
    step = facts.fps / request.fps * facts.duration_s / length_s
    frames = (p[..., :3] for p in _retimed(data, count, step))
    video = pipe.encode(
        (np.ascontiguousarray(f) for f in frames),
        width=facts.width,
        height=facts.height,
        fps=request.fps,
        crf=_CRF,
        preset="ultrafast",
    )
    asset = desk.keep(
        video,
        "video/mp4",
        width=facts.width,
        height=facts.height,
        duration_s=count / request.fps,
    )
    return Clip(video=asset, subjects=request.subjects)


def _retimed(data: bytes, count: int, step: float) -> Iterator[Pixels]:
    """``count`` frames, ``step`` source frames apart; after the last one motion goes on."""
    source = (_opaque(frame) for frame in pipe.frames_of(data))
    first = next(source)
    second = next(source, None)
    between: Between | None = None
    index = 0
    for number in range(count):
        at = number * step
        while second is not None and at >= index + 1 and (later := next(source, None)) is not None:
            first, second, between, index = second, later, None, index + 1
        share = at - index
        if second is None or share < _NEAR:
            yield first
        elif abs(share - 1) < _NEAR:
            yield second
        else:
            between = between or Between.of(first, second)
            yield between.at(share)


@dataclass(frozen=True, slots=True)
class Between:
    """Two frames and the motion between them.

    Attributes:
        first: (H, W, 4).
        second: (H, W, 4).
        there: (h, w, 2) small pixels, from the first to the second, seen from the first.
        back: likewise, from the second to the first.
        astray: (h, w) for each of both: by how much its way misses the other's.
    """

    first: Pixels
    second: Pixels
    there: Floats
    back: Floats
    astray: tuple[Floats, Floats]

    @classmethod
    def of(cls, first: Pixels, second: Pixels) -> Between:
        """Measure the motion between two frames (H, W, 4) of one size."""
        a, b = _small(first), _small(second)
        there, back = _flow(a, b), _flow(b, a)
        return cls(first, second, there, back, (_missed(there, back), _missed(back, there)))

    def at(self, share: float) -> Pixels:
        """(H, W, 4) at a moment: 0 is the first frame, 1 the second; a little beyond works too."""
        if max(float((m > 2 * _LOOSE).mean()) for m in self.astray) > _CUT:
            return self.first if share < 0.5 else self.second
        from_first, first_gap = _origin(self.there, share)
        from_second, second_gap = _origin(self.back, 1 - share)
        late = min(max(share, 0.0), 1.0)
        one = _trust(first_gap, sampled(self.astray[0], from_first)) * np.float32(1 - late)
        two = _trust(second_gap, sampled(self.astray[1], from_second)) * np.float32(late)
        height, width = self.first.shape[:2]
        part = np.asarray(cv2.resize((two / (one + two)).astype(np.float32), (width, height)))
        early = _warped(self.first, from_first)
        later = _warped(self.second, from_second)
        return np.asarray(cv2.blendLinear(early, later, 1 - part, part), np.uint8)


def _opaque(frame: Pixels) -> Pixels:
    # OpenCV samples four channels twice as fast as three.
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2RGBA), np.uint8)


def _small(frame: Pixels) -> Pixels:
    """Grey, at the size at which motion is measured, without grain."""
    height, width = frame.shape[:2]
    scale = min(1.0, _FLOW_WIDTH / width)
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    grey = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.8), np.uint8)


def _flow(a: Pixels, b: Pixels) -> Floats:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(a, b, np.zeros((*a.shape, 2), np.float32)), np.float32)


def _grid(shape: tuple[int, ...]) -> Floats:
    height, width = shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.dstack([columns, rows]).astype(np.float32)


def _missed(there: Floats, back: Floats) -> Floats:
    """(h, w) pixels between a point and where it is after going there and back."""
    again = sampled(back, _grid(there.shape) + there)
    return np.asarray(np.linalg.norm(there + again, axis=-1), np.float32)


def _origin(flow: Floats, share: float) -> tuple[Floats, Floats]:
    """The place that comes to each pixel after a share of the flow, and by how much it misses it.

    Returns:
        (h, w, 2) places, and (h, w) pixels: nothing comes to where the thing is hidden there.
    """
    grid = _grid(flow.shape)
    moved = flow
    places = grid
    for _ in range(_ROUNDS):
        places = (grid - np.float32(share) * moved).astype(np.float32)
        moved = sampled(flow, places)
    gap = np.linalg.norm(places + np.float32(share) * moved - grid, axis=-1)
    return places, np.asarray(gap, np.float32)


def _trust(gap: Floats, astray: Floats) -> Floats:
    """(h, w): a place that leads here counts; more so if the other frame shows it, too.

    The last makes what is in front win over what it is about to hide.
    """
    seen_twice = np.exp(-np.square(astray / _LOOSE)) + np.float32(0.03)
    return (np.exp(-np.square(gap / _LOOSE)) * seen_twice + np.float32(1e-4)).astype(np.float32)


def _warped(frame: Pixels, places: Floats) -> Pixels:
    height, width = frame.shape[:2]
    rows, columns = places.shape[:2]
    moved = places - _grid(places.shape)
    full = np.asarray(cv2.resize(moved, (width, height)), np.float32)
    full *= np.array([width / columns, height / rows], np.float32)
    full += _grid(frame.shape)
    return sampled(frame, full)
