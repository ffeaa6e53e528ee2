"""Height fields seen from the eye: which point each pixel shows, and its light.

Visibility goes column by column: along one column of the picture the highest slope so far, from
near to far, only grows, so the first point that reaches a pixel's slope is found by interpolation.
Detail is then computed at exactly the visible points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.landscape.terrain import Land
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats, Jet, smooth

_CHUNK = 1 << 16
_ROWS = 256
_SUB_ROWS = (-0.36, -0.12, 0.12, 0.36)


@dataclass(frozen=True, slots=True)
class Points:
    """Visible points, all arrays of one 2-D shape.

    Attributes:
        x: across.
        z: depth.
        slope: slope across at which each is seen.
        h: height, with slopes.
        grain: world size of a pixel there.
    """

    x: Floats
    z: Floats
    slope: Floats
    h: Jet
    grain: Floats


Shader = Callable[[Points], Floats]
"""Colours (..., 3) of visible points."""


class Relief:
    """One height field in one view.

    Attributes:
        depth: (H, W) depth of what each pixel shows; infinite where it shows sky.
    """

    def __init__(self, land: Land, view: View) -> None:
        self.land = land
        self.view = view
        self._steps = int(np.clip(max(view.width, view.height), 560, 1100) * land.fine)
        self._ratio = float(np.log(land.far / land.near))
        self._mirror: tuple[Floats, Floats] | None = None
        self._crests = (self._column_crests(-0.25), self._column_crests(0.25))
        self.depth = self._hits(self._crests[0], view.ys())

    def _column_crests(self, offset: float) -> Floats:
        """(W, S) highest slope up to each step of depth, per column."""
        along = np.linspace(0, 1, self._steps, dtype=np.float32)
        z = (self.land.near * np.exp(along * np.float32(self._ratio)))[None, :]
        x = self.view.xs(offset)[:, None] * z
        jx, jz = Jet.plane(x, np.broadcast_to(z, x.shape).copy(), slopes=False)
        h = self.land.form(jx, jz, jz.v * np.float32(self.view.scale)).v
        if self.land.wet:
            h = np.maximum(h, 0)
            if self._mirror is None:
                self._mirror = self._mirror_crests(h, z)
        slopes = (h - np.float32(self.land.eye)) / z
        return np.maximum.accumulate(slopes, axis=1)

    def _mirror_crests(self, h: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Two (W, S) crests as seen from under the water: all land, and all behind the first."""
        land = h > 0
        slopes = np.where(land, (h + np.float32(self.land.eye)) / z, np.float32(-1.0))
        met = np.maximum.accumulate(land, axis=1)
        behind = np.maximum.accumulate(met & ~land, axis=1)
        farther = np.where(behind, slopes, np.float32(-1.0))
        return np.maximum.accumulate(slopes, axis=1), np.maximum.accumulate(farther, axis=1)

    def mirrored(self) -> Floats:
        """(H, W) slope of what still water mirrors in each pixel below the horizon."""
        down = np.maximum(-self.view.ys(), 0)
        if self._mirror is None:
            return np.repeat(down[:, None], self.view.width, 1)
        eye = np.float32(self.land.eye)
        with np.errstate(divide="ignore"):
            plane = (eye / down)[:, None] * np.float32(1.001)
        nearer, farther = (self._hits(crests, down) for crests in self._mirror)
        # Water behind a spit of land mirrors what stands behind it in turn, or else the sky.
        farther = np.where(farther <= plane, np.float32(np.inf), farther)
        z = np.where(nearer <= plane, farther, nearer)
        return np.abs(down[:, None] - 2 * eye / z).astype(np.float32)

    def wet(self) -> NDArray[np.bool_]:
        """(H, W) bool: pixels that show water."""
        with np.errstate(divide="ignore"):
            plane = np.float32(self.land.eye) / np.maximum(-self.view.ys(), np.float32(1e-6))
        below = (self.view.ys() < 0)[:, None]
        return below & (self.depth > plane[:, None] * np.float32(0.985))

    def _hits(self, crests: Floats, ys: Floats) -> Floats:
        """(len(ys), W) depth of the first point that reaches each slope."""
        steps = np.arange(self._steps, dtype=np.float64)
        out = np.empty((self.view.width, len(ys)), np.float32)
        for column, crest in enumerate(crests):
            out[column] = np.interp(ys, crest, steps, right=np.inf)
        with np.errstate(over="ignore"):
            z = np.exp(out.T * np.float32(self._ratio / (self._steps - 1)))
        return np.ascontiguousarray(z * np.float32(self.land.near), np.float32)

    def skyline(self) -> Floats:
        """(W,) slope of the highest land in each column."""
        return self._crests[0][:, -1]

    def paint(self, picture: Floats, shader: Shader, skip: NDArray[np.bool_] | None = None) -> None:
        """Shade the visible land over the sky, in place, smoothing outlines only."""
        land = np.isfinite(self.depth)
        rows, columns = np.nonzero(land if skip is None else land & ~skip)
        xs = self.view.xs(-0.25)
        picture[rows, columns] = self._shaded(xs[columns], self.depth[rows, columns], shader)
        self._soften(picture, shader)

    def _soften(self, picture: Floats, shader: Shader) -> None:
        """Eight samples where depth jumps."""
        sky = np.asarray(picture)
        rows, columns = np.nonzero(_edges(self.depth))
        if not len(rows):
            return
        above = _sky_near(self.depth, sky, rows, columns)
        total = np.zeros((len(rows), 3), np.float32)
        for crests, side in zip(self._crests, (-0.25, 0.25), strict=True):
            xs = self.view.xs(side)
            for offset in _SUB_ROWS:
                z = self._hits_at(crests, self.view.ys(offset), rows, columns)
                seen = np.isfinite(z)
                total[seen] += self._shaded(xs[columns[seen]], z[seen], shader)
                total[~seen] += above[~seen]
        picture[rows, columns] = total / np.float32(2 * len(_SUB_ROWS))

    def _hits_at(
        self, crests: Floats, ys: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> Floats:
        return self._hits(crests, ys)[rows, columns]

    def _shaded(self, slope: Floats, z: Floats, shader: Shader) -> Floats:
        """(N, 3) colours of a list of points."""
        out = np.empty((len(z), 3), np.float32)
        for start in range(0, len(z), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = self._chunk(slope[part], z[part], shader)
        return out

    def _chunk(self, slope: Floats, z: Floats, shader: Shader) -> Floats:
        count = len(z)
        fill = -count % _ROWS
        s2 = np.pad(slope, (0, fill), mode="edge").reshape(-1, _ROWS)
        z2 = np.pad(z, (0, fill), mode="edge").reshape(-1, _ROWS)
        x2 = s2 * z2
        grain = z2 * np.float32(self.view.scale)
        jx, jz = Jet.plane(x2, z2, slopes=True)
        points = Points(x2, z2, s2, self.land.form(jx, jz, grain), grain)
        return shader(points).reshape(-1, 3)[:count]


def _edges(depth: Floats) -> NDArray[np.bool_]:
    """Pixels beside a jump in depth."""
    log = np.log(np.minimum(depth, np.float32(1e4)))
    edge = np.zeros(depth.shape, bool)
    down = np.abs(np.diff(log, axis=0)) > 0.035
    across = np.abs(np.diff(log, axis=1)) > 0.05
    edge[:-1] |= down
    edge[1:] |= down
    edge[:, :-1] |= across
    edge[:, 1:] |= across
    return edge


def _sky_near(
    depth: Floats, picture: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Floats:
    """(N, 3) colour of the nearest sky above each pixel, for samples that miss the land."""
    up = rows.copy()
    for _ in range(3):
        hit = np.isfinite(depth[up, columns])
        up = np.where(hit, np.maximum(up - 1, 0), up)
    return picture[up, columns]


class Shade:
    """Sunlight and openness to the sky over a height field, soft, on a grid in perspective."""

    _SIZE = 320

    def __init__(self, land: Land, view: View, sun: tuple[float, float, float]) -> None:
        self._land = land
        self._wide = view.half * 1.7
        self._ratio = float(np.log(land.far / land.near))
        along = np.linspace(0, 1, self._SIZE, dtype=np.float32)
        z = np.repeat((land.near * np.exp(along * np.float32(self._ratio)))[:, None], self._SIZE, 1)
        x = z * np.linspace(-self._wide, self._wide, self._SIZE, dtype=np.float32)[None, :]
        jx, jz = Jet.plane(x, z, slopes=False)
        grain = z * np.float32(2 * self._wide / self._SIZE)
        h = land.form(jx, jz, grain).v
        self._h = np.maximum(h, 0) if land.wet else h
        self._lit = cv2.GaussianBlur(self._marched(x, z, sun), (0, 0), 1.6)
        wide = cv2.GaussianBlur(self._h, (0, 0), 14)
        near = cv2.GaussianBlur(self._h, (0, 0), 4)
        hollow = (wide - self._h) / z * 2.2 + (near - self._h) / z * 5.0
        self._open = np.clip(1 - np.maximum(hollow, -0.10) * 2.6, 0.25, 1.2).astype(np.float32)

    def _grid(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        last = np.float32(self._SIZE - 1)
        column = (x / (z * np.float32(self._wide)) + 1) * (last / 2)
        row = np.log(np.maximum(z, np.float32(1e-3)) / np.float32(self._land.near)) * (
            last / np.float32(self._ratio)
        )
        return column.astype(np.float32), row.astype(np.float32)

    def _marched(self, x: Floats, z: Floats, sun: tuple[float, float, float]) -> Floats:
        """Share of the sun's disc seen from each grid point."""
        clear = np.full(x.shape, 9.0, np.float32)
        t = z * np.float32(0.025)
        # The grid is coarse: without a little head start crests would cast spots on themselves.
        rise = z * np.float32(0.0035)
        for _ in range(18):
            column, row = self._grid(x + t * np.float32(sun[0]), z + t * np.float32(sun[2]))
            other = cv2.remap(
                self._h, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            clear = np.minimum(clear, (self._h + rise + t * np.float32(sun[1]) - other) / t)
            t = t * np.float32(1.3)
        return smooth(-0.10, 0.07, clear)

    def at(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Sunlight 0..1 and openness 0..1.2 at points of a 2-D shape."""
        column, row = self._grid(x, z)
        both = [
            cv2.remap(part, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for part in (self._lit, self._open)
        ]
        return np.asarray(both[0], np.float32), np.asarray(both[1], np.float32)
