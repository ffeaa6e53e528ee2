"""What words say about music: bright or dark, fast or slow, on which instruments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Lead = Literal["piano", "pluck", "bell", "keys", "marimba", "synth"]
Pad = Literal["strings", "warm", "glass", "choir"]

LEADS: tuple[Lead, ...] = ("piano", "pluck", "bell", "keys", "marimba", "synth")
PADS: tuple[Pad, ...] = ("strings", "warm", "glass", "choir")


@dataclass(frozen=True, slots=True)
class Tint:
    """What one word adds.

    Attributes:
        bright: -1 dark and minor to 1 light and major.
        speed: beats a minute, added.
        lush: sevenths and ninths in the chords.
        drive: added to the energy.
        lead: instruments that suit the theme.
        pad: beds that suit it.
    """

    bright: float = 0.0
    speed: float = 0.0
    lush: float = 0.0
    drive: float = 0.0
    lead: tuple[Lead, ...] = ()
    pad: tuple[Pad, ...] = ()


@dataclass(frozen=True, slots=True)
class Mood:
    """All words together."""

    bright: float
    speed: float
    lush: float
    drive: float
    leads: tuple[Lead, ...]
    pads: tuple[Pad, ...]
    ignored: tuple[str, ...]


_CALM = Tint(0.1, -14, 0.4, -0.1, ("piano", "keys", "pluck"), ("warm", "glass"))
_WARM = Tint(0.25, -4, 0.5, 0, ("pluck", "keys", "piano"), ("warm", "strings"))
_BOLD = Tint(0.0, 8, -0.2, 0.15, ("synth", "piano"), ("strings", "choir"))
_FAST = Tint(0.1, 20, -0.1, 0.15, ("synth", "marimba", "pluck"), ("warm", "strings"))
_HAPPY = Tint(0.7, 10, 0, 0.05, ("marimba", "pluck", "bell"), ("warm", "glass"))
_DARK = Tint(-0.8, -6, 0, 0, ("piano", "synth"), ("choir", "strings"))
_SAD = Tint(-0.7, -14, 0.3, -0.15, ("piano",), ("strings", "warm"))
_DREAM = Tint(0.35, -10, 0.7, -0.1, ("bell", "keys"), ("glass", "choir"))
_EPIC = Tint(-0.25, 4, -0.1, 0.2, ("piano", "synth"), ("strings", "choir"))
_PLAY = Tint(0.6, 12, -0.1, 0.05, ("marimba", "pluck", "bell"), ("glass", "warm"))
_ELEGANT = Tint(0.1, -6, 0.8, -0.05, ("piano", "keys"), ("strings", "glass"))
_TENSE = Tint(-0.7, 6, 0, 0.05, ("synth", "pluck"), ("choir", "strings"))
_FRESH = Tint(0.6, 6, 0.2, 0.0, ("pluck", "marimba", "bell"), ("glass", "warm"))
_MODERN = Tint(0.15, 8, 0.2, 0.05, ("synth", "keys"), ("glass", "warm"))
_NATURE = Tint(0.4, -6, 0.2, -0.05, ("pluck", "marimba", "piano"), ("warm", "strings"))
_MINIMAL = Tint(0.1, -6, 0.3, -0.15, ("piano", "keys", "bell"), ("glass",))
_HOPE = Tint(0.5, 2, 0.2, 0.05, ("piano", "pluck"), ("strings",))
_MYSTERY = Tint(-0.5, -8, 0.5, -0.05, ("bell", "piano"), ("glass", "choir"))
_COSY = Tint(0.35, -8, 0.8, -0.05, ("keys", "pluck"), ("warm",))
_PARTY = Tint(0.5, 20, 0, 0.3, ("synth", "bell"), ("warm", "strings"))


def _each(tint: Tint, words: str) -> dict[str, Tint]:
    return dict.fromkeys(words.split(), tint)


_WORDS: dict[str, Tint] = {
    **_each(_CALM, "calm quiet soft gentle peaceful serene relaxed slow still soothing tender"),
    **_each(_WARM, "warm golden honey friendly human homely honest acoustic folk"),
    **_each(_BOLD, "bold strong powerful confident proud heroic brave big"),
    **_each(_FAST, "fast quick brisk energetic driving urgent dynamic sporty active lively"),
    **_each(_HAPPY, "happy joyful cheerful upbeat sunny bright positive light"),
    **_each(_DARK, "dark heavy brooding night noir gothic"),
    **_each(_SAD, "sad melancholic melancholy nostalgic wistful lonely bittersweet"),
    **_each(_DREAM, "dreamy ambient floating airy ethereal magical magic cosmic spacey"),
    **_each(_EPIC, "epic cinematic grand dramatic majestic monumental"),
    **_each(_PLAY, "playful fun funny quirky cute whimsical curious childlike"),
    **_each(_ELEGANT, "elegant luxurious luxury refined premium sophisticated classic precise chic"),
    **_each(_TENSE, "tense suspense suspenseful dangerous nervous edgy thriller"),
    **_each(_FRESH, "fresh crisp spring summer clean clear light-hearted optimistic"),
    **_each(
        _MODERN, "modern tech technological futuristic digital electronic urban cool sleek innovative"
    ),
    **_each(_NATURE, "natural nature organic earthy rustic outdoor wild"),
    **_each(_MINIMAL, "minimal minimalist simple sparse pure"),
    **_each(_HOPE, "hopeful inspiring inspirational uplifting emotional moving touching romantic"),
    **_each(_MYSTERY, "mysterious mystic mystical strange secret deep"),
    **_each(_COSY, "cosy cozy lofi lo-fi jazzy jazz coffee mellow smooth chill laid-back"),
    **_each(_PARTY, "party festive dance club celebration celebratory disco house"),
    "piano": Tint(lead=("piano",) * 4),
    "guitar": Tint(lead=("pluck",) * 4),
    "harp": Tint(lead=("pluck",) * 4),
    "bells": Tint(lead=("bell",) * 4),
    "synth": Tint(lead=("synth",) * 4),
    "marimba": Tint(lead=("marimba",) * 4),
    "rhodes": Tint(lead=("keys",) * 4),
    "strings": Tint(pad=("strings",) * 4),
    "orchestral": Tint(lead=("piano",), pad=("strings",) * 4),
    "choir": Tint(pad=("choir",) * 4),
    "major": Tint(bright=1.2),
    "minor": Tint(bright=-1.2),
}  # fmt: skip
_NO_MEANING = frozenset(
    "a an the and or of with in for to but very not too music track song score mood feel feeling "
    "feels sound sounds like theme background some more less tone".split()
)


def mood_of(text: str) -> Mood:
    """The words taken together; those unknown are named, so that nobody believes they worked."""
    words = [w for w in re.findall(r"[a-z][a-z-]*", text.lower()) if w not in _NO_MEANING]
    known = [_WORDS[w] for w in words if w in _WORDS]
    count = max(len(known), 1)
    return Mood(
        bright=sum(t.bright for t in known) / count if known else 0.3,
        speed=sum(t.speed for t in known) / count**0.5,
        lush=sum(t.lush for t in known) / count if known else 0.2,
        drive=sum(t.drive for t in known) / count,
        leads=tuple(lead for t in known for lead in t.lead) or LEADS,
        pads=tuple(pad for t in known for pad in t.pad) or PADS,
        ignored=tuple(dict.fromkeys(w for w in words if w not in _WORDS)),
    )
