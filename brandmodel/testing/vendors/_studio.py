"""Real bytes for the fake vendors: pictures, clips, voices and music of the local studio, kept small."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast, get_args

from brandmodel.assets.store import FolderStore
from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.motion.pipe import ffmpeg, h264
from brandmodel.local.provider import LocalProvider
from brandmodel.tasks import (
    AnimateImage,
    Asset,
    Call,
    Clip,
    ComposeMusic,
    GenerateImage,
    MakeSound,
    Music,
    Picture,
    Request,
    Result,
    Sound,
    Speak,
    Speech,
    Target,
    WordTime,
)
from brandmodel.tasks.values import Space
from brandmodel.tasks.video import Move

_DRAWN, _FILMED = 384, 192
"""Longest sides that are drawn and filmed; pictures are then enlarged to what was asked for."""
_LARGEST, _FPS = 4096, 24
_COLOUR = r"(#[0-9a-f]{6})"
_COLOURS = re.compile(
    rf"Colours: darks {_COLOUR}, lights {_COLOUR}, mainly {_COLOUR}, sparingly {_COLOUR}", re.I
)
_CALM = re.compile(r"Keep the (\w+) third of the picture calm")
_LABEL = re.compile(r'label of the product reads "([^"]*)"')
_MOVES: Mapping[str, Move] = {
    "pushes in": "push-in",
    "pulls out": "pull-out",
    "to the left": "pan-left",
    "to the right": "pan-right",
    "rises": "rise",
}
_TARGET = Target(id="local/studio", provider="local", model="studio", tasks=frozenset())


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words said: a WAV file at 48 kHz, and when each is heard."""

    wav: bytes
    words: tuple[WordTime, ...]
    duration_s: float


class Studio:
    """Serves what is asked through the local studio; equal requests are made once."""

    def __init__(self, folder: Path) -> None:
        """Keep files below a folder."""
        self.store = FolderStore(folder)
        self._local = LocalProvider()
        self._made: dict[str, asyncio.Task[Any]] = {}
        self._heard: dict[str, str] = {}

    async def serve(self, request: Request[Any]) -> Result:
        """The local studio's own result."""
        key = f"{type(request).__name__}{request.model_dump_json()}"
        return await self._once(key, lambda: self._served(request))

    async def kept(self, data: bytes) -> Asset:
        """Bytes that came with a call.

        Raises:
            InvalidRequestError: they are no medium.
        """
        return await self.store.put(data, name="file")

    async def picture(
        self, words: str, size: tuple[int, int], seed: int = 0, shown: bytes | None = None
    ) -> bytes:
        """A PNG of a size; one that shall keep to a picture is that picture in stronger colours."""
        if shown is not None:
            await self.kept(shown)
            return await asyncio.to_thread(_recoloured, shown, size)
        small = _within(size, _DRAWN)
        request = GenerateImage(
            prompt=_COLOURS.sub("", words)[:4000],
            width=small[0],
            height=small[1],
            seed=seed,
            palette=_palette(words),
            space=_space(words),
            label=found[1] if (found := _LABEL.search(words)) else "",
            plinth="empty plinth" in words,
        )
        drawn = await self.serve(request)
        assert isinstance(drawn, Picture)
        data = await self.store.read(drawn.image)
        return await asyncio.to_thread(enlarged, data, size)

    async def clip(
        self, words: str, size: tuple[int, int], duration_s: float, shown: bytes | None = None
    ) -> bytes:
        """An MP4 of that size, at 24 frames a second, and a frame longer than asked, as real ones are."""
        small = _within(size, _FILMED)
        width, height = (max(64, side // 2 * 2) for side in small)
        shown = shown or await self.picture(words, (width * 2, height * 2))
        image = await self.kept(await asyncio.to_thread(enlarged, shown, (width * 2, height * 2)))
        request = AnimateImage(
            image=image,
            width=width,
            height=height,
            duration_s=min(60.0, max(1.0, duration_s)),
            fps=_FPS // 2,
            move=_move(words),
        )
        made = await self.serve(request)
        assert isinstance(made, Clip)
        return await _delivered(await self.store.read(made.video), size, duration_s + 1 / _FPS)

    async def speech(self, text: str, pace: float = 1.0) -> Spoken:
        """A text, said."""
        said = await self.serve(Speak(text=text[:5000], pace=min(2.0, max(0.5, pace))))
        assert isinstance(said, Speech)
        spoken = Spoken(await self.store.read(said.audio), said.words, said.audio.duration_s or 0.0)
        self._heard[said.audio.sha256] = text
        return spoken

    async def music(self, words: str, duration_s: float) -> bytes:
        """A piece of music as WAV."""
        made = await self.serve(ComposeMusic(mood=words[:200], duration_s=max(1.0, duration_s)))
        assert isinstance(made, Music)
        return await self.store.read(made.audio)

    async def sound(self, words: str, duration_s: float) -> bytes:
        """A sound effect as WAV."""
        made = await self.serve(MakeSound(description=words, duration_s=max(0.5, duration_s)))
        assert isinstance(made, Sound)
        return await self.store.read(made.audio)

    def heard(self, audio: Asset) -> str:
        """What is said in a recording: known of those that were made here."""
        return self._heard.get(audio.sha256, "words that nobody here said")

    async def aclose(self) -> None:
        """End the worker processes."""
        for one in self._made.values():
            one.cancel()
        await self._local.aclose()

    async def _served(self, request: Request[Any]) -> Result:
        return (await self._local.start(Call(request, _TARGET, self.store))).result

    async def _once(self, key: str, make: Callable[[], Awaitable[Result]]) -> Result:
        if key not in self._made:
            self._made[key] = asyncio.ensure_future(make())
        try:
            # Whoever is cut off does not take the work away from others who wait for it.
            return await asyncio.shield(self._made[key])
        except BaseException:
            if self._made[key].done():
                self._made.pop(key, None)
            raise


def enlarged(data: bytes, size: tuple[int, int]) -> bytes:
    """A picture as PNG of a size, its sides cut where the shape is another one."""
    from PIL import ImageOps

    picture = opened(data)
    if picture.size != size:
        picture = ImageOps.fit(picture, size)
    return written(picture)


async def sketched(data: bytes, number: int) -> list[bytes]:
    """A picture as it is while it is made: out of a blur, clearer each time."""
    return [await asyncio.to_thread(_blurred, data, number - n) for n in range(number)]


async def _delivered(video: bytes, size: tuple[int, int], duration_s: float) -> bytes:
    """A small clip as vendors deliver theirs: large, and at their own frame rate."""
    width, height = (side // 2 * 2 for side in size)
    filters = f"scale={width}:{height}:flags=fast_bilinear,fps={_FPS},tpad=stop=-1:stop_mode=clone"
    with TemporaryDirectory(prefix="fake-clip-") as folder:
        # The index of an MP4 is written last, in front: that wants a file that can be gone back in.
        small, made = Path(folder) / "small.mp4", Path(folder) / "made.mp4"
        small.write_bytes(video)
        process = await asyncio.create_subprocess_exec(
            ffmpeg(),
            *("-v", "error", "-nostdin", "-y", "-i", str(small), "-vf", filters),
            *("-t", f"{duration_s:.4f}", "-an", *h264(crf=18, preset="ultrafast")),
            *("-movflags", "+faststart", str(made)),
        )
        await process.wait()
        return made.read_bytes()


async def encoded(wav: bytes, form: str, *, channels: int = 1) -> tuple[bytes, str]:
    """(bytes, media type) of a sound in a vendor's form, such as ``mp3_44100_128`` or ``pcm``."""
    kind, _, rest = form.partition("_")
    rate = rest.partition("_")[0] or {"pcm": "24000"}.get(kind, "48000")
    if kind == "wav" and rate == "48000":
        return wav, "audio/wav"
    container, codec, media_type = _CODECS.get(kind, _CODECS["mp3"])
    rate = "48000" if kind == "opus" else rate
    command = ["-v", "error", "-i", "pipe:0", "-ar", rate, "-ac", str(channels)]
    command += ["-c:a", codec, "-f", container]
    process = await asyncio.create_subprocess_exec(
        ffmpeg(),
        *command,
        "pipe:1",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made, _ = await process.communicate(wav)
    return made, media_type.format(rate=rate)


_CODECS = {
    "mp3": ("mp3", "libmp3lame", "audio/mpeg"),
    "opus": ("ogg", "libopus", "audio/ogg"),
    "aac": ("adts", "aac", "audio/aac"),
    "flac": ("flac", "flac", "audio/flac"),
    "wav": ("wav", "pcm_s16le", "audio/wav"),
    "pcm": ("s16le", "pcm_s16le", "audio/L16;rate={rate}"),
}


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    width, height = (min(_LARGEST, max(16, side)) for side in size)
    scale = min(1.0, longest / max(width, height))
    return max(16, round(width * scale)), max(16, round(height * scale))


def _move(words: str) -> Move:
    for said, move in _MOVES.items():
        if said in words:
            return move
    return "drift"


def _palette(words: str) -> Palette | None:
    found = _COLOURS.search(words)
    if found is None:
        return None
    ink, paper, primary, accent = found.groups()
    return Palette(ink=ink, paper=paper, primary=primary, accent=accent)


def _space(words: str) -> Space:
    found = _CALM.search(words)
    side = found[1] if found else "none"
    return cast("Space", side) if side in get_args(Space) else "none"


def _recoloured(data: bytes, size: tuple[int, int]) -> bytes:
    from PIL import ImageEnhance, ImageOps

    picture = ImageOps.fit(opened(data), size)
    return written(ImageEnhance.Color(picture).enhance(1.4))


def _blurred(data: bytes, states: int) -> bytes:
    from PIL import Image

    picture = opened(data)
    coarse = picture.reduce(8 * states)
    return written(coarse.resize(picture.size, Image.Resampling.BICUBIC))


def opened(data: bytes) -> Any:
    """A picture with its pixels.

    Raises:
        InvalidRequestError: it is none.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidRequestError("the file is no picture") from error


def written(picture: Any) -> bytes:
    """A picture as PNG."""
    made = io.BytesIO()
    picture.save(made, "PNG", compress_level=1)
    return made.getvalue()
