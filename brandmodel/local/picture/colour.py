"""Colour arithmetic: sRGB, linear light, OKLab. Arrays are (..., 3) float32.

OKLab: Bjorn Ottosson, https://bottosson.github.io/posts/oklab/ (public domain).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LMS = np.linalg.inv(_TO_LMS).astype(np.float32)
_FROM_LAB = np.linalg.inv(_TO_LAB).astype(np.float32)
_LINEAR_OF_BYTE = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255],
    np.float32,
)


def linear(srgb: NDArray[np.uint8] | Array) -> Array:
    """Linear light 0..1 from sRGB bytes, or from sRGB floats 0..1."""
    if srgb.dtype == np.uint8:
        return _LINEAR_OF_BYTE[srgb.astype(np.intp)]
    s = np.clip(srgb, 0, 1).astype(np.float32)
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Array) -> Array:
    """SRGB floats 0..1 from linear light; clips."""
    x = np.clip(light, 0, 1)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def oklab(light: Array) -> Array:
    """OKLab from linear sRGB light."""
    return (np.cbrt(np.maximum(light @ _TO_LMS.T, 0)) @ _TO_LAB.T).astype(np.float32)


def from_oklab(lab: Array) -> Array:
    """Linear sRGB light from OKLab; may lie outside 0..1."""
    return (((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T).astype(np.float32)


def rgb(colour: str) -> Array:
    """Linear light of ``#rrggbb``."""
    digits = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    return linear(digits)


def lab(colour: str) -> Array:
    """OKLab of ``#rrggbb``."""
    return oklab(rgb(colour))


def hex_of(light: Array) -> str:
    """``#rrggbb`` of one colour in linear light."""
    r, g, b = (encoded(light) * 255 + 0.5).astype(int)
    return f"#{r:02x}{g:02x}{b:02x}"


def mix(a: Array, b: Array, t: float | Array) -> Array:
    """Between two colours in linear light, blended in OKLab; ``t`` 0 gives ``a``."""
    la, lb = oklab(a), oklab(b)
    weight = np.asarray(t, np.float32)[..., None] if np.ndim(t) else np.float32(t)
    return from_oklab((la + (lb - la) * weight).astype(np.float32))


def with_lightness(colour: Array, lightness: float, *, chroma: float = 1.0) -> Array:
    """The colour's hue at another OKLab lightness (0..1) and relative chroma, in linear light."""
    l_a_b = oklab(colour)
    return from_oklab(np.array([lightness, l_a_b[1] * chroma, l_a_b[2] * chroma], np.float32))


def luminance(light: Array) -> Array:
    """Relative luminance of linear sRGB light (WCAG 2.2)."""
    return (light @ np.array([0.2126, 0.7152, 0.0722], np.float32)).astype(np.float32)


def contrast(a: float, b: float) -> float:
    """WCAG contrast ratio of two relative luminances, 1..21."""
    lighter, darker = max(a, b), min(a, b)
    return (lighter + 0.05) / (darker + 0.05)
