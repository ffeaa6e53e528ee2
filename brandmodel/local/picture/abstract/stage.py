"""What the abstract styles share: a canvas in fractions, the palette, chance, the calm side."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.local.picture import colour
from brandmodel.local.picture.finish import developed
from brandmodel.local.picture.scene import Abstract
from brandmodel.tasks import Box

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]


class Stage:
    """One scene being drawn.

    Lengths are in units of the shorter side, so that nothing depends on the pixel count.

    Attributes:
        wide: width of the picture in units of its shorter side.
        high: height, likewise.
        subjects: places that type had better leave alone, in fractions of the picture.
        random: the scene's chance; draw from it in an order that no size changes.
    """

    def __init__(self, scene: Abstract, width: int, height: int) -> None:
        """Takes a scene and the size of the picture in pixels."""
        self.scene = scene
        self.width, self.height = width, height
        self.short = min(width, height)
        self.wide, self.high = width / self.short, height / self.short
        self.energy = min(1.0, max(0.0, scene.energy))
        self.random = np.random.default_rng(
            [scene.seed & 0xFFFFFFFFFFFFFFFF, zlib.crc32(scene.style.encode())]
        )
        palette = scene.palette
        self.ink, self.paper = palette.ink, palette.paper
        self.primary, self.accent = palette.primary, palette.accent
        self.more = palette.more
        self.subjects: list[Box] = []
        self._sheet = np.zeros((height, width, 4), np.uint8)
        self._surface = skia.Surface(
            self._sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
        )
        self.canvas: skia.Canvas = self._surface.getCanvas()
        self.canvas.scale(self.short, self.short)

    def calm(self, x: float | Field, y: float | Field) -> Field:
        """0 where the picture may be lively to 1 on the side kept for type; x, y in units."""
        across, down = np.asarray(x, np.float32) / self.wide, np.asarray(y, np.float32) / self.high
        depth = {
            "left": 1 - across,
            "right": across,
            "top": 1 - down,
            "bottom": down,
            "none": np.zeros(np.broadcast(across, down).shape, np.float32),
        }[self.scene.space]
        t = np.clip((depth - 0.4) / 0.2, 0, 1)
        return np.asarray(t * t * (3 - 2 * t), np.float32)

    def subject(self, x: float, y: float, radius: float) -> None:
        """Note a round thing that type should not cross; in units."""
        x0, x1 = max(0.0, x - radius) / self.wide, min(self.wide, x + radius) / self.wide
        y0, y1 = max(0.0, y - radius) / self.high, min(self.high, y + radius) / self.high
        self.subjects.append(Box(x=x0, y=y0, width=x1 - x0, height=y1 - y0))

    def colours(self) -> list[str]:
        """Every colour of the palette but ink and paper, the most important first."""
        return list(dict.fromkeys([self.primary, self.accent, *self.more]))

    def clear(self, fill: str) -> None:
        """Fill the picture."""
        self.canvas.clear(argb(fill))

    def finished(self, *, grain: float = 0.008) -> Pixels:
        """(H, W, 3) uint8: the canvas with the grain of good paper."""
        self._surface.flushAndSubmit()
        light = colour.linear(np.ascontiguousarray(self._sheet[..., :3]))
        return developed(light, seed=self.scene.seed, grain=grain, film=False)

    def developed(self, light: Field, *, grain: float) -> Pixels:
        """(H, W, 3) uint8 from linear light, with this scene's grain."""
        return developed(light, seed=self.scene.seed, grain=grain, film=False)

    def grid(self, scale: float = 1.0) -> tuple[Field, Field]:
        """(h, 1) and (1, w) coordinates in units, of the picture at ``scale`` of its size."""
        w, h = max(2, round(self.width * scale)), max(2, round(self.height * scale))
        x = (np.arange(w, dtype=np.float32) + np.float32(0.5)) * np.float32(self.wide / w)
        y = (np.arange(h, dtype=np.float32) + np.float32(0.5)) * np.float32(self.high / h)
        return x[None], y[:, None]

    def pick(self, options: Sequence[str], weights: Sequence[float]) -> str:
        """One of the options by chance."""
        share = np.asarray(weights, np.float64)
        return options[int(self.random.choice(len(options), p=share / share.sum()))]


def argb(fill: str, alpha: float = 1.0) -> int:
    """Skia's number of ``#rrggbb``."""
    return (round(alpha * 255) << 24) | int(fill[1:], 16)


def mixed(a: str, b: str, t: float) -> str:
    """Between two colours, in OKLab."""
    return colour.hex_of(colour.mix(colour.rgb(a), colour.rgb(b), t))


def toned(fill: str, lightness: float, *, chroma: float = 1.0) -> str:
    """The colour's hue at another OKLab lightness."""
    return colour.hex_of(colour.with_lightness(colour.rgb(fill), lightness, chroma=chroma))


def lightness(fill: str) -> float:
    """OKLab lightness, 0..1."""
    return float(colour.lab(fill)[0])


def filled(fill: str, alpha: float = 1.0) -> skia.Paint:
    """A paint for areas."""
    return skia.Paint(AntiAlias=True, Color=argb(fill, alpha))


def stroked(fill: str, width: float, alpha: float = 1.0) -> skia.Paint:
    """A paint for lines with round ends."""
    return skia.Paint(
        AntiAlias=True,
        Color=argb(fill, alpha),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )
