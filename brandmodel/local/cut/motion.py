"""How type comes and goes: it fades, and rises by 1.5 % of the height while it comes."""

from __future__ import annotations

from dataclasses import dataclass

from brandmodel.local.cut.planes import Frame, Patch, Stamp

RISE = 0.015
"""Share of the film's height that type rises by."""


@dataclass(frozen=True, slots=True)
class Times:
    """Film frames: ``first`` seen, ``end`` no longer seen, and how long coming and going take."""

    first: int
    end: int
    coming: int
    going: int

    def presence(self, at: int) -> tuple[float, float]:
        """(how far it has come, how far it is still there), both eased, 0..1."""
        # The first frame shows a little already: a frame of nothing would only be late.
        come = min(1.0, (at - self.first + 1) / max(1, self.coming))
        stay = min(1.0, (self.end - at) / max(1, self.going + 1))
        return _eased_out(come), _eased(stay)


class Overlay:
    """A patch and when it is seen."""

    __slots__ = ("_patch", "_rise", "_settled", "_times")

    def __init__(self, patch: Patch, times: Times, *, rise: float = 0.0) -> None:
        """Takes the patch, its times, and by how many pixels it rises."""
        self._patch, self._times, self._rise = patch, times, rise
        self._settled: Stamp | None = None

    @property
    def patch(self) -> Patch:
        """What is laid."""
        return self._patch

    @property
    def times(self) -> Times:
        """When it is seen."""
        return self._times

    def lay(self, frame: Frame, at: int) -> None:
        """Onto film frame ``at``, if it is to be seen there."""
        if not self._times.first <= at < self._times.end:
            return
        come, stay = self._times.presence(at)
        strength = come * stay
        moved = self._rise * (1 - come)
        if moved > 0.02:
            Stamp(self._patch, strength=strength, down=moved).lay(frame)
            return
        if self._settled is None:
            self._settled = Stamp(self._patch)
        (self._settled if strength >= 1 else self._settled.faded(strength)).lay(frame)


def _eased_out(t: float) -> float:
    """Quick at first, then settling: a cubic."""
    return 1 - (1 - t) ** 3


def _eased(t: float) -> float:
    """Slow, quick, slow."""
    return t * t * (3 - 2 * t)
