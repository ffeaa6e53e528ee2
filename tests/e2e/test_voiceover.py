"""The voice-over over the real local studio: who speaks, what is said, and how it sounds."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import subprocess
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brandmodel import AsyncBrandModel, Result, choice
from brandmodel.assets.provenance import verify
from brandmodel.errors import InvalidRequestError
from brandmodel.local.motion.pipe import ffmpeg
from brandmodel.local.sound import wav
from tests.e2e.films import cue_times, named, output, ran, step, tasks, word_times

pytestmark = pytest.mark.anyio
BRIEF = "A voice-over for Aurelia, a cold brew tonic"
SCRIPT = "Slow mornings start the night before.\nNine hours — in the dark.\nAurelia: cold, & calm."
LINES = SCRIPT.splitlines()
OUTPUTS = ["voiceover", "captions", "subtitles", "script"]


@pytest.fixture(scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncBrandModel]:
    """One model for all, so that its workers start once."""
    async with AsyncBrandModel(home=tmp_path_factory.mktemp("home")) as model:
        yield model


async def test_a_sentence_is_written_spoken_judged_and_signed(studio: AsyncBrandModel) -> None:
    result = await studio.run(BRIEF)
    assert result.recipe == "voiceover"
    assert [o.name for o in result.outputs] == OUTPUTS
    assert {"WriteVoiceover", "Speak", "JudgeSpeech", "MixSound", "Sign"} <= tasks(result)
    assert "Aurelia" in output(result, "script").decode()
    verdict = verify(output(result, "voiceover"), "audio/wav")
    assert verdict.state == "Valid"
    assert verdict.source_type.endswith("lgorithmicMedia")


async def test_own_words_are_said_and_shown_word_for_word(studio: AsyncBrandModel) -> None:
    result = await studio.run(BRIEF, script=SCRIPT)
    assert not {"WriteVoiceover", "SearchDocuments"} & tasks(result)
    assert output(result, "script").decode().splitlines() == LINES
    blocks = output(result, "subtitles").decode().strip().split("\n\n")
    assert [" ".join(block.splitlines()[2:]) for block in blocks] == LINES
    for number, block in enumerate(blocks, 1):
        assert block.splitlines()[0] == str(number)
        assert re.fullmatch(r"(\d\d:){2}\d\d,\d{3} --> (\d\d:){2}\d\d,\d{3}", block.splitlines()[1])
    marked = output(result, "captions").decode()
    said = [word.replace("&amp;", "&") for word, _ in word_times(marked)]
    assert " ".join(said) == " ".join(LINES)


async def test_several_voices_audition_and_the_best_or_the_chosen_one_speaks(
    studio: AsyncBrandModel,
) -> None:
    result = await studio.run(BRIEF, script=SCRIPT)
    heard = {name: await _voice(studio, result, name) for name in _auditions(result)}
    assert len(set(heard.values())) == len(heard) == 3
    _, verdict = await step(studio, result, "judge")
    best = _auditions(result)[verdict.best]  # type: ignore[attr-defined]
    assert {await _voice(studio, result, line) for line in _lines(result)} == {heard[best]}
    other = next(name for name in _auditions(result) if name != best)
    letter = other.rpartition(".")[2]
    chosen = await studio.run(BRIEF, script=SCRIPT, overrides={"choose": choice(letter)})
    assert {await _voice(studio, chosen, line) for line in _lines(chosen)} == {heard[other]}
    assert output(chosen, "voiceover") != output(result, "voiceover")
    named_one = await studio.run(BRIEF, script=SCRIPT, options={"voice": heard[other]})
    assert "JudgeSpeech" not in tasks(named_one)
    assert named_one.output().asset == chosen.output().asset
    with pytest.raises(InvalidRequestError, match="no voice 'nobody'"):
        await studio.run(BRIEF, script=SCRIPT, options={"voice": "nobody"})


async def test_a_line_is_spoken_again_alone(studio: AsyncBrandModel) -> None:
    first = await studio.run(BRIEF, script=SCRIPT)
    line = _lines(first)[0]
    again = await studio.run(BRIEF, script=SCRIPT, overrides={f"{line}.pace": 1.2})
    assert ran(again) == {line, "mix", "sign"}
    assert again.output("script").asset == first.output("script").asset
    reworded = await studio.run(BRIEF, script=SCRIPT.replace("the dark", "the cool dark"))
    (other,) = set(_lines(reworded)) - set(_lines(first))
    assert ran(reworded) == {"moderate", other, "mix", "sign"}


async def test_it_is_as_loud_as_podcasts_and_its_words_lie_where_they_are_heard(
    studio: AsyncBrandModel,
) -> None:
    """Loudness by ffmpeg; words by the level of the sound: none is marked where nothing is heard."""
    result = await studio.run(BRIEF, script=SCRIPT)
    loudness, peak = await asyncio.to_thread(_measured, result.output().path)
    print(f"{loudness} LUFS, {peak} dBTP")
    assert loudness == pytest.approx(-16, abs=0.5)
    assert peak <= -1
    samples = wav.mono(wav.load(output(result, "voiceover"), name="voiceover"))
    length_s = len(samples) / wav.RATE
    captions = output(result, "captions").decode()
    cues = cue_times(captions)
    assert cue_times(output(result, "subtitles").decode()) == cues
    assert all(0 <= start < end <= length_s for start, end in cues)
    assert all(a[1] < b[0] for a, b in zip(cues, cues[1:], strict=False))
    speech = _speaking(samples)
    words = [(word, at) for word, at in word_times(captions) if any(map(str.isalnum, word))]
    silent = [
        (w, at) for w, at in words if not speech[round(at * 100) : round(at * 100) + 15].any()
    ]
    assert silent == []
    # Where speech begins after a rest, the first word of a line is marked within 100 ms of it.
    begins = np.flatnonzero(np.diff(speech.astype(int)) == 1) / 100
    off = [float(np.abs(begins - start).min()) for start, _ in cues]
    print(f"lines begin within {max(off) * 1000:.0f} ms of their sound")
    assert max(off) <= 0.1


async def test_music_lies_under_the_voice_and_rises_where_nobody_speaks(
    studio: AsyncBrandModel,
) -> None:
    at = np.arange(10 * wav.RATE) / wav.RATE
    tone = 0.4 * np.sin(2 * np.pi * 440 * at) * (0.6 + 0.4 * np.cos(2 * np.pi * 2 * at))
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, wav.RATE, 0, "NONE", ""))
        file.writeframes((tone * 32_000).astype("<i2").tobytes())
    wishes: Any = {"script": SCRIPT, "options": {"pause_s": 1.5}}
    plain = await studio.run(BRIEF, **wishes)
    result = await studio.run(BRIEF, music=data.getvalue(), **wishes)
    assert ran(result) == {"music", "mix", "sign"}
    bed, voice = (
        wav.mono(wav.load(output(r, "voiceover"), name="voiceover")) for r in (result, plain)
    )
    assert len(bed) == len(voice)
    (begin, end), (start, _) = cue_times(output(result, "captions").decode())[:2]
    rest_s = end + 0.7
    assert rest_s + 0.5 < start - 0.2
    assert _tone(bed, rest_s) > 100 * _tone(voice, rest_s)
    assert _tone(bed, rest_s) > 1.6 * _tone(bed, (begin + end) / 2)


async def test_the_robotic_voice_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without = [p for p in ("/usr/bin", "/bin") if not (Path(p) / "flite").exists()]
    monkeypatch.setenv("PATH", ":".join(without) or str(tmp_path))
    assert shutil.which("flite") is None
    async with AsyncBrandModel(home=tmp_path / "home") as model:
        result = await model.run(BRIEF, script=LINES[0], options={"takes": 1})
        assert {await _voice(model, result, line) for line in _lines(result)} == {"robotic"}
    assert any("robotic" in note and "flite" in note for note in result.receipt.notes)
    assert verify(output(result, "voiceover"), "audio/wav").state == "Valid"


def _auditions(result: Result) -> list[str]:
    return sorted(name for name in named(result, "Speak") if name.startswith("audition."))


def _lines(result: Result) -> list[str]:
    """Names of the steps that speak a line."""
    return [name for name in named(result, "Speak") if name.endswith("/speak")]


async def _voice(studio: AsyncBrandModel, result: Result, name: str) -> str:
    _, speech = await step(studio, result, name)
    return speech.voice  # type: ignore[attr-defined]


def _measured(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP."""
    command = [ffmpeg(), "-hide_banner", "-nostats", "-i", str(path)]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = said[said.rindex("Summary:") :]
    loudness, peak = (
        float(re.findall(rf"{name}:\s+(-?[\d.]+)", summary)[-1]) for name in ("I", "Peak")
    )
    return loudness, peak


def _speaking(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether something is heard, for each hundredth of a second: within 35 dB of the loudest."""
    hop = wav.RATE // 100
    pieces = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = 10 * np.log10(np.square(pieces).mean(axis=1) + 1e-12)
    return level > level.max() - 35


def _tone(samples: NDArray[np.float32], at_s: float) -> float:
    """Amplitude of 440 Hz in the half second from a time on."""
    piece = samples[round(at_s * wav.RATE) :][: wav.RATE // 2]
    turning = np.exp(-2j * np.pi * 440 * np.arange(len(piece)) / wav.RATE)
    return float(np.abs((piece * turning).mean()))
