from __future__ import annotations

import io
import itertools
import os
import re
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import filters, flite, loudness, voice, wav
from brandmodel.local.sound.aligning import align
from brandmodel.local.sound.effects import make_sound, sounds
from brandmodel.local.sound.judging import judge_speech
from brandmodel.local.sound.letters import phones_of
from brandmodel.local.sound.mixing import mix
from brandmodel.local.sound.music import compose
from brandmodel.local.sound.spelling import said
from brandmodel.tasks import (
    AlignWords,
    Asset,
    ComposeMusic,
    Judgement,
    JudgeSpeech,
    MakeSound,
    MixSound,
    Music,
    Speak,
    Speech,
    Track,
)

HAS_FLITE = bool(flite.flite_voices())
assert HAS_FLITE or not os.environ.get("CI"), "the program flite is missing"
needs_flite = pytest.mark.skipif(not HAS_FLITE, reason="the program flite is not installed")
LINE = "Aurelia is steeped for 18 hours, from three ingredients: coffee, water and orange peel."


def _nothing(asset: Asset) -> bytes:
    raise AssertionError("nothing is stored")


@pytest.fixture
def desk() -> Desk:
    return Desk(_nothing)


def _heard(desk: Desk, asset: Asset) -> wav.Samples:
    return wav.load(desk.read(asset))


def _kept(desk: Desk, samples: np.ndarray) -> Asset:
    return desk.keep(wav.encode(samples.astype(np.float32)), "audio/wav")


def _tone(seconds: float, hertz: float = 440.0, level: float = 0.3) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * wav.RATE)) / wav.RATE)


def _level_db(samples: np.ndarray) -> float:
    return 10 * np.log10(float(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)


def _ffmpeg() -> str:
    return imageio_ffmpeg.get_ffmpeg_exe()


# files


def _wave_file(samples: np.ndarray, width: int, rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        whole = np.rint(samples * (2 ** (8 * width - 1) - 1)).astype("<i4")
        whole = whole + 128 if width == 1 else whole
        file.writeframes(whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return out.getvalue()


@pytest.mark.parametrize(
    ("width", "rate", "channels"), [(1, 8000, 1), (2, 44100, 2), (3, 22050, 1), (4, 96000, 6)]
)
def test_wav_of_any_width_rate_and_channels_is_the_same_sound(
    width: int, rate: int, channels: int
) -> None:
    time = np.arange(rate // 4) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    data = _wave_file(np.repeat(tone[:, None], channels, axis=1), width, rate)
    heard = wav.load(data)
    assert abs(len(heard) - wav.RATE // 4) <= 2
    middle = heard[2000:-2000, 0]
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2000, 10002) / wav.RATE)
    assert np.abs(middle - expected[: len(middle)]).max() < 0.02


def test_float_wav_with_an_open_length_is_read_to_its_end() -> None:
    tone = np.repeat(_tone(0.2)[:, None], 2, axis=1).astype("<f4")
    head = struct.pack("<HHIIHH", 3, 2, wav.RATE, wav.RATE * 8, 8, 32)
    data = (
        b"RIFF\xff\xff\xff\xffWAVEfmt "
        + struct.pack("<I", 16)
        + head
        + b"data\xff\xff\xff\xff"
        + tone.tobytes()
    )
    assert np.allclose(wav.load(data), tone, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a sound file"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 500, "not a sound file"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "not a sound file"),
        (b"fLaC" + b"\x00\x01" * 300, "not a sound file"),
        (wav.encode(np.zeros((4800, 2), np.float32)), "silent"),
        (wav.encode(np.ones((4800, 2), np.float32))[:40], "no samples|damaged"),
        (_wave_file(np.ones((5_000_000, 1)) * 0.5, 1, 8000), "the most"),
    ],
)  # fmt: skip
def test_what_is_not_a_usable_sound_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        wav.load(data, name="track 3 (music)")
    assert "track 3 (music)" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.ogg", "libvorbis")],
)
def test_compressed_files_are_decoded(tmp_path: Path, name: str, codec: str) -> None:
    (tmp_path / "a.wav").write_bytes(wav.encode(_tone(1.0).astype(np.float32)))
    command = [_ffmpeg(), "-v", "error", "-i", "a.wav", "-c:a", codec, name]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    heard = wav.load((tmp_path / name).read_bytes())
    assert abs(len(heard) / wav.RATE - 1.0) < 0.08
    spectrum = np.abs(np.fft.rfft(heard[8000:32000, 0]))
    assert abs(np.argmax(spectrum) * wav.RATE / 24000 - 440) <= 2
    assert abs(_level_db(heard[8000:32000]) - _level_db(_tone(0.5))) < 0.7


# loudness


def test_loudness_is_that_of_the_standard() -> None:
    full = _tone(10, 997, 1.0)
    # ITU-R BS.1770-4: a 0 dB FS sine of 997 Hz in one channel reads -3.01 LKFS.
    assert loudness.integrated(full) == pytest.approx(-3.01, abs=0.02)
    quiet = np.concatenate([full, 0.001 * full])
    assert loudness.integrated(quiet) == pytest.approx(-3.01, abs=0.1)


def test_true_peak_sees_between_the_samples() -> None:
    between = np.sin(np.pi / 2 * np.arange(wav.RATE) + np.pi / 4)
    assert np.abs(between).max() < 0.71
    assert loudness.true_peak(filters.faded(between.astype(np.float32), 0.1, 0.1)) == pytest.approx(
        0, abs=0.2
    )


# voice


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("We open on 14 May at 10:30.", "we open on the fourteenth of may at ten thirty"),
        ("Only $4.50 for 250 ml!", "only four dollars fifty for two hundred and fifty milliliters"),
        ("It runs 5km at 20°C.", "it runs five kilometers at twenty degrees celsius"),
        ("€20 million since 1998", "twenty million euros since nineteen ninety eight"),
        ("Dr. Lee & the BMW API", "doctor lee and the bee em double you ay pee eye"),
        ("3.5% of 1,204 users", "three point five percent of one thousand two hundred and four users"),
        ("See acme.co.uk, open 9am", "see acme dot co dot uk open nine ay em"),
        ("the 21st, 10-12 kg", "the twenty first ten to twelve kilograms"),
    ],
)  # fmt: skip
def test_numbers_times_money_and_units_are_said_as_people_say_them(
    written: str, spoken: str
) -> None:
    words = said(written)
    assert [w.text for w in words] == written.split()
    assert " ".join(s for w in words for s in w.words) == spoken


def _check_speech(name: str, desk: Desk) -> None:
    speech = voice.speak(Speak(text=LINE, voice=name), desk)
    assert speech.voice == name
    samples = _heard(desk, speech.audio)
    length = len(samples) / wav.RATE
    assert speech.audio.duration_s == pytest.approx(length)
    assert 4 < length < 9
    assert [w.text for w in speech.words] == LINE.split()
    starts = [w.start_s for w in speech.words]
    assert starts == sorted(starts)
    assert all(
        a.end_s <= b.start_s + 1e-6 for a, b in zip(speech.words, speech.words[1:], strict=False)
    )
    inside = [
        samples[round(w.start_s * wav.RATE) : round(w.end_s * wav.RATE)] for w in speech.words
    ]
    assert min(map(_level_db, inside)) > -42
    assert _level_db(samples[: round(0.03 * wav.RATE)]) < -60
    assert loudness.integrated(wav.mono(samples)) == pytest.approx(-18, abs=0.7)


@needs_flite
@pytest.mark.parametrize("name", ["rms", "slt"])
def test_a_voice_says_the_text_and_knows_when_each_word_is_heard(name: str, desk: Desk) -> None:
    _check_speech(name, desk)


def test_the_robotic_voice_needs_nothing_and_says_what_it_is(desk: Desk) -> None:
    _check_speech("robotic", desk)
    assert any(
        "robotic" in note for note in voice.speak(Speak(text="Hi.", voice="robotic"), desk).notes
    )


def test_without_the_program_the_robotic_voice_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    flite.flite_voices.cache_clear()
    try:
        assert voice.voices() == ("robotic",)
        for take in (0, 1):
            speech = voice.speak(Speak(text="Good things take time."), Desk(_nothing, take=take))
            assert speech.voice == "robotic"
    finally:
        flite.flite_voices.cache_clear()


@needs_flite
def test_pace_changes_length_and_an_unknown_voice_names_those_there(desk: Desk) -> None:
    calm = voice.speak(Speak(text=LINE), desk)
    brisk = voice.speak(Speak(text=LINE, pace=1.3), desk)
    again = voice.speak(Speak(text=LINE), desk)
    assert calm.audio == again.audio
    assert 1.15 < (calm.audio.duration_s or 0) / (brisk.audio.duration_s or 1) < 1.4
    with pytest.raises(InvalidRequestError, match="nobody") as caught:
        voice.speak(Speak(text="Hi", voice="nobody"), desk)
    assert "rms" in caught.value.hint
    assert "robotic" in caught.value.hint


@needs_flite
def test_takes_without_a_voice_are_an_audition_of_people(desk: Desk) -> None:
    def heard(take: int, name: str = "") -> tuple[str, float]:
        speech = voice.speak(
            Speak(text="Good things take time.", voice=name), Desk(desk.read, take=take)
        )
        return speech.voice, speech.audio.duration_s or 0

    people = flite.flite_voices()
    cast = [heard(take) for take in range(len(people) + 1)]
    assert [name for name, _ in cast] == [*people, people[0]]
    assert cast[0] == heard(0, people[0]), "the first take is as calm as the voice itself"
    assert cast[-1][1] > cast[0][1], "the second round is at another pace"
    assert heard(1, people[0])[0] == people[0], "a voice that was named stays"


def test_a_text_without_an_end_is_spoken_all_the_same(desk: Desk) -> None:
    text = " ".join(["we walk along the river and talk about the day,"] * 4 + ["on and"] * 26)
    speech = voice.speak(Speak(text=text, voice="robotic"), desk)
    assert len(speech.words) == len(text.split())
    assert all(b.start_s >= a.start_s for a, b in zip(speech.words, speech.words[1:], strict=False))
    assert speech.words[-1].end_s < (speech.audio.duration_s or 0)


def test_what_cannot_be_said_is_refused_or_noted(desk: Desk) -> None:
    with pytest.raises(InvalidRequestError, match="nothing that can be said"):
        voice.speak(Speak(text="!!! —"), desk)
    speech = voice.speak(Speak(text="Hello 日本 friend.", voice="robotic"), desk)
    assert any("日本" in note for note in speech.notes)
    assert len(speech.words) == 3


def test_letters_become_sounds() -> None:
    pairs = (
        "thing th ih ng|make m ey k|night n ay t|phone f ow n|station s t ey sh ax n|knife n ay f"
    )
    said_as = {word: phones for word, _, phones in (p.partition(" ") for p in pairs.split("|"))}
    assert {word: " ".join(phones_of(word)) for word in said_as} == said_as


# word times


@needs_flite
@pytest.mark.parametrize("name", ["rms", "slt"])
def test_alignment_finds_the_words_of_a_recording(name: str, desk: Desk) -> None:
    texts = (
        LINE,
        "This spring, three new flavours: rhubarb, bergamot and plain. Taste them with us on 14 May.",
        "Made by hand in Lisbon since 1998. Simple shapes, honest materials, quiet colours.",
    )
    off: list[float] = []
    for text in texts:
        speech = voice.speak(Speak(text=text, voice=name), desk)
        found = align(AlignWords(audio=speech.audio, text=text), desk)
        assert [w.text for w in found.words] == text.split()
        off += [max(abs(a.start_s - b.start_s), abs(a.end_s - b.end_s))
                for a, b in zip(found.words, speech.words, strict=True)]  # fmt: skip
    assert np.mean(np.array(off) < 0.1) >= 0.9


@needs_flite
def test_alignment_stands_noise_and_long_silence(desk: Desk) -> None:
    speech = voice.speak(Speak(text=LINE), desk)
    samples = np.pad(wav.mono(_heard(desk, speech.audio)), (3 * wav.RATE, 2 * wav.RATE))
    noise = np.random.default_rng(1).standard_normal(len(samples)) * 0.0012
    found = align(AlignWords(audio=_kept(desk, samples + noise), text=LINE), desk)
    off = [abs(a.start_s - 3 - b.start_s) for a, b in zip(found.words, speech.words, strict=True)]
    assert np.mean(np.array(off) < 0.1) >= 0.9


def test_alignment_refuses_a_text_that_cannot_fit(desk: Desk) -> None:
    with pytest.raises(InvalidRequestError, match="needs"):
        align(AlignWords(audio=_kept(desk, _tone(0.5)), text=LINE), desk)


# takes of speech, judged


def _as_said_by(someone: str, desk: Desk) -> tuple[Speech, np.ndarray]:
    """The same good reading, whoever is said to speak it."""
    speech = voice.speak(Speak(text=LINE, voice="robotic"), desk)
    return speech.model_copy(update={"voice": someone}), wav.mono(_heard(desk, speech.audio))


def _spoilt(speech: Speech, samples: np.ndarray, desk: Desk) -> dict[str, tuple[Speech, str]]:
    """Takes with one fault each, and what has to be said against them."""
    hiss = np.random.default_rng(1).standard_normal(len(samples)) * 0.06
    half = len(samples) // 2
    late = [
        w.model_copy(update={"start_s": w.start_s + 2, "end_s": w.end_s + 2}) for w in speech.words
    ]
    heard = {
        "noise": (samples + hiss, speech.words, "faint or noisy"),
        "clipped": (np.clip(samples * 12, -1, 1), speech.words, "clipped"),
        "faint": (samples * 0.008, speech.words, "faint or noisy"),
        "half": (samples[:half], speech.words, "words are missing"),
        "a third, untimed": (samples[: len(samples) // 3], (), "words are missing"),
        "late": (samples, tuple(late), "words are missing or out of time"),
        "other words": (samples, speech.words[:6], "words are missing"),
        "a hole": (np.concatenate([samples[:half], np.zeros(3 * wav.RATE), samples[half:]]), (), "stops"),
    }  # fmt: skip
    return {
        name: (speech.model_copy(update={"audio": _kept(desk, sound), "words": tuple(words)}), why)
        for name, (sound, words, why) in heard.items()
    }


def _judged(desk: Desk, *takes: Speech) -> Judgement:
    return judge_speech(JudgeSpeech(takes=takes, text=LINE), desk)


def test_a_sound_take_wins_over_each_spoilt_one_and_the_fault_is_named(desk: Desk) -> None:
    good, samples = _as_said_by("someone", desk)
    assert _judged(desk, good).good
    for name, (bad, why) in _spoilt(good, samples, desk).items():
        verdict = _judged(desk, bad, good)
        assert verdict.best == 1, name
        assert 0 <= verdict.scores[0].total < 0.42 < verdict.scores[1].total <= 1, name
        assert verdict.why.startswith("Take 2 of 2 is the best: ")
        alone = _judged(desk, bad)
        assert not alone.good, name
        assert why in alone.why, name


def test_a_robotic_voice_comes_last_but_may_speak_where_it_is_alone(desk: Desk) -> None:
    robot, _ = _as_said_by("robotic", desk)
    person, _ = _as_said_by("someone", desk)
    verdict = _judged(desk, robot, person, person)
    assert verdict.best == 1, "the first of equals"
    assert verdict.scores[0].total < 0.7 * verdict.scores[1].total
    alone = _judged(desk, robot)
    assert alone.good
    assert "robotic" in alone.why


def test_takes_that_cannot_be_heard_score_nothing_and_stop_nothing(desk: Desk) -> None:
    good, _ = _as_said_by("someone", desk)
    broken = Speech(audio=desk.keep(b"nonsense", "audio/wav"))
    silent = Speech(audio=_kept(desk, np.zeros(wav.RATE)))
    verdict = _judged(desk, broken, silent, good)
    assert [score.total for score in verdict.scores[:2]] == [0, 0]
    assert verdict.best == 2
    nothing = _judged(desk, broken, silent)
    assert not nothing.good
    assert nothing.why == "No take can be heard."
    with pytest.raises(InvalidRequestError, match="no words to listen for"):
        judge_speech(JudgeSpeech(takes=(good,), text="— !"), desk)


# music


def _chroma(samples: np.ndarray) -> np.ndarray:
    """(12,) share of each pitch class."""
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / wav.RATE)
    use = (hertz > 110) & (hertz < 1500)
    pitch = np.round(12 * np.log2(hertz[use] / 440)).astype(int) % 12
    out = np.bincount(pitch, spectrum[use], 12)
    return out / out.sum()


def _piece(
    desk: Desk, mood: str, energy: float, seed: int, duration_s: float = 12.0
) -> tuple[Music, np.ndarray]:
    music = compose(ComposeMusic(mood=mood, energy=energy, seed=seed, duration_s=duration_s), desk)
    return music, _heard(desk, music.audio)


@pytest.mark.parametrize(
    ("mood", "energy"), [("calm, warm", 0.2), ("bold, fast", 0.85), ("dreamy", 0.5)]
)
def test_music_is_finished(mood: str, energy: float, desk: Desk) -> None:
    _, samples = _piece(desk, mood, energy, 4)
    assert samples.shape == (12 * wav.RATE, 2)
    assert loudness.integrated(samples) == pytest.approx(-16, abs=0.5)
    assert loudness.true_peak(samples) < -1
    octaves = dict(
        zip((125, 500, 4000), filters.octaves(samples, (125.0, 500.0, 4000.0)), strict=True)
    )
    assert octaves[125] < octaves[500] + 3, "bass-heavy"
    assert octaves[4000] > octaves[500] - 17, "dull"
    side, middle = samples[:, 0] - samples[:, 1], samples.sum(axis=1)
    assert -25 < _level_db(side) - _level_db(middle) < -3


def test_music_without_drums_has_no_clicks(desk: Desk) -> None:
    for seed in (1, 4):
        _, samples = _piece(desk, "calm, warm", 0.2, seed, 6.0)
        # Instruments end below 15 kHz; what is heard above can only be an edge.
        edges = filters.high_pass(samples.astype(np.float32), 17_000, order=8)
        assert np.abs(edges).max() < 0.004 * np.abs(samples).max()


def test_music_rises_and_its_last_chord_rings_out_exactly_at_the_end(desk: Desk) -> None:
    music, samples = _piece(desk, "hopeful", 0.6, 2, 20.0)
    second = [_level_db(samples[i * wav.RATE : (i + 1) * wav.RATE]) for i in range(20)]
    assert max(second[9:14]) > second[0] + 2
    assert second[-1] < max(second) - 12
    assert np.abs(samples[-4:]).max() < 1e-3
    last = round(music.beats_s[-1] * wav.RATE)
    ringing = samples[last + 4800 : last + 48000]
    assert _level_db(ringing) > max(second) - 10
    rang_out = _level_db(samples[-wav.RATE // 4 :])
    assert -90 < rang_out < -35


def test_beats_are_where_the_drums_are(desk: Desk) -> None:
    music, samples = _piece(desk, "bold, fast", 0.9, 3)
    gaps = np.diff(music.beats_s)
    assert np.allclose(gaps, 60 / music.bpm, atol=1e-4)
    assert music.beats_s[0] == 0
    assert 12 - music.beats_s[-1] > 1
    low = np.abs(filters.low_pass(samples.mean(axis=1).astype(np.float32), 150))
    level = np.convolve(low, np.ones(480) / 480, "same")
    full = [b for b in music.beats_s[:-1] if 5 < b < 10]
    after = [level[round(b * wav.RATE) : round((b + 0.08) * wav.RATE)].max() for b in full]
    before = [level[round((b - 0.06) * wav.RATE) : round(b * wav.RATE)].mean() for b in full]
    assert np.median(np.array(after) / np.array(before)) > 1.6


def _strokes(samples: np.ndarray) -> int:
    """How often the highs rise by more than 3 dB within 20 ms."""
    highs = filters.high_pass(samples.astype(np.float32), 3000)
    level = 20 * np.log10(filters.envelope(highs, step_s=0.02) + 1e-4)
    return int((np.diff(level) > 3).sum())


def test_moods_and_seeds_differ_and_the_same_request_does_not(desk: Desk) -> None:
    first, heard = _piece(desk, "calm", 0.3, 1, 8.0)
    assert first.audio == _piece(desk, "calm", 0.3, 1, 8.0)[0].audio
    happy, happy_heard = _piece(desk, "happy", 0.8, 1, 8.0)
    assert happy.bpm > first.bpm + 15
    assert _strokes(happy_heard) > 1.5 * _strokes(heard)
    chromas = [_chroma(heard)] + [
        _chroma(_piece(desk, "calm", 0.3, seed, 8.0)[1]) for seed in (2, 3)
    ]
    assert all(
        np.abs(a - b).sum() > 0.4 for a, b in ((chromas[0], chromas[1]), (chromas[1], chromas[2]))
    )
    other = Desk(_nothing, take=1)
    assert (
        compose(ComposeMusic(mood="calm", energy=0.3, seed=1, duration_s=8), other).audio
        != first.audio
    )


@pytest.mark.parametrize("duration_s", [0.4, 2.0, 7.31, 21.0])
def test_music_of_any_length_fits_exactly(duration_s: float, desk: Desk) -> None:
    music, samples = _piece(desk, "warm", 0.5, 1, duration_s)
    assert len(samples) == round(duration_s * wav.RATE)
    assert all(0 <= b < duration_s for b in music.beats_s)
    assert 40 < music.bpm < 190


def test_unknown_mood_words_are_named(desk: Desk) -> None:
    music, _ = _piece(desk, "calm and zorbish", 0.3, 1, 3.0)
    assert "zorbish" in music.notes[0]
    assert "calm" not in music.notes[0]


# effects


def _effect(desk: Desk, description: str, seconds: float, seed: int = 1) -> np.ndarray:
    return _heard(
        desk,
        make_sound(MakeSound(description=description, duration_s=seconds, seed=seed), desk).audio,
    )


def _centre(samples: np.ndarray) -> float:
    """Spectral centre of gravity in hertz."""
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    return float((spectrum * np.fft.rfftfreq(len(samples), 1 / wav.RATE)).sum() / spectrum.sum())


WORDS = ("whoosh", "riser", "impact", "chime", "waves", "rain", "wind", "birds", "fire", "pour", "click",
         "paper", "city hum", "stream", "thunder", "crowd", "applause", "ice", "typing", "heartbeat",
         "sparkle", "a door", "knocking", "opening a can", "steam", "a sizzling pan", "dripping", "splash",
         "drum roll", "cash register", "zipper", "phone")  # fmt: skip


@pytest.mark.parametrize("description", WORDS)
def test_an_effect_is_heard_in_full_and_never_clips(description: str, desk: Desk) -> None:
    sound = make_sound(MakeSound(description=description, duration_s=1.5), desk)
    samples = _heard(desk, sound.audio)
    assert samples.shape == (72_000, 2)
    assert not sound.notes
    assert loudness.true_peak(samples) < -1
    assert loudness.momentary_peak(samples) > -32
    assert np.abs(samples[[0, -1]]).max() < 0.005


def test_effects_are_what_they_are_called(desk: Desk) -> None:
    third = len(_effect(desk, "riser", 3)) // 3
    riser = _effect(desk, "a long riser", 3)
    assert _level_db(riser[2 * third :]) > _level_db(riser[:third]) + 10
    assert _centre(riser[2 * third :]) > 2 * _centre(riser[:third])
    impact = _effect(desk, "deep impact", 3)
    assert _level_db(impact[:third]) > _level_db(impact[2 * third :]) + 15
    assert _centre(impact) < 500 < 2000 < _centre(_effect(desk, "birds in the garden", 3))
    whoosh = _effect(desk, "fast whoosh", 1.5)
    assert _level_db(whoosh[24000:48000]) > _level_db(whoosh[:12000]) + 12
    wave_level = filters.envelope(_effect(desk, "ocean waves", 14), window_s=0.5, step_s=0.1)
    assert wave_level[10:-10].max() > 2.5 * wave_level[10:-10].min()
    assert _centre(_effect(desk, "rain", 3)) > 3 * _centre(_effect(desk, "city hum", 3))


def _described(samples: np.ndarray) -> np.ndarray:
    """What an ear tells sounds apart by: octave levels, and how the level moves, each in 10 dB or so."""
    levels = filters.octaves(samples, (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0))
    level = filters.envelope(samples, window_s=0.03, step_s=0.02)
    level = 20 * np.log10(level / level.max() + 1e-3)
    moves = (
        level.std() / 4,
        np.abs(np.diff(level)).mean(),
        (level[:20].mean() - level[-20:].mean()) / 10,
    )
    return np.concatenate([np.maximum(levels - levels.max(), -40) / 10, moves])


def test_every_sound_that_is_offered_can_be_told_from_all_others(desk: Desk) -> None:
    offered = sounds()
    assert len(offered) > 35
    assert all(len(said) > 10 for said in offered.values())
    heard = {name: _described(_effect(desk, name, 1.2)) for name in offered}
    for one, other in itertools.combinations(heard, 2):
        assert np.linalg.norm(heard[one] - heard[other]) > 0.6, f"{one} and {other} sound alike"


def test_handled_things_do_what_they_do(desk: Desk) -> None:
    door = _effect(desk, "a door closes", 2)
    assert _level_db(door[57_000:72_000]) > _level_db(door[:48_000]) + 10, (
        "it creaks, then falls shut"
    )
    roll = _effect(desk, "drum roll", 3)
    peaks = [np.abs(roll[k * 24_000 : (k + 1) * 24_000]).max() for k in range(6)]
    assert int(np.argmax(peaks)) == 4, "the last stroke is the loudest"
    assert peaks[0] < 0.5 * peaks[3], "it grows"
    can = _effect(desk, "opening a can", 1.5)
    assert _level_db(can[2400:16_800]) > _level_db(can[-24_000:]) + 12
    assert _centre(can) > 4000
    # Talk comes in syllables, noise does not: its level moves four times a second or so.
    talk = filters.envelope(_effect(desk, "crowd", 4), window_s=0.04, step_s=0.02)
    rain = filters.envelope(_effect(desk, "rain", 4), window_s=0.04, step_s=0.02)
    assert talk.std() / talk.mean() > 1.5 * rain.std() / rain.mean()


@pytest.mark.parametrize("seconds", [0.04, 0.3])
def test_every_sound_can_be_short(seconds: float, desk: Desk) -> None:
    for name in sounds():
        made = make_sound(MakeSound(description=name, duration_s=seconds, seed=3), desk)
        assert len(_heard(desk, made.audio)) == round(seconds * wav.RATE), name


@pytest.mark.parametrize(("seconds", "stand_in"), [(1.0, "whoosh"), (5.0, "wind")])
def test_for_unknown_words_something_neutral_stands_in_and_a_note_says_so(
    seconds: float, stand_in: str, desk: Desk
) -> None:
    sound = make_sound(MakeSound(description="zorb", duration_s=seconds), desk)
    assert "'zorb'" in sound.notes[0]
    assert f"{stand_in} stands in" in sound.notes[0]
    assert "door" in sound.notes[0], "what there is, is named"
    again = make_sound(MakeSound(description="zorb", duration_s=seconds), desk)
    other = make_sound(MakeSound(description="zorb", duration_s=seconds, seed=2), desk)
    assert sound.audio == again.audio != other.audio


# the mix


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((round(seconds * wav.RATE), 2)) * 0.1


@pytest.mark.parametrize("target", [-14.0, -23.0])
def test_a_mix_meets_its_loudness_its_peak_and_its_length(target: float, desk: Desk) -> None:
    request = MixSound(
        tracks=(
            Track(audio=_voice_like(desk), kind="voice", at_s=1.0),
            Track(audio=_kept(desk, _noise(9)), kind="music"),
            Track(audio=_kept(desk, np.eye(1, 4800, 10)[0]), kind="effect", at_s=4.0),
        ),
        duration_s=7.777,
        loudness_lufs=target,
    )
    done = mix(request, desk)
    samples = _heard(desk, done.audio)
    assert samples.shape == (round(7.777 * wav.RATE), 2)
    assert loudness.integrated(samples) == pytest.approx(target, abs=0.5)
    assert done.loudness_lufs == pytest.approx(loudness.integrated(samples), abs=0.05)
    assert done.true_peak_db < -1
    assert np.abs(samples[[0, -1]]).max() < 1e-3
    assert mix(request, desk).audio == done.audio


def test_another_meter_agrees(tmp_path: Path, desk: Desk) -> None:
    tracks = (
        Track(audio=_voice_like(desk), kind="voice", at_s=1.0),
        Track(audio=_kept(desk, _noise(9)), kind="music"),
    )
    done = mix(MixSound(tracks=tracks, duration_s=8), desk)
    (tmp_path / "mix.wav").write_bytes(desk.read(done.audio))
    command = [
        _ffmpeg(),
        "-nostats",
        "-i",
        "mix.wav",
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    said_by = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stderr
    summary = said_by[said_by.rindex("Summary") :]
    measured = float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary)[1])  # type: ignore[index]
    peak = float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)[1])  # type: ignore[index]
    assert measured == pytest.approx(done.loudness_lufs, abs=0.3)
    assert peak < -1


def _voice_like(desk: Desk) -> Asset:
    """Four seconds of bursts in the band of speech, all below 1 kHz."""
    time = np.arange(4 * wav.RATE) / wav.RATE
    return _kept(desk, 0.3 * np.sin(2 * np.pi * 300 * time) * (time % 0.5 < 0.35))


def test_music_ducks_to_about_a_third_under_the_voice_and_comes_back(desk: Desk) -> None:
    hiss = filters.high_pass(_noise(12).astype(np.float32), 5000, order=8)
    tracks = (
        Track(audio=_voice_like(desk), kind="voice", at_s=4.0),
        Track(audio=_kept(desk, hiss), kind="music"),
    )
    samples = _heard(
        desk, mix(MixSound(tracks=tracks, duration_s=12, loudness_lufs=-24), desk).audio
    )
    music = filters.high_pass(samples, 4500, order=8)
    level = {
        s: _level_db(music[round(s * wav.RATE) : round((s + 0.5) * wav.RATE)])
        for s in (1.5, 4.5, 6.5, 10.0)
    }
    for under in (4.5, 6.5):
        assert -12 < level[under] - level[1.5] < -7
    assert abs(level[10.0] - level[1.5]) < 1
    gain = filters.smoothed(filters.envelope(music, window_s=0.05, step_s=0.005), 8)
    assert np.abs(np.diff(20 * np.log10(gain[200:-200]))).max() < 1.2, "the bed jumps"


def test_gain_and_place_of_a_track_are_kept(desk: Desk) -> None:
    def at(gain_db: float) -> np.ndarray:
        tracks = (
            Track(
                audio=_kept(desk, filters.low_pass(_noise(6).astype(np.float32), 900, order=8)),
                kind="music",
            ),
            Track(audio=_kept(desk, _tone(0.5, 6000)), kind="effect", at_s=3.0, gain_db=gain_db),
        )
        done = mix(MixSound(tracks=tracks, duration_s=6, loudness_lufs=-24), desk)
        return filters.high_pass(_heard(desk, done.audio), 4500, order=8)

    loud, soft = at(0.0), at(-12.0)
    when = slice(round(3.1 * wav.RATE), round(3.4 * wav.RATE))
    assert _level_db(loud[when]) - _level_db(soft[when]) == pytest.approx(12, abs=1)
    assert _level_db(loud[when]) > _level_db(loud[: 2 * wav.RATE]) + 30


def _bad_track(desk: Desk) -> tuple[Track, str]:
    return Track(
        audio=desk.keep(b"nonsense", "audio/wav"), kind="music"
    ), "track 2 .music. is not a sound"


def _silent_track(desk: Desk) -> tuple[Track, str]:
    return Track(audio=_kept(desk, np.zeros(9000)), kind="effect"), "track 2 .effect. is silent"


def _late_track(desk: Desk) -> tuple[Track, str]:
    return Track(audio=_voice_like(desk), kind="voice", at_s=99), "track 2 .voice. begins at 99 s"


@pytest.mark.parametrize("make", [_bad_track, _silent_track, _late_track])
def test_a_track_that_cannot_be_mixed_is_named(
    make: Callable[[Desk], tuple[Track, str]], desk: Desk
) -> None:
    track, words = make(desk)
    good = Track(audio=_voice_like(desk), kind="voice")
    with pytest.raises(InvalidRequestError, match=words):
        mix(MixSound(tracks=(good, track), duration_s=5), desk)
