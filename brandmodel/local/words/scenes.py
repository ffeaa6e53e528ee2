"""From words to a scene that the local engines can draw, and the words that it cannot honour.

It goes by keywords, and never claims to understand a sentence. The same words, seed and take give the
same scene; another take varies what the words leave open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal, TypeVar, get_args

from brandmodel.brand import Palette
from brandmodel.local.picture.scene import (
    Abstract,
    Daytime,
    Framing,
    Landscape,
    Product,
    Prop,
    Season,
    StillLife,
    Style,
    Terrain,
    Weather,
)
from brandmodel.local.words.lexicon import Word, values
from brandmodel.local.words.palettes import palette_for
from brandmodel.local.words.product_looks import BOXED, look_of, parted, product_named
from brandmodel.local.words.seeing import Seen, lot, meant, not_shown, seen
from brandmodel.tasks import Space

T = TypeVar("T")

_SETS: tuple[tuple[Prop, ...], ...] = (
    ("arch", "spheres", "plinths"),
    ("disc", "plinths", "stones"),
    ("steps", "spheres", "disc"),
    ("arch", "steps", "stones"),
    ("plinths", "branches", "disc"),
    ("arch", "leaves", "plinths"),
)
_BY_SEASON: dict[str, tuple[Prop, ...]] = {
    "spring": ("branches", "leaves"),
    "summer": ("leaves", "citrus"),
    "autumn": ("leaves", "branches"),
    "winter": ("branches", "ice"),
}
_STAND_IN: dict[str, tuple[Terrain, ...]] = {
    "animal": ("meadow", "hills", "forest"),
    "vehicle": ("hills", "dunes", "mountains"),
    "building": ("hills", "lake", "meadow"),
    "place": ("hills", "mountains", "lake"),
}
_BY_SKY: dict[str, tuple[Terrain, ...]] = {
    "aurora": ("lake", "mountains"),
    "stars": ("mountains", "dunes", "lake"),
    "snow": ("mountains", "forest", "hills"),
    "winter": ("mountains", "forest", "hills"),
    "fog": ("forest", "hills", "lake"),
    "storm": ("sea", "mountains"),
    "rain": ("city", "forest", "lake"),
    "spring": ("meadow", "hills"),
    "summer": ("sea", "meadow", "hills"),
    "autumn": ("forest", "hills", "lake"),
    "sunset": ("sea", "dunes", "island"),
    "dawn": ("lake", "hills", "mountains"),
    "dusk": ("city", "lake", "mountains"),
    "night": ("mountains", "city", "lake"),
}
_BY_MOOD: dict[str, tuple[Style, ...]] = {
    "calm": ("gradient", "waves", "rings"),
    "bold": ("geometry", "halftone"),
    "playful": ("confetti", "geometry"),
    "festive": ("confetti",),
    "elegant": ("ribbons", "rings"),
    "modern": ("geometry", "waves", "rings"),
    "romantic": ("ribbons", "gradient"),
    "nostalgic": ("halftone", "geometry"),
    "dark": ("ribbons", "waves"),
    "launch": ("ribbons", "geometry", "rings"),
    "sale": ("halftone", "geometry"),
    "opening": ("confetti", "geometry"),
    "concert": ("waves", "halftone"),
    "talk": ("rings", "geometry"),
    "wedding": ("ribbons", "gradient"),
    "holiday": ("confetti", "ribbons"),
    "party": ("confetti", "halftone"),
}
_ENERGY = {"calm": 0.25, "elegant": 0.4, "bold": 0.8, "playful": 0.75, "festive": 0.8, "dark": 0.45}
_STYLES: tuple[Style, ...] = ("geometry", "ribbons", "waves", "rings", "gradient", "halftone")
_LANDS: tuple[Terrain, ...] = get_args(Terrain)
_DAYLIGHT: tuple[Daytime, ...] = ("day", "day", "sunset", "dawn")
_MOST_PROPS = 4
_NEAR: tuple[tuple[str, Framing], ...] = (
    ("seen very close", "macro"),
    ("seen close", "close"),
    ("", "whole"),
)


def scene_of(
    prompt: str,
    *,
    palette: Palette | None,
    seed: int,
    take: int,
    space: Space,
    label: str,
    plinth: bool,
) -> tuple[Landscape | StillLife | Abstract, tuple[str, ...]]:
    """The scene that comes closest to a prompt, and the things in the prompt that it does not show.

    Args:
        prompt: what is to be seen.
        palette: colours to hold to; None lets the words choose.
        seed: as the request's.
        take: which alternative; what the words leave open varies with it.
        space: the side to keep calm for type.
        label: words on the product; a prompt with a label is a product's.
        plinth: leave the product's place empty.
    """
    text, look = parted(prompt)
    saw = seen(text, product=plinth or bool(label))
    draw = _Choice(prompt, seed, take, _palette(palette, saw, prompt, seed), space)
    if saw.kind == "landscape":
        return _landscape(saw, draw)
    if saw.kind == "abstract":
        return _abstract(saw, draw, label)
    scene, missing = _still_life(saw, draw, label, plinth)
    return _as_said(scene, text, look), missing


class _Choice:
    """What all scenes share, and choices that hang on words, seed and take alone."""

    def __init__(self, prompt: str, seed: int, take: int, palette: Palette, space: Space) -> None:
        self.palette = palette
        self.space: Space = space
        self.what = (" ".join(prompt.split())[:400], seed, take)
        digest = hashlib.sha256(f"{seed}/{take}".encode()).digest()
        self.seed = int.from_bytes(digest[:4], "big")

    def between(self, low: float, high: float, what: str) -> float:
        """A figure between two, in steps of a hundredth of the way."""
        return round(low + (high - low) * lot(range(101), what, *self.what) / 100, 3)


def _palette(palette: Palette | None, saw: Seen, prompt: str, seed: int) -> Palette:
    if palette is not None:
        return palette
    wanted = meant(
        saw.found, "season", "occasion", "mood", "terrain", "product", "daytime", "weather", "style"
    )
    return palette_for(wanted, values(saw.found, "colour"), subject=prompt, seed=seed)


def _landscape(saw: Seen, draw: _Choice) -> tuple[Landscape, tuple[str, ...]]:
    found = saw.found
    terrain = _terrain(saw, draw)
    weather = _weather(found, draw)
    daytime = _daytime(found, weather, draw)
    season = _season(found, weather)
    scene = Landscape(
        palette=draw.palette,
        seed=draw.seed,
        space=draw.space,
        terrain=terrain,
        daytime=daytime,
        weather=weather,
        season=season,
    )
    return scene, not_shown(saw, frozenset({terrain, weather, daytime, season}))


def _terrain(saw: Seen, draw: _Choice) -> Terrain:
    """The land that is named; of several the one that can hold the others; else one that suits."""
    named = values(saw.found, "terrain")
    if "lake" in named[:2] and "mountains" in named[:2]:
        return "lake"
    if "island" in named[:2]:
        return "island"
    if named:
        return _one_of(named[0], _LANDS, "hills")
    if saw.head and (kind := saw.head.value("absent")) in _STAND_IN:
        suits = _by_sky(saw.found)
        stand_ins = _STAND_IN[kind]
        fitting: tuple[Terrain, ...] = tuple(t for t in stand_ins if t in suits)
        return lot(fitting or stand_ins, "terrain", *draw.what)
    lands: tuple[Terrain, ...] = _by_sky(saw.found) or _LANDS
    return lot(lands, "terrain", *draw.what)


def _by_sky(found: tuple[Word, ...]) -> tuple[Terrain, ...]:
    sky = meant(found, "weather", "season", "daytime")
    return next((_BY_SKY[value] for value in sky if value in _BY_SKY), ())


def _daytime(found: tuple[Word, ...], weather: Weather, draw: _Choice) -> Daytime:
    named = values(found, "daytime")
    if named:
        return _one_of(named[0], get_args(Daytime), "day")
    if weather in ("aurora", "stars"):
        return "night"
    mood, light = values(found, "mood"), values(found, "light")
    if "dark" in mood and weather in ("clear", "cloudy"):
        return lot(("dusk", "night"), "daytime", *draw.what)
    if "warm" in light and "spring" not in values(found, "season"):
        return "sunset"
    if "cool" in light or weather in ("storm", "rain", "fog", "snow"):
        return lot(("day", "dawn"), "daytime", *draw.what)
    return lot(_DAYLIGHT, "daytime", *draw.what)


def _weather(found: tuple[Word, ...], draw: _Choice) -> Weather:
    named = values(found, "weather")
    if named:
        # A word for the kind of weather says more than "clouds" or "clear" in passing.
        telling = [w for w in named if w not in ("clear", "cloudy")]
        telling.sort(key=lambda w: w != "aurora")  # It fills the sky, whatever falls below.
        return _one_of((telling or named)[0], get_args(Weather), "clear")
    return lot(("clear", "clear", "cloudy"), "weather", *draw.what)


def _season(found: tuple[Word, ...], weather: str) -> Season:
    named = values(found, "season")
    if named:
        return _one_of(named[0], get_args(Season), "none")
    return "winter" if weather == "snow" else "none"


def _still_life(
    saw: Seen, draw: _Choice, label: str, plinth: bool
) -> tuple[StillLife, tuple[str, ...]]:
    found = saw.found
    named = values(found, "product")
    product = _product(saw, label, plinth)
    season = _season(found, "snow" if "snow" in values(found, "weather") else "")
    props = _props(found, season, product, draw)
    scene = StillLife(
        palette=draw.palette,
        seed=draw.seed,
        space=draw.space,
        product=product,
        label=label,
        sublabel=_sublabel(saw, label) if named else "",
        props=props,
        season=season,
        backdrop=_backdrop(found, draw),
        warmth=_warmth(found, draw),
        plinth_only=plinth,
    )
    # A mug is what coffee is drawn as.
    drinks = ("mug", "cup") if product in ("mug", "cup") else ()
    shown = frozenset({product, season, *props, *drinks})
    return scene, not_shown(saw, shown, label=label, pictured=plinth)


def _as_said(scene: StillLife, text: str, look: str) -> StillLife:
    """The scene with the product's own look and from as near as the words have it."""
    near = next((framing for said, framing in _NEAR if said in text), _NEAR[-1][1])
    said = look_of(look, scene.palette, scene.product)
    if said is None or scene.plinth_only:
        return scene.model_copy(update={"framing": near})
    return scene.model_copy(update={**said._asdict(), "framing": near})


def _product(saw: Seen, label: str, plinth: bool) -> Product:
    """The product that is named; a box where only its label is known."""
    if named := product_named(saw):
        return _one_of(named, get_args(Product), "bottle")
    if plinth:
        return "bottle"
    kinds = [v for v in values(saw.found, "absent") if v != "action"]
    return "box" if label and (not kinds or kinds[0] in BOXED) else "none"


def _props(found: tuple[Word, ...], season: str, product: str, draw: _Choice) -> tuple[Prop, ...]:
    named = tuple(p for p in values(found, "prop") if p in get_args(Prop))
    base = lot(_SETS, "props", *draw.what)
    seasonal = _BY_SEASON.get(season, ())
    if season == "summer" and product not in ("bottle", "can", "cup", "tube"):
        seasonal = ("leaves",)
    chosen: list[str] = [*named[:_MOST_PROPS]]
    if not any(p in chosen for p in seasonal):
        chosen += [lot(seasonal, "season", *draw.what)] if seasonal else []
    wanted = max(3, min(len(chosen) + 1, _MOST_PROPS))
    ground = [p for p in base if p in ("arch", "plinths", "disc", "steps")]
    for prop in [*ground, *base]:
        if len(chosen) >= wanted:
            break
        if prop not in chosen:
            chosen.append(prop)
    return tuple(_one_of(p, get_args(Prop), "plinths") for p in chosen)


def _backdrop(found: tuple[Word, ...], draw: _Choice) -> Literal["paper", "ink", "primary"]:
    named = values(found, "backdrop")
    if named:
        return _one_of(named[0], ("paper", "ink", "primary"), "paper")
    return lot(("paper", "paper", "paper", "primary", "ink"), "backdrop", *draw.what)


def _warmth(found: tuple[Word, ...], draw: _Choice) -> float:
    lights = [v for w in found for g, v in w.meanings if g == "light"]
    if not lights:
        return draw.between(-0.15, 0.3, "warmth")
    balance = (lights.count("warm") - lights.count("cool")) / len(lights)
    return round(0.65 * balance, 3)


def _sublabel(saw: Seen, label: str) -> str:
    """The product in the prompt's own words, where they are short: "cold brew tonic"."""
    if not label or saw.head is None or not saw.head.means("product"):
        return ""
    at = saw.found.index(saw.head)
    run: list[str] = []
    for word in saw.found[at : at + 3]:
        if not word.means("product"):
            break
        run.append(word.text.lower() if word.text.istitle() else word.text)
    words_of_it = " ".join(run).removeprefix("a ").removeprefix("A ")
    if words_of_it.lower() in get_args(Product):
        return ""  # A can needs no word to say that it is one.
    same = words_of_it.casefold() in label.casefold()
    return "" if same or len(words_of_it) > 22 else words_of_it


def _abstract(saw: Seen, draw: _Choice, label: str) -> tuple[Abstract, tuple[str, ...]]:
    found = saw.found
    style = _style(found, draw)
    energies = [_ENERGY[m] for m in values(found, "mood") if m in _ENERGY]
    energy = sum(energies) / len(energies) if energies else draw.between(0.35, 0.7, "energy")
    if energies and draw.what[2]:
        energy += draw.between(-0.12, 0.12, "energy")
    scene = Abstract(
        palette=draw.palette,
        seed=draw.seed,
        space=draw.space,
        style=style,
        energy=round(min(max(energy, 0.0), 1.0), 3),
    )
    return scene, not_shown(saw, frozenset({style}), label=label)


def _style(found: tuple[Word, ...], draw: _Choice) -> Style:
    styles = [v for v in values(found, "style") if v != "any"] or list(values(found, "theme"))
    if styles:
        return _one_of(styles[0], get_args(Style), "geometry")
    for value in meant(found, "mood", "occasion"):
        if value in _BY_MOOD:
            return lot(_BY_MOOD[value], "style", *draw.what)
    return lot(_STYLES, "style", *draw.what)


def _one_of(value: str, allowed: Iterable[T], other: T) -> T:
    """The value as one of those allowed, or the other: lexicon and scene may differ."""
    return next((a for a in allowed if a == value), other)
