"""A clip's frames as planes of the film's size and rate."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO, cast

import numpy as np

from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.planes import Frame, frame_bytes
from brandmodel.local.cut.program import failure, last_words, listening, space
from brandmodel.local.motion.pipe import Shelf, ended, ffmpeg

QUIET = ("-hide_banner", "-loglevel", "error", "-nostdin", "-xerror", "-y")
PIPE_BYTES = 1 << 20
"""What a pipe holds at once, where that can be chosen: a frame is large, and every switch costs."""
# Chroma stands left of its pixel pair, as players take it for where nothing is said.
_TO_709 = "out_color_matrix=bt709:out_range=tv:flags=bicubic"


class Reel:
    """A clip's frames, one by one. Use it as a context manager: left early, it kills ffmpeg."""

    def __init__(
        self,
        data: bytes,
        *,
        name: str,
        width: int,
        height: int,
        fps: int,
        only: Sequence[int] = (),
    ) -> None:
        """Start decoding; another size is scaled and cropped to fill, another rate resampled.

        ``name`` stands in error messages; ``only`` gives the frames of these numbers, not all.

        Raises:
            StorageError: no room for the clip.
        """
        self._size, self._name = (width, height), name
        fill = f"scale={width}:{height}:force_original_aspect_ratio=increase:{_TO_709}"
        chosen = "+".join(f"eq(n\\,{number})" for number in only)
        picked = f",select={chosen}" if only else ""
        last = ("-frames:v", str(len(only))) if only else ()
        with space(), contextlib.ExitStack() as opening:
            clip = opening.enter_context(Shelf(data))
            self._said = opening.enter_context(listening())
            self._process = subprocess.Popen(
                [
                    *(ffmpeg(), *QUIET, "-threads", "2", "-i", clip.path, "-map", "0:v:0"),
                    *("-vf", f"{fill},crop={width}:{height},fps={fps}{picked}", *last),
                    *("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p"),
                    "pipe:1",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._said,
                pass_fds=clip.passing,
                pipesize=PIPE_BYTES,
            )
            self._closing = opening.pop_all()

    def __enter__(self) -> Reel:
        return self

    def __exit__(self, *_: object) -> None:
        ended(self._process)
        self._closing.close()

    def __iter__(self) -> Iterator[Frame]:
        """Every frame, each in a buffer of its own.

        Raises:
            InvalidRequestError: the clip breaks off or is no video.
            UnavailableError: ffmpeg was ended from outside.
        """
        pipe = cast(IO[bytes], self._process.stdout)
        count = frame_bytes(*self._size)
        while True:
            data = np.empty(count, np.uint8)
            got = _filled(pipe, data.data)
            if got < count:
                break
            yield Frame.over(data, *self._size)
        code = self._process.wait()
        if code < 0:
            raise failure(self._process, self._said, f"{self._name} could not be decoded")
        if code or got:
            self._said.seek(0)
            raise InvalidRequestError(
                f"{self._name} cannot be decoded: {last_words(self._said.read())}",
                hint="Give an MP4 or another video file.",
            )


def _filled(pipe: IO[bytes], buffer: memoryview) -> int:
    """How many bytes could be read into the buffer; fewer than it holds at the end only."""
    got = 0
    while got < len(buffer):
        more = cast(int, pipe.readinto(buffer[got:]))  # pyright: ignore[reportAttributeAccessIssue]
        if not more:
            break
        got += more
    return got
