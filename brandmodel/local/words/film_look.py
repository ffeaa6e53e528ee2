"""One look for a whole film: one light, one season, one ground, and what its shots may show in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from brandmodel.brand import Palette
from brandmodel.local.words.film_lands import HINTS, LANDS, NEAR_LANDS, SUITING
from brandmodel.local.words.film_phrases import phrase_of
from brandmodel.local.words.lexicon import Word, values, words
from brandmodel.local.words.product_looks import look_of, parted, vessel_of
from brandmodel.local.words.seeing import Seen, lot, seen
from brandmodel.local.words.setting import occasion_of
from brandmodel.tasks import Storyboard

Kind = Literal["product", "landscape", "abstract"]

DETAILS = {
    "citrus": "slices of citrus and small stones",
    "ice": "ice cubes and one sphere",
    "leaves": "fresh leaves and round stones",
    "branches": "one bare branch and spheres",
    "stones": "smooth stones on low steps",
    "spheres": "spheres of three sizes and a disc",
    "arch": "an empty arch above low steps",
    "disc": "a round disc behind an empty plinth",
    "steps": "empty steps and one sphere",
    "plinths": "empty plinths, one arch and a branch",
}
_ASKED_FOR = ("citrus", "ice", "confetti")
_BESIDE: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"\b(?:lemon\w*|orange|lime|citrus|gin|cocktail)\b"), ("citrus", "ice", "leaves")),
    (re.compile(r"\b(?:tonic|soda|cola|iced|cold|beer|cider|water|seltzer)\b"), ("ice", "stones")),
    (re.compile(r"\b(?:perfume|fragrance|cologne|candle|oil)\b"), ("branches", "stones", "leaves")),
    (re.compile(r"\b(?:tea|honey|herb\w*|soap|balm|jam)\b"), ("leaves", "branches", "stones")),
    (re.compile(r"\b(?:cream|serum|skin\w*|lotion|spa|salt)\b"), ("stones", "leaves", "spheres")),
    (re.compile(r"\b(?:app|phone|watch|camera|lamp|software)\b"), ("arch", "spheres", "disc")),
)
"""What lies beside a thing, where a shot shows no more than that."""
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
_INSTEAD = {"paper": "ink", "ink": "primary", "primary": "paper"}


class Look(NamedTuple):
    """What all shots of a film share.

    Attributes:
        subject: what the film is about, as it is to be seen.
        appearance: how the product looks, in words that all its shots repeat.
        setting: of the outline, said with the first product shot.
        hour: where the light stands, for places and for sets.
        ground: of the sets.
        lands: places in the order in which they are taken.
        details: props likewise.
        styles: abstract forms likewise.
        occasion: what abstract shots are for; empty for products.
        stands: a thing that can be seen in the open, before a place.
    """

    kind: Kind
    subject: str
    appearance: str
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
    stands: str


def look_of_film(request: Storyboard) -> Look:
    """Decide once what every shot shares, from the outline and the brief, never from the lines."""
    outline, reading = request.outline, request.film.reading
    subject, appearance = parted(outline.subject or reading.subject or reading.name)
    occasion = occasion_of(reading)
    saw = seen(subject)
    brief = words(", ".join([subject, occasion, *reading.mood, *reading.colours]))
    steering = words(", ".join([subject, occasion, *reading.mood, outline.mood, outline.setting]))
    what = (subject, reading.name, request.seed)
    kind = _kind(request, subject)
    about = f"{subject} {reading.title} {reading.name}".lower()
    hints = next((lands for p, lands in HINTS if p.search(about)), ())
    if is_house(subject) and _IN_TOWN.search(subject):
        hints = ("city", *hints)
    named = values(saw.found, "terrain")
    lands = _order(named, hints or _lands(steering), tuple(LANDS), what)
    if kind == "landscape" and "city" not in named:
        lands = (*(v for v in lands if v != "city"), "city")
    season = next(iter(values(steering, "season")), "")
    props = [p for p in values(brief, "prop") if p in DETAILS]
    set_out = [p for p in values(steering, "prop") if p in DETAILS]
    styled = [s for s in values(saw.found, "style") if s in STYLES]
    moods = [m for w in steering for g, m in w.meanings if g in ("mood", "occasion")]
    telling = [*values(steering, "occasion"), *moods]
    themes = [t for t in values(words(about), "theme") if t in STYLES]
    by_mood = (*themes, *next((_BY_MOOD[m] for m in telling if m in _BY_MOOD), ()))
    natural = ("stones", "branches", "leaves") if kind == "landscape" else ()
    beside = next((props_ for p, props_ in _BESIDE if p.search(about)), natural)
    hour = _hour(brief, words(outline.setting), moods, what)
    return Look(
        kind=kind,
        subject=_thing(subject) if kind == "product" else subject.split(", ")[0],
        appearance=appearance if kind == "product" else "",
        stands=_standing(subject, saw) if kind == "abstract" else "",
        setting=outline.setting,
        mood=outline.mood,
        season=season,
        weather=_weather(brief),
        hour=hour,
        ground=_apart(
            _ground(steering, moods, what) if kind != "abstract" or hour in _LIT else "ink",
            appearance,
            outline.palette,
        ),
        lands=lands,
        details=_order(
            tuple(props), (*_SEASONAL.get(season, beside), *set_out), tuple(DETAILS), what
        ),
        styles=_order(tuple(styled), by_mood, tuple(STYLES), what),
        occasion=occasion if kind == "abstract" and occasion.islower() else "",
    )


_HOUSES = re.compile(
    r"\b(?:company|firm|agency|practice|charity|school|bank|talk|festival|bakery|hotel|inn|restaurant|bar|shop|store"
    r"|museum|gallery|studio|delivery|service|courier|cinema|theatre|clinic|barber|florist|dentist|hairdresser|salon"
    r"|cafe|café|gym|market|nursery|pharmacy|library)s?\b",
    re.IGNORECASE,
)
"""What stands in a street or works in an office is not set on a plinth."""
_STANDING = ("vehicle", "building", "food", "place", "animal", "person", "object")


_IN_TOWN = re.compile(r"\bin\s[A-Z]\w+")


def is_house(subject: str) -> bool:
    """Whether a subject is a house or a company: it is not set on a plinth."""
    return bool(_HOUSES.search(subject))


def _thing(subject: str) -> str:
    """The product with what it comes in, and nothing else that is said of it."""
    thing, vessel = phrase_of(subject).thing, vessel_of(subject)
    return thing if vessel in thing else thing + vessel


def _apart(ground: str, appearance: str, palette: Palette | None) -> str:
    """The backdrop, or another where the product in its own colour would melt into it."""
    look = look_of(appearance, palette, "none") if palette else None
    return ground if look is None or look.body != ground else _INSTEAD[ground]


def _kind(request: Storyboard, subject: str) -> Kind:
    reading = request.film.reading
    saw = seen(subject)
    drawn = saw.kind == "still_life" and saw.head is not None
    if request.outline.label or (drawn and saw.head and saw.head.means("product")):
        return "product"
    drawn = drawn and not is_house(subject)
    named = bool(reading.name) and bool(re.match(r"an?\s", reading.subject)) and not reading.when
    company = is_house(phrase_of(subject).thing)
    thing = named and not company and saw.kind != "landscape" and not occasion_of(reading)
    if drawn or thing:
        return "product"
    land = saw.head is not None and saw.head.means("terrain", "weather", "season", "daytime")
    return "landscape" if saw.kind == "landscape" and land else "abstract"


def _standing(subject: str, saw: Seen) -> str:
    thing = phrase_of(subject).thing
    stands = saw.head is not None and saw.head.value("absent") in _STANDING
    return thing if stands and re.match(r"an?\s", thing) else ""


def _order(
    named: Sequence[str], suiting: Sequence[str], every: Sequence[str], what: tuple[object, ...]
) -> tuple[str, ...]:
    """What is named, what suits, then the rest in an order of this film's own."""
    rest = sorted(every, key=lambda v: hashlib.sha256(f"{v}\n{what}".encode()).digest())
    near = [n for v in named[:1] for n in NEAR_LANDS.get(v, ())]
    # Fruit and ice are in a picture only where something asks for them.
    rest = [v for v in rest if v not in _ASKED_FOR] + [v for v in rest if v in _ASKED_FOR]
    chosen = [v for v in (*named, *near, *suiting, *rest) if v in every]
    return tuple(dict.fromkeys(chosen))


def _lands(steering: tuple[Word, ...]) -> tuple[str, ...]:
    for group in ("season", "product", "occasion"):
        for value in values(steering, group):
            if value in SUITING:
                return SUITING[value]
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
