"""What is heard in a shot, from what is seen in it; most shots have music alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.words.film_lands import LANDS
from brandmodel.local.words.film_look import Look
from brandmodel.local.words.lexicon import values, words
from brandmodel.tasks.film import ShotRole

_BRIGHT = ("dawn", "day", "sunset")
_WEATHER = {"rain": "steady rain", "storm": "distant thunder", "snow": "soft wind"}
_LANDS = {
    "sea": "waves on the shore",
    "island": "waves",
    "mountains": "wind over the ridges",
    "dunes": "wind",
    "city": "city hum",
}
_LIVING = {
    "forest": "birdsong in the forest",
    "hills": "birdsong",
    "meadow": "birds in a garden",
    "lake": "birds by a stream",
}
"""Where birds sing by day and crickets in the evening."""
_EVENING = ("crickets", "wind in the trees")
_GATHERINGS = ("party", "concert", "opening")
_THINGS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(?:sparkling|champagne|prosecco|soda|beer|lager|ale|cider|cola|seltzer)\b"),
        ("fizz in a glass", "pouring into a glass"),
    ),
    (
        re.compile(
            r"\b(?:tonic|cold brew|lemonade|gin|whisky|vodka|rum|juice|iced|cocktail|kombucha)\b"
        ),
        ("ice in a glass", "pouring into a glass"),
    ),
    (re.compile(r"\b(?:coffee|tea|wine|milk|oil|espresso|cocoa|water)\b"), ("pouring into a cup",)),
    (re.compile(r"\b(?:candle|ember|fire\w*|stove)\b"), ("a small crackling fire",)),
    (re.compile(r"\b(?:book|novel|magazine|notebook|diary)\b"), ("turning pages",)),
    (re.compile(r"\b(?:app|phone|software|website)\b"), ("a soft tap",)),
    (re.compile(r"\b(?:watch|clock)\b"), ("a watch ticking",)),
    (re.compile(r"\bcamera\b"), ("a camera shutter",)),
)
_PROPS = {"ice": "ice cubes"}


def sounds(look: Look, roles: Sequence[ShotRole], descriptions: Sequence[str]) -> list[str]:
    """The sound of each shot, or an empty string; never in two shots in a row.

    Which shots may have one hangs on their roles alone, so that another picture in one shot leaves the
    sounds of the others as they are.
    """
    out: list[str] = []
    heard = 0
    quiet = True
    for role, description in zip(roles, descriptions, strict=True):
        open_ = quiet and role != "interlude"
        out.append(_sound(look, role, description, heard) if open_ else "")
        heard += open_
        quiet = not open_
    return out


def _sound(look: Look, role: ShotRole, description: str, turn: int) -> str:
    """What is heard in one picture.

    Args:
        look: of the film.
        role: of the shot.
        description: what is seen.
        turn: how many shots before it may be heard, so that one thing sounds in different ways.
    """
    place = next((p for p, said in LANDS.items() if said in description), "")
    outside = role == "wide" or (role == "close" and look.kind != "product")
    if outside:
        return _outside(look, place or _named(description), turn)
    props = values(words(description), "prop") if role == "detail" else ()
    if look.kind == "product":
        options = next((said for p, said in _THINGS if p.search(look.subject.lower())), ())
        if options and role != "detail":
            return options[turn // 2 % len(options)]
    return next((_PROPS[p] for p in props if p in _PROPS), "")


def _named(description: str) -> str:
    return next((v for v in values(words(description), "terrain") if v in LANDS), "")


def _outside(look: Look, place: str, turn: int) -> str:
    kind = next(iter(values(words(look.occasion), "occasion")), "")
    if kind in _GATHERINGS and place in ("city", "meadow"):
        return "crowd murmur" if place == "city" else "market chatter"
    weather = values(words(look.weather), "weather")
    if weather and weather[0] in _WEATHER:
        return _WEATHER[weather[0]]
    if place in _LIVING:
        if look.season == "winter":
            return "soft wind"
        return _LIVING[place] if look.hour in _BRIGHT else _EVENING[turn // 2 % len(_EVENING)]
    return _LANDS.get(place, "")
