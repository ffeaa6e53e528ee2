"""The nearest size that a maker offers; what is asked is then cut and scaled from that."""

from __future__ import annotations

import math
from collections.abc import Iterable

from brandmodel.tasks import Asset


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


def size_note(made: Asset, wanted: tuple[int, int]) -> tuple[str, ...]:
    """What to say of a picture of another size than was asked for."""
    size = made.width, made.height
    if size == wanted or None in size:
        return ()
    return (f"made at {size[0]} x {size[1]}; {wanted[0]} x {wanted[1]} was asked for",)


def length_note(made: Asset, wanted_s: float) -> tuple[str, ...]:
    """What to say of a medium that is shorter or longer than was asked."""
    if made.duration_s is None or abs(made.duration_s - wanted_s) < 0.5:
        return ()
    return (f"{made.duration_s:.1f} s long instead of {wanted_s:g} s",)
