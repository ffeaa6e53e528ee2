"""Compressed sound, decoded by ffmpeg as a program of its own: no codec is loaded in process."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from brandmodel.errors import InvalidRequestError, MissingExtraError
from brandmodel.local.sound.extent import extent, said_length, too_long
from brandmodel.tasks.audio import LONGEST_S

_SLOW_S = 120
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"RIFF", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (4, b"ftyp", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"FORM", "aiff"),
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_FILMS = ("mov", "matroska")
_SHORT = 0.97
"""A file that yields less of the length that it tells is damaged."""
_SHORT_S = 0.5


def decoded(data: bytes, name: str) -> bytes:
    """A WAV of floats at 48 kHz, mono or stereo, never longer than the longest sound allowed.

    The container is named to ffmpeg from the file's first bytes, and it may open nothing but that
    file: formats that point elsewhere, such as playlists, are never tried. No more is decoded than
    may be used, so that a file of many hours costs no more than one of ten minutes.

    Raises:
        InvalidRequestError: not a sound file, a film without sound, damaged, or too long.
        MissingExtraError: no ffmpeg was found.
    """
    container = _container(data)
    if not container:
        raise _not_sound(name, data)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sound"
        file.write_bytes(data)
        try:
            done = subprocess.run(
                _command(container, file), capture_output=True, timeout=_SLOW_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise InvalidRequestError(
                f"{name} takes too long to decode", hint="Give a WAV, MP3, M4A, FLAC or Ogg file."
            ) from None
    said = done.stderr.decode(errors="replace")
    if not done.stdout:
        raise _no_sound(name) if "matches no streams" in said else _not_sound(name, data)
    _check_length(done.stdout, said, container, name)
    return done.stdout


def _command(container: str, file: Path) -> list[str]:
    # Levels are printed before each line: what is an error is then told from what is news.
    command = [_ffmpeg(), "-hide_banner", "-nostats", "-v", "level+info", "-nostdin"]
    command += ["-protocol_whitelist", "file,pipe", "-f", container, "-i", f"file:{file}"]
    command += ["-map", "0:a:0", "-t", str(LONGEST_S + 1), "-ar", "48000"]
    command += ["-af", "aformat=channel_layouts=mono|stereo"]
    return [*command, "-c:a", "pcm_f32le", "-f", "wav", "-bitexact", "pipe:1"]


def _check_length(sound: bytes, said: str, container: str, name: str) -> None:
    """Refuse what is too long, and what ends before its time.

    The picture of a film may outlast its sound, so there a short sound alone says nothing; nor
    does a length that the program has only guessed.
    """
    found = extent(sound)
    heard_s = found.there_s if found else 0.0
    told = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    told_s = int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3]) if told else heard_s
    if heard_s > LONGEST_S:
        raise too_long(name, max(heard_s, told_s))
    guessed = "Estimating duration" in said or (container in _FILMS and "[error]" not in said)
    if heard_s < min(told_s * _SHORT, told_s - _SHORT_S) and not guessed:
        raise InvalidRequestError(
            f"{name} is damaged: {said_length(heard_s)} of its {said_length(told_s)} can be read",
            hint="Copy or download the file again.",
        )


def _container(data: bytes) -> str:
    for at, mark, container in _MARKS:
        if data[at : at + len(mark)] == mark:
            return container
    if len(data) > 3 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "aac" if data[1] & 0x06 == 0 else "mp3"
    return ""


@cache
def _ffmpeg() -> str:
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ModuleNotFoundError, RuntimeError):
        found = shutil.which("ffmpeg")
    if not found:
        raise MissingExtraError(
            "compressed sound needs the program ffmpeg", hint="pip install 'brandmodel[local]'"
        )
    return found


def _no_sound(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name} has no sound in it", hint="Give a sound file, or a film with sound."
    )


def _not_sound(name: str, data: bytes) -> InvalidRequestError:
    what = ""
    if not data:
        what = ": it is empty"
    elif data.startswith(_PICTURES) or data[8:12] == b"WEBP":
        what = ": it is a picture"
    elif _container(data):
        what = ": its bytes are damaged"
    elif _is_text(data[:4000]):
        what = ": it is text"
    return InvalidRequestError(
        f"{name} is not a sound file that can be read{what}",
        hint="Give a WAV, MP3, M4A, FLAC or Ogg file.",
    )


def _is_text(data: bytes) -> bool:
    return all(byte >= 32 or byte in (9, 10, 13) for byte in data)
