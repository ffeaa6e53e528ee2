"""The program that decodes and encodes films: which one it is, what it can, and how it fails."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from functools import cache
from typing import IO

from brandmodel.errors import (
    BadResponseError,
    BrandModelError,
    MissingExtraError,
    StorageError,
    UnavailableError,
)
from brandmodel.local.motion.pipe import OLDEST, cause, ffmpeg
from brandmodel.tasks.video import Codec

# In the order in which they are taken.
_ENCODERS: dict[Codec, tuple[str, ...]] = {
    "h264": ("libx264",),
    "vp9": ("libvpx-vp9",),
    "av1": ("libsvtav1", "libaom-av1"),
}
_NAMES: dict[Codec, str] = {"h264": "H.264", "vp9": "VP9", "av1": "AV1"}
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
# A process that writes past its limit is ended by it, where the system has such limits.
_PAST_LIMIT: int = getattr(signal, "SIGXFSZ", 0)
_FULL_WORDS = tuple(os.strerror(number) for number in _FULL)
_GET = (
    f"pip install 'brandmodel[local]' brings one; a PATH with a full build of ffmpeg {OLDEST} or "
    "newer does, too"
)


def encoder_of(codec: Codec) -> str:
    """The encoder that serves a codec; looked for once in a process.

    Raises:
        MissingExtraError: no ffmpeg that can be used, or it has no such encoder.
    """
    _, encoders = _known()
    for name in _ENCODERS[codec]:
        if name in encoders:
            return name
    wanted = " or ".join(_ENCODERS[codec])
    raise MissingExtraError(
        f"the ffmpeg that was found cannot write {_NAMES[codec]}: it has no {wanted}",
        hint=f"{_GET}; or ask for another codec",
    )


def found() -> str:
    """Version and codecs of the program, for a person: ``ffmpeg 9.0.2: H.264, VP9, AV1``.

    Raises:
        MissingExtraError: no ffmpeg that can be used.
    """
    version, encoders = _known()
    codecs = [_NAMES[codec] for codec, names in _ENCODERS.items() if encoders.intersection(names)]
    return f"ffmpeg {version}: {', '.join(codecs)}"


@contextlib.contextmanager
def space() -> Generator[None]:
    """Around writing files of our own.

    Raises:
        StorageError: no room is left for them.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _no_room() from error
        raise


def listening() -> IO[bytes]:
    """A file for what ffmpeg says; in memory where that can be, since the disk may be full."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("said"), "w+b")
    return tempfile.TemporaryFile()


def failure(process: subprocess.Popen[bytes], said: IO[bytes], what: str) -> BrandModelError:
    """Why the program gave up: its last words without any path.

    Args:
        process: has ended, or is about to.
        said: what it wrote to its standard error.
        what: what could not be done, to begin the message with.
    """
    code = process.wait()
    said.seek(0)
    words = said.read()
    if (_PAST_LIMIT and code == -_PAST_LIMIT) or any(
        full.encode() in words for full in _FULL_WORDS
    ):
        return _no_room()
    if code < 0:
        return UnavailableError(
            f"{what}: ffmpeg was ended by {signal.Signals(-code).name}",
            hint="run again; if it ends again, ask for a smaller size: memory may be short",
        )
    return BadResponseError(f"{what}: {last_words(words)}")


def last_words(said: bytes) -> str:
    """The reason that ffmpeg gives, without the place of any file."""
    return re.sub(r"['\"]?(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'\"]+){2,}['\"]?", "the file", cause(said))


def _no_room() -> StorageError:
    return StorageError(
        "no room is left for the film in the folder for temporary files",
        hint="free some, or name another folder in TMPDIR",
    )


def _known() -> tuple[str, frozenset[str]]:
    """(version, encoders).

    Raises:
        MissingExtraError: no ffmpeg that can be used.
    """
    version, encoders, problem = _looked()
    if problem:
        raise MissingExtraError(problem, hint=_GET)
    return version, encoders


@cache
def _looked() -> tuple[str, frozenset[str], str]:
    """(version, encoders, problem); kept, failure too, so that no program is asked twice."""
    try:
        program = ffmpeg()
    except MissingExtraError as error:
        return "", frozenset(), f"{error.message}; {_seen()}"
    listed = _output(program, "-hide_banner", "-encoders")
    encoders = frozenset(re.findall(r"^ V\S{5} (\S+)", listed, re.MULTILINE))
    return _version(program), encoders, ""


def _seen() -> str:
    """What was found in place of a program that can be used."""
    places = (shutil.which("ffmpeg"), os.environ.get("IMAGEIO_FFMPEG_EXE"))
    programs = list(dict.fromkeys(place for place in places if place))
    if not programs:
        return "none was found"
    versions = [_version(program) for program in programs]
    told = (f"version {v}" if v else "one that does not run" for v in versions)
    return f"found: {', '.join(told)}"


def _version(program: str) -> str:
    said = re.match(r"ffmpeg version n?([\w.]+)", _output(program, "-version"))
    return said[1] if said else ""


def _output(program: str, *options: str) -> str:
    try:
        done = subprocess.run([program, *options], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")
