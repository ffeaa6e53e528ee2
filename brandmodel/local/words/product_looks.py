"""How a product looks, in words that every shot of a film repeats.

"A tonic in a bottle, slender and blue, with an amber stopper" is one bottle, wherever it is drawn.

Colours are named, and found again, by the hue that comes closest; they are always the palette's own, so
that whoever draws the shots from these words draws one product.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import lab
from brandmodel.local.picture.scene import Product, Role
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.palettes import HUES
from brandmodel.local.words.seeing import Seen, lot

DESIGNS = 12
BOXED = ("object", "clothing", "food")
"""What cannot be drawn and comes in a box: with a name on it, the box stands in."""
_PLAIN = "plain"
_BUILDS: Mapping[str, tuple[str, ...]] = {
    "bottle": ("round-shouldered", "slender", "stout"),
    "mug": ("straight", "broad", "tall"),
    "can": ("full-size", "slim"),
    "jar": ("low", "tall"),
    "box": ("upright", "square"),
}
"""The builds of a product, in the order of its designs."""
_TOPS: Mapping[str, str] = {"bottle": "stopper", "jar": "lid", "tube": "lid", "cup": "lid"}
_TRIM = "trim"
_VESSELS: Mapping[str, str] = {
    **{name: f"in a {name}" for name in ("bottle", "mug", "can", "jar", "tube", "cup", "box")},
    "phone": "on a phone",
}
_ROLES: tuple[Role, ...] = ("primary", "ink", "accent", "paper")
_COLOURS = "|".join(HUES)
_BUILT = "|".join(dict.fromkeys([_PLAIN, *(b for built in _BUILDS.values() for b in built)]))
_LOOK = re.compile(
    rf",\s(?P<build>{_BUILT})\sand\s(?P<body>{_COLOURS})"
    rf"(?:,\swith\san?\s(?P<top>{_COLOURS})\s(?:{'|'.join({*_TOPS.values(), _TRIM})}))?(?![\w-])"
)

_VESSEL = re.compile(rf"\s(?:{'|'.join(_VESSELS.values())})\b")


class ProductLook(NamedTuple):
    """A product's look as a painter has it: roles of the palette, and one of its designs."""

    body: Role
    cap: Role
    design: int


def product_named(saw: Seen) -> str:
    """The product that words name and that can be drawn; empty where there is none."""
    named = values(saw.found, "product")
    if not named or saw.head is None or not saw.head.means("product"):
        return ""
    # "coffee mug" and "tea box" are what the last word of the run says.
    at = saw.found.index(saw.head)
    chosen = named[0]
    for word in saw.found[at:]:
        if not word.means("product"):
            if word.meanings:
                break
            continue
        chosen = word.value("product")
    return chosen


def look_in_words(subject: str, palette: Palette, *, product: str, seed: int) -> str:
    """What a film says of its product's look: "in a bottle, slender and blue, with an amber stopper".

    Colours that the subject names come first; the rest is chosen from the palette by the seed.

    Args:
        subject: the product in the brief's words.
        palette: of the film.
        product: what it is drawn as; empty for what cannot be drawn.
        seed: of the brief.
    """
    what = (subject, seed)
    named = _by_name(palette)
    own = [c for c in values(words(subject), "colour") if c in HUES]
    strong = [name for name, role in named.items() if role != "paper"] or list(named)
    body = own[0] if own else strong[lot((0, 0, 1, 2), "body", *what) % len(strong)]
    rest = [name for name in named if name != body]
    top = own[1] if len(own) > 1 else lot(rest, "top", *what) if rest else ""
    build = lot(_BUILDS.get(product, (_PLAIN,)), "build", *what)
    vessel = "" if _says(subject, product) else f" {_VESSELS[product]}"
    thing = _TOPS.get(product, "" if product else _TRIM)
    with_top = f", with {_article(top)} {top} {thing}" if top and thing else ""
    return f"{vessel}, {build} and {body}{with_top}"


def vessel_of(text: str) -> str:
    """What a text says that its product comes in: " in a bottle"; empty where it does not."""
    match = _VESSEL.search(text)
    return match.group() if match else ""


def parted(text: str) -> tuple[str, str]:
    """(text without the words of a look, those words), the second empty where none are said."""
    match = _LOOK.search(text)
    return (text[: match.start()] + text[match.end() :], match.group()) if match else (text, "")


def look_of(said: str, palette: Palette, product: Product) -> ProductLook | None:
    """The look that words ask for, from the words alone: the same in every picture."""
    match = _LOOK.search(said)
    if not match:
        return None
    builds = _BUILDS.get(product, ())
    built = [
        n for n in range(DESIGNS) if not builds or builds[n % len(builds)] == match["build"]
    ] or list(range(DESIGNS))
    body = role_of(match["body"], palette)
    cap = role_of(match["top"], palette) if match["top"] else ""
    return ProductLook(body, cap, lot(built, "design", match.group()))


def role_of(colour: str, palette: Palette) -> Role:
    """The palette's colour that comes closest to a named hue."""
    return min(_ROLES, key=lambda role: _apart(getattr(palette, role), HUES[colour]))


def _by_name(palette: Palette) -> dict[str, Role]:
    """Names under which the palette's own colours are found again, the primary first."""
    found: dict[str, Role] = {}
    for role in _ROLES:
        colour = getattr(palette, role)
        name = min(HUES, key=lambda hue: _apart(HUES[hue], colour))
        if role_of(name, palette) == role:
            found.setdefault(name, role)
    return found or {"black": "ink"}


@cache
def _lab(colour: str) -> tuple[float, ...]:
    return tuple(float(v) for v in lab(colour))


def _apart(one: str, other: str) -> float:
    return math.dist(_lab(one), _lab(other))


def _says(subject: str, product: str) -> bool:
    """Whether the subject's own words name the vessel: "a hand cream in a tube", "a novel"."""
    return product in ("book", "") or any(w.plain.split()[-1] == product for w in words(subject))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
