"""The one gate through which everything leaves. It looks and refuses; it never changes a byte.

Default-deny: text must be text; a picture, sound or film must be built of parts that are known to
say nothing of where it is from, and may hold one manifest more, if that is
the brand's own. Plain ``struct``: the gate stands in every request's way.

Formats: PNG 3rd edition (W3C), JPEG T.81 with JUMBF in APP11 (ISO 19566-5); WebP and WAV
(``riff``), MP4 with or without pictures (``movie``), MP3 (``layer3``).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator

from brandmodel.assets import layer3, movie, riff
from brandmodel.assets.foreign import CUT_OFF, Foreign, begins, ends, shown
from brandmodel.errors import RunError

MARK = "org.brandmodel.recipe"
"""Label of the assertion by which our manifests are known."""

_TEXT = frozenset(
    ("application/json", "application/toml", "application/x-subrip", "application/yaml")
)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PLAIN = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"pHYs")
)
_EOI, _SOS, _APP0, _APP11, _APP14 = 0xD9, 0xDA, 0xE0, 0xEB, 0xEE
_JPEG_PLAIN = (frozenset(range(0xC0, 0xD0)) | {0xDB, 0xDC, 0xDD}) - {0xC8}
_JPEG_NAMES = {0xE1: "Exif or XMP", 0xE2: "a colour profile", 0xED: "IPTC", 0xFE: "a comment"}
_APP_BEGINS = {_APP0: b"JFIF\x00", _APP14: b"Adobe"}
_APP_LARGEST = 14
"""JFIF without a thumbnail and Adobe's colour transform have 14 and 12 bytes."""


def is_text(media_type: str) -> bool:
    """Whether files of this type are words, which hold no metadata and no signature."""
    return media_type.startswith("text/") or media_type in _TEXT


def check(data: bytes, media_type: str, *, signer: str = "") -> None:
    """Let the bytes pass, or refuse them.

    Args:
        data: the file.
        media_type: what it is announced as; the bytes must be just that.
        signer: fingerprint of the only certificate whose manifest may leave; '' takes any
            manifest of this package's making.

    Raises:
        RunError: the file says, or could say, where it is from; or nobody can look into its kind.
    """
    try:
        if is_text(media_type):
            _walk_text(data)
        elif media_type in _WALKS:
            manifest = _WALKS[media_type](data)
            if manifest:
                _check_manifest(manifest, signer)
        else:
            raise Foreign("nobody can look into this kind of file")
    except Foreign as foreign:
        raise _refused(media_type, str(foreign)) from None
    except (struct.error, IndexError):
        raise _refused(media_type, CUT_OFF) from None


def is_clean(data: bytes, media_type: str, *, signer: str = "") -> bool:
    """Whether ``check`` lets the bytes pass."""
    try:
        check(data, media_type, signer=signer)
    except RunError:
        return False
    return True


def _refused(media_type: str, why: str) -> RunError:
    return RunError(
        f"the {media_type} file may not leave: {why}",
        hint="sign it first: signing strips what others left in it",
    )


def _walk_text(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Foreign("it is not text") from None


def _walk_png(data: bytes) -> bytes:
    """The manifest store of a PNG made of plain chunks only, or b''."""
    begins(data, _PNG)
    at, kind, manifest = len(_PNG), b"", b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"caBX":
            manifest += body
        elif kind not in _PNG_PLAIN or (kind == b"IEND" and length):
            raise Foreign(f"it holds a chunk {shown(kind)}")
        at += 12 + length
    ends(data, at)
    return manifest


def _walk_jpeg(data: bytes) -> bytes:
    """The manifest store of a JPEG made of plain segments only, or b''."""
    begins(data, b"\xff\xd8")
    manifest = b""
    for marker, body in _segments(data):
        if marker == _APP11:
            manifest += _jumbf(body, first=not manifest)
        elif marker in _APP_BEGINS:
            if not body.startswith(_APP_BEGINS[marker]) or len(body) > _APP_LARGEST:
                raise Foreign("its header holds more than a header needs")
        elif marker not in _JPEG_PLAIN and marker != _SOS:
            raise Foreign(f"it holds {_JPEG_NAMES.get(marker, f'a segment {marker:02X}')}")
    return manifest


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of every segment; coded pixels are passed over."""
    at = 2
    while True:
        fill, marker = struct.unpack_from("BB", data, at)
        if fill != 0xFF:
            raise Foreign(CUT_OFF)
        if marker == _EOI:
            return ends(data, at + 2)
        length = int(struct.unpack_from(">H", data, at + 2)[0])
        if length < 2:
            raise Foreign(CUT_OFF)
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == _SOS:
            at = _coded_end(data, at)


def _coded_end(data: bytes, at: int) -> int:
    """Where coded pixels end: at the first marker that is neither stuffing nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise Foreign(CUT_OFF)
        after = data[at + 1]
        if after and not 0xD0 <= after <= 0xD7:
            return at
        at += 2


def _jumbf(body: bytes, *, first: bool) -> bytes:
    """One APP11 segment's share of the store; later shares repeat the 8-byte box header."""
    if body[:2] != b"JP":
        raise Foreign("it holds a segment EB")
    return body[8:] if first else body[16:]


def _check_manifest(store: bytes, signer: str) -> None:
    """One manifest, of our making, signed by the one who should; nothing of anybody else's."""
    boxes = list(_boxes(store, 0, len(store)))
    if len(boxes) != 1 or boxes[0][0] != b"jumb":
        raise Foreign("its manifest cannot be read")
    _, start, end = boxes[0]
    manifests = [box for box in _boxes(store, start, end) if box[0] != b"jumd"]
    if len(manifests) != 1:
        raise Foreign("it holds manifests of others")
    _, start, end = manifests[0]
    if MARK.encode() + b"\x00" not in store[start:end]:
        raise Foreign("it holds the manifest of somebody else")
    if signer and not _holds_certificate(store[start:end], signer):
        raise Foreign("it was signed with another certificate")


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the JUMBF boxes between two offsets."""
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8 or at + length > end:
            raise Foreign("its manifest cannot be read")
        yield kind, at + 8, at + length
        at += length


def _holds_certificate(manifest: bytes, fingerprint: str) -> bool:
    """Whether a DER certificate of this SHA-256 stands in it; a signature holds them plainly."""
    at = manifest.find(b"\x30\x82")
    while at >= 0:
        length = 4 + int.from_bytes(manifest[at + 2 : at + 4])
        if hashlib.sha256(manifest[at : at + length]).hexdigest() == fingerprint:
            return True
        at = manifest.find(b"\x30\x82", at + 1)
    return False


_WALKS: dict[str, Callable[[bytes], bytes]] = {
    "image/png": _walk_png,
    "image/jpeg": _walk_jpeg,
    "image/webp": riff.walk_webp,
    "audio/wav": riff.walk_wave,
    "audio/mp4": movie.walk_sound,
    "audio/mpeg": layer3.walk,
    "video/mp4": movie.walk,
}
