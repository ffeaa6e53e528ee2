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
_LABEL = re.compile(r"^((?:[^\W\d_]+\s){0,4}[^\W\d_]+):\s+")
_FOR_KIND: dict[str, Kind] = {
    "on a set": "still_life",
    "outdoors": "landscape",
    "without a subject": "abstract",
}
_FOR = re.compile(r"^for\s", re.IGNORECASE)
_SET_ONLY = re.compile(r"\b(?:backdrop|plinths?|on a set)\b", re.IGNORECASE)
_STEERING = ("season", "occasion", "product", "terrain", "daytime", "mood", "weather", "theme")
_ORDER: dict[Kind, tuple[str, ...]] = {
    "still_life": ("season", "product", "occasion", "daytime", "mood"),
    "landscape": ("terrain", "season", "daytime", "weather", "mood"),
    "abstract": ("occasion", "theme", "mood", "season", "daytime"),
}
_FOREIGN: dict[Kind, tuple[str, ...]] = {
    "still_life": ("terrain", "style"),
    "landscape": ("product", "style", "prop"),
    "abstract": ("terrain", "product", "prop"),
}
MOST_SENTENCES = 3
MOST_LETTERS = 360
MOST_PROPS = 4


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
    mood = _mood(reading, direction, tone, saw.kind)
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
    return _within(chosen, set(values(brief, "prop")))


def _within(chosen: list[str], props: set[str]) -> list[str]:
    """Only as many sentences as one picture can follow."""
    kept: list[str] = []
    for sentence in dict.fromkeys(chosen):
        more = props | set(values(words(sentence), "prop"))
        long = sum(map(len, kept)) + len(sentence) > MOST_LETTERS
        if not kept or not (long or len(more) > MOST_PROPS):
            kept.append(sentence)
            props = more
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
    groups = ("season", "daytime", "terrain", "weather", "product")
    fixed = {g: set(values(brief, g)) for g in groups}
    fit: list[str] = []
    for sentence in sentences(passage.text):
        text = readable(sentence.text).rstrip(".!")
        label = _LABEL.match(text)
        meant_for = _FOR_KIND.get(label[1].casefold()) if label else None
        text = text[label.end() :] if label else text
        found = words(text)
        if meant_for not in (None, kind) or not _pictured(text, found) or _is_foreign(text, kind):
            continue
        named = {g: set(values(found, g)) for g in fixed}
        if all(not fixed[g] or named[g] <= fixed[g] for g in fixed):
            said = _lowered(text)
            fit.insert(0, said) if meant_for else fit.append(said)
    return fit


def _lowered(text: str) -> str:
    """Ready to stand inside a sentence; a name in capitals keeps them."""
    first = words(text)[:1]
    common = (
        bool(first)
        and first[0].meanings
        and first[0].text[1:].islower() | (len(first[0].text) == 1)
    )
    return text[:1].lower() + text[1:] if common else text


def _pictured(text: str, found: tuple[Word, ...]) -> bool:
    """Whether a sentence says something that can be seen, rather than when it applies."""
    telling = ("light", "prop", "colour", "season", "daytime", "weather", "terrain", "style")
    return not _FOR.match(text) and any(w.means(*telling, "backdrop") for w in found)


def _is_foreign(text: str, kind: Kind) -> bool:
    if kind != "still_life" and _SET_ONLY.search(text):
        return True
    spared = ("silent", "colour", "light", "mood")
    if kind == "still_life":
        spared = (*spared, "prop")
    return any(w.means(*_FOREIGN[kind]) and not w.means(*spared) for w in words(text))


def _mood(reading: Reading, direction: Sequence[str], tone: str, kind: Kind) -> str:
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
