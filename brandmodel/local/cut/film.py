"""The one encode: picture, sound and captions into MP4."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Generator, Sequence
from typing import IO, NamedTuple, cast

from brandmodel.errors import BadResponseError, BrandModelError
from brandmodel.local.cut.planes import Frame
from brandmodel.local.cut.program import encoder_of, failure, listening, space
from brandmodel.local.cut.quiet import quiet
from brandmodel.local.cut.reel import PIPE_BYTES, QUIET, Shelf
from brandmodel.local.motion.pipe import ended, ffmpeg
from brandmodel.tasks.video import Codec

_TAGS = (
    *("-colorspace", "bt709", "-color_primaries", "bt709"),
    *("-color_trc", "bt709", "-color_range", "tv"),
)
# A whole second of film is searched for a cut at most, and two seconds lie between entry points.
_GROUP_S = 2
# Shown by a player when asked for; burnt-in captions must not stand under soft ones by default.
_TEXT_TRACK = ("-c:s", "mov_text", "-metadata:s:s:0", "language=und")
_MADE = "the film could not be encoded"


def codec_options(codec: Codec, fps: int) -> tuple[str, ...]:
    """How the picture is encoded: closed groups of two seconds, the same bytes on every run.

    The numbers of threads are fixed since encoders give other bytes for another number.

    Raises:
        MissingExtraError: no ffmpeg that can be used, or it has no encoder for the codec.
    """
    name = encoder_of(codec)
    return ("-c:v", name, *_options(name, fps), "-g", str(_GROUP_S * fps), "-pix_fmt", "yuv420p")


def _options(encoder: str, fps: int) -> tuple[str, ...]:
    if encoder == "libvpx-vp9":
        return (
            *("-deadline", "realtime", "-cpu-used", "7", "-row-mt", "1"),
            *("-crf", "29", "-b:v", "0", "-tile-columns", "2", "-threads", "2"),
        )
    if encoder == "libsvtav1":
        return (
            *("-preset", "9", "-crf", "30"),
            *("-svtav1-params", f"lp=2:enable-overlays=0:irefresh-type=2:keyint={_GROUP_S * fps}"),
        )
    if encoder == "libaom-av1":
        return (
            *("-usage", "realtime", "-cpu-used", "8", "-row-mt", "1", "-tiles", "2x1"),
            *("-crf", "30", "-b:v", "0", "-threads", "2"),
        )
    return (
        # With a look ahead this preset gives the quality and size of "veryfast" in half its time.
        *("-preset", "superfast", "-crf", "20", "-threads", "2"),
        # More bits for dark and smooth places, where 8 bit shows its steps first.
        "-x264-params",
        "threads=2:lookahead-threads=1:open-gop=0:mbtree=1:rc-lookahead=12:aq-mode=3:aq-strength=0.9",
        # x264 writes its name and all settings into the stream; nothing needs that to play it.
        *("-bsf:v", "filter_units=remove_types=6"),
    )


class Beside(NamedTuple):
    """What goes with the picture.

    Attributes:
        sound: a WAV or other sound file; it is cut or filled with silence to the film's length.
        fade_s: how long the sound is faded at the end; 0 leaves it.
        captions: SubRip text for the soft track; empty for none.
        shown: whether players shall show the soft track unasked.
    """

    sound: bytes | None = None
    fade_s: float = 0.0
    captions: str = ""
    shown: bool = True


@contextlib.contextmanager
def film_writer(
    *, size: tuple[int, int], fps: int, codec: Codec, frames: int, beside: Beside
) -> Generator[FilmWriter]:
    """Takes planes and gives the MP4: index in front, exact length, no name of any program.

    Args:
        size: (width, height) of every frame, both even.
        fps: frames a second.
        codec: of the picture.
        frames: how many will be written.
        beside: sound and captions.

    Raises:
        MissingExtraError: no encoder for the codec.
        StorageError: no room for the film.
    """
    with contextlib.ExitStack() as closing:
        with space():
            inputs, outputs, passing = _beside(beside, frames / fps, closing)
            said = closing.enter_context(listening())
            out = closing.enter_context(Shelf())
        process = subprocess.Popen(
            [
                *(ffmpeg(), *QUIET, "-f", "rawvideo", "-pix_fmt", "yuv420p"),
                *("-s", f"{size[0]}x{size[1]}", "-r", str(fps), *_TAGS, "-i", "pipe:0", *inputs),
                *("-map", "0:v:0", *codec_options(codec, fps), *_TAGS, *outputs),
                *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
                *("-map_metadata", "-1", "-map_chapters", "-1"),
                # A tick that counts frames and milliseconds alike: times in the file are exact.
                *("-video_track_timescale", str(fps * 1000), "-movie_timescale", str(fps * 1000)),
                *("-movflags", "+faststart", "-f", "mp4", out.path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            bufsize=0,
            pass_fds=(*passing, *out.passing),
            pipesize=PIPE_BYTES,
        )
        closing.callback(ended, process)
        yield FilmWriter(process, said, out)


class FilmWriter:
    """An encode that is going on."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], out: Shelf) -> None:
        """Takes the encoder, what it says, and where it writes."""
        self._process, self._said, self._out = process, said, out

    def write(self, frame: Frame) -> None:
        """Add a frame.

        Raises:
            StorageError: no room for the film.
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
            StorageError: no room for the film.
            ProviderError: the encoder gave up.
        """
        with contextlib.suppress(BrokenPipeError):
            cast(IO[bytes], self._process.stdin).close()
        if self._process.wait():
            raise self._failure()
        film = self._out.content()
        if film[4:8] != b"ftyp":
            raise BadResponseError(f"{_MADE}: what was written is no MP4")
        return quiet(film)

    def _failure(self) -> BrandModelError:
        return failure(self._process, self._said, _MADE)


def _beside(
    beside: Beside, length_s: float, closing: contextlib.ExitStack
) -> tuple[list[str], list[str], Sequence[int]]:
    """Options of the inputs and of the output, and the files that ffmpeg takes over."""
    inputs, outputs, passing = list[str](), list[str](), list[int]()
    if beside.sound is not None:
        sound = closing.enter_context(Shelf(beside.sound))
        inputs += ["-i", sound.path]
        outputs += ["-map", "1:a:0", "-c:a", "aac", "-b:a", "192k", "-ar", "48000"]
        outputs += ["-af", _fitted(length_s, beside.fade_s)]
        passing += sound.passing
    if beside.captions:
        text = closing.enter_context(Shelf(beside.captions.encode()))
        inputs += ["-f", "srt", "-i", text.path]
        at = 2 if beside.sound is not None else 1
        shown = "default" if beside.shown else "0"
        outputs += ["-map", f"{at}:s:0", *_TEXT_TRACK, "-disposition:s:0", shown]
        passing += text.passing
    return inputs, outputs, passing


def _fitted(length_s: float, fade_s: float) -> str:
    """Filters that make the sound as long as the film."""
    chain = f"apad,atrim=end={length_s:.6f}"
    if not fade_s:
        return chain
    return f"{chain},afade=t=out:st={length_s - fade_s:.6f}:d={fade_s:.6f}:curve=hsin"
