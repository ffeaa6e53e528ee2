"""The size that a picture file claims, read before its pixels are unpacked."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError


def claimed_pixels(data: bytes) -> int:
    """Width times height from the file's header; 0 when it is no picture.

    A few kilobytes can claim gigabytes of pixels, so this is asked first.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.width * image.height
        except Image.DecompressionBombError:
            return 2**62
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            return 0
