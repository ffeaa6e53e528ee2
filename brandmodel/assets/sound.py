"""A sound and nothing else, in the form that is given away."""

from __future__ import annotations

import struct

from brandmodel.assets import ffmpeg, layer3, remux, riff
from brandmodel.assets.foreign import Foreign
from brandmodel.assets.probe import probe
from brandmodel.errors import InvalidRequestError

WAVE, AAC, MP3 = "audio/wav", "audio/mp4", "audio/mpeg"
SOUNDS = (WAVE, AAC, MP3)
"""Media types that a signed sound may have."""

_FIRST = ("-map", "0:a:0", "-vn")
_CODED = {
    WAVE: (*_FIRST, "-c:a", "pcm_s16le", "-f", "wav"),
    # Ticks of 1/48,000 s: the length in the header is exact.
    AAC: (*_FIRST, "-c:a", "aac", "-b:a", "192k", "-movie_timescale", "48000", "-f", "ipod"),
    MP3: (*_FIRST, "-c:a", "libmp3lame", "-b:a", "192k", "-id3v2_version", "0", "-f", "mp3"),
}
_COPIED = (*_FIRST, "-c:a", "copy", "-id3v2_version", "0", "-f", "mp3")


def cleaned(data: bytes, media_type: str) -> bytes:
    """The sound in ``media_type`` and nothing else.

    What has that form already keeps every sample (WAV) or coded frame (MP4, MP3) as it is. Another
    form is coded anew: WAV at 16 bits, AAC and MP3 at 192 kb/s.

    Raises:
        InvalidRequestError: no sound, damaged, or ``media_type`` cannot be signed.
        MissingExtraError: ffmpeg is needed, and there is none with the encoder.
    """
    if media_type not in SOUNDS:
        raise InvalidRequestError(
            f"a sound cannot be signed as {media_type}", hint=f"ask for {', '.join(SOUNDS)}"
        )
    own = probe(data).media_type
    if not own.startswith("audio/"):
        raise InvalidRequestError(
            f"what shall be signed as {media_type} is {own}", hint="give a sound"
        )
    if own != media_type:
        data = ffmpeg.converted(data, _CODED[media_type], media_type=media_type)
    return remux.cleaned(data, AAC) if media_type == AAC else _plain(data, media_type)


def _plain(data: bytes, media_type: str) -> bytes:
    """WAV and MP3: as they are where possible, else through ffmpeg."""
    strip = riff.cleaned_wave if media_type == WAVE else layer3.cleaned
    try:
        return strip(data)
    except (Foreign, struct.error, IndexError):
        options = _COPIED if media_type == MP3 else _CODED[WAVE]
        data = ffmpeg.converted(data, options, media_type=media_type)
    try:
        return strip(data)
    except (Foreign, struct.error, IndexError) as why:
        raise InvalidRequestError(f"the sound cannot be signed as {media_type}: {why}") from None
