"""The film: written, storyboarded, shot, spoken, scored, cut and signed from one sentence.

Script, critique and storyboard are planned as a whole; after them every task takes one line or one
shot, so that an edit of a line makes only that line's speech, captions and the cut again.
"""

from __future__ import annotations

import math
from typing import Any, Literal, cast

from pydantic import Field

from brandmodel.errors import InvalidRequestError
from brandmodel.recipes import Made, recipe
from brandmodel.recipes.cutting import (
    Format,
    Plan,
    Recorded,
    cut_film,
    placed_on_film,
    script_text,
    starts_of,
    storyboard_sheet,
    timeline_of,
    tracks_of,
)
from brandmodel.recipes.shooting import Footage, filmed, products_by_shot, still
from brandmodel.recipes.signing import signed
from brandmodel.recipes.speaking import (
    captions_of,
    lines_of,
    spoken,
)
from brandmodel.recipes.taking import admit
from brandmodel.tasks import (
    Asset,
    Brief,
    Clip,
    ComposeMusic,
    Context,
    CritiqueScript,
    Film,
    FilmReading,
    FitMusic,
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
    Speech,
    Storyboard,
    Text,
    Track,
    Value,
    WriteScript,
)
from brandmodel.tasks.captions import subrip, webvtt
from brandmodel.tasks.film import Aspect, snapped
from brandmodel.tasks.lengths import length_of as length_said
from brandmodel.tasks.script import needed_s, own_beats, own_script
from brandmodel.tasks.video import Codec

SHORTEST_S, LONGEST_S = 5.0, 60.0
_LEAD_S = 0.8
_OFF_S = 0.25
"""By which music may miss the film's length."""
_SHAPES: dict[Aspect, tuple[int, int]] = {
    "16:9": (16, 9),
    "9:16": (9, 16),
    "1:1": (1, 1),
    "4:5": (4, 5),
}


class FilmOptions(Value):
    """What a published model's table may set per tier, and a caller for one film.

    Attributes:
        lines: height in lines of a 16:9 film: 1080 gives 1920x1080.
        aspect: the shape of the frame; None goes by the brief.
        duration_s: the length; None goes by the brief.
        takes: of each shot's picture.
        preview: size of the takes, as a share of the film's.
        rounds: how often a shot that the judge rejects is drawn again.
        redraw_usd: what drawing one shot again may cost before no further round begins.
        drawn_fps: frames a second that are drawn; the frames between are interpolated.
        burn: captions are set into the picture, too.
    """

    lines: int = Field(default=1080, ge=180, le=2160)
    aspect: Aspect | None = None
    duration_s: float | None = None
    fps: Literal[24, 25, 30] = 24
    codec: Codec = "h264"
    burn: bool = False
    takes: int = Field(default=2, ge=1, le=6)
    preview: float = Field(default=0.35, gt=0, le=1)
    rounds: int = Field(default=1, ge=0, le=5)
    redraw_usd: float = Field(default=0.5, ge=0)
    drawn_fps: Literal[12, 15, 24, 25, 30] = 30


@recipe(
    "film",
    makes="video/mp4",
    words=("film", "video", "movie", "trailer", "teaser", "clip", "spot", "reel", "commercial"),
)
async def film(ctx: Context, brief: Brief) -> Made:
    """Plan as a whole; then shoot, speak and score side by side; then mix, cut and sign."""
    options = ctx.options(FilmOptions)
    own = lines_of(brief.script)
    length_s = _length(brief, options, own)
    await admit(ctx, Moderate(texts=(brief.prompt, *own)), name="admit")
    read = await ctx.call(ReadFilmBrief(prompt=brief.prompt), name="read")
    read = read.model_copy(
        update={
            "length_s": _refused(length_s or read.length_s),
            "aspect": _aspect(brief) or options.aspect or read.aspect,
            "voice": read.voice or bool(own),
        }
    )
    form = Format(_size(brief, read, options), options.fps, options.codec, options.burn)
    plan = await _planned(ctx, brief, read, own)
    taken = await _recorded(ctx, brief, plan, options, form)
    starts = starts_of(plan, taken)
    captions = captions_of(plan.said, taken.voices, starts)
    made = await ctx.gather(
        ctx.gather(
            *(
                filmed(ctx.scope(shot.id), shot, picture, taken.footage)
                for shot, picture in zip(taken.shots, taken.stills, strict=True)
            )
        ),
        _mixed(ctx, brief, plan, taken, starts),
        storyboard_sheet(ctx, brief, plan, taken),
    )
    clips, mix, sheet = cast("tuple[list[Clip], Asset, Asset]", made)
    placed = placed_on_film(taken, clips, plan.script)
    cut, edit = await ctx.gather(
        cut_film(ctx, brief, plan, form, placed, mix, captions),
        timeline_of(ctx, brief, plan, form, placed, mix, captions),
    )
    whole = cast("Film", cut)
    final, poster = await ctx.gather(
        signed(ctx, brief, whole.video, "video/mp4"),
        signed(ctx, brief, whole.poster, "image/png", name="sign-poster"),
    )
    return {
        "film": final,
        "poster": poster,
        "captions": Text(text=webvtt(captions), media_type="text/vtt"),
        "subtitles": Text(text=subrip(captions), media_type="application/x-subrip"),
        "script": Text(text=script_text(plan.script)),
        "storyboard": sheet,
        "timeline": cast("Text", edit),
    }


async def _planned(ctx: Context, brief: Brief, read: FilmReading, own: tuple[str, ...]) -> Plan:
    """Outline, script and storyboard; a person's own words are taken as they are."""
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
        # Words are the same in every shape of the film: only the storyboard is planned for one.
        "film": read.model_copy(update={"aspect": FilmReading().aspect}),
        "passages": ranked.passages,
        "brand": kit.name,
        "tagline": kit.tagline,
        "voice": kit.voice,
    }
    outline = await ctx.call(
        OutlineFilm(**given, palette=kit.palette, lines=own, seed=brief.seed), name="outline"
    )
    if own:
        outline = outline.model_copy(update={"beats": own_beats(own, read.length_s)})
    draft = await ctx.call(WriteScript(**given, outline=outline, lines=own), name="script")
    if own:
        script = _in_own_words(draft, own)
    else:
        critique = await ctx.call(
            CritiqueScript(**given, script=draft, outline=outline), name="critique"
        )
        script = critique.script
    words = [word for line in script.lines for word in (line.text, line.on_screen) if word]
    words += [line.text for line in script.end_lines]
    await admit(ctx, Moderate(texts=tuple(words), avoid=kit.voice.avoid), name="moderate")
    given["film"] = read
    board = await ctx.call(
        Storyboard(**given, script=script, outline=outline, seed=brief.seed), name="storyboard"
    )
    return Plan(read, outline, script, board.shots)


def _in_own_words(draft: Script, own: tuple[str, ...]) -> Script:
    """A person's lines, word for word, with what was found for the screen."""
    lines = tuple(
        line.model_copy(update={"on_screen": found.on_screen if found else ""})
        for line in own_script(own)
        for found in (draft.line(line.id),)
    )
    return draft.model_copy(update={"lines": lines})


async def _recorded(
    ctx: Context, brief: Brief, plan: Plan, options: FilmOptions, form: Format
) -> Recorded:
    """Music, stills and voices side by side; the beats say how long each shot is."""
    footage = Footage(
        brief=brief,
        outline=plan.outline,
        size=form.size,
        takes=options.takes,
        preview=options.preview,
        rounds=options.rounds,
        redraw_usd=options.redraw_usd,
        fps=options.fps,
        drawn_fps=options.drawn_fps if options.drawn_fps < options.fps else options.fps,
        own=_own_pictures(brief, plan.shots),
        products=await products_by_shot(ctx, brief, plan.shots),
    )
    made = await ctx.gather(
        _music(ctx, brief, plan),
        ctx.gather(*(still(ctx.scope(shot.id), shot, footage) for shot in plan.shots)),
        ctx.gather(*(spoken(ctx.scope(line.id), line) for line in plan.said)),
    )
    music, stills, voices = cast("tuple[Music, list[Picture], list[Speech]]", made)
    durations = snapped([shot.duration_s for shot in plan.shots], music.beats_s)
    shots = tuple(
        shot.model_copy(update={"duration_s": duration})
        for shot, duration in zip(plan.shots, durations, strict=True)
    )
    return Recorded(shots, footage, stills, voices, music)


async def _mixed(
    ctx: Context, brief: Brief, plan: Plan, taken: Recorded, starts: list[float]
) -> Asset:
    """Everything that is heard, mastered."""
    effects = await _effects(ctx, brief, plan, taken.shots)
    mix = await ctx.call(
        MixSound(tracks=tracks_of(taken, starts, effects), duration_s=plan.read.length_s),
        name="mix",
    )
    return mix.audio


async def _music(ctx: Context, brief: Brief, plan: Plan) -> Music:
    length_s = plan.read.length_s
    if brief.music is not None:
        return await ctx.call(FitMusic(audio=brief.music, duration_s=length_s), name="music")
    outline = plan.outline
    request = ComposeMusic(
        mood=outline.music, energy=outline.energy, duration_s=length_s, seed=brief.seed
    )
    music = await ctx.call(request, name="music")
    if music.beats_s and abs((music.audio.duration_s or length_s) - length_s) < _OFF_S:
        return music
    # Few makers keep to a length, and none tells where the beats are: cuts stand on them.
    return await ctx.call(FitMusic(audio=music.audio, duration_s=length_s), name="fit-music")


def _own_pictures(brief: Brief, shots: tuple[Shot, ...]) -> dict[str, Asset]:
    """A person's pictures fill the first shots.

    Raises:
        InvalidRequestError: there are more pictures than shots.
    """
    if len(brief.pictures) > len(shots):
        raise InvalidRequestError(
            f"{len(brief.pictures)} pictures, but the film has {len(shots)} shots",
            hint="give fewer pictures, or ask for a longer film",
        )
    return {shot.id: own for shot, own in zip(shots, brief.pictures, strict=False)}


async def _effects(
    ctx: Context, brief: Brief, plan: Plan, shots: tuple[Shot, ...]
) -> tuple[Track, ...]:
    """What is heard in the shots, and a sound that leads into the end card."""
    ends = [math.fsum(shot.duration_s for shot in shots[: n + 1]) for n in range(len(shots))]
    heard = [(s, end - s.duration_s) for s, end in zip(shots, ends, strict=True) if s.sound]
    tracks = [
        _effect(ctx.scope(shot.id), shot.sound, max(start, 0.0), shot.duration_s, -6.0, brief.seed)
        for shot, start in heard
    ]
    at = plan.read.length_s - plan.outline.end_s
    if plan.outline.end_s > 0 and at > _LEAD_S:
        tracks.append(_effect(ctx, "soft whoosh", at - _LEAD_S, 2 * _LEAD_S, -9.0, brief.seed))
    return tuple(await ctx.gather(*tracks))


async def _effect(
    ctx: Context, description: str, at_s: float, duration_s: float, gain_db: float, seed: int
) -> Track:
    sound = await ctx.call(
        MakeSound(description=description, duration_s=duration_s, seed=seed), name="effect"
    )
    return Track(audio=sound.audio, kind="effect", at_s=at_s, gain_db=gain_db)


def _length(brief: Brief, options: FilmOptions, own: tuple[str, ...]) -> float | None:
    """The length that was asked for, or that a person's own script needs; None leaves it open.

    Raises:
        InvalidRequestError: no film is that long, or the script is longer than the film.
    """
    length_s = options.duration_s if options.duration_s is not None else length_said(brief.prompt)
    if not own:
        return None if length_s is None else _refused(length_s)
    needed = math.ceil(needed_s(own))
    if needed > LONGEST_S:
        raise InvalidRequestError(
            f"the script takes about {needed} seconds to say; a film lasts at most {LONGEST_S:g}",
            hint="shorten the script",
        )
    if length_s is not None and needed > length_s:
        raise InvalidRequestError(
            f"the script takes about {needed} seconds to say; the film lasts {length_s:g}",
            hint=f"ask for {max(needed, SHORTEST_S):g} seconds, or shorten the script",
        )
    return _refused(length_s) if length_s is not None else max(needed + 3.0, SHORTEST_S)


def _refused(length_s: float) -> float:
    """The length, if it is a film's.

    Raises:
        InvalidRequestError: it is not.
    """
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise InvalidRequestError(
            f"a film of {length_s:g} seconds",
            hint="ask for 5 to 60 seconds, as in 'a 15-second film'",
        )
    return length_s


def _aspect(brief: Brief) -> Aspect | None:
    """The shape that is nearest to a size in pixels, if one was given."""
    if not brief.width or not brief.height:
        return None
    given = math.log(brief.width / brief.height)
    return min(_SHAPES, key=lambda name: abs(given - math.log(_SHAPES[name][0] / _SHAPES[name][1])))


def _size(brief: Brief, read: FilmReading, options: FilmOptions) -> tuple[int, int]:
    """Pixels of the film, both even, since its colours are stored at half that size."""
    if brief.width and brief.height:
        return brief.width // 2 * 2, brief.height // 2 * 2
    across, down = _SHAPES[read.aspect]
    short = options.lines
    long = short * max(across, down) / min(across, down)
    width, height = (long, short) if across >= down else (short, long)
    return round(width / 2) * 2, round(height / 2) * 2
