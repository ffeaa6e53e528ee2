"""One finished film, measured as a player, a broadcaster and a viewer would."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from brandmodel import AsyncBrandModel, Result
from brandmodel.local.desk import Desk
from brandmodel.local.motion.pipe import ffmpeg
from brandmodel.local.sound import wav
from brandmodel.local.sound.aligning import align
from brandmodel.tasks import AlignWords, Asset, Music, Speech
from tests.e2e.films import (
    alone,
    cue_times,
    frames,
    named,
    output,
    shared_home,
    sound,
    step,
    word_times,
)

pytestmark = pytest.mark.anyio
FILM = "A 9-second film for Aurelia, a cold brew tonic: slow mornings, brewed for a whole night"
DRAFT: Any = {"tier": "workhorse"}
LENGTH_S, FPS, SIZE = 9, 24, (640, 360)
RATE = 48_000


@dataclass(frozen=True, slots=True)
class Finished:
    """The film, and the model that made it."""

    result: Result
    model: AsyncBrandModel

    @property
    def film(self) -> bytes:
        return output(self.result, "film")

    @property
    def captions(self) -> str:
        return output(self.result, "captions").decode()


@pytest.fixture(scope="module")
async def finished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Finished]:
    home = shared_home(tmp_path_factory)
    async with AsyncBrandModel(home=home) as model:
        with alone(home):
            result = await model.run(FILM, **DRAFT)
        yield Finished(result, model)


async def test_it_is_as_long_as_asked_and_every_player_can_play_it(finished: Finished) -> None:
    with av.open(io.BytesIO(finished.film)) as file:
        picture, heard = file.streams.video[0], file.streams.audio[0]
        coded = picture.codec_context
        assert (picture.width, picture.height, coded.pix_fmt) == (*SIZE, "yuv420p")
        assert coded.name == "h264"
        # 1 is BT.709 in all three of ITU-T H.273's tables, and range 1 is 16 to 235.
        assert (coded.color_primaries, coded.color_trc, coded.colorspace) == (1, 1, 1)
        assert coded.color_range == 1
        assert picture.average_rate == FPS
        assert picture.frames == LENGTH_S * FPS
        assert (heard.codec_context.name, heard.rate, heard.channels) == ("aac", RATE, 2)
        for stream in (picture, heard):
            assert stream.duration is not None
            assert stream.time_base is not None
            assert float(stream.duration * stream.time_base) == pytest.approx(LENGTH_S, abs=1 / FPS)
        times = [float(f.time) for f in file.decode(picture)]
    assert np.allclose(np.diff(sorted(times)), 1 / FPS, atol=1e-4)


async def test_it_starts_before_it_is_whole(finished: Finished) -> None:
    kinds = [kind for kind, _ in _boxes(finished.film)]
    assert kinds[0] == "ftyp"
    assert kinds.index("moov") < kinds.index("mdat")


async def test_it_is_as_loud_as_platforms_play_it(finished: Finished) -> None:
    """Measured by another program than the one that mixed it, on what comes out of the film."""
    said = await asyncio.to_thread(_measured, finished.result.output().path)
    summary = said[said.rindex("Summary:") :]
    loudness, peak = (
        float(re.findall(rf"{name}:\s+(-?[\d.]+)", summary)[-1]) for name in ("I", "Peak")
    )
    print(f"integrated {loudness} LUFS, true peak {peak} dBTP")
    assert loudness == pytest.approx(-14, abs=1)
    assert peak <= -1


async def test_nothing_is_black_and_nothing_stands_still(finished: Finished) -> None:
    seen = frames(finished.film)
    assert len(seen) == LENGTH_S * FPS
    assert min(frame.mean() for frame in seen) > 4
    moved = [np.abs(a.astype(int) - b).mean() for a, b in zip(seen, seen[FPS:], strict=False)]
    assert min(moved) > 0.2


async def test_cuts_stand_on_the_beats_of_the_music(finished: Finished) -> None:
    _, made = await step(finished.model, finished.result, "music")
    beats = np.array(cast(Music, made).beats_s)
    cuts = _cuts(frames(finished.film))
    assert len(cuts) >= len(named(finished.result, "AnimateImage")) - 1
    body = [cut for cut in cuts if cut < LENGTH_S - 2.5]
    off = [float(np.abs(beats - cut).min()) for cut in body]
    print(f"cuts at {cuts}, off the beat by {off}")
    assert body
    assert max(off) <= 0.04


async def test_captions_are_there_twice_and_within_the_film(finished: Finished) -> None:
    with av.open(io.BytesIO(finished.film)) as file:
        track = file.streams.subtitles[0]
        shown = [float(p.pts * p.time_base) for p in file.demux(track) if p.pts and p.size > 2]
    cues = cue_times(finished.captions)
    assert cue_times(output(finished.result, "subtitles").decode()) == cues
    assert all(0 <= start < end <= LENGTH_S for start, end in cues)
    assert all(a[1] <= b[0] for a, b in zip(cues, cues[1:], strict=False))
    assert np.allclose(shown, [start for start, _ in cues], atol=0.01)


async def test_words_are_marked_when_they_are_heard(finished: Finished) -> None:
    """Where each voice lies in the film's own sound, and where each word lies in its voice.

    The first is found by correlation with the film's decoded sound, the second by alignment of the
    recording with its text, which knows nothing of the times that the voice program gave.
    """
    film = sound(finished.film).mean(axis=1)
    heard: list[tuple[str, float]] = []
    for name in named(finished.result, "Speak"):
        _, made = await step(finished.model, finished.result, name)
        voice = cast(Speech, made)
        recorded = finished.model.engine.store.path(voice.audio).read_bytes()
        at_s = _found(film, wav.mono(wav.load(recorded, name=name)))
        text = " ".join(word.text for word in voice.words)
        words = align(AlignWords(audio=voice.audio, text=text), Desk(_given(recorded))).words
        heard += [(word.text, at_s + word.start_s) for word in words]
    marked = list(word_times(finished.captions))
    assert [word for word, _ in marked] == [word for word, _ in heard]
    off = [abs(a - b) for (_, a), (_, b) in zip(marked, heard, strict=True)]
    near = float(np.mean(np.array(off) <= 0.1))
    print(f"{len(off)} words, {near:.0%} within 100 ms, median {np.median(off) * 1000:.0f} ms")
    print(f"largest {max(off) * 1000:.0f} ms")
    assert near >= 0.9


def _measured(film: Path) -> str:
    """What ffmpeg says on the loudness of a file, after ITU-R BS.1770 and EBU R 128."""
    command = [ffmpeg(), "-hide_banner", "-nostats", "-i", str(film), "-map", "0:a"]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def _boxes(film: bytes) -> list[tuple[str, int]]:
    """Kind and size of every box of an MP4 at the top."""
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(film):
        size = int.from_bytes(film[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(film[at + 8 : at + 16], "big")
        found.append((film[at + 4 : at + 8].decode("latin-1"), size))
        at += size or len(film)
    return found


def _cuts(seen: NDArray[np.uint8]) -> list[float]:
    """Seconds at which one frame has little to do with the one before."""
    small = seen[:, ::8, ::8].astype(np.float32)
    change = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2))
    usual = np.median(change)
    return [float(i + 1) / FPS for i in np.flatnonzero(change > 8 * usual + 2)]


def _found(film: NDArray[np.float32], voice: NDArray[np.float32]) -> float:
    """Where a recording begins in the film, in seconds."""
    length = 1 << (len(film) + len(voice)).bit_length()
    spectrum = np.fft.rfft(film, length) * np.conj(np.fft.rfft(voice, length))
    return int(np.argmax(np.fft.irfft(spectrum, length)[: len(film)])) / RATE


def _given(data: bytes) -> Any:
    def read(asset: Asset) -> bytes:
        return data

    return read
