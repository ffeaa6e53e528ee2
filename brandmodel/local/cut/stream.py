"""Planes from clips, and the one encode: picture, sound and captions into MP4."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, cast

import numpy as np

from brandmodel.errors import InvalidRequestError, ProviderError
from brandmodel.local.cut.planes import Frame, frame_bytes
from brandmodel.local.cut.quiet import quiet
from brandmodel.local.motion.pipe import cause, ended, ffmpeg
from brandmodel.tasks.video import Codec

_QUIET = ("-hide_banner", "-loglevel", "error", "-nostdin", "-xerror", "-y")
_TAGS = (
    *("-colorspace", "bt709", "-color_primaries", "bt709"),
    *("-color_trc", "bt709", "-color_range", "tv"),
)
# Chroma stands left of its pixel pair, as players take it for where nothing is said.
_TO_709 = "out_color_matrix=bt709:out_range=tv:flags=bicubic"
# A whole second of film is searched for a cut at most, and two seconds lie between entry points.
_GROUP_S = 2
# Shown by a player when asked for; burnt-in captions must not stand under soft ones by default.
_TEXT_TRACK = ("-c:s", "mov_text", "-metadata:s:s:0", "language=und")


def codec_options(codec: Codec, fps: int) -> tuple[str, ...]:
    """How the picture is encoded: closed groups of two seconds, the same bytes on every run.

    The numbers of threads are fixed since x264 gives other bytes for another number.
    """
    group = ("-g", str(_GROUP_S * fps), "-pix_fmt", "yuv420p")
    if codec == "vp9":
        return (
            *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-row-mt", "1"),
            *("-crf", "29", "-b:v", "0", "-tile-columns", "2", "-threads", "2", *group),
        )
    if codec == "av1":
        return (
            *("-c:v", "libsvtav1", "-preset", "9", "-crf", "30", *group),
            *("-svtav1-params", f"lp=2:enable-overlays=0:irefresh-type=2:keyint={_GROUP_S * fps}"),
        )
    return (
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", *group, "-threads", "2"),
        # More bits for dark and smooth places, where 8 bit shows its steps first.
        *("-x264-params", "threads=2:lookahead-threads=1:open-gop=0:aq-mode=3:aq-strength=0.9"),
        # x264 writes its name and all settings into the stream; nothing needs that to play it.
        *("-bsf:v", "filter_units=remove_types=6"),
    )


class Reel:
    """A clip's frames as planes of the film's size and rate, one by one.

    Use it as a context manager: left early, it kills ffmpeg.
    """

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
        """
        self._size, self._name = (width, height), name
        self._closing = contextlib.ExitStack()
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        (folder / "clip").write_bytes(data)
        fill = f"scale={width}:{height}:force_original_aspect_ratio=increase:{_TO_709}"
        chosen = "+".join(f"eq(n\\,{number})" for number in only)
        picked = f",select={chosen}" if only else ""
        self._said = self._closing.enter_context(tempfile.TemporaryFile())
        self._process = subprocess.Popen(
            [
                *(ffmpeg(), *_QUIET, "-threads", "2", "-i", str(folder / "clip"), "-map", "0:v:0"),
                *("-vf", f"{fill},crop={width}:{height},fps={fps}{picked}"),
                *("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )

    def __enter__(self) -> Reel:
        return self

    def __exit__(self, *_: object) -> None:
        ended(self._process)
        self._closing.close()

    def __iter__(self) -> Iterator[Frame]:
        """Every frame, each in a buffer of its own.

        Raises:
            InvalidRequestError: the clip breaks off or is no video.
        """
        pipe = cast(IO[bytes], self._process.stdout)
        count = frame_bytes(*self._size)
        while True:
            data = np.empty(count, np.uint8)
            got = _filled(pipe, data.data)
            if got < count:
                break
            yield Frame.over(data, *self._size)
        if self._process.wait() or got:
            self._said.seek(0)
            raise InvalidRequestError(
                f"{self._name} cannot be decoded: {cause(self._said.read())}",
                hint="Give an MP4 or another video file.",
            )


@contextlib.contextmanager
def film_writer(
    *,
    size: tuple[int, int],
    fps: int,
    codec: Codec,
    frames: int,
    sound: bytes | None = None,
    sound_fade_s: float = 0.0,
    captions: str = "",
    captions_shown: bool = True,
) -> Generator[FilmWriter]:
    """Takes planes and gives the MP4: index in front, exact length, no name of any program.

    Args:
        size: (width, height) of every frame, both even.
        fps: frames a second.
        codec: of the picture.
        frames: how many will be written; the sound is cut or filled with silence to their length.
        sound: a WAV or other sound file.
        sound_fade_s: how long the sound is faded at the end; 0 leaves it.
        captions: SubRip text for the soft track; empty for none.
        captions_shown: whether players shall show the soft track unasked.
    """
    with contextlib.ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        inputs, outputs = _beside(folder, sound, frames / fps, sound_fade_s)
        if captions:
            (folder / "captions.srt").write_text(captions, encoding="utf-8")
            inputs += ["-f", "srt", "-i", str(folder / "captions.srt")]
            shown = "default" if captions_shown else "0"
            at = 2 if sound else 1
            outputs += ["-map", f"{at}:s:0", *_TEXT_TRACK, "-disposition:s:0", shown]
        said = closing.enter_context(tempfile.TemporaryFile())
        out = folder / "film.mp4"
        process = subprocess.Popen(
            [
                *(ffmpeg(), *_QUIET, "-f", "rawvideo", "-pix_fmt", "yuv420p"),
                *("-s", f"{size[0]}x{size[1]}", "-r", str(fps), *_TAGS, "-i", "pipe:0", *inputs),
                *("-map", "0:v:0", *codec_options(codec, fps), *_TAGS, *outputs),
                *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
                *("-map_metadata", "-1", "-map_chapters", "-1"),
                # A tick that counts frames and milliseconds alike: times in the file are exact.
                *("-video_track_timescale", str(fps * 1000), "-movie_timescale", str(fps * 1000)),
                *("-movflags", "+faststart", "-f", "mp4", str(out)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            bufsize=0,
        )
        closing.callback(ended, process)
        yield FilmWriter(process, said, out)


class FilmWriter:
    """An encode that is going on."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], out: Path) -> None:
        """Takes the encoder, what it says, and where it writes."""
        self._process, self._said, self._out = process, said, out

    def write(self, frame: Frame) -> None:
        """Add a frame.

        Raises:
            ProviderError: the encoder gave up.
        """
        left = frame.data.data
        try:
            while left:
                left = left[cast(IO[bytes], self._process.stdin).write(left) :]
        except BrokenPipeError:
            raise self._failure() from None

    def finish(self) -> bytes:
        """No more frames come: the film.

        Raises:
            ProviderError: the encoder gave up.
        """
        with contextlib.suppress(BrokenPipeError):
            cast(IO[bytes], self._process.stdin).close()
        if self._process.wait():
            raise self._failure()
        return quiet(self._out.read_bytes())

    def _failure(self) -> ProviderError:
        self._process.wait()
        self._said.seek(0)
        return ProviderError(f"the film could not be encoded: {cause(self._said.read())}")


def _beside(
    folder: Path, sound: bytes | None, length_s: float, fade_s: float
) -> tuple[list[str], list[str]]:
    """Input and output options of the sound."""
    if sound is None:
        return [], []
    (folder / "sound").write_bytes(sound)
    chain = [f"apad,atrim=end={length_s:.6f}"]
    if fade_s:
        chain.append(f"afade=t=out:st={length_s - fade_s:.6f}:d={fade_s:.6f}:curve=hsin")
    made = ["-map", "1:a:0", "-c:a", "aac", "-b:a", "192k", "-ar", "48000"]
    return ["-i", str(folder / "sound")], [*made, "-af", ",".join(chain)]


def _filled(pipe: IO[bytes], buffer: memoryview) -> int:
    """How many bytes could be read into the buffer; fewer than it holds at the end only."""
    got = 0
    while got < len(buffer):
        more = cast(int, pipe.readinto(buffer[got:]))  # pyright: ignore[reportAttributeAccessIssue]
        if not more:
            break
        got += more
    return got
