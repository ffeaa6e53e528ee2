"""Assembles the film: every frame is drawn once, in order, and encoded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.captions import band_top, burnt_in
from brandmodel.local.cut.endcard import EndCard, end_card
from brandmodel.local.cut.grain import Grain, grain_of
from brandmodel.local.cut.letters import Letters, letters
from brandmodel.local.cut.motion import Overlay
from brandmodel.local.cut.planes import Frame, rgb_of
from brandmodel.local.cut.poster import Poster
from brandmodel.local.cut.schedule import Cut, Schedule, Span, scheduled
from brandmodel.local.cut.stream import Reel, film_writer
from brandmodel.local.cut.titles import Lettering, Stage, lettered, seen
from brandmodel.local.desk import Desk
from brandmodel.local.retouch.pixels import Pixels, png
from brandmodel.tasks import Assemble, Asset, Caption, Film
from brandmodel.tasks.captions import cues, subrip

_GLIMPSES = 5
"""So many frames of a shot are looked at before its type is set."""
_RING_S = 0.4


def assemble(request: Assemble, desk: Desk) -> Film:
    """Cut a film and its poster.

    Raises:
        InvalidRequestError: a clip is shorter than its shot or cannot be decoded, the shots do not
            fill the film, or typeface, logo or sound is not what it should be.
        MissingExtraError: no ffmpeg.
        ProviderError: the encoder gave up.
    """
    schedule = scheduled(request)
    own = letters(request, desk)
    floor = band_top(request.width, request.height) if request.captions else request.height
    stage = Stage(request.width, request.height, request.fps, floor)
    typed = {
        cut.shot.id: _lettered(cut, desk, own, stage) for cut in schedule.cuts if cut.shot.lines
    }
    card = None
    if schedule.end.length:
        card = end_card(request.end_lines, schedule.end, own, _free(stage, request, schedule.end))
    over = [o for made in typed.values() for o in made.overlays]
    over += card.overlays if card else ()
    over += burnt_in(request.captions, own, stage) if request.burn else ()
    poster = Poster(schedule, request.fps)
    length_s = schedule.frames / request.fps
    with film_writer(
        size=(request.width, request.height),
        fps=request.fps,
        codec=request.codec,
        frames=schedule.frames,
        sound=desk.read(request.sound) if request.sound else None,
        sound_fade_s=_fade_s(request.sound, length_s),
        captions=subrip(_within(request.captions, length_s)),
        captions_shown=not request.burn,
    ) as writer:
        for at, frame in enumerate(_frames(schedule, card, over, desk, stage)):
            poster.see(frame, at)
            writer.write(frame)
        video = writer.finish()
    return Film(
        video=desk.keep(
            video, "video/mp4", width=request.width, height=request.height, duration_s=length_s
        ),
        poster=desk.keep(
            png(poster.pixels()), "image/png", width=request.width, height=request.height
        ),
        notes=_notes(typed.values(), own),
    )


def _frames(
    schedule: Schedule,
    card: EndCard | None,
    overlays: Sequence[Overlay],
    desk: Desk,
    stage: Stage,
) -> Iterator[Frame]:
    """Every finished frame of the film."""
    grain = Grain(stage.width, stage.height)
    for at, (frame, own) in enumerate(_grounds(schedule, card, desk, stage)):
        for overlay in overlays:
            overlay.lay(frame, at)
        grain.add(frame, at, own)
        yield frame


def _grounds(
    schedule: Schedule, card: EndCard | None, desk: Desk, stage: Stage
) -> Iterator[tuple[Frame, float]]:
    """Every frame without type, and how much grain it has."""
    for cut in schedule.cuts:
        own = -1.0
        for frame in _shown(cut, desk, stage):
            own = grain_of(frame.y) if own < 0 else own
            yield frame, own
    if card is not None:
        for at in range(schedule.end.first, schedule.end.end):
            yield card.frame(at), 0.0


def _shown(cut: Cut, desk: Desk, stage: Stage) -> Iterator[Frame]:
    """Just the frames that the shot fills.

    Raises:
        InvalidRequestError: the clip is more than one frame short of them.
    """
    length = cut.span.length
    count, spare = 0, None
    with _reel(cut, desk, stage) as reel:
        for frame in reel:
            count += 1
            if count == length - 1:
                spare = Frame.over(frame.data.copy(), stage.width, stage.height)
            yield frame
            if count == length:
                return
    if spare is None or count < length - 1:
        raise InvalidRequestError(
            f"the clip of shot {cut.shot.id!r} has {count / stage.fps:.3f} s, "
            f"but {length / stage.fps:.3f} s of it are to be shown",
            hint="Give a clip as long as the shot's time in the film.",
        )
    yield spare


def _reel(cut: Cut, desk: Desk, stage: Stage, only: Sequence[int] = ()) -> Reel:
    return Reel(
        desk.read(cut.shot.clip),
        name=f"the clip of shot {cut.shot.id!r}",
        width=stage.width,
        height=stage.height,
        fps=stage.fps,
        only=only,
    )


def _lettered(cut: Cut, desk: Desk, own: Letters, stage: Stage) -> Lettering:
    """The shot's words, set on a few of its frames from the time in which they are seen."""
    times = seen(cut.span, stage.fps)
    first, last = times.first - cut.span.first, times.end - 1 - cut.span.first
    only = sorted({first + round((last - first) * i / (_GLIMPSES - 1)) for i in range(_GLIMPSES)})
    with _reel(cut, desk, stage, only) as reel:
        glimpses: list[Pixels] = [rgb_of(frame) for frame in reel]
    if not glimpses:
        raise InvalidRequestError(
            f"the clip of shot {cut.shot.id!r} ends before its words are seen",
            hint="Give a clip as long as the shot's time in the film.",
        )
    return lettered(cut.shot, cut.span, glimpses, own, stage)


def _fade_s(sound: Asset | None, length_s: float) -> float:
    """Sound that is longer than the film is faded out at the end instead of cut off."""
    longer = sound is not None and (sound.duration_s or 0.0) > length_s + 0.02
    return min(_RING_S, length_s) if longer else 0.0


def _within(captions: Sequence[Caption], length_s: float) -> tuple[Caption, ...]:
    """What is read before the film ends."""
    return tuple(
        cue.model_copy(update={"end_s": min(cue.end_s, length_s)})
        for cue in cues(captions)
        if cue.start_s < length_s - 0.05
    )


def _free(stage: Stage, request: Assemble, span: Span) -> Stage:
    """The stage without the captions' band where none is read during the span."""
    first_s, end_s = span.first / stage.fps, span.end / stage.fps
    read = any(c.start_s < end_s and c.end_s > first_s for c in request.captions)
    return stage if read else stage._replace(floor=float(stage.height))


def _notes(typed: Iterable[Lettering], own: Letters) -> tuple[str, ...]:
    notes = [note for made in typed for note in made.notes]
    if own.missing:
        notes.append(f"left out, since no typeface has them: {' '.join(own.missing)}")
    return tuple(notes)
