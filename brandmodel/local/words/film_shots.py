"""The storyboard: which shots stand under each line, what is in them, how the camera moves.

Roles, places and lengths hang on the outline alone; words of a line change its own shots and no others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from brandmodel.local.desk import Desk
from brandmodel.local.words.film_look import Look, look_of_film
from brandmodel.local.words.film_outline import content_id
from brandmodel.local.words.film_pictures import pictures
from brandmodel.local.words.film_sounds import sounds
from brandmodel.local.words.film_words import needed_s
from brandmodel.tasks import Line, Shot, Shots, Storyboard
from brandmodel.tasks.film import MOST_SHOTS, SHORTEST_SHOT_S, BeatRole, ShotRole
from brandmodel.tasks.values import Space
from brandmodel.tasks.video import Move

_SIDES = {"left": "The left side", "right": "The right side", "top": "The upper part"}
_PACE = ((20.0, 2.6), (40.0, 3.3), (90.0, 4.2), (180.0, 6.0), (float("inf"), 10.0))
_ROLES: dict[str, dict[BeatRole, tuple[ShotRole, ...]]] = {
    # The place, what the thing is made of, the thing, and the thing again from nearby.
    "product": {
        "hook": ("wide", "close", "detail"),
        "promise": ("product", "detail", "interlude"),
        "proof": ("detail", "wide", "interlude"),
        "news": ("interlude", "close", "wide"),
        "invite": ("close", "product"),
    },
    # Plinths and spheres would be another film between sea and sky.
    "landscape": {
        "hook": ("wide", "close", "interlude"),
        "promise": ("close", "wide", "interlude"),
        "proof": ("interlude", "wide", "close"),
        "news": ("interlude", "wide"),
        "invite": ("wide", "close"),
    },
    "abstract": {
        "hook": ("wide", "interlude", "detail"),
        "promise": ("interlude", "wide", "detail"),
        "proof": ("detail", "wide", "interlude"),
        "news": ("interlude", "detail"),
        "invite": ("wide", "interlude", "detail"),
    },
}
_TURNED: dict[BeatRole, tuple[int, ...]] = {
    "hook": (0, 0, 0, 1),
    "proof": (0, 0, 1),
    "news": (0, 1),
}
"""Which of a beat's roles comes first, by a film's own lot: most open on a place."""
_MOVES: dict[ShotRole, tuple[Move, ...]] = {
    "wide": ("pan-right", "push-in", "pan-left", "drift"),
    "close": ("drift", "push-in", "pan-right"),
    "detail": ("pan-left", "drift", "pull-out"),
    "product": ("push-in", "rise", "drift"),
    "interlude": ("drift", "pull-out", "rise"),
}


class _Unit(NamedTuple):
    """A line's stretch of the film."""

    id: str
    role: BeatRole
    window_s: float
    line: Line | None


class _Slot(NamedTuple):
    """A shot before it is filled: where it stands, which role it has, how long it is."""

    unit: _Unit
    number: int
    role: ShotRole
    duration_s: float


def storyboard(request: Storyboard, desk: Desk) -> Shots:
    """Shots for every line; their durations add up to the film without its end card."""
    units = _units(request)
    look = look_of_film(request)
    slots = _slots(units, look, request.outline.length_s)
    texts = [_text(slot.unit.line) for slot in slots]
    roles: list[ShotRole] = [slot.role for slot in slots]
    seen_in = pictures(look, roles, texts)
    heard_in = sounds(look, roles, seen_in)
    shots: list[Shot] = []
    taken: set[str] = set()
    before: Move | None = None
    for slot, picture, heard in zip(slots, seen_in, heard_in, strict=True):
        name = content_id("shot", (slot.unit.id, str(slot.number), look.subject), taken)
        taken.add(name)
        before = _move(slot.role, name, before)
        space = _space(request, slot, name)
        shots.append(
            Shot(
                id=name,
                line_id=slot.unit.line.id if slot.unit.line else "",
                description=_described(picture, space),
                move=before,
                duration_s=slot.duration_s,
                space=space,
                role=slot.role,
                sound=heard,
            )
        )
    return Shots(shots=tuple(shots))


def _text(line: Line | None) -> str:
    return f"{line.text} {line.on_screen}" if line else ""


def _units(request: Storyboard) -> list[_Unit]:
    """The beats and their lines; a line that has outgrown its beat takes time from the others."""
    script, outline = request.script, request.outline
    beats = [b for b in outline.beats if b.role != "end"]
    body_s = max(outline.length_s - outline.end_s, 0.1)
    known = {b.id for b in beats}
    strange = [line for line in script.lines if line.role != "end" and line.id not in known]
    if not beats or (strange and not any(script.line(b.id) for b in beats)):
        units = [_Unit(line.id, line.role, _need(request, line), line) for line in strange]
        units = units or [_Unit("line-a", "hook", body_s, None)]
    else:
        units = [_Unit(b.id, b.role, b.duration_s, script.line(b.id)) for b in beats]
    return _fitted(request, units, body_s)


def _need(request: Storyboard, line: Line) -> float:
    return needed_s(line.text or line.on_screen, voice=bool(line.text))


def _fitted(request: Storyboard, units: list[_Unit], body_s: float) -> list[_Unit]:
    """Windows that hold their lines and add up to the film; those with room to spare give it."""
    needs = [
        min(SHORTEST_SHOT_S, body_s / len(units)) if u.line is None else _need(request, u.line)
        for u in units
    ]
    windows = [max(u.window_s, need) for u, need in zip(units, needs, strict=True)]
    over = sum(windows) - body_s
    if abs(over) > 1e-6:
        spare = [max(w - n, 0.0) for w, n in zip(windows, needs, strict=True)]
        room = sum(spare)
        if 0 < over <= room:
            windows = [w - over * s / room for w, s in zip(windows, spare, strict=True)]
        else:
            windows = [w * body_s / sum(windows) for w in windows]
    return [u._replace(window_s=w) for u, w in zip(units, windows, strict=True)]


def _slots(units: Sequence[_Unit], look: Look, length_s: float) -> list[_Slot]:
    body_s = sum(u.window_s for u in units)
    pace = max(next(p for limit, p in _PACE if length_s <= limit), 1.1 * body_s / MOST_SHOTS)
    planned: list[tuple[_Unit, int, float]] = []
    for unit in units:
        count = max(1, min(round(unit.window_s / pace), int(unit.window_s / SHORTEST_SHOT_S)))
        planned += [(unit, n, seconds) for n, seconds in enumerate(_shared(unit.window_s, count))]
    slots: list[_Slot] = []
    for at, (unit, number, seconds) in enumerate(planned):
        role = _role(look, unit.role, [s.role for s in slots], left=len(planned) - at - 1)
        slots.append(_Slot(unit, number, role, seconds))
    return slots


def _shared(window_s: float, count: int) -> list[float]:
    """A window's shots: the first a little longer, since words come in with it."""
    if count == 1:
        return [window_s]
    first = max(
        SHORTEST_SHOT_S, min(window_s * 1.12 / count, window_s - SHORTEST_SHOT_S * (count - 1))
    )
    lengths = [round(first, 2)] + [round((window_s - first) / (count - 1), 2)] * (count - 2)
    return [*lengths, window_s - sum(lengths)]


def _role(look: Look, beat: BeatRole, used: Sequence[ShotRole], *, left: int) -> ShotRole:
    """The role that the beat asks for, unlike the shot before, and the least used one of those.

    Args:
        look: of the film.
        beat: role of the beat.
        used: roles of the shots before.
        left: how many shots are still to come; a film ends on what it is about.
    """
    options = _turned(_ROLES[look.kind].get(beat, ("wide", "detail")), beat, look)
    if not left and look.kind == "product":
        # Named and shown just before, it is looked at more closely; otherwise it comes at last.
        return "close" if used[-1:] == ["product"] else "product"
    if not left and used and look.kind == "landscape":
        return "close" if used[-1] == "wide" else "wide"
    fresh: list[ShotRole] = [r for r in options if r not in used[-1:]]
    wanted: tuple[ShotRole, ...] = tuple(fresh) or ("interlude",)
    return min(wanted, key=lambda r: (used.count(r), wanted.index(r)))


def _turned(options: tuple[ShotRole, ...], beat: BeatRole, look: Look) -> tuple[ShotRole, ...]:
    """A film's own order of the roles of a beat; naming and inviting keep the product first."""
    if beat not in _TURNED or (beat == "hook" and look.kind != "product"):
        return options
    digest = hashlib.sha256(f"{beat}\n{look.subject}\n{look.lands[0]}".encode()).digest()
    start = _TURNED[beat][digest[0] % len(_TURNED[beat])]
    return (*options[start:], *options[:start])


def _move(role: ShotRole, name: str, before: Move | None) -> Move:
    """A move that suits the role, never the same twice in a row."""
    options: list[Move] = [m for m in _MOVES[role] if m != before]
    return options[hashlib.sha256(name.encode()).digest()[0] % len(options)]


def _space(request: Storyboard, slot: _Slot, name: str) -> Space:
    """A calm side where words are set: under the first shot of a line that has some."""
    if slot.number or slot.unit.line is None or not slot.unit.line.on_screen:
        return "none"
    if request.film.aspect != "16:9":
        return "top"
    usual = "left" if request.film.reading.direction == "ltr" else "right"
    other = "right" if usual == "left" else "left"
    return usual if hashlib.sha256(name.encode()).digest()[1] % 3 else other


def _described(picture: str, space: Space) -> str:
    calm = f" {_SIDES[space]} stays calm and empty." if space in _SIDES else ""
    return re.sub(r"\s+", " ", f"{picture}{calm}")
