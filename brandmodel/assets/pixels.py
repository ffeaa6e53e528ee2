"""A picture's pixels and nothing else, in the form that is given away."""

from __future__ import annotations

import io
import struct
import zlib

from brandmodel.assets.probe import normalised
from brandmodel.errors import InvalidRequestError

FORMS = ("image/png", "image/jpeg", "image/webp")
"""Media types that a signed picture may have."""

_HEADER_END = 8 + 12 + 13
_SRGB = b"sRGB\x00"  # perceptual intent, as browsers and cameras write it


def encoded_anew(data: bytes, media_type: str) -> tuple[bytes, tuple[str, ...]]:
    """The picture in ``media_type`` without any metadata, and what a person should know about it.

    PNG keeps the pixels exactly; JPEG and WebP are written at quality 95 with full colour
    resolution. What Exif and a colour profile say is applied to the pixels, since both are lost.

    Raises:
        InvalidRequestError: not a picture, damaged, too large, or ``media_type`` cannot be signed.
    """
    if media_type not in FORMS:
        raise InvalidRequestError(
            f"a picture cannot be signed as {media_type}", hint=f"ask for {', '.join(FORMS)}"
        )
    png = normalised(data, name="the picture to be signed")
    if media_type == "image/png":
        return _marked_srgb(png), ()
    return _lossy(png, media_type)


def _marked_srgb(png: bytes) -> bytes:
    """The PNG with an sRGB chunk behind its header, so that no viewer guesses the colours."""
    chunk = struct.pack(">I", 1) + _SRGB + struct.pack(">I", zlib.crc32(_SRGB))
    return png[:_HEADER_END] + chunk + png[_HEADER_END:]


def _lossy(png: bytes, media_type: str) -> tuple[bytes, tuple[str, ...]]:
    from PIL import Image

    image, notes = Image.open(io.BytesIO(png)), ()
    out = io.BytesIO()
    if media_type == "image/webp":
        image.save(out, "WEBP", quality=95, method=4, exact=True)
        return out.getvalue(), notes
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image).convert("RGB")
        notes = ("JPEG has no transparency: the picture was laid on white",)
    image.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue(), notes
