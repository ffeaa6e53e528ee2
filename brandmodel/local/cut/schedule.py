"""Which frame belongs to which shot: cuts on the given times, exact to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Assemble, ShotOnFilm


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of the film, from ``first`` up to but not including ``end``."""

    first: int
    end: int

    @property
    def length(self) -> int:
        """How many."""
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class Cut:
    """A shot and its frames."""

    shot: ShotOnFilm
    span: Span


@dataclass(frozen=True, slots=True)
class Schedule:
    """The whole film: shots without gaps, then the end card, which may be empty."""

    cuts: tuple[Cut, ...]
    end: Span

    @property
    def frames(self) -> int:
        """Of the whole film."""
        return self.end.end


def scheduled(request: Assemble) -> Schedule:
    """The film's frames, shared out.

    A shot ends where the next begins, and the last where the end card begins. Times may miss each
    other by one frame, which rounding makes; by more they are mistakes.

    Raises:
        InvalidRequestError: sides are odd, or the shots leave a gap, lie over each other, or do
            not reach the end card; the shot is named.
    """
    if request.width % 2 or request.height % 2:
        raise InvalidRequestError(
            f"a film cannot be {request.width} x {request.height} pixels",
            hint="Give an even width and an even height.",
        )
    total = max(1, round(request.duration_s * request.fps))
    card = round(min(request.end_s, request.duration_s) * request.fps)
    ordered = sorted(request.shots, key=lambda shot: shot.start_s)
    starts = [round(shot.start_s * request.fps) for shot in ordered]
    ends = [*starts[1:], total - card]
    _check(ordered, starts, ends, request.fps)
    starts[0] = 0
    cuts = tuple(
        Cut(shot, Span(first, end)) for shot, first, end in zip(ordered, starts, ends, strict=True)
    )
    return Schedule(cuts, Span(total - card, total))


def _check(
    shots: Sequence[ShotOnFilm], starts: Sequence[int], ends: Sequence[int], fps: int
) -> None:
    if abs(starts[0]) > 1:
        raise _misplaced(shots[0], f"begins at {shots[0].start_s:g} s, but it is the first")
    for shot, first, end in zip(shots, starts, ends, strict=True):
        stop = round((shot.start_s + shot.duration_s) * fps)
        if end <= first:
            raise _misplaced(shot, "has no frame of its own")
        if abs(stop - end) > 1:
            what = "leaves a gap before" if stop < end else "runs into"
            raise _misplaced(
                shot, f"ends at {stop / fps:.3f} s and {what} what follows at {end / fps:.3f} s"
            )


def _misplaced(shot: ShotOnFilm, problem: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"shot {shot.id!r} {problem}",
        hint="Let every shot begin where the one before it ends, from 0 to the end card.",
    )
