"""What a file is and how large, from its first bytes; plain ``struct``, no decoder is loaded.

Every reader takes the whole file and gives None when the file is not of its kind. A file that
begins like one kind but is cut off keeps its media type and lacks its sizes.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from brandmodel.assets.media import audio, is_sound, video_size


@dataclass(frozen=True, slots=True)
class Probed:
    """What bytes turned out to be.

    Attributes:
        media_type: for example ``image/png``.
        width: pixels as stored, for pictures and video.
        height: pixels as stored, for pictures and video.
        duration_s: seconds, for sound and video where the header tells.
    """

    media_type: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FONTS = {
    b"\x00\x01\x00\x00": "font/ttf",
    b"true": "font/ttf",
    b"OTTO": "font/otf",
    b"ttcf": "font/collection",
    b"wOFF": "font/woff",
    b"wOF2": "font/woff2",
}
_TEXT_BY_ENDING = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "toml": "application/toml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
}
_OFFICE = {b"ppt/": "presentationml.presentation", b"word/": "wordprocessingml.document"}
_LARGEST_PARSED = 1 << 20


def png(data: bytes) -> Probed | None:
    """PNG: the header chunk."""
    if not data.startswith(_PNG):
        return None
    if len(data) < 24:
        return Probed("image/png")
    width, height = struct.unpack_from(">II", data, 16)
    return Probed("image/png", width, height)


def jpeg(data: bytes) -> Probed | None:
    """JPEG: the first frame header, found by walking the segments."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Probed("image/jpeg", width, height)
        fill = marker == 0xFF
        at += 1 if fill else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return Probed("image/jpeg")


def webp(data: bytes) -> Probed | None:
    """WebP: lossy, lossless or extended header."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if len(data) < 30:
        return Probed("image/webp")
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return Probed("image/webp", width, height)
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return Probed("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return Probed("image/webp", width & 0x3FFF, height & 0x3FFF)


def gif(data: bytes) -> Probed | None:
    """GIF: the logical screen."""
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    if len(data) < 10:
        return Probed("image/gif")
    width, height = struct.unpack_from("<HH", data, 6)
    return Probed("image/gif", width, height)


def tiff(data: bytes) -> Probed | None:
    """TIFF: width and height tags of the first directory."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    if order is None:
        return None
    found: dict[int, int] = {}
    try:
        (at,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", data, entry)
            if tag in (256, 257):
                found[tag] = struct.unpack_from(
                    order + ("H" if kind == 3 else "I"), data, entry + 8
                )[0]
    except struct.error:
        return Probed("image/tiff")
    return Probed("image/tiff", found.get(256), found.get(257))


def boxed(data: bytes) -> Probed | None:
    """Everything in ISO boxes: AVIF, HEIC, MP4, QuickTime and their sound-only forms."""
    if data[4:8] != b"ftyp":
        return None
    brands = data[8 : min(int.from_bytes(data[:4]), 64)]
    for brand, media_type in ((b"avi", "image/avif"), (b"hei", "image/heic")):
        if brand in brands[:4] or brand + b"f" in brands or brand + b"c" in brands:
            return Probed(media_type, *_still_size(data))
    width, height, duration_s = video_size(data)
    if brands.startswith(b"qt"):
        return Probed("video/quicktime", width, height, duration_s)
    if brands.startswith((b"M4A", b"M4B")) or is_sound(data):
        return Probed("audio/mp4", None, None, duration_s)
    return Probed("video/mp4", width, height, duration_s)


def _still_size(data: bytes) -> tuple[int | None, int | None]:
    """The largest picture extent a still's boxes speak of; thumbnails are smaller ones."""
    sizes = [
        struct.unpack_from(">II", data, found.end() + 4)
        for found in re.finditer(b"ispe", data[: 1 << 16])
        if found.end() + 12 <= len(data)
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(None, None))


def font(data: bytes) -> Probed | None:
    """TrueType, OpenType, and their web forms."""
    media_type = _FONTS.get(data[:4])
    return Probed(media_type) if media_type and len(data) > 12 else None


def packed(data: bytes) -> Probed | None:
    """ZIP and the office files that are one."""
    if not data.startswith(b"PK\x03\x04"):
        return None
    for folder, kind in _OFFICE.items():
        if folder in data[:4096] and b"[Content_Types].xml" in data:
            return Probed(f"application/vnd.openxmlformats-officedocument.{kind}")
    return Probed("application/zip")


def pdf(data: bytes) -> Probed | None:
    """PDF."""
    return Probed("application/pdf") if data.startswith(b"%PDF-") else None


def sound(data: bytes) -> Probed | None:
    """WAV, FLAC, Ogg, MP3; WebM and Matroska too, which may carry pictures."""
    found = audio(data)
    return Probed(*found) if found else None


def text(data: bytes, name: str) -> Probed | None:
    """UTF-8 text: SVG, JSON, HTML by its content, other kinds by the name's ending."""
    words = _decoded(data)
    if words is None:
        return None
    head = words[:4096].lstrip("\ufeff \t\r\n")
    if head.startswith(("<svg", "<?xml", "<!--", "<!DOCTYPE svg")) and "<svg" in head:
        return Probed("image/svg+xml", *_drawing_size(head))
    if head[:15].lower().startswith(("<!doctype html", "<html")):
        return Probed("text/html")
    if head.startswith(("{", "[")) and _is_json(words):
        return Probed("application/json")
    return Probed(_TEXT_BY_ENDING.get(name.rpartition(".")[2].lower(), "text/plain"))


def _decoded(data: bytes) -> str | None:
    if not data or b"\x00" in data:
        return None
    try:
        words = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    control = sum(ord(c) < 32 and c not in "\t\r\n\f" for c in words[:4096])
    return None if control > 2 else words


def _is_json(words: str) -> bool:
    """Long files are believed by their brackets: the store probes on every put."""
    if len(words) > _LARGEST_PARSED:
        return words.rstrip()[-1:] == {"{": "}", "[": "]"}.get(words.lstrip("\ufeff \t\r\n")[0])
    try:
        json.loads(words.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _drawing_size(head: str) -> tuple[int | None, int | None]:
    tag = head[head.index("<svg") :].partition(">")[0]
    sides = [
        re.search(rf'\b{side}\s*=\s*["\']([\d.]+)(?:px)?["\']', tag) for side in ("width", "height")
    ]
    view = re.search(r'viewBox\s*=\s*["\'][-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)', tag)
    found = [m[1] for m in sides if m] if all(sides) else list(view.groups()) if view else []
    try:
        width, height = (round(float(number)) for number in found)
    except (ValueError, OverflowError):
        return None, None
    return width, height


_READERS: tuple[Callable[[bytes], Probed | None], ...] = (
    png, jpeg, webp, gif, boxed, tiff, pdf, font, packed, sound
)  # fmt: skip


def readings(data: bytes, name: str) -> Iterator[Probed]:
    """What each reader says, the surest first."""
    for reader in _READERS:
        found = reader(data)
        if found is not None:
            yield found
    found = text(data, name)
    if found is not None:
        yield found
