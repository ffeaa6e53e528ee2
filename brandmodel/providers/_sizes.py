"""The nearest size that a maker offers; what is asked is then cut and scaled from that."""

from __future__ import annotations

import math
from collections.abc import Iterable


def nearest_size(width: int, height: int, sizes: Iterable[str]) -> str:
    """Of sizes written ``WxH``, the nearest: by shape first, then by its number of pixels."""

    def far(size: str) -> tuple[float, float]:
        wide, high = sized(size)
        shape = abs(math.log(wide * height / (high * width)))
        return round(shape, 2), abs(math.log(wide * high / (width * height)))

    return min(sizes, key=far)


def nearest_ratio(width: int, height: int, ratios: Iterable[str]) -> str:
    """Of ratios written ``W:H``, the nearest."""
    sizes = [ratio.replace(":", "x") for ratio in ratios]
    return nearest_size(width, height, sizes).replace("x", ":")


def sized(size: str) -> tuple[int, int]:
    """(width, height) of a size written ``WxH``."""
    wide, _, high = size.partition("x")
    return int(wide), int(high)
