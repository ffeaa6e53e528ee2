"""ffmpeg, as a program of its own: a file in, a file in another form out."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from brandmodel.assets.identity import part
from brandmodel.errors import InvalidRequestError, MissingExtraError

_QUIET = ("-hide_banner", "-loglevel", "error", "-nostdin", "-y")
# No title, no chapters, and no name of the program where it can be told to leave it out.
_UNNAMED = (
    *("-map_metadata", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
)


def converted(data: bytes, options: Sequence[str], *, media_type: str) -> bytes:
    """The file as ffmpeg writes it with these options, which end with the form (``-f``).

    Args:
        data: the file.
        options: which tracks, how coded, in which form.
        media_type: what it shall become, for the message.

    Raises:
        InvalidRequestError: it cannot be read to the end.
        MissingExtraError: there is no ffmpeg, or none with the encoder that is needed.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        source.write_bytes(data)
        done = subprocess.run(
            [_program(), *_QUIET, "-i", str(source), *_UNNAMED, *options, str(out)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if b"Unknown encoder" in done.stderr:
            raise MissingExtraError(
                f"the ffmpeg of this machine cannot write {media_type}",
                hint="install an ffmpeg with libmp3lame, or ask for another media type",
            )
        if done.returncode or not out.exists():
            raise InvalidRequestError(
                f"the file cannot be signed as {media_type}: it cannot be read to the end",
                hint="Give a file that plays, with one picture track or one sound track.",
            )
        return out.read_bytes()


def _program() -> str:
    own = shutil.which("ffmpeg")
    if own:
        return own
    try:
        return str(part("imageio_ffmpeg").get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingExtraError(
            "signing what others made needs ffmpeg, which is not installed",
            hint="pip install 'brandmodel[local]'",
        ) from error
