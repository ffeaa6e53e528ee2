"""What the shots of one film show, and never twice the same.

Descriptions are in words that a picture engine finds its scene by: a place, a thing on a set with its
props, or a kind of abstract form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from brandmodel.local.words.film_lands import LANDS
from brandmodel.local.words.film_look import DETAILS, GROUNDS, HOURS, STYLES, Look
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.text import capital
from brandmodel.tasks.film import ShotRole

_SETS = (
    ("a tall arch behind it and two low plinths", "arch"),
    ("low steps and a round disc behind it", "steps"),
    ("stones and one green leaf beside it", "stones"),
    ("spheres of three sizes on plinths around it", "spheres"),
    ("bare branches and a disc behind it", "branches"),
    ("a single plinth, an arch and small stones", "plinths"),
)
_SKIES = ("", "with thin mist", "under high clouds", "seen from far above the ground", "after rain")
_TURNS = ("", ", seen from one side", ", with more room above", ", a little further away")
_NEAR = (", seen close", ", seen very close")
_STIRS = (
    "rising to one corner",
    "close together",
    "flowing to one side",
    "around one point",
)


def pictures(look: Look, roles: Sequence[ShotRole], texts: Sequence[str]) -> list[str]:
    """What each shot shows, by its role; a place or prop that its line names comes first.

    Args:
        look: what all share.
        roles: of the shots, in order.
        texts: the words of each shot's line.
    """
    places = [_PLACED[role](look, _count(look, roles, at)) for at, role in enumerate(roles)]
    out: list[str] = []
    named: set[str] = set()
    for at, (role, text) in enumerate(zip(roles, texts, strict=True)):
        others = {p for n, p in enumerate(places) if n != at} | named
        wanted = _named_in(text, role, look)
        # A shot follows its line only where that leaves it unlike every other shot.
        place = wanted if wanted and wanted not in others else places[at]
        named.add(place)
        tease = role == "close" and "product" not in roles[:at]
        out.append(_said(look, role, place, _count(look, roles, at), tease=tease))
    return _unlike(out)


def _count(look: Look, roles: Sequence[ShotRole], at: int) -> int:
    """How many shots of the same family of pictures came before."""
    family = _family(look, roles[at])
    return sum(_family(look, role) == family for role in roles[:at])


def _family(look: Look, role: ShotRole) -> str:
    """A product seen close stands on a set like any shot of it."""
    return "product" if role == "close" and look.kind == "product" else role


def _named_in(text: str, role: ShotRole, look: Look) -> str:
    """A place or prop that a line names, where its shot can show one."""
    found = words(text)
    if role == "wide" and look.kind != "landscape":
        return next((v for v in values(found, "terrain") if v in LANDS), "")
    if role == "detail":
        return next((v for v in values(found, "prop") if v in DETAILS), "")
    return ""


def _land_at(look: Look, count: int) -> str:
    step = 2 if look.kind == "landscape" else 1
    return look.lands[step * count % len(look.lands)]


def _near_at(look: Look, count: int) -> str:
    if look.kind == "product":
        return f"set-{count}"
    return look.lands[(2 * count + 1) % len(look.lands)]


def _detail_at(look: Look, count: int) -> str:
    return look.details[count % len(look.details)]


def _set_at(look: Look, count: int) -> str:
    return f"set-{count}"


def _form_at(look: Look, count: int) -> str:
    return look.styles[count % len(look.styles)]


_PLACED: dict[ShotRole, Callable[[Look, int], str]] = {
    "wide": _land_at,
    "close": _near_at,
    "detail": _detail_at,
    "product": _set_at,
    "interlude": _form_at,
}


def _said(look: Look, role: ShotRole, place: str, count: int, *, tease: bool) -> str:
    """The description of a shot in two sentences; a tease comes before the product is seen whole."""
    if role in ("wide", "close") and place in LANDS:
        return _land(look, place, count, near=role == "close")
    if role == "detail":
        turn = _TURNS[count // len(look.details) % len(_TURNS)]
        return f"{capital(DETAILS[place])}, close{turn}. {_light(look)}."
    if role == "interlude":
        return _form(look, place, count)
    near = _NEAR[tease] if role == "close" else ""
    return _on_set(look, near, count)


def _land(look: Look, place: str, count: int, *, near: bool) -> str:
    hour = HOURS[look.hour][0]
    season = f" in {look.season}" if look.season else ""
    land = LANDS[place]
    if look.season in ("autumn", "winter"):
        land = land.removesuffix(" in flower")
    sky = look.weather and f", {look.weather}"
    turn = _SKIES[count // len(look.lands) % len(_SKIES)]
    way = "Close by" if near else "A wide view of"
    first = not near and count == 0
    own = look.subject if look.kind == "landscape" and first else ""
    if own and not values(words(own), "daytime"):
        own = f"{own} {hour}"
    what = own or f"{land}{season} {hour}{sky} {turn}".strip()
    if look.stands and first:
        way, what = f"{capital(look.stands)} before", f"{land}{season} {hour}{sky}"
    feeling = f" {capital(look.mood)} mood." if look.mood else ""
    return f"{way} {what}.{feeling}"


def _form(look: Look, place: str, count: int) -> str:
    stir = _STIRS[(count // len(look.styles) + len(look.subject)) % len(_STIRS)]
    meant = f", for {look.occasion}" if look.occasion else ""
    feeling = f" {capital(look.mood)} mood." if look.mood else ""
    return f"Abstract: {STYLES[place]}, {stir}{meant}.{feeling}"


def _on_set(look: Look, near: str, count: int) -> str:
    """The product: first as art direction has it, then on sets of its own."""
    own = "" if count else look.setting
    sets = _sets(look)
    # The first set is art direction's own, where there is any.
    props = own or sets[(count - bool(look.setting)) % len(sets)]
    turn = _TURNS[count // len(sets) % len(_TURNS)]
    # Art direction brings its own light; two lights in one picture are none.
    lit = own and any(w.means("light") for w in words(own))
    light = capital(GROUNDS[look.ground]) if lit else _light(look)
    return f"{capital(look.subject)}{look.appearance}{near}{turn}. {capital(props)}. {light}."


def _sets(look: Look) -> tuple[str, ...]:
    """Sets in an order of this film's own; those like the one that art direction built come last."""
    start = int(hashlib.sha256(look.subject.encode()).hexdigest()[:4], 16) % len(_SETS)
    turned = (*_SETS[start:], *_SETS[:start])
    built = values(words(look.setting), "prop")
    return tuple(said for said, _ in sorted(turned, key=lambda s: s[1] in built))


def _light(look: Look) -> str:
    return f"{capital(HOURS[look.hour][1])}, {GROUNDS[look.ground]}"


def _unlike(said: Sequence[str]) -> list[str]:
    """Every description once: one that comes again is seen from elsewhere."""
    views = ("from further away", "from nearer by", "from the left", "from the right")
    out: list[str] = []
    for text in said:
        again, turn = text, 0
        while again in out:
            turn += 1
            again = f"{text} Seen {views[turn % 4]}{'' if turn < 4 else f', take {turn}'}."
        out.append(again)
    return out
