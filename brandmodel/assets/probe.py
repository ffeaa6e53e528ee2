"""What bytes really are, and whether a picture from outside is safe to work with."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, Literal, cast

from brandmodel.assets.headers import Probed, readings
from brandmodel.errors import InvalidRequestError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["LARGEST_OUTSIDE_PIXELS", "Probed", "check_picture", "normalised", "probe"]

LARGEST_OUTSIDE_PIXELS = 100_000_000
"""A picture from outside that says it has more is refused before it is decoded."""

_DECODED = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
    "image/tiff": "TIFF",
}
_GIVE_A_PICTURE = "Give a PNG, JPEG, WebP, GIF, AVIF or TIFF file."
_SEND_AGAIN = "Save or export the picture again and give the new file."


def probe(data: bytes, *, name: str = "") -> Probed:
    """Media type, size and duration, read from the bytes.

    The name decides only between kinds of text that look alike, such as Markdown and plain text.
    """
    return next(readings(data, name), Probed("application/octet-stream"))


def check_picture(data: bytes, *, name: str) -> Probed:
    """Decode a picture from outside to the end, after its header has been found harmless.

    Raises:
        InvalidRequestError: not a picture, damaged, empty or too large; ``name`` is in the message.
    """
    _opened(data, name)
    return probe(data, name=name)


def normalised(data: bytes, *, name: str) -> bytes:
    """A picture from outside as 8-bit sRGB PNG, upright, without metadata.

    Animations give their first frame. An alpha channel is kept unless it is opaque throughout.

    Raises:
        InvalidRequestError: as ``check_picture``.
    """
    from PIL import ImageOps

    picture = _opened(data, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            upright = ImageOps.exif_transpose(picture)
        except _decoding_errors():
            # A damaged orientation note is no reason to refuse sound pixels.
            upright = picture
        profile = picture.info.get("icc_profile")
        pixels = _with_alpha(_srgb(upright, profile), _alpha(upright))
    out = io.BytesIO()
    pixels.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _opened(data: bytes, name: str) -> Image:
    """The fully decoded first frame."""
    from PIL import Image

    probed = probe(data, name=name)
    _check_kind(data, probed, name)
    _check_size(probed.width, probed.height, name)
    with warnings.catch_warnings():
        # Pillow warns of large and of sloppy files; both are judged here.
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(data), formats=[_DECODED[probed.media_type]])
            _check_size(*picture.size, name)
            picture.seek(0)
            picture.load()
        except _decoding_errors() as problem:
            raise InvalidRequestError(
                f"{name} is damaged or cut off: its {_kind(probed)} data cannot be read to the end",
                hint=_SEND_AGAIN,
            ) from problem
    return picture


def _check_kind(data: bytes, probed: Probed, name: str) -> None:
    if not data:
        raise InvalidRequestError(f"{name} is empty", hint=_GIVE_A_PICTURE)
    if probed.media_type == "image/svg+xml":
        raise InvalidRequestError(
            f"{name} is an SVG drawing, and only pixel pictures can be read here",
            hint="Export it as PNG with a transparent ground, 1000 pixels wide or more.",
        )
    if probed.media_type not in _DECODED:
        what = "unknown data" if probed.media_type.endswith("octet-stream") else probed.media_type
        raise InvalidRequestError(
            f"{name} is not a picture that can be read: it holds {what}", hint=_GIVE_A_PICTURE
        )


def _check_size(width: int | None, height: int | None, name: str) -> None:
    if width is None or height is None:
        raise InvalidRequestError(
            f"{name} is damaged or cut off: its header ends early", hint=_SEND_AGAIN
        )
    if width < 1 or height < 1:
        raise InvalidRequestError(
            f"{name} has no pixels: its size is {width} x {height}", hint=_SEND_AGAIN
        )
    if width * height > LARGEST_OUTSIDE_PIXELS:
        limit = LARGEST_OUTSIDE_PIXELS // 1_000_000
        raise InvalidRequestError(
            f"{name} is too large: {width} x {height} is more than {limit} megapixels",
            hint="Scale it down; 4000 pixels on the longer side are plenty.",
        )


def _kind(probed: Probed) -> str:
    return probed.media_type.partition("/")[2].upper()


def _decoding_errors() -> tuple[type[Exception], ...]:
    """What Pillow's decoders are known to raise on damaged files."""
    import struct
    import zlib

    from PIL import Image

    return (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        EOFError,
        ArithmeticError,
        LookupError,
        AttributeError,
        AssertionError,
        RuntimeError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    )


def _alpha(picture: Image) -> Image | None:
    """The alpha channel, 8 bit, or None where every pixel is opaque."""
    if not picture.has_transparency_data:
        return None
    alpha = picture.convert("RGBA").getchannel("A")
    return None if alpha.getextrema() == (255, 255) else alpha


def _with_alpha(colour: Image, alpha: Image | None) -> Image:
    """A picture of its own, so that nothing of the original's metadata is written with it."""
    from PIL import Image

    clean = Image.new("RGBA" if alpha else "RGB", colour.size)
    clean.paste(colour)
    if alpha:
        clean.putalpha(alpha)
    return clean


def _srgb(picture: Image, profile: bytes | None) -> Image:
    """The colours as 8-bit sRGB, without alpha."""
    from PIL import ImageCms

    plain = _eight_bit(picture)
    if not profile and plain.mode != "LAB":
        return plain.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            plain,
            _standard("LAB") if plain.mode == "LAB" else io.BytesIO(profile or b""),
            _standard("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A profile for another kind of colour, or a broken one: the plain reading is close.
        return plain.convert("RGB")
    return converted if converted is not None else plain.convert("RGB")


def _standard(space: Literal["LAB", "sRGB"]) -> Any:
    from PIL import ImageCms

    profile = ImageCms.createProfile(space)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return cast("Any", profile)


def _eight_bit(picture: Image) -> Image:
    """A mode that colour profiles speak of: L, RGB, CMYK or LAB, 8 bits a channel."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        import numpy as np

        values = np.asarray(picture).astype(np.float64)
        # Floating point counts 1 as white; what is brighter pulls the white up with it.
        top = 65_535.0 if picture.mode.startswith("I") else max(float(np.nanmax(values)), 1.0)
        scaled = np.nan_to_num(values / top, nan=0.0, posinf=1.0, neginf=0.0)
        return Image.fromarray((np.clip(scaled, 0, 1) * 255 + 0.5).astype(np.uint8))
    if picture.mode in ("L", "RGB", "CMYK", "LAB"):
        return picture
    return picture.convert("L" if picture.mode in ("1", "LA", "La") else "RGB")
