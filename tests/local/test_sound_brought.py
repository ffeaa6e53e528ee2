"""Sound that a person brings along: what is taken, what is refused, and how it is fitted."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import filters, wav
from brandmodel.local.sound.fitting import fit
from brandmodel.local.sound.intake import normalised
from brandmodel.local.sound.music import compose
from brandmodel.tasks import Asset, ComposeMusic, FitMusic, Music


def _ffmpeg(folder: Path, *arguments: str) -> None:
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    subprocess.run([*program, *arguments], cwd=folder, check=True, capture_output=True)


def _tone(seconds: float, level: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    time = np.arange(round(seconds * wav.RATE)) / wav.RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * time))[:, None], 2, axis=1)


def _wav(samples: np.ndarray) -> bytes:
    return wav.encode(samples.astype(np.float32))


def _form(data: bytes) -> tuple[int, ...]:
    """Channels, rate and bits of a WAV."""
    channels, rate, _, _, bits = struct.unpack_from("<HIIHH", data, 22)
    return channels, rate, bits


# what is taken

FILES = (("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.ogg", "libvorbis"))


@pytest.mark.parametrize(("name", "codec"), FILES)
def test_every_common_file_becomes_stereo_at_48_khz(name: str, codec: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(_wav(_tone(1.5)[:, 0]))
    _ffmpeg(tmp_path, "-i", "a.wav", "-ar", "44100", "-c:a", codec, name)
    brought = normalised((tmp_path / name).read_bytes(), name=name)
    assert _form(brought) == (2, wav.RATE, 16)
    heard = wav.load(brought)
    assert len(heard) / wav.RATE == pytest.approx(1.5, abs=0.06)
    assert np.abs(heard[9600:48000]).max() == pytest.approx(0.3, abs=0.03)
    spectrum = np.abs(np.fft.rfft(heard[9600:57600, 0]))
    assert abs(int(spectrum.argmax()) - 440) <= 1


def test_the_sound_of_a_film_is_taken_though_the_picture_lasts_longer(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(_wav(_tone(1.5)))
    picture = ("-f", "lavfi", "-i", "color=navy:s=64x36:d=4")
    _ffmpeg(tmp_path, *picture, "-i", "a.wav", "-c:v", "mpeg4", "-c:a", "aac", "film.mp4")
    heard = wav.load(normalised((tmp_path / "film.mp4").read_bytes(), name="film.mp4"))
    assert len(heard) / wav.RATE == pytest.approx(1.5, abs=0.06)


def test_what_has_the_form_already_keeps_its_bytes() -> None:
    ours = _wav(_tone(1.5))
    assert normalised(ours, name="a.wav") == ours
    mono = normalised(_wav(_tone(1.5)[:, 0]), name="a.wav")
    assert normalised(mono, name="a.wav") == mono


def test_peaks_past_full_scale_are_lowered_and_not_clipped() -> None:
    loud = _tone(1.5, 2.5).astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 2, wav.RATE, wav.RATE * 8, 8, 32)
    head = b"RIFF" + struct.pack("<I", 36 + len(loud)) + b"WAVEfmt " + struct.pack("<I", 16)
    heard = wav.load(
        normalised(head + form + b"data" + struct.pack("<I", len(loud)) + loud, name="a")
    )
    assert np.abs(heard - _tone(1.5, 1.0)).max() < 1e-3


# what is refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"Verse one: we walk along the river.\n", "it is text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "it is a picture"),
        (b"fLaC" + b"\x00\x01" * 300, "damaged"),
        (_wav(np.zeros((0, 2))), "no samples"),
        (_wav(_tone(0.4)), "0.40 s long; 1 s is the least"),
        (_wav(np.zeros((96_000, 2))), "silent"),
        (_wav(_tone(2, 0.0008)), "silent: its peak is under -60 dB"),
        (_wav(_tone(4))[: 2 * wav.RATE * 4], "damaged: it ends after 2.0 s of the 4.0 s"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused_with_the_reason_and_a_way_out(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        normalised(data, name="song.wav")
    assert caught.value.message.startswith("song.wav ")
    assert caught.value.hint


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    _ffmpeg(tmp_path, "-f", "lavfi", "-i", "color=navy:s=64x36:d=1", "-c:v", "mpeg4", "mute.mp4")
    with pytest.raises(InvalidRequestError, match="mute.mp4 has no sound in it"):
        normalised((tmp_path / "mute.mp4").read_bytes(), name="mute.mp4")


@pytest.mark.parametrize(("name", "codec"), FILES)
def test_half_a_download_is_damaged(name: str, codec: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(_wav(_tone(3)))
    _ffmpeg(tmp_path, "-i", "a.wav", "-c:a", codec, name)
    whole = (tmp_path / name).read_bytes()
    with pytest.raises(InvalidRequestError, match="damaged") as caught:
        normalised(whole[: len(whole) // 2], name=name)
    assert caught.value.hint


def test_ten_hours_are_refused_by_their_length(tmp_path: Path) -> None:
    count = 4000 * 36_000
    form = struct.pack("<HHIIHH", 1, 1, 4000, 4000, 1, 8)
    head = b"RIFF" + struct.pack("<I", 36 + count) + b"WAVEfmt " + struct.pack("<I", 16) + form
    with pytest.raises(InvalidRequestError, match="10 h long; 10 min is the most"):
        normalised(head + b"data" + struct.pack("<I", count) + bytes(count), name="night.wav")

    # An hour of silence, as short to write as to refuse: each FLAC frame of it is a few bytes.
    _ffmpeg(tmp_path, "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3600", "hour.flac")
    with pytest.raises(InvalidRequestError, match="1 h long; 10 min is the most") as caught:
        normalised((tmp_path / "hour.flac").read_bytes(), name="hour.flac")
    assert caught.value.hint


# music, fitted

BEAT_S = 0.6
CHORDS = ((220, 277, 330), (196, 247, 294), (175, 208, 262), (165, 233, 349))


def _nothing(asset: Asset) -> bytes:
    raise AssertionError("nothing is stored")


@pytest.fixture
def desk() -> Desk:
    return Desk(_nothing)


def _song(bars: int, *, ending: bool) -> np.ndarray:
    """A chord a bar and a high tick on every beat; at its end the first chord rings for 3 s."""
    bar = 4 * BEAT_S
    out = np.zeros((round((bars * bar + 3.0) * wav.RATE), 2))
    for number in range(bars + 1):
        last = number == bars
        time = np.arange(round((3.0 if last else bar) * wav.RATE)) / wav.RATE
        fall = np.exp(-time * (2.2 if last else 0.5)) * np.minimum(1, time / 0.01)
        chord = sum(np.sin(2 * np.pi * h * time) for h in CHORDS[0 if last else number % 4])
        start = round(number * bar * wav.RATE)
        out[start : start + len(time)] += (0.1 * chord * fall)[:, None]
    for beat in range(4 * bars + 1):
        time = np.arange(2400) / wav.RATE
        start = round(beat * BEAT_S * wav.RATE)
        tick = 0.2 * np.sin(2 * np.pi * 6000 * time) * np.exp(-time * 90)
        out[start : start + 2400] += tick[:, None]
    return out if ending else out[: round(bars * bar * wav.RATE)]


def _ticks(samples: np.ndarray) -> np.ndarray:
    """When ticks begin, in seconds."""
    highs = np.abs(filters.high_pass(samples.mean(axis=1).astype(np.float32), 4500, order=6))
    strong = np.flatnonzero(highs > 0.02) / wav.RATE
    return strong[np.diff(strong, prepend=-1) > 0.1]


def _fitted(desk: Desk, samples: np.ndarray, seconds: float) -> tuple[Music, np.ndarray]:
    brought = desk.keep(_wav(samples), "audio/wav")
    music = fit(FitMusic(audio=brought, duration_s=seconds), desk)
    heard = wav.load(desk.read(music.audio))
    assert len(heard) == round(seconds * wav.RATE)
    assert music.audio.duration_s == pytest.approx(seconds)
    assert np.abs(heard[[0, -1]]).max() < 1e-3
    return music, heard


@pytest.mark.parametrize("seconds", [12.5, 31.0, 62.0, 118.0])
@pytest.mark.parametrize("ending", [True, False])
def test_cut_or_repeated_music_never_loses_its_beat(
    seconds: float, ending: bool, desk: Desk
) -> None:
    music, heard = _fitted(desk, _song(16, ending=ending), seconds)
    assert music.bpm == pytest.approx(60 / BEAT_S, rel=0.002)
    ticks = _ticks(heard)
    assert len(ticks) > (seconds - 5) / BEAT_S
    assert np.abs(np.diff(ticks) - BEAT_S).max() < 0.02, "a join is out of time"
    beats = np.array(music.beats_s)
    assert len(beats) >= len(ticks) - 1
    first = beats[beats <= ticks[-1] + 0.04]
    assert np.abs(first[:, None] - ticks[None, :]).min(axis=1).max() < 0.04
    assert (np.diff(beats) > 0.5).all()


def _pitch_power(samples: np.ndarray, hertz: float) -> float:
    time = np.arange(len(samples)) / wav.RATE
    return float(abs(np.dot(samples.mean(axis=1), np.exp(-2j * np.pi * hertz * time))))


@pytest.mark.parametrize("bars", [4, 6, 24])
def test_joins_are_on_bars_and_the_own_ending_closes_the_piece(bars: int, desk: Desk) -> None:
    music, heard = _fitted(desk, _song(16, ending=True), bars * 4 * BEAT_S + 2.6)
    assert any("its own ending" in note for note in music.notes)
    order: list[int] = []
    for bar in range(bars + 1):
        # The second half of each bar: a join elsewhere would let two chords meet in it.
        begin = round((4 * bar + 2) * BEAT_S * wav.RATE)
        within = heard[begin : begin + round(1.9 * BEAT_S * wav.RATE)]
        powers = [sum(_pitch_power(within, hertz) for hertz in chord) for chord in CHORDS]
        order.append(int(np.argmax(powers)))
        assert max(powers) > 2.5 * sorted(powers)[-2], "two chords in one bar"
    assert order[-1] == 0
    assert len(set(order)) == 4


def test_what_does_not_end_by_itself_is_faded(desk: Desk) -> None:
    music, heard = _fitted(desk, _song(16, ending=False), 20.0)
    assert any("a fade" in note for note in music.notes)
    level = [float(np.sqrt(np.mean(heard[-k * 24_000 :][:24_000] ** 2))) for k in (8, 4, 2, 1)]
    assert level[0] > level[1] > level[2] > level[3]
    assert level[3] < 0.25 * level[0]


def test_composed_music_keeps_its_true_beats(desk: Desk) -> None:
    made = compose(ComposeMusic(mood="hopeful", energy=0.6, seed=2, duration_s=24), desk)
    music = fit(FitMusic(audio=made.audio, duration_s=24), desk)
    assert music.bpm == pytest.approx(made.bpm, rel=0.005)
    true = np.array(made.beats_s)
    # The silence before the first sound is left out, and all beats come earlier by that much.
    off = np.array(music.beats_s)[:, None] - true[None, :]
    nearest = off[np.arange(len(off)), np.abs(off).argmin(axis=1)]
    assert np.abs(nearest).max() < 0.04
    assert len(music.beats_s) >= len(true) - 2


NOISE = np.random.default_rng(3).standard_normal((6 * wav.RATE, 2)) * 0.1


@pytest.mark.parametrize("samples", [NOISE, _tone(6)], ids=["noise", "tone"])
def test_sound_without_a_beat_is_drawn_out_softly_and_says_so(
    samples: np.ndarray, desk: Desk
) -> None:
    music, heard = _fitted(desk, samples, 15.0)
    assert music.beats_s == ()
    assert music.bpm == 0
    assert any("no steady beat" in note for note in music.notes)
    level = filters.envelope(heard.astype(np.float32), window_s=0.3, step_s=0.1)
    assert level[5:100].min() > 0.5 * level[5:100].max(), "the joins are heard"


def test_fitting_is_repeatable_and_takes_differ(desk: Desk) -> None:
    brought = desk.keep(_wav(_song(12, ending=True)), "audio/wav")
    request = FitMusic(audio=brought, duration_s=16)
    first, again = fit(request, desk), fit(request, desk)
    assert first.audio == again.audio
    assert fit(request, Desk(desk.read, take=1)).audio != first.audio


@pytest.mark.parametrize(
    ("samples", "words"),
    [(np.zeros((96_000, 2)), "silent"), (_tone(0.6), "0.60 s long; 1 s is the least")],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(samples: np.ndarray, words: str, desk: Desk) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        _fitted(desk, samples, 10)
    assert caught.value.hint
