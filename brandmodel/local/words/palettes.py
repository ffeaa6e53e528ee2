"""Curated palettes, for briefs whose brand prescribes none: each of four roles and what it suits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from brandmodel.brand import Palette


class Curated(NamedTuple):
    """A palette and the values of the lexicon it suits."""

    name: str
    palette: Palette
    suits: frozenset[str]


def _of(name: str, ink: str, paper: str, primary: str, accent: str, suits: str) -> Curated:
    palette = Palette(ink=ink, paper=paper, primary=primary, accent=accent)
    return Curated(name, palette, frozenset(suits.split()))


# Ink on paper reads at 7:1 and better in every one of them.
PALETTES: tuple[Curated, ...] = (
    _of("harbour", "#0b2545", "#f6f1e5", "#13a89e", "#f4a259", "sea teal navy day fresh island"),
    _of("ember", "#33150f", "#fbeee0", "#c2512f", "#f0a83c", "autumn terracotta warm sunset dunes"),
    _of("orchard", "#1d2b1f", "#f4f1e1", "#5f7f3f", "#d9603b", "natural hills sage party"),
    _of(
        "fjord",
        "#12263a",
        "#eef3f5",
        "#4f7f9f",
        "#e6b35a",
        "mountains blue lake winter cool cloudy",
    ),
    _of(
        "saffron", "#3a1d0d", "#fff4dc", "#d98a1f", "#a8321f", "amber yellow jar holiday sale spice"
    ),
    _of("violet-hour", "#1f1638", "#f3eef8", "#6f57b8", "#f08f6e", "purple dusk concert waves"),
    _of(
        "rosewater", "#3b1a2b", "#fdf0ee", "#c9687d", "#d9a441", "pink romantic wedding spring tube"
    ),
    _of(
        "pine", "#10241f", "#eff2e8", "#2f6b55", "#cf9a4a", "forest green elegant rain natural fog"
    ),
    _of("noir", "#14120f", "#f5efe3", "#5b4a36", "#c9a24b", "black elegant dark ink bottle"),
    _of(
        "carnival", "#1b1f4b", "#fff5e6", "#e4475b", "#f6b72f", "red festive playful party confetti"
    ),
    _of("poolside", "#07323b", "#f2fbf7", "#17a2b8", "#ff7f5c", "summer tube teal bright sea can"),
    _of(
        "roastery",
        "#2a1a12",
        "#f6ecdf",
        "#8a5a3b",
        "#d98e4a",
        "cup mug brown coffee nostalgic warm",
    ),
    _of(
        "signal",
        "#101820",
        "#f4f5f7",
        "#2f5bea",
        "#ffb000",
        "phone modern blue launch talk geometry",
    ),
    _of("blossom", "#2b2140", "#fbf3f7", "#8fb07a", "#ec8fa8", "spring fresh sage pink playful"),
    _of("brick", "#26191b", "#f7efe7", "#b23a3a", "#3f7d8c", "red bold book opening halftone"),
    _of(
        "midnight",
        "#0a1130",
        "#eef0fa",
        "#2d4f9e",
        "#ffc257",
        "night city stars aurora blue navy",
    ),
    _of(
        "frost",
        "#1a2b3c",
        "#f2f6f9",
        "#6c93b0",
        "#dd9a6b",
        "winter snow fog cool silver calm",
    ),
    _of(
        "clover",
        "#17301f",
        "#f6f5e6",
        "#5c9c4f",
        "#f0955c",
        "meadow spring green summer hills garden",
    ),
    _of(
        "linen",
        "#2a2b26",
        "#f7f4ec",
        "#9a9a7e",
        "#c77b4f",
        "calm cream white grey minimal gradient",
    ),
)

HUES = {
    "red": "#c8323c",
    "terracotta": "#bf5b3d",
    "orange": "#e67a2e",
    "amber": "#d99a2b",
    "yellow": "#edbf33",
    "green": "#3c7d4f",
    "sage": "#8fa37e",
    "teal": "#16908c",
    "blue": "#2f6fc4",
    "navy": "#1d3564",
    "purple": "#7552b0",
    "pink": "#dd7390",
    "brown": "#85573a",
    "cream": "#e2d3b0",
    "black": "#26262a",
    "white": "#f4f2ee",
    "grey": "#8a8f96",
}


def palette_for(
    meant: Iterable[str], colours: Iterable[str], *, subject: str, seed: int
) -> Palette:
    """The palette that suits best; colours that were named take the place of its own.

    Args:
        meant: values of the lexicon, the most important first.
        colours: values of the lexicon's colours, in the order in which they were named.
        subject: tells apart what suits equally well, together with ``seed``.
        seed: as the request's.
    """
    named = tuple(dict.fromkeys(c for c in colours if c in HUES))
    wanted = [*named, *meant]
    worth = {value: 1 / (2 + rank) + (value in named) for rank, value in enumerate(wanted)}
    best = max(PALETTES, key=lambda c: (_fit(c, worth), _lot(c.name, subject, seed)))
    return _with_hues(best.palette, named)


def _fit(curated: Curated, worth: dict[str, float]) -> float:
    return round(sum(worth.get(value, 0.0) for value in curated.suits), 6)


def _lot(name: str, subject: str, seed: int) -> bytes:
    return hashlib.sha256(f"{name}\n{seed}\n{subject}".encode()).digest()


def _with_hues(palette: Palette, named: tuple[str, ...]) -> Palette:
    """The first named hue becomes the primary, the second the accent; light and dark keep theirs."""
    hues = [HUES[name] for name in named if name not in ("black", "white", "cream", "grey")]
    if not hues:
        return palette
    changed = {"primary": hues[0]} | ({"accent": hues[1]} if len(hues) > 1 else {})
    return palette.model_copy(update=changed)
