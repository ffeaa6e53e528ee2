"""How a film is put together: when what is heard, what stands over which shot, and the cut itself."""

from __future__ import annotations

from dataclasses import dataclass

from brandmodel.brand import Palette
from brandmodel.recipes import media_name
from brandmodel.recipes.shooting import Footage
from brandmodel.recipes.signing import signed
from brandmodel.recipes.speaking import ROBOTIC, length_of, voice_tracks
from brandmodel.tasks import (
    Assemble,
    Asset,
    Brief,
    Caption,
    Card,
    Clip,
    Context,
    DrawStoryboard,
    Film,
    FilmOutline,
    FilmReading,
    Line,
    Music,
    Picture,
    Script,
    Shot,
    ShotOnFilm,
    Speech,
    Text,
    Track,
    TypeLine,
)
from brandmodel.tasks.captions import timeline
from brandmodel.tasks.script import BREATH_S
from brandmodel.tasks.video import Codec, Fps

_LOWER_THIRDS = ("news", "invite")


@dataclass(frozen=True, slots=True)
class Format:
    """What the finished film is technically.

    Attributes:
        size: (width, height) in pixels, both even.
        burn: captions are set into the picture, too.
    """

    size: tuple[int, int]
    fps: Fps
    codec: Codec
    burn: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned as a whole, before any shot."""

    read: FilmReading
    outline: FilmOutline
    script: Script
    shots: tuple[Shot, ...]

    @property
    def said(self) -> list[Line]:
        """The lines that have words to be said, in order."""
        return [line for line in self.script.lines if line.text]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is there before anything moves.

    Attributes:
        shots: as long as the beats of the music say.
        stills: the picture of each shot.
    """

    shots: tuple[Shot, ...]
    footage: Footage
    stills: list[Picture]
    voices: list[Speech]
    music: Music


def starts_of(plan: Plan, takes: Recorded) -> list[float]:
    """When each line is said: with its first shot, and never over the line before it."""
    first: dict[str, float] = {}
    at = 0.0
    for shot in takes.shots:
        first.setdefault(shot.line_id, at)
        at += shot.duration_s
    starts: list[float] = []
    free = 0.0
    for line, voice in zip(plan.said, takes.voices, strict=True):
        end_card = plan.outline.length_s - plan.outline.end_s
        wanted = first.get(line.id, end_card if line.role == "end" else free)
        starts.append(max(wanted, free) + BREATH_S)
        free = starts[-1] + length_of(voice)
    return starts


def tracks_of(
    takes: Recorded, starts: list[float], effects: tuple[Track, ...]
) -> tuple[Track, ...]:
    """Music, effects, and the voice, unless it is the robotic one: captions are better then."""
    heard = [
        track
        for voice, track in zip(takes.voices, voice_tracks(takes.voices, starts), strict=True)
        if voice.voice != ROBOTIC
    ]
    return (Track(audio=takes.music.audio, kind="music"), *effects, *heard)


def placed_on_film(takes: Recorded, clips: list[Clip], script: Script) -> tuple[ShotOnFilm, ...]:
    """The clips on their times; a line's words stand over its first shot."""
    placed: list[ShotOnFilm] = []
    at, lettered = 0.0, set[str]()
    for shot, clip in zip(takes.shots, clips, strict=True):
        line = script.line(shot.line_id)
        lines: tuple[TypeLine, ...] = ()
        if line is not None and line.on_screen and line.id not in lettered:
            lettered.add(line.id)
            role = "line" if line.role in _LOWER_THIRDS else "title"
            lines = (TypeLine(role=role, text=line.on_screen),)
        placed.append(
            ShotOnFilm(
                id=shot.id,
                clip=clip.video,
                start_s=at,
                duration_s=shot.duration_s,
                lines=lines,
                space=shot.space,
                subjects=clip.subjects,
            )
        )
        at += shot.duration_s
    return tuple(placed)


def script_text(script: Script) -> str:
    """The script to be read, and to be given back as ``script`` after a change."""
    said = "\n".join(f"{line.role}: {line.text or line.on_screen}" for line in script.lines)
    card = "\n".join(f"  {line.text}" for line in script.end_lines)
    return f"{said}\n\nEnd card:\n{card}\n" if card else f"{said}\n"


async def cut_film(
    ctx: Context,
    brief: Brief,
    plan: Plan,
    form: Format,
    placed: tuple[ShotOnFilm, ...],
    sound: Asset,
    captions: tuple[Caption, ...],
) -> Film:
    """The film and its poster picture, not yet signed."""
    kit, outline = ctx.kit, plan.outline
    return await ctx.call(
        Assemble(
            shots=placed,
            duration_s=plan.read.length_s,
            width=form.size[0],
            height=form.size[1],
            fps=form.fps,
            sound=sound,
            captions=captions,
            burn=form.burn,
            codec=form.codec,
            end_lines=plan.script.end_lines,
            end_s=outline.end_s,
            palette=kit.palette or outline.palette or Palette(),
            display=kit.display,
            text=kit.text,
            logo=brief.logo or kit.logo,
            name=kit.name,
        ),
        name="assemble",
    )


async def storyboard_sheet(ctx: Context, brief: Brief, plan: Plan, takes: Recorded) -> Asset:
    """The storyboard as a picture, signed."""
    kit = ctx.kit
    cards = tuple(
        Card(
            id=shot.id,
            image=still.image,
            duration_s=shot.duration_s,
            line=_line_of(plan, shot),
        )
        for shot, still in zip(takes.shots, takes.stills, strict=True)
    )
    drawn = await ctx.call(
        DrawStoryboard(
            cards=cards,
            title=plan.read.reading.name or kit.name,
            palette=kit.palette or plan.outline.palette,
            display=kit.display,
            text=kit.text,
        ),
        name="sheet",
    )
    return await signed(ctx, brief, drawn.image, "image/png", name="sign-sheet")


async def timeline_of(
    ctx: Context,
    brief: Brief,
    plan: Plan,
    form: Format,
    placed: tuple[ShotOnFilm, ...],
    sound: Asset,
    captions: tuple[Caption, ...],
) -> Text:
    """The cut for an editing program, with the clips and the mix that it is made of, all signed."""
    mix = await signed(ctx, brief, sound, "audio/wav", name="sign-sound")
    shots: list[ShotOnFilm] = []
    # One after the other: whole clips are in memory while they are signed, beside the cut itself.
    for shot in placed:
        clip = await signed(ctx.scope(shot.id), brief, shot.clip, "video/mp4")
        shots.append(shot.model_copy(update={"clip": clip}))
    media = tuple(dict.fromkeys((*(shot.clip for shot in shots), mix)))
    return Text(
        text=timeline(
            shots,
            fps=form.fps,
            name=plan.read.reading.name or "film",
            duration_s=plan.read.length_s,
            sound=mix,
            captions=captions,
            media={one.sha256: f"media/{media_name(one)}" for one in media},
        ),
        media_type="application/vnd.opentimelineio+json",
        links=media,
    )


def _line_of(plan: Plan, shot: Shot) -> str:
    line = plan.script.line(shot.line_id)
    return (line.text or line.on_screen) if line else ""
