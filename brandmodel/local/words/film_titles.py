"""The few words that stand on screen while a line is said: titles, and lower thirds of when and where."""

from __future__ import annotations

import re

from brandmodel.local.words.film_facts import NUMBER
from brandmodel.local.words.film_words import fitted, said_when, spoken, word_count
from brandmodel.local.words.lexicon import plain
from brandmodel.local.words.places import contact_spans
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import capital, squeezed
from brandmodel.tasks import Beat, FilmReading

TITLE_WORDS = 5
LOWER_THIRD_WORDS = 9
ON_SCREEN_LETTERS = 44
SILENT_WORDS_S = (3.6, 3.0, 2.4, 1.8)
"""Seconds in which a long line is tried to be said, when it has to be shortened for reading."""

_FIGURE = re.compile(
    rf"(?P<figure>{NUMBER.pattern}(?:\s?(?:%|percent|°\s?C|degrees))?)\s(?P<rest>(?!every\b|each\b)(?:[\w'’-]+\s?){{1,2}})",
    re.I,
)
_AFTER_FIGURE = re.compile(
    r"\s?\b(?:at|in|of|by|for|from|on|with|and|above|only|per|is|are|was|to|than|or|made|a|the)\b.*$",
    re.I,
)
_NAMING = re.compile(
    r"^(?:This is|(?:It|Its name) is(?: called)?|They are called|Now there is|And there is|There is)"
    r" (?=\S)(?!no )"
)
_IS_A = re.compile(r"^(?:It is|They are) (?!called )")
_SETTING_FIRST = re.compile(
    r"^(?P<where>(?:At|In|On|By|Near|Before|After|Every|For|Under|Above)\s[^,]+),\s"
)
_SAYING = re.compile(
    r"\b(?:is|are|has|have|it|they|there|begins?|becomes?|comes?|opens?|\w+s (?:it|them|your|you|itself))\b",
    re.IGNORECASE,
)
_FREE = re.compile(r"^(?P<what>\w+) is free\.?$")


def silent_words(text: str) -> str:
    """A line for a film without voice: short enough to be read."""
    bare = _NAMING.sub("", text.strip()).rstrip(".。")
    if word_count(bare) <= LOWER_THIRD_WORDS and len(bare) <= ON_SCREEN_LETTERS + 16:
        return capital(bare)
    for seconds in SILENT_WORDS_S:
        short = fitted(text, seconds).rstrip(".")
        if short and word_count(short) <= LOWER_THIRD_WORDS:
            return short
    return ""


def words_on_screen(beat: Beat, text: str, film: FilmReading, shown: set[str], contact: str) -> str:
    """A few words that carry the beat, or none: never the whole of a long line, nothing twice.

    Args:
        beat: when and where stand in a lower third, everything else in a title.
        text: what is said.
        film: the brief, for words as they are written rather than said.
        shown: plain words that stood on screen before.
        contact: where to write or look, when the brief gives none.
    """
    if beat.role == "end":
        return ""
    if beat.role == "invite":
        found, most = _invitation(film, text, shown, contact), LOWER_THIRD_WORDS
    elif beat.role == "news":
        free = _FREE.match(text)
        found, most = f"Free {free['what'].lower()}" if free else _title(text, film), TITLE_WORDS
    else:
        found, most = _title(text, film), TITLE_WORDS
    short = word_count(found) <= most and len(found) <= ON_SCREEN_LETTERS
    return capital(found) if found and short and plain(found) not in shown else ""


def figure_of(text: str) -> str:
    """A figure and what it counts: "eighteen hours", "70 percent"; empty where there is none."""
    match = _FIGURE.search(text.rstrip("."))
    if not match:
        return ""
    rest = match["rest"]
    what = "off" if rest.startswith("off ") else _AFTER_FIGURE.sub("", rest).strip()
    figure = match["figure"]
    if re.fullmatch(r"\d{4}", figure) or (not what and not re.search(r"%|percent|degree", figure)):
        return ""
    return squeezed(f"{figure} {what}").replace(" percent", "%")


def _title(text: str, film: FilmReading) -> str:
    """The name that a line says, its bare words, its figure, or where and when it sets out."""
    if name := _named(text, film):
        return name
    bare = _NAMING.sub("", text).rstrip(".")
    if _IS_A.match(text) and not _NAMING.match(text):
        return figure_of(text)
    if ". " in bare:
        return ", ".join(
            p if n == 0 else p[:1].lower() + p[1:] for n, p in enumerate(bare.split(". "))
        )
    if not _SAYING.search(bare) and not _IS_A.match(text) and word_count(bare) < TITLE_WORDS:
        return bare
    if found := figure_of(text):
        return found
    first = _SETTING_FIRST.match(text)
    return first["where"] if first and word_count(first["where"]) < TITLE_WORDS else ""


def _named(text: str, film: FilmReading) -> str:
    """The title, name or occasion of the brief, as written, where the line says it."""
    reading = film.reading
    occasion = occasion_of(reading)
    telling = occasion if " " in occasion else ""
    for name in (reading.title, reading.name, telling):
        whole = plain(spoken(name))
        if whole and re.search(rf"(?<!\w){re.escape(whole)}(?!\w)", plain(text)):
            return name
    return ""


def _invitation(film: FilmReading, text: str, shown: set[str], contact: str) -> str:
    """When and where, or a contact, as it is written rather than said."""
    reading = film.reading
    when = reading.when.strip(" ,.")
    place = _place(reading.where, shown)
    if when and any(plain(w) in plain(text) for w in (when, said_when(when))):
        when = capital(re.sub(r"\b(\d+)\s?([ap])\.?m\b\.?", r"\1 \2m", when, flags=re.I))
        both = f"{when} · {place}"
        fits = len(both) <= ON_SCREEN_LETTERS and word_count(both) <= LOWER_THIRD_WORDS
        return both if place and fits else when
    contacts = contact_spans(reading.where)
    return contacts[0].text if contacts else place or contact


def _place(where: str, shown: set[str]) -> str:
    """The name of the place, unless it was shown."""
    place = re.sub(r"^(?:the|at)\s", "", where.split(", ")[0], flags=re.IGNORECASE)
    seen = any(plain(place) in words for words in shown)
    return "" if seen or contact_spans(place) else place
