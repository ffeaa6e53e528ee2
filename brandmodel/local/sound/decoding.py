"""Compressed sound, decoded by ffmpeg as a program of its own: no codec is loaded in process."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from brandmodel.errors import InvalidRequestError, MissingExtraError
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


def decoded(data: bytes, name: str) -> bytes:
    """A WAV of floats, at most a second more than the longest sound allowed.

    The container is named to ffmpeg from the file's first bytes, and it may open nothing but that
    file: formats that point elsewhere, such as playlists, are never tried.

    Raises:
        InvalidRequestError: not a sound file, or a damaged one.
        MissingExtraError: no ffmpeg was found.
    """
    container = _container(data)
    if not container:
        raise _not_sound(name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sound"
        file.write_bytes(data)
        command = [_ffmpeg(), "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe"]
        command += [
            "-f",
            container,
            "-i",
            f"file:{file}",
            "-map",
            "0:a:0",
            "-t",
            str(LONGEST_S + 1),
        ]
        command += ["-c:a", "pcm_f32le", "-f", "wav", "-bitexact", "pipe:1"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SLOW_S, check=False)
        except subprocess.TimeoutExpired:
            raise _not_sound(name) from None
    if done.returncode != 0 and not done.stdout:
        raise _not_sound(name)
    return done.stdout


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


def _not_sound(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name} is not a sound file that can be read",
        hint="Give a WAV, MP3, M4A, FLAC or Ogg file.",
    )
