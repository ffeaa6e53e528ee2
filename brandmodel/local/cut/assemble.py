"""Assembles the film: every frame is drawn once, in order, and encoded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.burning import burnt_in
from brandmodel.local.cut.captions import SetCue, band_top, beside, set_cues
from brandmodel.local.cut.endcard import end_card
from brandmodel.local.cut.film import Beside, film_writer
from brandmodel.local.cut.grain import Grain, grain_of
from brandmodel.local.cut.letters import Letters, letters
from brandmodel.local.cut.motion import Overlay
from brandmodel.local.cut.planes import Frame, rgb_of
from brandmodel.local.cut.poster import Poster
from brandmodel.local.cut.program import encoder_of
from brandmodel.local.cut.reel import Reel
from brandmodel.local.cut.schedule import Cut, Schedule, Span, scheduled
from brandmodel.local.cut.stage import Stage
from brandmodel.local.cut.titles import lettered, seen
from brandmodel.local.desk import Desk
from brandmodel.local.retouch.pixels import Pixels, png
from brandmodel.tasks import Assemble, Asset, Caption, Film
from brandmodel.tasks.captions import cues, subrip

_GLIMPSES = 9
"""So many frames of a shot are looked at before its type is set."""
_RING_S = 0.4


@dataclass(slots=True)
class _Making:
    """A film that is being made.

    Attributes:
        read: captions to burn in, in order.
        notes: what a person should know.
    """

    request: Assemble
    schedule: Schedule
    letters: Letters
    stage: Stage
    read: tuple[SetCue, ...]
    desk: Desk
    notes: list[str] = field(default_factory=list[str])

    @property
    def length_s(self) -> float:
        """Of the film, in whole frames."""
        return self.schedule.frames / self.request.fps


def assemble(request: Assemble, desk: Desk) -> Film:
    """Cut a film and its poster.

    Raises:
        InvalidRequestError: a side is odd, a clip is shorter than its shot or cannot be decoded,
            the shots do not fill the film, or typeface, logo or sound is not what it should be.
        MissingExtraError: no ffmpeg, or none that writes the codec.
        StorageError: no room for the film while it is made.
        ProviderError: the encoder gave up.
    """
    schedule = scheduled(request)
    # Before any pixel is made: nothing of it could be kept.
    encoder_of(request.codec)
    own = letters(request, desk)
    stage = Stage(request.width, request.height, request.fps, request.height)
    read = set_cues(request.captions, schedule.cuts, own, stage) if request.burn else ()
    making = _Making(request, schedule, own, stage, read, desk)
    video, poster = _cut(making)
    if own.faces.missing:
        left_out = " ".join(own.faces.missing)
        making.notes.append(f"left out, since no typeface has them: {left_out}")
    size = {"width": request.width, "height": request.height}
    return Film(
        video=desk.keep(video, "video/mp4", duration_s=making.length_s, **size),
        poster=desk.keep(png(poster), "image/png", **size),
        notes=tuple(making.notes),
    )


def _cut(making: _Making) -> tuple[bytes, Pixels]:
    """(film, poster)."""
    request, length_s = making.request, making.length_s
    poster = Poster(making.schedule, request.fps)
    with film_writer(
        size=(request.width, request.height),
        fps=request.fps,
        codec=request.codec,
        frames=making.schedule.frames,
        beside=Beside(
            making.desk.read(request.sound) if request.sound else None,
            _fade_s(request.sound, length_s),
            subrip(_within(request.captions, length_s)),
            shown=not request.burn,
        ),
    ) as writer:
        for at, frame in enumerate(_frames(making)):
            poster.see(frame, at)
            writer.write(frame)
        return writer.finish(), poster.pixels()


def _frames(making: _Making) -> Iterator[Frame]:
    """Every finished frame of the film.

    Type is drawn when it comes and let go when it has left: a long film has too much to hold.
    """
    stage = making.stage
    grain, shown = Grain(stage.width, stage.height), list[Overlay]()
    captions = burnt_in(making.read, making.letters, stage)
    caption = next(captions, None)
    for at, (frame, own, words) in enumerate(_grounds(making)):
        shown += words
        while caption is not None and caption[0] <= at:
            shown += caption[1]
            caption = next(captions, None)
        for overlay in shown:
            overlay.lay(frame, at)
        shown = [overlay for overlay in shown if overlay.times.end > at + 1]
        grain.add(frame, at, own)
        yield frame


def _grounds(making: _Making) -> Iterator[tuple[Frame, float, Sequence[Overlay]]]:
    """Every frame without type, how much grain it has, and the type that belongs to it and later."""
    for cut in making.schedule.cuts:
        words = _lettered(cut, making) if cut.shot.lines else ()
        own = -1.0
        for frame in _shown(cut, making.desk, making.stage):
            own = grain_of(frame.y) if own < 0 else own
            yield frame, own, words
            words = ()
    span = making.schedule.end
    if span.length:
        left = _free(making, span)
        card = end_card(making.request.end_lines, span, making.letters, left)
        for at in range(span.first, span.end):
            yield card.frame(at), 0.0, card.overlays if at == span.first else ()


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


def _lettered(cut: Cut, making: _Making) -> tuple[Overlay, ...]:
    """The shot's words, set on a few of its frames from the time in which they are seen."""
    stage = making.stage
    times = seen(cut.span, stage.fps)
    first, last = times.first - cut.span.first, times.end - 1 - cut.span.first
    only = sorted({first + round((last - first) * i / (_GLIMPSES - 1)) for i in range(_GLIMPSES)})
    with _reel(cut, making.desk, stage, only) as reel:
        glimpses: list[Pixels] = [rgb_of(frame) for frame in reel]
    if not glimpses:
        raise InvalidRequestError(
            f"the clip of shot {cut.shot.id!r} ends before its words are seen",
            hint="Give a clip as long as the shot's time in the film.",
        )
    made = lettered(cut.shot, cut.span, glimpses, making.letters, _free(making, cut.span))
    making.notes += made.notes
    return made.overlays


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


def _free(making: _Making, span: Span) -> Stage:
    """What captions leave of the stage while the span is seen."""
    stage = making.stage
    if making.request.burn:
        return beside(stage, making.read, span)
    first_s, end_s = span.first / stage.fps, span.end / stage.fps
    if any(c.start_s < end_s and c.end_s > first_s for c in making.request.captions):
        # Where players lay a soft track.
        return stage._replace(floor=band_top(stage.width, stage.height))
    return stage
