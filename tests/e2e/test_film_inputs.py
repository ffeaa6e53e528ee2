"""What a person brings to a film, and how they want it: each is seen, heard or refused at once."""

from __future__ import annotations

import asyncio
import colorsys
import io
import struct
import subprocess
import wave
import zlib
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from brandmodel import AsyncBrandModel, Result, edit
from brandmodel.errors import InvalidRequestError
from brandmodel.local.motion.pipe import ffmpeg
from tests.e2e.films import (
    DRAFT,
    FILM,
    LENGTH_S,
    alone,
    cue_times,
    frames,
    named,
    output,
    ran,
    shared_home,
    sound,
    step,
    tasks,
)

pytestmark = pytest.mark.anyio
FPS = 24
HUES = {"alpha": 270, "ink": 120, "phone": 340, "deep": 305, "moving": 180}
"""Degrees: colours that no scene of the film has, one for each kind of photograph."""


@pytest.fixture(scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncBrandModel]:
    """One model for all, so that its workers start once."""
    home = shared_home(tmp_path_factory)
    async with AsyncBrandModel(home=home) as model:
        with alone(home):
            await model.run(FILM, **DRAFT)
        yield model


async def test_every_kind_of_product_photograph_is_seen_in_its_own_shot(
    studio: AsyncBrandModel,
) -> None:
    plain = await studio.run(FILM, **DRAFT)
    _, board = await step(studio, plain, "storyboard")
    product = next(s for s in board.shots if s.role == "product")  # type: ignore[attr-defined]
    body_s = sum(s.duration_s for s in board.shots)  # type: ignore[attr-defined]
    each_s = body_s / len(HUES)
    shots = [
        product.model_copy(update={"id": f"shot-{kind}", "duration_s": each_s}) for kind in HUES
    ]
    planned = edit({"shots": [shot.model_dump() for shot in shots]})
    result = await studio.run(
        FILM, product=_photographs(), overrides={"storyboard": planned}, **DRAFT
    )
    assert len(named(result, "CutOut")) == len(HUES)
    seen, before = (frames(output(r, "film"), "rgb24") for r in (result, plain))
    middles = [round((n + 0.5) * each_s * FPS) for n in range(len(HUES))]
    for kind, own in zip(HUES, middles, strict=True):
        shares = {at: _share(seen[at], HUES[kind]) for at in middles}
        assert shares[own] > 0.01, (kind, shares)
        others = [share for at, share in shares.items() if at != own]
        assert max(others) < shares[own] / 10, (kind, shares)
        assert max(_share(before[at], HUES[kind]) for at in middles) < shares[own] / 10, kind
    lying = _where(seen[middles[list(HUES).index("phone")]], HUES["phone"])
    assert np.ptp(lying[0]) > np.ptp(lying[1]), "the phone's photograph lies on its side"


async def test_an_earlier_result_a_logo_and_music_are_taken_as_they_are(
    studio: AsyncBrandModel,
) -> None:
    plain = await studio.run(FILM, **DRAFT)
    poster = await studio.run("A poster: city skyline at night", tier="workhorse", size=(640, 360))
    logo = io.BytesIO()
    Image.new("RGB", (240, 80), _rgb(315)).save(logo, "PNG")
    music = await asyncio.to_thread(_mp3, _tune())
    result = await studio.run(FILM, picture=poster, logo=logo.getvalue(), music=music, **DRAFT)
    assert len(named(result, "GenerateImage")) == len(named(plain, "GenerateImage")) - 1
    assert "FitMusic" in tasks(result)
    assert "ComposeMusic" not in tasks(result)
    own, other = output(result, "film"), output(plain, "film")
    with Image.open(poster.output().path) as picture:
        wanted = np.asarray(picture.convert("L").resize((320, 180)), np.float32)
    assert _alike(frames(own)[4], wanted) > 0.7 > 0.4 > _alike(frames(other)[4], wanted)
    assert _share(frames(own, "rgb24")[-1], 315) > 0.005 > _share(frames(other, "rgb24")[-1], 315)
    assert _tone(sound(own)) > 10 * _tone(sound(other))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", "it is text"),
        ("silent", "is silent"),
        ("hours", r"\d+ h"),
        ("hours by its header", "is damaged"),
    ],
)
async def test_what_cannot_be_film_music_is_refused_before_a_run_begins(
    studio: AsyncBrandModel, tmp_path: Path, kind: str, words: str
) -> None:
    data = await asyncio.to_thread(_unusable, kind)
    (tmp_path / "theme.mp3").write_bytes(data)
    before = len(await studio.engine.runs(limit=1000))
    with pytest.raises(InvalidRequestError, match=f"theme.mp3.*{words}") as refused:
        await studio.run(FILM, music=tmp_path / "theme.mp3", **DRAFT)
    assert refused.value.hint
    assert len(await studio.engine.runs(limit=1000)) == before


async def test_own_words_are_said_and_shown_letter_by_letter(studio: AsyncBrandModel) -> None:
    script = "“Nine hours,” she said — no rush.\nThen 1 cold glass."
    result = await studio.run(FILM, script=script, **DRAFT)
    shown = [block.splitlines()[2:] for block in _blocks(result)]
    assert [" ".join(lines) for lines in shown] == script.splitlines()
    for line in script.splitlines():
        assert line in output(result, "script").decode()
    assert "CritiqueScript" not in tasks(result)
    read_back = await studio.run(FILM, script=result.output("script").path, **DRAFT)
    assert ran(read_back) == set()


async def test_a_script_longer_than_the_film_is_refused_with_the_length_it_needs(
    studio: AsyncBrandModel,
) -> None:
    script = "Good things take the time that they take, and not a minute less.\n" * 3
    before = len(await studio.engine.runs(limit=1000))
    with pytest.raises(InvalidRequestError, match=r"takes about 17 seconds.*lasts 6") as refused:
        await studio.run(FILM, script=script, **DRAFT)
    assert "ask for 17 seconds" in refused.value.hint
    assert len(await studio.engine.runs(limit=1000)) == before
    long_enough = FILM.replace("6-second", "17-second")
    assert (await studio.quote(long_enough, script=script, **DRAFT)).steps


@pytest.mark.parametrize(
    ("options", "size", "codec", "fps"),
    [
        ({"aspect": "1:1", "lines": 180, "fps": 30}, (180, 180), "h264", 30),
        ({"codec": "vp9"}, (320, 180), "vp9", 24),
        ({"codec": "av1"}, (320, 180), "libdav1d", 24),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
async def test_shape_rate_and_codec_are_as_wished(
    studio: AsyncBrandModel,
    options: dict[str, Any],
    size: tuple[int, int],
    codec: str,
    fps: int,
) -> None:
    wishes: Any = {"tier": "workhorse"} if "aspect" in options else DRAFT
    result = await studio.run(FILM, options=options, **wishes)
    with av.open(io.BytesIO(output(result, "film"))) as file:
        picture = file.streams.video[0]
        assert (picture.width, picture.height) == size
        assert picture.codec_context.name == codec
        assert picture.average_rate == Fraction(fps)
        shown = list(file.decode(picture))
    assert len(shown) == LENGTH_S * fps
    assert {frame.format.name for frame in shown} == {"yuv420p"}


async def test_burnt_captions_are_in_the_picture_while_they_are_said(
    studio: AsyncBrandModel,
) -> None:
    """Asked for at an odd size, which is made even: nothing but the cut is made again."""
    plain = await studio.run(FILM, **DRAFT)
    wishes: Any = {**DRAFT, "size": (321, 181)}
    burnt = await studio.run(FILM, options={"burn": True}, **wishes)
    assert ran(burnt) <= {"assemble", "sign", "sign-poster"}
    seen, before = (frames(output(r, "film")).astype(int) for r in (burnt, plain))
    assert seen.shape[1:] == (180, 320)
    low = np.s_[:, 140:170, 60:260]
    changed = np.abs(seen[low] - before[low]).max(axis=(1, 2)) > 90
    for start, end in cue_times(output(burnt, "subtitles").decode()):
        middle = round((start + end) / 2 * FPS)
        assert changed[middle - 3 : middle + 3].all()
    first = cue_times(output(burnt, "subtitles").decode())[0][0]
    assert not changed[: int(first * FPS) - 2].any()
    assert not changed[-FPS:].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": "red"}, "option colour='red'"),
        ({"fps": 23}, "option fps=23"),
        ({"codec": "divx"}, "option codec='divx'"),
        ({"aspect": "2:1"}, "option aspect='2:1'"),
        ({"lines": 7}, "option lines=7"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_an_option_that_is_none_is_named_with_those_that_are(
    studio: AsyncBrandModel, options: dict[str, Any], message: str
) -> None:
    before = len(await studio.engine.runs(limit=1000))
    with pytest.raises(InvalidRequestError) as refused:
        await studio.run(FILM, options=options, **DRAFT)
    assert refused.value.message.startswith(message)
    assert "aspect, duration_s, fps, codec, burn" in refused.value.hint
    assert len(await studio.engine.runs(limit=1000)) == before


def _rgb(hue: int) -> tuple[int, int, int]:
    red, green, blue = (round(255 * c) for c in colorsys.hsv_to_rgb(hue / 360, 0.95, 0.8))
    return red, green, blue


def _photographs() -> list[bytes]:
    """A tall box in front of white, once in each kind of file; in the order of ``HUES``."""

    def photo(kind: str, mode: str = "RGB", ground: Any = "white") -> Image.Image:
        picture = Image.new(mode, (200, 300), ground)
        picture.paste(_rgb(HUES[kind]), (60, 30, 140, 280))
        return picture

    def file(picture: Image.Image, form: str, **options: Any) -> bytes:
        out = io.BytesIO()
        picture.save(out, form, **options)
        return out.getvalue()

    exif = Image.Exif()
    exif[0x0112] = 6  # Turn right to view, as phones write it.
    on_its_side = photo("phone").transpose(Image.Transpose.ROTATE_90)
    later = Image.new("RGB", (200, 300), "white")
    return [
        file(photo("alpha", "RGBA", (0, 0, 0, 0)), "PNG"),
        file(photo("ink").convert("CMYK"), "JPEG", quality=95),
        file(on_its_side, "JPEG", quality=95, exif=exif),
        _sixteen_bits(np.asarray(photo("deep"))),
        file(photo("moving"), "GIF", save_all=True, append_images=[later], duration=80),
    ]


def _sixteen_bits(pixels: NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape[:2]
    rows = (pixels.astype(np.uint16) * 257).astype(">u2").reshape(height, -1)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _where(frame: NDArray[np.uint8], hue: int) -> tuple[NDArray[Any], ...]:
    """Rows and columns of the pixels of a colour."""
    hsv = np.asarray(Image.fromarray(frame).convert("HSV"), np.float32)
    off = np.abs((hsv[..., 0] * 360 / 256 - hue + 180) % 360 - 180)
    return np.nonzero((off < 14) & (hsv[..., 1] > 110) & (hsv[..., 2] > 60))


def _share(frame: NDArray[np.uint8], hue: int) -> float:
    return len(_where(frame, hue)[0]) / (frame.shape[0] * frame.shape[1])


def _alike(frame: NDArray[np.uint8], other: NDArray[np.float32]) -> float:
    return float(np.corrcoef(frame.ravel(), other.ravel())[0, 1])


def _tune() -> bytes:
    """Eight seconds with two beats a second, on one tone, as WAV."""
    at = np.arange(8 * 48_000) / 48_000
    samples = 0.5 * np.sin(2 * np.pi * 660 * at) * np.exp(-6 * (at % 0.5))
    return _wav(np.round(samples * 32_000).astype("<i2"))


def _wav(samples: NDArray[np.int16], rate: int = 48_000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _tone(samples: NDArray[np.float32]) -> float:
    """How much of a sound is the tune's tone."""
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / 48_000)
    return float(spectrum[np.abs(hertz - 660) < 4].sum() / spectrum.sum())


def _mp3(sound: bytes, *options: str) -> bytes:
    command = [ffmpeg(), "-v", "error", "-i", "pipe:0", *options, "-f", "mp3", "pipe:1"]
    return subprocess.run(command, input=sound, capture_output=True, check=True).stdout


def _unusable(kind: str) -> bytes:
    if kind == "text":
        return b"do re mi\n" * 50
    if kind == "silent":
        return _wav(np.zeros(96_000, np.int16))
    if kind == "hours by its header":
        whole = bytearray(_tune())
        whole[40:44] = (5 * 3600 * 96_000).to_bytes(4, "little")
        return bytes(whole)
    # A second at the lowest rate, 36,000 times: frames of a constant rate can be laid end to end.
    second = _mp3(
        _tune(), "-t", "1", "-ar", "8000", "-b:a", "8k", "-write_xing", "0", "-id3v2_version", "0"
    )
    return second * 36_000


def _blocks(result: Result) -> list[str]:
    return output(result, "subtitles").decode().strip().split("\n\n")


async def test_a_clip_that_is_shorter_than_its_shot_is_slowed_down(
    studio: AsyncBrandModel, tmp_path: Path
) -> None:
    """Vendors have lengths of their own; a film keeps the one that was asked for."""
    plain = await studio.run(FILM, **DRAFT)
    name = named(plain, "AnimateImage")[0]
    _, made = await step(studio, plain, name)
    whole = studio.engine.store.path(made.video)  # type: ignore[attr-defined]
    half = tmp_path / "half.mp4"
    command = [ffmpeg(), "-v", "error", "-i", str(whole), "-t", "1", "-c:v", "libx264", str(half)]
    await asyncio.to_thread(subprocess.run, command, check=True)
    short = await studio.engine.store.put(half.read_bytes(), name="half.mp4")
    assert short.duration_s is not None
    assert short.duration_s < 1.5
    result = await studio.run(FILM, overrides={name: edit({"video": short.model_dump()})}, **DRAFT)
    film = result.output("film").asset
    assert (film.width, film.height, film.duration_s) == (320, 180, LENGTH_S)
    assert name.replace("animate", "between") in ran(result)
