"""One look for a whole film: one light, one season, one ground, and what its shots may show in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from brandmodel.local.words.lexicon import Word, values, words
from brandmodel.local.words.seeing import lot, seen
from brandmodel.local.words.setting import occasion_of
from brandmodel.tasks import Storyboard

Kind = Literal["product", "landscape", "abstract"]

LANDS = {
    "mountains": "mountain ridges, one behind the other",
    "lake": "a still lake",
    "forest": "a forest",
    "hills": "rolling hills",
    "meadow": "a meadow in flower",
    "sea": "the open sea",
    "island": "an island off the coast",
    "dunes": "long dunes",
    "city": "a city skyline",
}
_NEAR_LANDS = {
    "sea": ("island", "dunes", "lake"),
    "island": ("sea", "dunes", "hills"),
    "lake": ("mountains", "forest", "meadow"),
    "mountains": ("lake", "forest", "hills"),
    "forest": ("hills", "meadow", "lake"),
    "hills": ("meadow", "forest", "lake"),
    "meadow": ("hills", "forest", "lake"),
    "dunes": ("sea", "hills", "mountains"),
    "city": ("sea", "lake", "hills"),
}
_SUITING: dict[str, tuple[str, ...]] = {
    "spring": ("meadow", "hills", "lake"),
    "summer": ("sea", "island", "meadow"),
    "autumn": ("forest", "hills", "lake"),
    "winter": ("mountains", "forest", "lake"),
    "phone": ("city", "mountains", "dunes"),
    "tube": ("lake", "sea", "meadow"),
    "cup": ("hills", "mountains", "lake"),
    "mug": ("hills", "forest", "lake"),
    "jar": ("forest", "dunes", "hills"),
    "book": ("sea", "forest", "dunes"),
    "concert": ("city", "lake", "mountains"),
    "party": ("city", "meadow", "sea"),
    "sale": ("city", "dunes", "hills"),
    "talk": ("city", "sea", "mountains"),
    "wedding": ("meadow", "lake", "sea"),
    "opening": ("city", "hills", "meadow"),
}
_HINTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(?:trail|hik\w+|climb\w*|outdoors?|ski\w*|rain jacket)\b"),
        ("mountains", "forest", "hills"),
    ),
    (
        re.compile(r"\b(?:tidal|surf\w*|sail\w*|fish\w*|salt|swim\w*|nets)\b"),
        ("sea", "island", "dunes"),
    ),
    (
        re.compile(r"\b(?:herb\w*|honey|farm\w*|milk|wine|vine\w*|grown)\b"),
        ("hills", "meadow", "forest"),
    ),
    (
        re.compile(r"\b(?:delivery|app|law|bank|taxi|office|software|firm)\b"),
        ("city", "sea", "hills"),
    ),
    (re.compile(r"\b(?:wood\w*|pottery|cedar|smoke)\b"), ("forest", "hills", "dunes")),
)
DETAILS = {
    "citrus": "slices of citrus and small stones",
    "ice": "clear ice cubes and a sphere",
    "leaves": "fresh leaves and round stones",
    "branches": "one bare branch and spheres",
    "stones": "smooth stones on low steps",
    "spheres": "spheres of three sizes and a disc",
    "arch": "an empty arch above low steps",
    "disc": "a round disc behind an empty plinth",
    "steps": "empty steps and one sphere",
    "plinths": "empty plinths, one arch and a branch",
}
_ASKED_FOR = ("citrus", "ice")
_SEASONAL = {
    "spring": ("branches", "leaves", "stones"),
    "summer": ("citrus", "leaves", "spheres"),
    "autumn": ("leaves", "branches", "stones"),
    "winter": ("ice", "branches", "stones"),
}
STYLES = {
    "ribbons": "silk ribbons",
    "waves": "thin contour lines",
    "rings": "concentric rings",
    "gradient": "a soft gradient",
    "geometry": "large geometric shapes",
    "halftone": "a halftone",
    "confetti": "falling confetti",
}
_BY_MOOD = {
    "calm": ("gradient", "waves", "rings"),
    "elegant": ("ribbons", "rings", "gradient"),
    "bold": ("geometry", "halftone", "ribbons"),
    "playful": ("confetti", "geometry", "halftone"),
    "festive": ("confetti", "ribbons", "geometry"),
    "fresh": ("waves", "gradient", "ribbons"),
    "warm": ("ribbons", "gradient", "waves"),
    "dark": ("waves", "ribbons", "rings"),
    "modern": ("geometry", "rings", "waves"),
    "romantic": ("ribbons", "gradient", "rings"),
    "natural": ("waves", "ribbons", "gradient"),
    "nostalgic": ("halftone", "geometry", "rings"),
    "concert": ("waves", "rings", "halftone"),
    "talk": ("rings", "geometry", "waves"),
    "sale": ("halftone", "geometry", "confetti"),
    "party": ("confetti", "geometry", "ribbons"),
    "opening": ("confetti", "geometry", "ribbons"),
    "launch": ("ribbons", "geometry", "rings"),
    "wedding": ("ribbons", "gradient", "rings"),
}
HOURS = {
    "dawn": ("at dawn", "cool, clear light"),
    "day": ("by day under a clear sky", "clear, even light"),
    "sunset": ("at sunset", "low warm light from one side"),
    "dusk": ("at dusk", "quiet evening light"),
    "night": ("at night", "one cool strip of light"),
}
_BY_FEELING = {"warm": "sunset", "romantic": "sunset", "nostalgic": "sunset", "fresh": "dawn"} | {
    **{"calm": "dawn", "natural": "dawn", "dark": "dusk", "elegant": "dusk", "festive": "dusk"},
    **{"modern": "dusk", "bold": "sunset", "playful": "day", "concert": "dusk", "party": "dusk"},
}
_LIT = ("dawn", "day", "sunset")
_BY_SEASON = {"spring": "dawn", "summer": "day", "autumn": "sunset", "winter": "dawn"}
GROUNDS = {
    "paper": "on a light backdrop",
    "ink": "on a dark backdrop",
    "primary": "on a coloured backdrop",
}


class Look(NamedTuple):
    """What all shots of a film share.

    Attributes:
        subject: what the film is about, as it is to be seen.
        setting: of the outline, said with the first product shot.
        hour: where the light stands, for places and for sets.
        ground: of the sets.
        lands: places in the order in which they are taken.
        details: props likewise.
        styles: abstract forms likewise.
        occasion: what abstract shots are for; empty for products.
    """

    kind: Kind
    subject: str
    setting: str
    mood: str
    season: str
    weather: str
    hour: str
    ground: str
    lands: tuple[str, ...]
    details: tuple[str, ...]
    styles: tuple[str, ...]
    occasion: str


def look_of_film(request: Storyboard) -> Look:
    """Decide once what every shot shares, from the outline and the brief, never from the lines."""
    outline, reading = request.outline, request.film.reading
    subject = outline.subject or reading.subject or reading.name
    occasion = occasion_of(reading)
    saw = seen(subject)
    brief = words(", ".join([subject, occasion, *reading.mood, *reading.colours]))
    steering = words(", ".join([subject, occasion, *reading.mood, outline.mood, outline.setting]))
    what = (subject, reading.name, request.seed)
    kind = _kind(request, subject)
    hints = next((lands for p, lands in _HINTS if p.search(subject.lower())), ())
    named = values(saw.found, "terrain")
    lands = _order(named, hints or _lands(steering), tuple(LANDS), what)
    if kind == "landscape" and "city" not in named:
        lands = (*(v for v in lands if v != "city"), "city")
    season = next(iter(values(steering, "season")), "")
    props = [p for p in values(steering, "prop") if p in DETAILS]
    styled = [s for s in values(saw.found, "style") if s in STYLES]
    moods = [m for w in steering for g, m in w.meanings if g in ("mood", "occasion")]
    telling = [*values(steering, "occasion"), *moods]
    by_mood = next((_BY_MOOD[m] for m in telling if m in _BY_MOOD), ())
    natural = ("stones", "branches", "leaves") if kind == "landscape" else ()
    hour = _hour(brief, words(outline.setting), moods, what)
    return Look(
        kind=kind,
        subject=re.split(r",\s|\s(?=made\s)", subject)[0],
        setting=outline.setting,
        mood=outline.mood,
        season=season,
        weather=_weather(brief),
        hour=hour,
        ground=_ground(steering, moods, what) if kind != "abstract" or hour in _LIT else "ink",
        lands=lands,
        details=_order(tuple(props), _SEASONAL.get(season, natural), tuple(DETAILS), what),
        styles=_order(tuple(styled), by_mood, tuple(STYLES), what),
        occasion=occasion if kind == "abstract" and occasion.islower() else "",
    )


def _kind(request: Storyboard, subject: str) -> Kind:
    reading = request.film.reading
    saw = seen(subject)
    drawn = saw.kind == "still_life" and saw.head is not None
    if request.outline.label or (drawn and saw.head and saw.head.means("product")):
        return "product"
    named = bool(reading.name) and bool(re.match(r"an?\s", reading.subject)) and not reading.when
    company = re.search(
        r"\b(?:company|firm|agency|practice|charity|school|bank|talk|festival)\b", subject
    )
    thing = named and not company and saw.kind != "landscape" and not occasion_of(reading)
    if drawn or thing:
        return "product"
    land = saw.head is not None and saw.head.means("terrain", "weather", "season", "daytime")
    return "landscape" if saw.kind == "landscape" and land else "abstract"


def _order(
    named: Sequence[str], suiting: Sequence[str], every: Sequence[str], what: tuple[object, ...]
) -> tuple[str, ...]:
    """What is named, what suits, then the rest in an order of this film's own."""
    rest = sorted(every, key=lambda v: hashlib.sha256(f"{v}\n{what}".encode()).digest())
    near = [n for v in named[:1] for n in _NEAR_LANDS.get(v, ())]
    # Fruit and ice are in a picture only where something asks for them.
    rest = [v for v in rest if v not in _ASKED_FOR] + [v for v in rest if v in _ASKED_FOR]
    chosen = [v for v in (*named, *near, *suiting, *rest) if v in every]
    return tuple(dict.fromkeys(chosen))


def _lands(steering: tuple[Word, ...]) -> tuple[str, ...]:
    for group in ("season", "product", "occasion"):
        for value in values(steering, group):
            if value in _SUITING:
                return _SUITING[value]
    return ()


def _weather(steering: tuple[Word, ...]) -> str:
    said = [w.text.lower() for w in steering if w.means("weather")]
    telling = [t for t in said if t not in ("clear", "clouds", "cloud", "cloudy")]
    return telling[0] if telling else ""


def _hour(
    brief: tuple[Word, ...],
    setting: tuple[Word, ...],
    moods: Sequence[str],
    what: tuple[object, ...],
) -> str:
    """The brief's own hour, then its light, then the light of the setting, then the mood's."""
    for value in values(brief, "daytime"):
        if value in HOURS:
            return value
    for season in values(brief, "season"):
        if season in _BY_SEASON:
            return _BY_SEASON[season]
    for found in (brief, setting):
        lights = [v for w in found for g, v in w.meanings if g == "light"]
        if lights:
            return "sunset" if lights.count("warm") >= lights.count("cool") else "dawn"
    for mood in moods:
        if mood in _BY_FEELING:
            return _BY_FEELING[mood]
    return lot(("dawn", "sunset", "day", "dusk"), "hour", *what)


def _ground(steering: tuple[Word, ...], moods: Sequence[str], what: tuple[object, ...]) -> str:
    named = [v for v in values(steering, "backdrop") if v in GROUNDS]
    if named:
        return named[0]
    if "dark" in moods or "elegant" in moods:
        return "ink"
    if "bold" in moods or "playful" in moods:
        return "primary"
    if {"calm", "fresh", "natural"} & set(moods):
        return "paper"
    return lot(("paper", "paper", "primary", "ink"), "ground", *what)
