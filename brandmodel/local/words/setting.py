"""Where a picture stands: light, season and props, from the brief and from art direction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from brandmodel.local.words.lexicon import Word, meanings, values, words
from brandmodel.local.words.seeing import Kind, Seen, meant, seen
from brandmodel.local.words.text import readable, sentences, stems
from brandmodel.tasks import Passage, Reading

_ART_NAME = re.compile(
    r"art[\s_-]?direction|look[\s_-]?book|style[\s_-]?guide|visual|imagery|brand[\s_-]?book", re.I
)
_ART_HEADING = re.compile(
    r"\b(?:art direction|look|photograph\w*|pictures?|imagery|visuals?|light|style|mood|props?)\b",
    re.I,
)
_LABEL = re.compile(r"^(?:[^\W\d_]+\s){0,4}[^\W\d_]+:\s+")
_STEERING = ("season", "occasion", "product", "terrain", "daytime", "mood", "weather", "theme")
_ORDER: dict[Kind, tuple[str, ...]] = {
    "still_life": ("product", "season", "occasion", "daytime", "mood"),
    "landscape": ("terrain", "season", "daytime", "weather", "mood"),
    "abstract": ("occasion", "theme", "mood", "season", "daytime"),
}
_FOREIGN: dict[Kind, tuple[str, ...]] = {
    "still_life": ("terrain", "style"),
    "landscape": ("product", "style", "backdrop"),
    "abstract": ("terrain", "product", "prop", "backdrop"),
}
MOST_SENTENCES = 3
MOST_LETTERS = 360


class Look(NamedTuple):
    """What steers the look of a picture; nothing in it hangs on dates, places and offers.

    Attributes:
        saw: kind and words of what is to be seen.
        setting: the place, in the words of brief and art direction.
        mood: a few words.
        colours: values of the lexicon's colours that art direction names.
    """

    saw: Seen
    setting: str
    mood: str
    colours: tuple[str, ...]


def is_art_direction(passage: Passage) -> bool:
    """Whether a passage speaks of how pictures look."""
    return bool(_ART_NAME.search(passage.document) or _ART_HEADING.search(passage.heading))


def occasion_of(reading: Reading) -> str:
    """The occasion without offers and prices: what may steer a picture."""
    pieces = reading.occasion.split(", ")
    return ", ".join(
        p for p in pieces if any(g == "occasion" for w in words(p) for g, _ in w.meanings)
    )


def look_of(reading: Reading, subject: str, passages: Sequence[Passage], tone: str) -> Look:
    """Decide the look from the brief's own words and the passages of art direction that bear on it."""
    occasion = occasion_of(reading)
    saw = seen(subject)
    brief = words(", ".join(filter(None, [subject, occasion, *reading.mood, *reading.colours])))
    direction = _sentences_for(saw.kind, brief, passages)
    own = _own_words(subject, occasion)
    setting = "; ".join([*own, *direction])
    mood = _mood(reading, direction, tone)
    colours = values(words(" ".join(direction)), "colour")
    return Look(saw, setting, mood, colours)


def _own_words(subject: str, occasion: str) -> list[str]:
    """Season, time of day and weather that only the occasion names."""
    have = {m for w in words(subject) for m in w.meanings}
    said = [
        w.text.lower()
        for w in words(occasion)
        if w.means("season", "daytime", "weather") and not have & set(w.meanings)
    ]
    return list(dict.fromkeys(said))


def _sentences_for(kind: Kind, brief: tuple[Word, ...], passages: Sequence[Passage]) -> list[str]:
    """The sentences of art direction that bear on the brief, best section of each family first."""
    sections: dict[str, tuple[int, Passage]] = {}
    for passage in passages:
        if not is_art_direction(passage):
            continue
        family, worth = _bearing(passage, brief, kind)
        # Equal worth: the passage that a search put first, so the order of the document is no matter.
        if worth > sections.get(family, (0, passage))[0]:
            sections[family] = (worth, passage)
    rank = {family: at for at, family in enumerate(_ORDER[kind])}
    ordered = sorted(sections.items(), key=lambda item: rank.get(item[0], len(rank)))
    chosen: list[str] = []
    for number in range(MOST_SENTENCES):
        for _, (_, passage) in ordered:
            fitting = _fitting(passage, kind, brief)
            if number < len(fitting) and len(chosen) < MOST_SENTENCES:
                chosen.append(fitting[number])
    return _within(chosen)


def _within(chosen: list[str]) -> list[str]:
    kept: list[str] = []
    for sentence in dict.fromkeys(chosen):
        if not kept or sum(map(len, kept)) + len(sentence) <= MOST_LETTERS:
            kept.append(sentence)
    return kept


def _bearing(passage: Passage, brief: tuple[Word, ...], kind: Kind) -> tuple[str, int]:
    """(family, worth) of a passage for a brief; worth 0 has no bearing."""
    said = {m for w in brief for m in w.meanings if m[0] in _STEERING}
    about = [m for w in words(passage.heading) for m in w.meanings if m[0] in _STEERING]
    shared = [m for m in about if m in said]
    telling = {s for w in brief if w.means(*_STEERING) or not w.meanings for s in stems(w.text)}
    in_heading = len(telling & set(stems(passage.heading)))
    in_text = len(telling & set(stems(passage.text)))
    families = [m[0] for m in (shared or about)]
    family = min(families, key=lambda f: _rank(f, kind), default="")
    if not about:
        general = bool(_ART_HEADING.search(passage.heading)) or not passage.heading
        return "general", 1 + in_text if general else in_text
    exact = 4 * in_heading + 3 * len(shared)
    # A product's section bears on a product that it names, whatever its heading says.
    return family, exact + 6 * in_text if shared or (in_text and family == "product") else 0


def _rank(family: str, kind: Kind) -> int:
    order = _ORDER[kind]
    return order.index(family) if family in order else len(order)


def _fitting(passage: Passage, kind: Kind, brief: tuple[Word, ...]) -> list[str]:
    """The sentences of a passage that this kind of picture can follow, and the brief does not deny."""
    fixed = {g: set(values(brief, g)) for g in ("season", "daytime", "terrain", "weather")}
    fit: list[str] = []
    for sentence in sentences(passage.text):
        text = _LABEL.sub("", readable(sentence.text)).rstrip(".!")
        found = words(text)
        if not _pictured(found) or _is_foreign(found, kind):
            continue
        named = {g: set(values(found, g)) for g in fixed}
        if all(not fixed[g] or named[g] <= fixed[g] for g in fixed):
            fit.append(text[:1].lower() + text[1:] if text[1:2].islower() else text)
    return fit


def _pictured(found: tuple[Word, ...]) -> bool:
    telling = (
        "light",
        "prop",
        "colour",
        "mood",
        "season",
        "daytime",
        "weather",
        "terrain",
        "style",
    )
    return any(w.means(*telling, "backdrop") for w in found)


def _is_foreign(found: tuple[Word, ...], kind: Kind) -> bool:
    return any(
        w.means(*_FOREIGN[kind]) and not w.means("silent", "prop", "light", "mood") for w in found
    )


def _mood(reading: Reading, direction: Sequence[str], tone: str) -> str:
    if reading.mood:
        return ", ".join(reading.mood)
    steered = [w.text.lower() for w in words(" ".join(direction)) if w.means("mood")]
    if steered:
        return ", ".join(dict.fromkeys(steered[:3]))
    spoken = [t.strip().lower() for t in tone.split(",")]
    return ", ".join(t for t in spoken if any(g == "mood" for g, _ in meanings(t)))[:80]


def wanted(look: Look, reading: Reading) -> tuple[str, ...]:
    """Values of the lexicon that a palette shall suit, the most important first."""
    brief = words(", ".join([occasion_of(reading), *reading.mood]))
    groups = ("season", "occasion", "mood", "product", "terrain", "daytime", "weather", "theme")
    return tuple(
        dict.fromkeys([*meant((*look.saw.found, *brief), *groups, "style"), *look.colours])
    )
