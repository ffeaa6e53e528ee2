"""Scores pictures by what can be measured, and names the best. Knows nothing of their meaning."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.brand import Palette
from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import Array, linear, oklab
from brandmodel.local.retouch.hashing import palette_distances
from brandmodel.local.retouch.pixels import Pixels, load, reduced, split_alpha
from brandmodel.tasks import Box, Judge, Judgement, Score, Space

_LOOK = 512
"""Longer side of the copy that is measured: enough for every figure here."""
_GOOD = 0.5
_WEIGHTS = {"sharpness": 0.15, "contrast": 0.2, "exposure": 0.2, "palette": 0.25, "calm": 0.2}
_PRAISE = {
    "sharpness": "it has the finest detail",
    "contrast": "it has the best spread of light and dark",
    "exposure": "it loses the least in its lights and shadows",
    "palette": "its colours are closest to the palette",
    "calm": "it leaves the calmest place for the words",
}


@dataclass(frozen=True, slots=True)
class _Figures:
    detail: float
    contrast: float
    exposure: float
    palette: float
    calm: float


def judge(request: Judge, desk: Desk) -> Judgement:
    """Score every picture; the best is the highest total, and the earlier of equals.

    Sharpness depends on what is shown, so it is told only in comparison with the other pictures
    of the same request. Criteria that were not asked for (no palette, no space) count as met.

    Raises:
        InvalidRequestError: a picture cannot be decoded.
    """
    figures: list[_Figures] = []
    for index, image in enumerate(request.images):
        subjects = request.subjects[index] if index < len(request.subjects) else ()
        figures.append(_measured(load(desk.read(image)), request, subjects))
    most = max(f.detail for f in figures)
    scores = tuple(_score(f, most) for f in figures)
    best = max(range(len(scores)), key=lambda i: (scores[i].total, -i))
    good = scores[best].total >= _GOOD and scores[best].exposure > 0.25
    return Judgement(scores=scores, best=best, good=good, why=_reason(scores, best, good, request))


def _measured(pixels: Pixels, request: Judge, subjects: tuple[Box, ...]) -> _Figures:
    colour, _ = split_alpha(reduced(pixels, _LOOK))
    light_lab = oklab(linear(colour))
    lightness = np.ascontiguousarray(light_lab[..., 0])
    detail = np.abs(cv2.Laplacian(cv2.GaussianBlur(lightness, (0, 0), 0.7), cv2.CV_32F))
    clipped = ((colour <= 2).all(-1) | (colour >= 253).all(-1)).mean()
    low, high = np.percentile(lightness, (3, 97))
    return _Figures(
        # The upper tail: a sharp subject before a soft ground is a sharp picture.
        detail=float(np.percentile(detail, 98)),
        contrast=float(np.clip((high - low) / 0.8, 0, 1)),
        exposure=float(np.clip(1 - 2.5 * max(0.0, float(clipped) - 0.01), 0, 1)),
        palette=_palette(light_lab, request.palette),
        calm=_calm(lightness, detail, request.space, subjects),
    )


def _palette(light_lab: Array, palette: Palette | None) -> float:
    """Half for the share of pixels near the palette, half for the mean distance."""
    if palette is None:
        return 1.0
    away = palette_distances(light_lab[::3, ::3].reshape(-1, 3), palette)
    covered = float((away < 0.06).mean())
    close = float(np.clip(1 - away.mean() / 0.15, 0, 1))
    return 0.5 * covered + 0.5 * close


def _calm(lightness: Array, detail: Array, space: Space, subjects: tuple[Box, ...]) -> float:
    """Emptiness of the asked side: little detail, even light, no subject that reaches into it."""
    if space == "none":
        return 1.0
    height, width = lightness.shape
    left, top, right, bottom = side(space)
    area = np.s_[
        int(top * height) : max(1, round(bottom * height)),
        int(left * width) : max(1, round(right * width)),
    ]
    busy = float(np.percentile(detail[area], 90))
    uneven = float(np.percentile(lightness[area], 90) - np.percentile(lightness[area], 10))
    quiet = np.exp(-busy / 0.03) * 0.6 + np.exp(-uneven / 0.35) * 0.4
    covered = sum(_overlap(box, (left, top, right, bottom)) for box in subjects)
    return float(np.clip(quiet - covered / 0.25, 0, 1))


def side(space: Space) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) in fractions of the picture of the side kept for type."""
    return {
        "none": (0.0, 0.0, 1.0, 1.0),
        "left": (0.0, 0.0, 0.42, 1.0),
        "right": (0.58, 0.0, 1.0, 1.0),
        "top": (0.0, 0.0, 1.0, 0.38),
        "bottom": (0.0, 0.62, 1.0, 1.0),
    }[space]


def _overlap(box: Box, area: tuple[float, float, float, float]) -> float:
    """Share of the area that the box covers."""
    left, top, right, bottom = area
    across = min(box.x + box.width, right) - max(box.x, left)
    down = min(box.y + box.height, bottom) - max(box.y, top)
    return max(0.0, across) * max(0.0, down) / ((right - left) * (bottom - top))


def _score(figures: _Figures, most_detail: float) -> Score:
    parts = {
        # A flat picture among flat pictures is not blurred: nothing can be said against it.
        "sharpness": ((figures.detail + 1e-4) / (most_detail + 1e-4)) ** 0.5,
        "contrast": figures.contrast,
        "exposure": figures.exposure,
        "palette": figures.palette,
        "calm": figures.calm,
    }
    total = sum(_WEIGHTS[name] * value for name, value in parts.items())
    # Rounded so that the last bits of a float never decide between equals.
    return Score(total=round(total, 4), **{name: round(v, 4) for name, v in parts.items()})


def _reason(scores: tuple[Score, ...], best: int, good: bool, request: Judge) -> str:
    """Why the best won, in one plain sentence."""
    won = scores[best]
    if not good:
        worst = min(_WEIGHTS, key=lambda name: getattr(won, name))
        return f"Picture {best + 1} is the best, but not good enough: its {worst} is weak."
    others = [s for i, s in enumerate(scores) if i != best]
    if not others:
        return "There was one picture, and it is good enough."
    if all(s.total == won.total for s in others):
        return f"Picture {best + 1} was taken as the first of equals."
    asked = [n for n in _WEIGHTS if n != "calm" or request.space != "none"]

    def lead(name: str) -> float:
        mean = sum(getattr(s, name) for s in others) / len(others)
        return _WEIGHTS[name] * (getattr(won, name) - mean)

    strongest = max(asked, key=lead)
    ahead = all(getattr(won, strongest) >= getattr(s, strongest) for s in others)
    praise = _PRAISE[strongest] if ahead else "it has the best balance of all"
    return f"Picture {best + 1} is the best: {praise}."
