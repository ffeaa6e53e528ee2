"""The voice-over: a script, an audition of voices, every line by itself, mastered, with word times."""

from __future__ import annotations

import math

from pydantic import Field

from brandmodel.errors import InvalidRequestError
from brandmodel.recipes import Made, recipe
from brandmodel.recipes.signing import signed
from brandmodel.recipes.speaking import (
    captions_of,
    length_of,
    lines_of,
    spoken,
    voice_tracks,
)
from brandmodel.recipes.taking import admit
from brandmodel.tasks import (
    Brief,
    Context,
    FitMusic,
    JudgeSpeech,
    Line,
    MixSound,
    Moderate,
    SearchDocuments,
    Speak,
    Speech,
    Text,
    Track,
    Value,
    WriteVoiceover,
)
from brandmodel.tasks.audio import LONGEST_S
from brandmodel.tasks.captions import subrip, webvtt
from brandmodel.tasks.script import needed_s, own_script


class VoiceoverOptions(Value):
    """What a published model's table or a caller may set.

    Attributes:
        takes: voices in the audition, when none is named.
        voice: by name; no audition then.
        pace: 1 is calm; 1.2 is brisk.
        pause_s: between two lines.
        loudness_lufs: of the mastered file; -16 is what podcasts and assistants use.
    """

    takes: int = Field(default=3, ge=1, le=12)
    voice: str = ""
    pace: float = Field(default=1.0, ge=0.5, le=2.0)
    pause_s: float = Field(default=0.4, ge=0.0, le=5.0)
    loudness_lufs: float = Field(default=-16.0, ge=-40.0, le=-6.0)


@recipe(
    "voiceover",
    makes=("audio/wav",),
    words=("voiceover", "voice-over", "voice over", "narration", "read aloud"),
)
async def voiceover(ctx: Context, brief: Brief) -> Made:
    """Write the lines, let voices audition, speak each line, master, sign."""
    options = ctx.options(VoiceoverOptions)
    lines = await _lines(ctx, brief)
    _refuse_too_long(lines, options.pace)
    words = tuple(line.text for line in lines)
    await admit(ctx, Moderate(texts=words, avoid=ctx.kit.voice.avoid), name="moderate")
    voice = options.voice or await _chosen(ctx, lines[0].text, options)
    voices = await ctx.gather(
        *(spoken(ctx.scope(line.id), line, voice=voice, pace=options.pace) for line in lines)
    )
    starts = _starts(voices, options.pause_s)
    length_s = starts[-1] + length_of(voices[-1]) + options.pause_s
    tracks = (*voice_tracks(voices, starts), *await _bed(ctx, brief, length_s))
    mix = await ctx.call(
        MixSound(tracks=tracks, duration_s=length_s, loudness_lufs=options.loudness_lufs),
        name="mix",
    )
    captions = captions_of(lines, voices, starts)
    return {
        "voiceover": await signed(ctx, brief, mix.audio, brief.media_type or "audio/wav"),
        "captions": Text(text=webvtt(captions), media_type="text/vtt"),
        "subtitles": Text(text=subrip(captions), media_type="application/x-subrip"),
        "script": Text(text="".join(f"{line.text}\n" for line in lines)),
    }


async def _lines(ctx: Context, brief: Brief) -> tuple[Line, ...]:
    """A person's own lines as they are, or lines for the brief."""
    own = lines_of(brief.script)
    if own:
        return own_script(own)
    await admit(ctx, Moderate(texts=(brief.prompt,)), name="admit")
    kit = ctx.kit
    found = await ctx.call(
        SearchDocuments(query=brief.prompt[:1000], documents=kit.documents), name="search"
    )
    script = await ctx.call(
        WriteVoiceover(
            prompt=brief.prompt,
            passages=found.passages,
            brand=kit.name,
            tagline=kit.tagline,
            voice=kit.voice,
        ),
        name="script",
    )
    lines = tuple(line for line in script.lines if line.text)
    if not lines:
        raise InvalidRequestError(
            "there is nothing to be said about this", hint="say more, or give the words themselves"
        )
    return lines


async def _chosen(ctx: Context, opening: str, options: VoiceoverOptions) -> str:
    """The voice that a person, or else the judge, liked best saying the first line."""
    takes = await ctx.takes(
        Speak(text=opening, pace=options.pace), name="audition", count=options.takes
    )
    verdict = await ctx.call(
        JudgeSpeech(takes=tuple(take.result for take in takes), text=opening), name="judge"
    )
    return (await ctx.review(takes, name="choose", best=verdict.best)).result.voice


async def _bed(ctx: Context, brief: Brief, length_s: float) -> tuple[Track, ...]:
    """A person's music under the voice."""
    if brief.music is None:
        return ()
    fitted = await ctx.call(FitMusic(audio=brief.music, duration_s=length_s), name="music")
    return (Track(audio=fitted.audio, kind="music"),)


def _starts(voices: list[Speech], pause_s: float) -> list[float]:
    lengths = [length_of(voice) + pause_s for voice in voices]
    return [pause_s + math.fsum(lengths[:number]) for number in range(len(voices))]


def _refuse_too_long(lines: tuple[Line, ...], pace: float) -> None:
    needed = needed_s([line.text for line in lines], pace=pace)
    if needed > LONGEST_S:
        raise InvalidRequestError(
            f"the script takes about {needed:.0f} seconds to say; a voice-over lasts at most "
            f"{LONGEST_S:.0f}",
            hint="part it into several",
        )
