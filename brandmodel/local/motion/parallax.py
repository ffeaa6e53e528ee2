"""One frame at a time: every layer seen from a pose, the nearer over the farther.

A frame is sampled backwards. Where a screen point lies in a layer depends on the nearness there,
which is known only at that place: the place is found by iteration on a coarse grid, which is enough
since nearness is smooth within a layer. What is hidden behind nearer layers is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.motion.camera import Pose
from brandmodel.local.motion.layers import Floats, Layer, Pixels
from brandmodel.local.motion.sampling import places_of, sampled

Life = Callable[[Floats, Floats, Floats, float], tuple[Floats, Floats]]
"""What moves by itself: (x, y, nearness, seconds) to how far the picture is displaced there.

All are (h, w) float32 in picture heights, origin in the middle of the picture.
"""
_ROUNDS = 4
_FULL = 253
"""Coverage, of 255, that counts as whole."""
_STRIPS = 9
_Region = tuple[int, int, int, int]


@dataclass(slots=True)
class Screen:
    """Where frames are put together.

    Attributes:
        width: pixels.
        height: pixels.
        picture: width of the picture over its height.
        cell: pixels between two points of the coarse grid.
        life: what moves by itself; None for nothing.
    """

    width: int
    height: int
    picture: float
    cell: int
    life: Life | None = None
    _canvas: Pixels = field(init=False)
    _x: Floats = field(init=False)
    _y: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._canvas = np.zeros((self.height, self.width, 4), np.uint8)
        # One cell more on every side: enlarging the grid holds its outermost values.
        across, down = -(-self.width // self.cell) + 2, -(-self.height // self.cell) + 2
        columns = (np.arange(across, dtype=np.float32) - 0.5) * self.cell - self.width / 2
        rows = (np.arange(down, dtype=np.float32) - 0.5) * self.cell - self.height / 2
        self._x = (columns / self.height).astype(np.float32)[None, :]
        self._y = (rows / self.height).astype(np.float32)[:, None]

    def frame(self, layers: tuple[Layer, ...], pose: Pose, seconds: float) -> Pixels:
        """(H, W, 3) of the layers, the farthest first, from a pose at a moment."""
        hidden = np.zeros((self._y.size, self._x.size), np.bool_)
        sheets: list[tuple[Layer, Floats, NDArray[np.bool_]]] = []
        for layer in reversed(layers):
            x, y = self._points(layer, pose, seconds)
            presence = sampled(layer.presence, self._coarse(layer, x, y))
            shown = (presence[..., 0] > 0) & ~hidden
            hidden |= presence[..., 1] == 255
            sheets.append((layer, self._places(layer, x, y), shown))
        for layer, places, shown in reversed(sheets):
            for region in self._regions(shown):
                self._lay(layer, places, region)
        return np.asarray(cv2.cvtColor(self._canvas, cv2.COLOR_RGBA2RGB), np.uint8)

    def _points(self, layer: Layer, pose: Pose, seconds: float) -> tuple[Floats, Floats]:
        """Picture points of the layer at the points of the grid, with the life in them."""
        x, y, near = self._found(layer, pose, self._x, self._y)
        if self.life is None:
            return x, y
        dx, dy = self.life(x, y, near, seconds)
        return x - dx, y - dy

    def _coarse(self, layer: Layer, x: Floats, y: Floats) -> Floats:
        """Places of picture points in the layer's coarse maps."""
        height, width = layer.nearness.shape
        columns = ((x / self.picture + 0.5) * width - 0.5).astype(np.float32)
        return places_of(columns, ((y + 0.5) * height - 0.5).astype(np.float32))

    def _places(self, layer: Layer, x: Floats, y: Floats) -> Floats:
        """Places of picture points in the layer's pixels."""
        left, top, right, bottom = layer.box
        height, width = layer.pixels.shape[:2]
        columns = ((x / self.picture + 0.5) - left) * (width / (right - left)) - 0.5
        rows = ((y + 0.5) - top) * (height / (bottom - top)) - 0.5
        return places_of(columns.astype(np.float32), rows.astype(np.float32))

    def _regions(self, shown: NDArray[np.bool_]) -> Iterator[_Region]:
        """The cells (row, column, row, column) to draw: in every strip from the first to the last."""
        down = shown.shape[0] - 2
        tall = -(-down // _STRIPS)
        for top in range(0, down, tall):
            bottom = min(top + tall, down)
            # A point of the grid speaks for its own cell and, since it is interpolated, the next.
            columns = np.flatnonzero(shown[top : bottom + 2].any(0))
            if columns.size:
                left = max(int(columns[0]) - 2, 0)
                yield top, left, bottom, min(int(columns[-1]) + 1, shown.shape[1] - 2)

    def _lay(self, layer: Layer, places: Floats, region: _Region) -> None:
        top, left, bottom, right = region
        if right <= left:
            return
        part, cell = places[top : bottom + 2, left : right + 2], self.cell
        fine = np.asarray(cv2.resize(part, None, fx=cell, fy=cell), np.float32)[cell:, cell:]
        canvas = self._canvas[top * cell : bottom * cell, left * cell : right * cell]
        height, width = canvas.shape[:2]
        seen = sampled(layer.pixels, fine[:height, :width])
        if layer.solid:
            canvas[...] = seen
        else:
            _laid(seen, canvas)

    def _found(
        self, layer: Layer, pose: Pose, screen_x: Floats, screen_y: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Picture point and nearness at every coarse screen point, each (h, w)."""
        shape = (screen_y.size, screen_x.size)
        near = np.full(shape, layer.nearness.max(), np.float32)
        x = y = near
        rounds = _ROUNDS if float(np.ptp(layer.nearness)) > 0 else 1
        for step in range(rounds):
            grown = 1 / (np.float32(pose.zoom) * (1 + np.float32(pose.dolly) * near))
            lead = near - np.float32(pose.pivot)
            x = (pose.x + (screen_x - np.float32(pose.slide_x) * lead) * grown).astype(np.float32)
            y = (pose.y + (screen_y - np.float32(pose.slide_y) * lead) * grown).astype(np.float32)
            if step == rounds - 1:
                break
            near = sampled(layer.nearness, self._coarse(layer, x, y))
        return x, y, near


def _laid(seen: Pixels, canvas: Pixels) -> None:
    """Lay pixels with coverage over the canvas, in place."""
    cover = np.asarray(cv2.extractChannel(seen, 3), np.uint8)
    cv2.copyTo(seen, cv2.inRange(cover, _FULL, 255), canvas)
    # A tenth of the time of looking with numpy; None where there is no such pixel.
    rim = cast(Any, cv2.findNonZero(cv2.inRange(cover, 3, _FULL - 1)))
    if rim is None:
        return
    columns, rows = np.asarray(rim, np.intp).reshape(-1, 2).T
    over = seen[rows, columns].astype(np.float32)
    share = over[:, 3:] / 255
    under = canvas[rows, columns].astype(np.float32)
    canvas[rows, columns] = (under + (over - under) * share + 0.5).astype(np.uint8)
