"""Frames in, film out, and back: ffmpeg as a separate program over pipes.

Nothing of ffmpeg is loaded into this process. Its pipes tie it to this one: when this process
dies, however it dies, ffmpeg sees the end of its pipe and ends too.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import TracebackType
from typing import IO, Self, cast

import numpy as np
from numpy.typing import NDArray

from brandmodel.errors import InvalidRequestError, MissingExtraError, ProviderError

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8 sRGB."""

OLDEST = 5
"""The first major version with every option that is used here."""
_PIPE_BYTES = 1 << 20
_QUIET = ("-hide_banner", "-nostdin", "-loglevel", "error", "-xerror", "-y")
_TO_709 = (
    "scale=in_range=pc:out_range=tv:out_color_matrix=bt709:flags=bicubic,format=yuv420p,"
    # Newer versions tag the film as its frames are tagged, older ones as the options below say.
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
_FROM_709 = "in_color_matrix=bt709:out_range=pc:flags=bicubic"
_TAGS = (
    *("-colorspace", "bt709", "-color_primaries", "bt709"),
    *("-color_trc", "bt709", "-color_range", "tv"),
)
# Without them the file would name the ffmpeg that made it: other bytes on another machine.
_SAME_BYTES = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1")


@cache
def ffmpeg() -> str:
    """Path of an ffmpeg with H.264: the machine's own, or the one that imageio-ffmpeg brings.

    Raises:
        MissingExtraError: there is none, or it is older than version 5.
    """
    for program in _candidates():
        said = _version(program)
        number = re.match(r"ffmpeg version n?(\d+)\.", said)
        # Builds from a repository carry no number; they are recent.
        recent = number is None or int(number[1]) >= OLDEST
        if said and recent and "--enable-libx264" in said:
            return program
    raise MissingExtraError(
        f"the local studio needs ffmpeg {OLDEST} or newer, with libx264, to make film",
        hint="pip install 'brandmodel[local]'",
    )


def _candidates() -> Iterator[str]:
    own = shutil.which("ffmpeg")
    if own:
        yield own
    try:
        import imageio_ffmpeg
    except ImportError:
        return
    # It raises this where its wheel has no program for the machine.
    with contextlib.suppress(RuntimeError):
        yield str(imageio_ffmpeg.get_ffmpeg_exe())


def _version(program: str) -> str:
    try:
        done = subprocess.run([program, "-version"], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file holds.

    Attributes:
        fps: frames a second, the mean over the file.
        frames: how many are stored.
    """

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float


def h264(crf: int = 12, preset: str = "veryfast") -> tuple[str, ...]:
    """Output options for H.264 whose bytes depend on frames, size, ``crf`` and ``preset`` only."""
    return (
        *("-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-pix_fmt", "yuv420p"),
        # x264 gives other bytes for another number of threads, so the number is fixed.
        *("-threads", "2", "-x264-params", "threads=2:lookahead-threads=1"),
    )


class Encoder:
    """Takes frames one by one and gives an MP4 with its index in front.

    Use it as a context manager: left by an exception, it kills ffmpeg and keeps nothing.
    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        fps: float,
        codec: Sequence[str] = (),
        inputs: Sequence[str] = (),
        extra: Sequence[str] = (),
    ) -> None:
        """Start ffmpeg.

        Args:
            width: of every frame; even, as 4:2:0 needs it.
            height: of every frame; even.
            fps: frames a second, the same all over.
            codec: output options for the picture; ``h264()`` if empty.
            inputs: options and files of further inputs; the frames are input 0.
            extra: further output options: maps, sound, subtitles.

        Raises:
            InvalidRequestError: a side is odd.
            MissingExtraError: no ffmpeg.
        """
        if width % 2 or height % 2:
            raise InvalidRequestError(
                f"a film cannot be {width} x {height} pixels",
                hint="Give an even width and an even height.",
            )
        self._shape = (height, width, 3)
        self._closing = contextlib.ExitStack()
        out = self._closing.enter_context(Shelf())
        self._out, self._said = out, self._closing.enter_context(tempfile.TemporaryFile())
        rate = str(Fraction(fps).limit_denominator(1001))
        self._process = _started(
            [
                *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"),
                *("-r", rate, "-i", "pipe:0", *inputs, "-vf", _TO_709),
                *(codec or h264()),
                *(*_TAGS, *_SAME_BYTES, *extra),
                *("-movflags", "+faststart", "-f", "mp4", out.path),
            ],
            stdin=subprocess.PIPE,
            stderr=self._said,
            passing=out.passing,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        ended(self._process)
        self._closing.close()

    def write(self, frame: Frame) -> None:
        """Add one frame.

        Raises:
            ProviderError: ffmpeg gave up; the message ends with its reason.
        """
        assert frame.shape == self._shape, f"{frame.shape} is not {self._shape}"
        assert frame.dtype == np.uint8, frame.dtype
        pipe = cast(IO[bytes], self._process.stdin)
        try:
            left = np.ascontiguousarray(frame).data.cast("B")
            while left:
                left = left[pipe.write(left) :]
        except BrokenPipeError as error:
            raise self._failure() from error

    def finish(self) -> bytes:
        """No more frames come: the bytes of the MP4.

        Raises:
            ProviderError: ffmpeg gave up; the message ends with its reason.
        """
        try:
            cast(IO[bytes], self._process.stdin).close()
        except BrokenPipeError as error:
            raise self._failure() from error
        if self._process.wait():
            raise self._failure()
        return self._out.content()

    def _failure(self) -> ProviderError:
        self._process.wait()
        self._said.seek(0)
        return ProviderError(f"the film could not be encoded: {cause(self._said.read())}")


class Decoder:
    """The frames of a video file, one by one, in order.

    Use it as a context manager: left early, it kills ffmpeg.
    """

    def __init__(self, data: bytes, *, size: tuple[int, int] | None = None) -> None:
        """Start ffmpeg.

        Args:
            data: an MP4, or any other file that ffmpeg reads.
            size: (width, height) to scale to; None leaves the size as it is.

        Raises:
            InvalidRequestError: the bytes are not a video.
            MissingExtraError: no ffmpeg.
        """
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as opening:
            self.info = info(data)
            width, height = size or (self.info.width, self.info.height)
            self._shape = (height, width, 3)
            source = opening.enter_context(Shelf(data))
            self._said = opening.enter_context(tempfile.TemporaryFile())
            self._process = _started(
                [
                    *("-threads", "2", "-i", source.path, "-map", "0:v:0"),
                    *("-vf", f"scale={width}:{height}:{_FROM_709}", "-fps_mode", "passthrough"),
                    *("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
                ],
                stdout=subprocess.PIPE,
                stderr=self._said,
                passing=source.passing,
            )
            self._closing = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        ended(self._process)
        self._closing.close()

    def __iter__(self) -> Iterator[Frame]:
        """Every frame once.

        Raises:
            InvalidRequestError: the file breaks off or is damaged.
        """
        pipe = cast(IO[bytes], self._process.stdout)
        size = int(np.prod(self._shape))
        while len(data := pipe.read(size)) == size:
            yield np.frombuffer(data, np.uint8).reshape(self._shape)
        if self._process.wait() or data:
            self._said.seek(0)
            raise _undecodable(cause(self._said.read()))


def encode(
    frames: Iterable[Frame],
    *,
    width: int,
    height: int,
    fps: float,
    crf: int = 12,
    preset: str = "veryfast",
    extra: Sequence[str] = (),
) -> bytes:
    """An H.264 MP4 of frames (H, W, 3): 4:2:0, BT.709, fixed rate, index in front.

    The same frames give the same bytes with the same ffmpeg.

    Raises:
        InvalidRequestError: a side is odd.
        MissingExtraError: no ffmpeg.
        ProviderError: ffmpeg gave up.
    """
    codec = h264(crf, preset)
    with Encoder(width=width, height=height, fps=fps, codec=codec, extra=extra) as encoder:
        for frame in frames:
            encoder.write(frame)
        return encoder.finish()


def frames_of(data: bytes, *, size: tuple[int, int] | None = None) -> Generator[Frame]:
    """Every frame of a video file, (H, W, 3); ``size`` (width, height) scales them.

    Raises:
        InvalidRequestError: the bytes are not a video, or it breaks off.
        MissingExtraError: no ffmpeg.
    """
    with Decoder(data, size=size) as decoder:
        yield from decoder


def info(data: bytes) -> VideoInfo:
    """Size, rate and length of a video file, read from its packets without decoding them.

    Raises:
        InvalidRequestError: the bytes are not a video.
        MissingExtraError: no ffmpeg.
    """
    with Shelf(data) as source:
        done = subprocess.run(
            [
                *(ffmpeg(), *_QUIET, "-i", source.path),
                *("-map", "0:v:0", "-c", "copy", "-f", "framecrc", "pipe:1"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=source.passing,
            check=False,
        )
    said = done.stdout.decode(errors="replace")
    size = re.search(r"^#dimensions 0: (\d+)x(\d+)", said, re.MULTILINE)
    base = re.search(r"^#tb 0: (\d+)/(\d+)", said, re.MULTILINE)
    # One line a packet: stream, dts, pts, duration, size, checksum.
    durations = [
        int(line.split(",")[3]) for line in said.splitlines() if line and line[0].isdigit()
    ]
    if done.returncode or not size or not base or not sum(durations):
        raise _undecodable(cause(done.stderr) if done.stderr else "it holds no frames")
    length = Fraction(sum(durations) * int(base[1]), int(base[2]))
    return VideoInfo(
        width=int(size[1]),
        height=int(size[2]),
        fps=float(len(durations) / length),
        frames=len(durations),
        duration_s=float(length),
    )


class Shelf:
    """A file that ffmpeg may seek in: MP4 cannot be written to a pipe, nor always read from one.

    On Linux it has no name, so that not even a killed process leaves it behind.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._nameless = sys.platform == "linux"
        if self._nameless:
            self._file: IO[bytes] = tempfile.TemporaryFile()
            self.path = f"/dev/fd/{self._file.fileno()}"
            self.passing: tuple[int, ...] = (self._file.fileno(),)
        else:
            self._file = tempfile.NamedTemporaryFile(delete=False)
            self.path, self.passing = self._file.name, ()
        self._file.write(data)
        self._file.flush()

    def content(self) -> bytes:
        """All that was written to it."""
        self._file.seek(0)
        return self._file.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._nameless:
            os.unlink(self.path)


def _started(
    options: Sequence[str],
    *,
    stderr: IO[bytes],
    passing: tuple[int, ...],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [ffmpeg(), *_QUIET, *options],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=passing,
        bufsize=0 if stdout == subprocess.DEVNULL else -1,
    )
    return _widened(process)


def _widened(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Let a pipe hold more at once, where it can: a frame is large, and every switch costs."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


def ended(process: subprocess.Popen[bytes]) -> None:
    """Kill it if it still runs, reap it, close its pipes."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def cause(said: bytes) -> str:
    """What ffmpeg says first: what follows are consequences of it."""
    lines = said.decode(errors="replace").strip().splitlines()
    # Without the part that speaks and its address in memory.
    return re.sub(r"^(\[[^]]*\] )+", "", lines[0]) if lines else "ffmpeg gave no reason"


def _undecodable(why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the clip cannot be decoded: {why}", hint="Give an MP4 or another video file."
    )
