"""The film: written, storyboarded, shot, spoken, scored, cut and signed from one sentence.

Script, critique and storyboard are planned as a whole; after them every task takes one line or one
shot, so that an edit of a line makes only that line's speech, captions and the cut again.
"""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import Field

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.recipes import Made, recipe
from brandmodel.recipes.taking import admit, best_take
from brandmodel.tasks import (
    AlignWords,
    AnimateImage,
    Assemble,
    Asset,
    Brief,
    Caption,
    Clip,
    ComposeMusic,
    Context,
    CritiqueScript,
    FilmOutline,
    FilmReading,
    GenerateImage,
    GradeImage,
    InterpolateFrames,
    Line,
    MakeSound,
    MixSound,
    Moderate,
    Music,
    OutlineFilm,
    Picture,
    ReadFilmBrief,
    Rerank,
    Script,
    SearchDocuments,
    Shot,
    ShotOnFilm,
    Sign,
    Speak,
    Speech,
    Storyboard,
    Text,
    Track,
    TypeLine,
    UpscaleImage,
    Value,
    WordTime,
    WriteImagePrompt,
    WriteScript,
)
from brandmodel.tasks.captions import timeline, webvtt
from brandmodel.tasks.film import snapped
from brandmodel.tasks.video import Fps

SHORTEST_S, LONGEST_S = 5.0, 60.0
BREATH_S = 0.25
"""Silence before a line, and between two."""
ROBOTIC = "robotic"
_LEAD_S = 0.8
_Made = tuple[list[Clip], list[Speech], tuple[Track, ...]]
_SHAPES = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:5": (4, 5)}


class FilmOptions(Value):
    """What a published model's table may set per tier.

    Attributes:
        lines: height in lines of a 16:9 film: 1080 gives 1920x1080.
        takes: of each shot's picture.
        preview: size of the takes, as a share of the film's.
        drawn_fps: frames a second that are drawn; the frames between are interpolated.
    """

    lines: int = Field(default=1080, ge=180, le=2160)
    takes: int = Field(default=2, ge=1, le=6)
    preview: float = Field(default=0.35, gt=0, le=1)
    fps: Literal[24, 25, 30] = 24
    drawn_fps: Literal[12, 15, 24, 25, 30] = 24


@recipe(
    "film",
    makes="video/mp4",
    words=("film", "video", "movie", "trailer", "teaser", "clip", "spot", "reel", "commercial"),
)
async def film(ctx: Context, brief: Brief) -> Made:
    """Plan as a whole; then shoot, speak and score side by side; then mix, cut and sign."""
    options = ctx.options(FilmOptions)
    await admit(ctx, Moderate(texts=(brief.prompt,)), name="admit")
    read = await ctx.call(ReadFilmBrief(prompt=brief.prompt), name="read")
    size = _size(brief, read, options)
    outline, script, shots = await _planned(ctx, brief, read)
    music = await ctx.call(
        ComposeMusic(
            mood=outline.music,
            energy=outline.energy,
            duration_s=read.length_s,
            seed=brief.seed,
        ),
        name="music",
    )
    timed = _on_beats(shots, music)
    said = [line for line in script.lines if line.text]
    made = await ctx.gather(
        ctx.gather(*(_shot(ctx.scope(s.id), brief, s, outline, size, options) for s in timed)),
        ctx.gather(*(_spoken(ctx.scope(line.id), line) for line in said)),
        _effects(ctx, brief, outline, read),
    )
    clips, voices, effects = cast("_Made", made)
    starts = _starts(timed, said, voices, outline)
    captions = _captions(said, voices, starts)
    mix = await ctx.call(
        MixSound(tracks=_tracks(music, voices, starts, effects), duration_s=read.length_s),
        name="mix",
    )
    placed = _placed(timed, clips, script)
    kit = ctx.kit
    cut = await ctx.call(
        Assemble(
            shots=placed,
            duration_s=read.length_s,
            width=size[0],
            height=size[1],
            fps=options.fps,
            sound=mix.audio,
            captions=captions,
            end_lines=script.end_lines,
            end_s=outline.end_s,
            palette=kit.palette or outline.palette or Palette(),
            display=kit.display,
            text=kit.text,
            logo=kit.logo,
            name=kit.name,
        ),
        name="assemble",
    )
    signed, poster = await ctx.gather(
        _signed(ctx, brief, cut.video, "video/mp4", "sign"),
        _signed(ctx, brief, cut.poster, "image/png", "sign-poster"),
    )
    return {
        "film": signed,
        "poster": poster,
        "captions": Text(text=webvtt(captions), media_type="text/vtt"),
        "script": Text(text=_script_text(script)),
        "timeline": Text(
            text=timeline(placed, fps=options.fps, name=read.reading.name or "film"),
            media_type="application/vnd.opentimelineio+json",
        ),
    }


async def _planned(
    ctx: Context, brief: Brief, read: FilmReading
) -> tuple[FilmOutline, Script, tuple[Shot, ...]]:
    """Everything that is planned as a whole."""
    kit, reading = ctx.kit, read.reading
    about = (reading.name, reading.subject, reading.occasion, *reading.mood)
    query = " ".join(part for part in about if part)[:1000]
    found = await ctx.call(
        SearchDocuments(query=query, documents=kit.documents, top=24), name="search"
    )
    # Facts rarely repeat the name that a brief asks for: look again with the words of what was found.
    near = " ".join(passage.text for passage in found.passages[:2])[:600]
    more = await ctx.call(
        SearchDocuments(query=near, documents=kit.documents, top=12), name="search-more"
    )
    passages = tuple(dict.fromkeys((*found.passages, *more.passages)))
    ranked = await ctx.call(Rerank(query=query, passages=passages), name="rerank")
    given: dict[str, Any] = {
        "film": read,
        "passages": ranked.passages,
        "brand": kit.name,
        "tagline": kit.tagline,
        "voice": kit.voice,
    }
    outline = await ctx.call(
        OutlineFilm(**given, palette=kit.palette, seed=brief.seed), name="outline"
    )
    draft = await ctx.call(WriteScript(**given, outline=outline), name="script")
    critique = await ctx.call(
        CritiqueScript(**given, script=draft, outline=outline), name="critique"
    )
    script = critique.script
    words = [word for line in script.lines for word in (line.text, line.on_screen) if word]
    words += [line.text for line in script.end_lines]
    await admit(ctx, Moderate(texts=tuple(words), avoid=kit.voice.avoid), name="moderate")
    board = await ctx.call(
        Storyboard(**given, script=script, outline=outline, seed=brief.seed), name="storyboard"
    )
    return outline, script, board.shots


async def _shot(
    unit: Context,
    brief: Brief,
    shot: Shot,
    outline: FilmOutline,
    size: tuple[int, int],
    options: FilmOptions,
) -> Clip:
    """One shot: prompt, takes, judge, and the camera's move through the best take."""
    width, height = size
    palette = unit.kit.palette or outline.palette
    prompt = await unit.call(
        WriteImagePrompt(subject=shot.description, mood=outline.mood, space=shot.space),
        name="prompt",
    )
    best = await best_take(
        unit,
        GenerateImage(
            prompt=prompt.prompt,
            width=max(64, round(width * options.preview)),
            height=max(64, round(height * options.preview)),
            seed=unit.rng("picture").getrandbits(31),
            palette=palette,
            space=shot.space,
            label=outline.label if shot.role in ("product", "close") else "",
        ),
        count=options.takes,
    )
    if not best.scene:
        # Whoever knows the scene draws it at full size and in the palette as the camera moves.
        best = await _finished(unit, best, palette, size)
    drawn_fps: Fps = options.drawn_fps if options.drawn_fps < options.fps else options.fps
    clip = await unit.call(
        AnimateImage(
            image=best.image,
            width=width,
            height=height,
            duration_s=shot.duration_s,
            fps=drawn_fps,
            move=shot.move,
            scene=best.scene,
            subjects=best.subjects,
            seed=brief.seed,
        ),
        name="animate",
    )
    if drawn_fps == options.fps:
        return clip
    return await unit.call(
        InterpolateFrames(clip=clip.video, fps=options.fps, subjects=clip.subjects), name="between"
    )


async def _finished(
    unit: Context, picture: Picture, palette: Palette | None, size: tuple[int, int]
) -> Picture:
    """A foreign picture at the film's size and in its palette."""
    large = await unit.call(
        UpscaleImage(image=picture.image, width=size[0], height=size[1], subjects=picture.subjects),
        name="upscale",
    )
    if palette is None:
        return large
    graded = await unit.call(GradeImage(image=large.image, palette=palette), name="grade")
    return large.model_copy(update={"image": graded.image})


async def _spoken(unit: Context, line: Line) -> Speech:
    """A line, spoken, with the times of its words."""
    speech = await unit.call(Speak(text=line.text), name="speak")
    if speech.words:
        return speech
    aligned = await unit.call(AlignWords(audio=speech.audio, text=line.text), name="align")
    return speech.model_copy(update={"words": aligned.words})


async def _effects(
    ctx: Context, brief: Brief, outline: FilmOutline, read: FilmReading
) -> tuple[Track, ...]:
    """A sound that leads into the end card."""
    at = read.length_s - outline.end_s
    if outline.end_s <= 0 or at <= _LEAD_S:
        return ()
    sound = await ctx.call(
        MakeSound(description="soft whoosh", duration_s=2 * _LEAD_S, seed=brief.seed), name="effect"
    )
    return (Track(audio=sound.audio, kind="effect", at_s=at - _LEAD_S, gain_db=-9.0),)


async def _signed(ctx: Context, brief: Brief, asset: Asset, media_type: str, name: str) -> Asset:
    signed = await ctx.call(
        Sign(
            asset=asset,
            media_type=media_type,
            brand=ctx.kit.name,
            signer=ctx.kit.signer,
            prompt=brief.prompt[:2000],
            seed=brief.seed,
        ),
        name=name,
    )
    return signed.asset


def _size(brief: Brief, read: FilmReading, options: FilmOptions) -> tuple[int, int]:
    """Pixels of the film, both even; refuses lengths that are no film's.

    Raises:
        InvalidRequestError: the length is out of range.
    """
    if not SHORTEST_S <= read.length_s <= LONGEST_S:
        raise InvalidRequestError(
            f"a film of {read.length_s:g} seconds",
            hint="ask for 5 to 60 seconds, as in 'a 15-second film'",
        )
    if brief.width and brief.height:
        return brief.width // 2 * 2, brief.height // 2 * 2
    across, down = _SHAPES[read.aspect]
    short = options.lines
    long = short * max(across, down) / min(across, down)
    width, height = (long, short) if across >= down else (short, long)
    return round(width / 2) * 2, round(height / 2) * 2


def _on_beats(shots: tuple[Shot, ...], music: Music) -> tuple[Shot, ...]:
    """The shots with their cuts on beats of the music."""
    durations = snapped([shot.duration_s for shot in shots], music.beats_s)
    return tuple(
        shot.model_copy(update={"duration_s": duration})
        for shot, duration in zip(shots, durations, strict=True)
    )


def _starts(
    shots: tuple[Shot, ...], said: list[Line], voices: list[Speech], outline: FilmOutline
) -> list[float]:
    """When each line is said: with its first shot, and never over the line before it."""
    first: dict[str, float] = {}
    at = 0.0
    for shot in shots:
        first.setdefault(shot.line_id, at)
        at += shot.duration_s
    starts: list[float] = []
    free = 0.0
    for line, voice in zip(said, voices, strict=True):
        end_card = outline.length_s - outline.end_s
        wanted = first.get(line.id, end_card if line.role == "end" else free)
        starts.append(max(wanted, free) + BREATH_S)
        free = starts[-1] + (voice.audio.duration_s or 0.0)
    return starts


def _captions(said: list[Line], voices: list[Speech], starts: list[float]) -> tuple[Caption, ...]:
    """Each line as it is heard, word by word."""
    return tuple(
        Caption(
            # What is heard: a person may have changed the words of this line's speech alone.
            text=" ".join(word.text for word in voice.words) or line.text,
            start_s=start,
            end_s=start + (voice.audio.duration_s or 0.0),
            words=tuple(
                WordTime(text=w.text, start_s=start + w.start_s, end_s=start + w.end_s)
                for w in voice.words
            ),
        )
        for line, voice, start in zip(said, voices, starts, strict=True)
    )


def _tracks(
    music: Music, voices: list[Speech], starts: list[float], effects: tuple[Track, ...]
) -> tuple[Track, ...]:
    """Music, effects, and the voice, unless it is the robotic one: captions are better then."""
    heard = [
        Track(audio=voice.audio, kind="voice", at_s=start)
        for voice, start in zip(voices, starts, strict=True)
        if voice.voice != ROBOTIC
    ]
    return (Track(audio=music.audio, kind="music"), *effects, *heard)


def _placed(shots: tuple[Shot, ...], clips: list[Clip], script: Script) -> tuple[ShotOnFilm, ...]:
    """The clips on their times; a line's words stand over its first shot."""
    placed: list[ShotOnFilm] = []
    at, titled = 0.0, set[str]()
    for shot, clip in zip(shots, clips, strict=True):
        line = script.line(shot.line_id)
        lines: tuple[TypeLine, ...] = ()
        if line is not None and line.on_screen and line.id not in titled:
            titled.add(line.id)
            lines = (TypeLine(role="title", text=line.on_screen),)
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


def _script_text(script: Script) -> str:
    spoken = "\n".join(f"{line.role}: {line.text or line.on_screen}" for line in script.lines)
    card = "\n".join(f"  {line.text}" for line in script.end_lines)
    return f"{spoken}\n\nEnd card:\n{card}\n" if card else f"{spoken}\n"
