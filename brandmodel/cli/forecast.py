"""How long a run will still take: a quote's guess, corrected by what the run really does.

A quote knows the order of the steps and what each usually takes. It does not know how many shots a
film will have, nor how many of them this machine makes at once: both are learned from the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from brandmodel.cli.names import Place, kind_of, place_of
from brandmodel.engine.quote import Quote
from brandmodel.engine.receipt import Event

_OVERDUE = 0.2
"""A step that takes longer than usual will take at least this share of its time so far."""
_ENOUGH = 0.15
"""Share of the work after which its pace is known well enough."""


@dataclass(slots=True)
class _Part:
    """A step of a kind of unit, as it was quoted."""

    seconds: float
    takes: int = 1


@dataclass(slots=True)
class _Kind:
    """Units of one kind: as they were quoted, and how far the real ones are."""

    parts: dict[str, _Part] = field(default_factory=dict[str, _Part])
    reached: dict[str, int] = field(default_factory=dict[str, int])
    skipped: set[str] = field(default_factory=set[str])
    began: float = 0.0
    worked: float = 0.0
    last: float = 0.0

    def chain_s(self, after: int = -1) -> float:
        """All parts of one unit behind a place, one after another."""
        parts = list(self.parts.items())[after + 1 :]
        return sum(p.seconds * p.takes for name, p in parts if name not in self.skipped)


class Forecast:
    """Takes the events of a run and says how long it will still take.

    Attributes:
        most_usd: what the run may cost in all.
    """

    def __init__(self, quote: Quote, *, paid_usd: float = 0.0) -> None:
        """Begin with a quote.

        Args:
            quote: of the run.
            paid_usd: what the run had paid already when it was quoted.
        """
        self.most_usd = paid_usd + quote.high_usd
        self._steps: dict[str, float] = {}
        self._kinds: dict[str, _Kind] = {}
        self._order: list[Place] = []
        self._running: dict[str, float] = {}
        self._seen: set[str] = set()
        self._position = -1
        self._side_by_side = 1.0
        takes: dict[Place, int] = {}
        for step in quote.steps:
            place = place_of(step.name)
            takes[place] = takes.get(place, 0) + 1
            self._expect(place, step.seconds, takes[place])
        one_by_one = self._left_s(0.0)
        self._side_by_side = min(1.0, quote.seconds / one_by_one) if one_by_one else 1.0

    def take(self, event: Event) -> None:
        """Learn from an event."""
        if not event.name:
            return
        place = place_of(event.name)
        if event.kind == "step-started":
            self._running.setdefault(event.name, event.seconds)
            self._started(place, event.seconds)
        elif event.kind == "step-finished":
            self._running.pop(event.name, None)
            kind = self._kind(place) if place.unit else None
            if kind is not None and place.part in kind.parts:
                kind.worked += kind.parts[place.part].seconds
                kind.last = event.seconds

    def left_s(self, now: float) -> float:
        """Seconds until the run is done, as far as can be told; never negative.

        Args:
            now: seconds since the run began.
        """
        return max(0.0, self._left_s(now))

    def _expect(self, place: Place, seconds: float, takes: int) -> None:
        if not place.unit:
            if place.part not in self._steps:
                self._order.append(place)
            self._steps[place.part] = self._steps.get(place.part, 0.0) + seconds
            return
        name = kind_of(place.unit)
        if name not in self._kinds:
            self._order.append(Place(name, ""))
        parts = self._kinds.setdefault(name, _Kind()).parts
        part = parts.setdefault(place.part, _Part(seconds))
        part.seconds, part.takes = max(part.seconds, seconds), max(part.takes, takes)

    def _kind(self, place: Place) -> _Kind | None:
        """The quoted kind of a unit; a sketch may have called it otherwise."""
        named = self._kinds.get(kind_of(place.unit))
        return named or next((k for k in self._kinds.values() if place.part in k.parts), None)

    def _started(self, place: Place, now: float) -> None:
        if place.unit:
            self._started_in(place, now)
            return
        self._seen.add(place.part)
        # The last of the order tells nothing: what only one continuation asked for is quoted last.
        if place in self._order[:-1]:
            self._position = self._order.index(place)

    def _started_in(self, place: Place, now: float) -> None:
        kind = self._kind(place)
        if kind is None or place.part not in kind.parts:
            return
        if not kind.reached:
            kind.began = now
        names = list(kind.parts)
        before, here = kind.reached.get(place.unit, -1), names.index(place.part)
        if here > before:
            kind.skipped.update(names[before + 1 : here])
            kind.reached[place.unit] = here
        kind.skipped.discard(place.part)

    def _left_s(self, now: float) -> float:
        total = 0.0
        for is_kind, places in groupby(enumerate(self._order), lambda each: bool(each[1].unit)):
            each = [self._left_at(place, index, now) for index, place in places]
            # Units of several kinds are made side by side, steps of the whole one after another.
            total += max(each) if is_kind else sum(each)
        return total

    def _left_at(self, place: Place, index: int, now: float) -> float:
        share = self._side_by_side
        if place.unit:
            kind = self._kinds[place.unit]
            if kind.reached:
                return self._left_of(kind, now)
            return share * kind.chain_s() if index > self._position else 0.0
        running = list(self._rests(Place("", place.part), self._steps[place.part], now))
        if running:
            return max(running)
        ahead = index > self._position and place.part not in self._seen
        return share * self._steps[place.part] if ahead else 0.0

    def _left_of(self, kind: _Kind, now: float) -> float:
        """Of a kind whose units are being made: by their pace, once there is one."""
        longest, work = 0.0, 0.0
        names = list(kind.parts)
        for unit, reached in kind.reached.items():
            usual = kind.parts[names[reached]].seconds
            running = list(self._rests(Place(unit, names[reached]), usual, now))
            ahead = kind.chain_s(reached)
            longest = max(longest, ahead + max(running, default=0.0))
            # Of what waits for its turn no share is done, however long ago it was asked for.
            work += ahead + usual * len(running)
        since = now - kind.last
        if kind.worked < _ENOUGH * (kind.worked + work) or kind.last <= kind.began:
            return longest
        pace = kind.worked / (kind.last - kind.began)
        return max(work / pace - since, _OVERDUE * since) if work else 0.0

    def _rests(self, place: Place, usual: float, now: float) -> Iterator[float]:
        for name, since in self._running.items():
            if place_of(name) == place:
                gone = now - since
                yield max(usual - gone, _OVERDUE * gone)
