"""The film's poster: its sharpest frame with the title on it."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.cut.planes import Frame, rgb_of
from brandmodel.local.cut.schedule import Schedule
from brandmodel.local.cut.titles import seen
from brandmodel.local.retouch.pixels import Pixels

_LOOKED_AT = 8


class Poster:
    """Watches the finished frames go by and keeps the best of those that may be it."""

    def __init__(self, schedule: Schedule, fps: int) -> None:
        """Chooses where to look: a title that has come to rest, else words, else the first shot."""
        cuts = schedule.cuts

        def rank(index: int) -> tuple[bool, bool, bool, int]:
            roles = {line.role for line in cuts[index].shot.lines}
            return "title" not in roles, not roles, cuts[index].span.length < fps, index

        best = cuts[min(range(len(cuts)), key=rank)]
        first, end = best.span.first, best.span.end - 1
        if best.shot.lines:
            times = seen(best.span, fps)
            first = times.first + min(2 * times.coming, (times.end - times.first) // 2)
            end = times.end - times.going - 1
        step = max(1, (end - first) // _LOOKED_AT)
        self._frames = frozenset(range(first, max(end, first + 1), step))
        self._sharpest = -1.0
        self._kept: Frame | None = None

    def see(self, frame: Frame, at: int) -> None:
        """A finished frame goes by."""
        if at not in self._frames:
            return
        sharp = float(cv2.Laplacian(cv2.GaussianBlur(frame.y, (0, 0), 1.0), cv2.CV_32F).var())
        if sharp > self._sharpest:
            height, width = frame.y.shape
            self._sharpest = sharp
            self._kept = Frame.over(frame.data.copy(), width, height)

    def pixels(self) -> Pixels:
        """(H, W, 3) sRGB of the best."""
        assert self._kept is not None, "a film has at least one frame"
        return np.ascontiguousarray(rgb_of(self._kept))
