"""Between picture files and arrays; the one place of the studio that decodes and encodes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError

Pixels = NDArray[np.uint8]
"""(H, W, 3) or (H, W, 4) uint8 sRGB; alpha is straight, not premultiplied."""

_TO_RGB = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def load(data: bytes) -> Pixels:
    """(H, W, 3) RGB, or (H, W, 4) RGBA for pictures with alpha, from the bytes of a picture file.

    Raises:
        InvalidRequestError: the bytes cannot be decoded.
    """
    stored = None
    if data:
        try:
            stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            stored = None
    if stored is None or stored.dtype.name not in ("uint8", "uint16"):
        raise InvalidRequestError(
            "the picture cannot be decoded: its bytes are damaged or not a picture",
            hint="Give a PNG, JPEG or WebP file.",
        )
    if stored.dtype.name == "uint16":
        stored = ((stored.astype(np.uint32) + 128) // 257).astype(np.uint8)
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    return np.ascontiguousarray(cv2.cvtColor(stored, _TO_RGB[channels]).astype(np.uint8))


def png(pixels: Pixels) -> bytes:
    """PNG bytes of (H, W, 3|4) RGB(A); the same pixels give the same bytes."""
    swap = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, out = cv2.imencode(".png", cv2.cvtColor(pixels, swap), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return out.tobytes()


def size(pixels: Pixels) -> tuple[int, int]:
    """(width, height)."""
    return pixels.shape[1], pixels.shape[0]


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """(colour, alpha); alpha is (H, W), or None for an opaque picture."""
    if pixels.shape[2] == 3:
        return pixels, None
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])


def joined(colour: Pixels, alpha: Pixels | None) -> Pixels:
    """Put alpha back; None leaves the picture opaque."""
    return colour if alpha is None else np.dstack([colour, alpha])


def reduced(pixels: Pixels, longest: int) -> Pixels:
    """The picture at most ``longest`` pixels on its longer side, by area; never enlarged."""
    width, height = size(pixels)
    scale = longest / max(width, height)
    if scale >= 1:
        return pixels
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, target, interpolation=cv2.INTER_AREA).astype(np.uint8)


def colours(palette: Palette) -> tuple[str, ...]:
    """Every colour of the palette once, the named roles first."""
    named = (palette.ink, palette.paper, palette.primary, palette.accent)
    return tuple(dict.fromkeys((*named, *palette.more)))
