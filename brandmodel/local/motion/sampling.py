"""Reading a picture between its pixels."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.uint8, np.float32)


def sampled(picture: NDArray[T], places: NDArray[np.float32]) -> NDArray[T]:
    """A picture (H, W, ...) at places (h, w, 2), given as (column, row); bilinear.

    Beyond its edges the picture goes on with its outermost pixels.
    """
    # One map of two channels needs no second one, which the stubs of OpenCV do not know.
    second = cast(Any, None)
    out = cv2.remap(picture, places, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast("NDArray[T]", out)


def places_of(columns: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w, 2) places from (h, w) columns and rows."""
    return np.asarray(cv2.merge([columns, rows]), np.float32)
