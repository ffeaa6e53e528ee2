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
# Conditions, prohibitions and colours are not things to be put into a picture.
_ASIDE = re.compile(
    r"^(?:for|colou?rs?|the mood)\s|\b(?:only|never|not|no|unless|when|where|if|should)\b",
    re.IGNORECASE,
)
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
    mood = _mood(reading, direction, tone)
    colours = _colours_for(saw.kind, brief, passages)
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
    """The sentences of art direction that bear on the brief, the best section of each family.

    The order in which a search found the passages is no matter: it may hang on facts of the brief.
    """
    ordered = sorted(_best_sections(kind, brief, passages).items(), key=lambda s: _rank(s[0], kind))
    fitting = [_fitting(section, kind, brief) for _, section in ordered]
    chosen = [
        said[number] for number in range(MOST_SENTENCES) for said in fitting if number < len(said)
    ]
    return _within(chosen, set(values(brief, "prop")))[:MOST_SENTENCES]


def _best_sections(
    kind: Kind, brief: tuple[Word, ...], passages: Sequence[Passage]
) -> dict[str, list[Passage]]:
    """By family, the section of art direction that bears most on the brief."""
    sections: dict[tuple[str, str], list[Passage]] = {}
    for passage in sorted(passages, key=lambda p: (p.document, p.heading, p.text)):
        if is_art_direction(passage):
            sections.setdefault((passage.document, passage.heading), []).append(passage)
    best: dict[str, tuple[int, list[Passage]]] = {}
    for section in sections.values():
        family, worth = max((_bearing(p, brief, kind) for p in section), key=lambda b: b[1])
        if worth > best.get(family, (0, section))[0]:
            best[family] = (worth, section)
    return {family: section for family, (_, section) in best.items()}


def _within(chosen: list[str], props: set[str]) -> list[str]:
    """Only as many sentences as one picture can follow."""
    kept: list[str] = []
    for sentence in dict.fromkeys(chosen):
        more = props | set(values(words(sentence), "prop"))
        styles = {v for s in [*kept, sentence] for v in values(words(s), "style")}
        long = sum(map(len, kept)) + len(sentence) > MOST_LETTERS
        if not kept or not (long or len(more) > MOST_PROPS or len(styles) > 1):
            kept.append(sentence)
            props = more
    return kept


def _bearing(passage: Passage, brief: tuple[Word, ...], kind: Kind) -> tuple[str, int]:
    """(family, worth) of a passage for a brief; worth 0 has no bearing."""
    said = {m for w in brief for m in w.meanings if m[0] in _STEERING}
    about = [m for w in words(passage.heading) for m in w.meanings if m[0] in _STEERING]
    if not about:
        general = bool(_ART_HEADING.search(passage.heading)) or not passage.heading
        return "general", int(general) + _shared_words(brief, passage.text, "product", "terrain")
    shared = [m for m in about if m in said]
    family = min((m[0] for m in shared or about), key=lambda f: _rank(f, kind))
    if family not in _ORDER[kind]:
        return family, 0
    # A product's section bears on a product that it names, whatever its heading says.
    named = _shared_words(brief, passage.text, "product", "absent") if family == "product" else 0
    in_heading = _shared_words(brief, passage.heading, *_STEERING)
    return family, 4 * in_heading + 3 * len(shared) + 6 * named


def _shared_words(brief: tuple[Word, ...], text: str, *groups: str) -> int:
    telling = {s for w in brief if w.means(*groups) for s in stems(w.text)}
    return len(telling & set(stems(text)))


def _rank(family: str, kind: Kind) -> int:
    order = _ORDER[kind]
    return order.index(family) if family in order else len(order)


def _fitting(section: list[Passage], kind: Kind, brief: tuple[Word, ...]) -> list[str]:
    """What a section says for this kind of picture and the brief does not deny, clearest first."""
    groups = ("season", "daytime", "terrain", "weather", "product", "style")
    fixed = {g: set(values(brief, g)) for g in groups}
    labelled: list[str] = []
    plainly: list[str] = []
    for sentence in (s for passage in section for s in sentences(passage.text)):
        text = readable(sentence.text).rstrip(".!")
        label = _LABEL.match(text)
        meant_for = _FOR_KIND.get(label[1].casefold()) if label else None
        text = text[label.end() :] if label else text
        found = words(text)
        if meant_for not in (None, kind) or not _pictured(text, found) or _is_foreign(text, kind):
            continue
        named = {g: set(values(found, g)) for g in fixed}
        if all(not fixed[g] or named[g] <= fixed[g] for g in fixed):
            (labelled if meant_for else plainly).append(_lowered(text))
    return labelled + plainly


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
    telling = ("light", "prop", "daytime", "weather", "terrain", "style", "backdrop")
    return not _ASIDE.search(text) and any(w.means(*telling) for w in found)


def _is_foreign(text: str, kind: Kind) -> bool:
    if kind != "still_life" and _SET_ONLY.search(text):
        return True
    spared = ("silent", "colour", "light", "mood")
    if kind == "still_life":
        spared = (*spared, "prop")
    return any(w.means(*_FOREIGN[kind]) and not w.means(*spared) for w in words(text))


def _colours_for(
    kind: Kind, brief: tuple[Word, ...], passages: Sequence[Passage]
) -> tuple[str, ...]:
    """The colours that the sections bearing on the brief name."""
    sections = _best_sections(kind, brief, passages)
    ordered = sorted(sections.items(), key=lambda item: _rank(item[0], kind))
    text = "\n".join(passage.text for _, section in ordered for passage in section)
    return values(words(" ".join(s.text for s in sentences(text) if "olour" in s.text)), "colour")


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
