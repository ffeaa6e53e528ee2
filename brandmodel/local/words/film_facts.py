"""Facts for a film: sentences of the brand's documents that stand alone and are worth saying."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from brandmodel.local.words.film_words import forms, is_english, word_count
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.moderation import found_in
from brandmodel.local.words.places import contact_spans
from brandmodel.local.words.setting import is_art_direction
from brandmodel.local.words.text import readable, sentences, stems, tokens
from brandmodel.tasks import FilmReading, Passage

LONGEST_WORDS = 24

NUMBER = re.compile(
    r"\b(?:\d[\d.,:]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?"
    r"|half|dozen|twice|double)\b",
    re.IGNORECASE,
)
# What a sentence cannot begin with when it is heard without the one before it.
_LEANING = re.compile(
    r"^(?:it|its|they|their|them|he|she|his|her|this|these|those|that|once|if|when|then|but|and|or|so"
    r"|however|also|there|both|such|otherwise|instead|for example|as a result|because|unopened|questions"
    r"|see|note|please|all of|most of|put|keep|write|store|use|send|do|don't|drink|add|open|wait|leave"
    r"|show|let|call|contact)\b",
    re.IGNORECASE,
)
_SMALL_PRINT = re.compile(
    r"\b(?:prices?|costs?|euros?|deliver\w*|shipping|vat|invoice|terms|warranty|return(?:s|ed)?|allerg\w+"
    r"|opened|expir\w+|kcal|calories|registered|liability|copyright|gluten|contact|e-?mail|case of"
    r"|minimum order)\b|[€$£]",
    re.IGNORECASE,
)
_UNITS = re.compile(
    r"\b\d[\d.,]*\s?(?:ml|cl|mg|g|kg|mm|cm|m|km|kcal|w|kw|v|litres?|liters?)\b", re.I
)
_WHAT_IT_IS = re.compile(r"\b(?:is|are)\s(?:an?|the)\s", re.IGNORECASE)
DENIAL = re.compile(r"\b(?:no|nothing|never|without|only|every|each)\b", re.IGNORECASE)
_NEW = re.compile(
    r"\b(?:new|now|this (?:spring|summer|autumn|winter|year|month|week)"
    r"|launch\w*|for the first time)\b",
    re.I,
)
_CALENDAR = ("spring", "summer", "autumn", "winter")


class Fact(NamedTuple):
    """A sentence of a document, ready to be said.

    Attributes:
        forms: the sentence and its shorter forms, the longest first.
        about: its document and heading.
        stems: of its words.
        worth: higher is better for a film.
        news: speaks of the season that the brief names, or of something new.
        leads: the sentence before it, where that names what this one speaks of.
    """

    forms: tuple[str, ...]
    about: tuple[str, str]
    stems: frozenset[str]
    worth: float
    news: bool = False
    leads: str = ""


def facts_of(
    film: FilmReading, passages: Sequence[Passage], *, name: str, avoid: Sequence[str] = ()
) -> tuple[Fact, ...]:
    """Facts of the passages, the best first; none says what another one says.

    Args:
        film: the brief; facts that bear on it are worth more.
        passages: best first; those of art direction hold no facts.
        name: what the film is about; sentences may begin with it.
        avoid: words that never appear.
    """
    found: list[Fact] = []
    telling = [p for p in passages if not is_art_direction(p) and is_english(p.text)]
    for at, passage in enumerate(telling):
        before = ""
        for text in _standing_alone(passage):
            if not found_in(text, avoid):
                fact = _weighed(text, passage, film, name, 0.4 * (1 - at / len(telling)))
                found.append(fact._replace(leads=_lead(text, before, name)))
            before = text
    found.sort(key=lambda f: -f.worth)
    return _led(_apart(found))


def _led(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts in their order, except that one that introduces another comes before it."""
    ordered: list[Fact] = []
    for fact in facts:
        lead = next((f for f in facts if f.forms[0] == fact.leads), None)
        ordered += [f for f in (lead, fact) if f is not None and f not in ordered]
    return tuple(ordered)


def _lead(text: str, before: str, name: str) -> str:
    """The sentence before, where it introduces the proper name that this one begins with."""
    first = tokens(text)[0]
    proper = first[:1].isupper() and first not in ("The", "A", "An", "No", "Nothing", name)
    led = proper and re.search(rf"\b{re.escape(first)}\b", before)
    return forms(before)[0] if led else ""


def contact_of(passages: Sequence[Passage]) -> str:
    """A web or mail address that the brand's documents give."""
    for passage in passages:
        if not is_art_direction(passage):
            for span in contact_spans(passage.text):
                return span.text
    return ""


def _standing_alone(passage: Passage) -> Iterator[str]:
    """The sentences of a passage that can be heard by themselves."""
    thing = passage.heading.strip().lower() if len(passage.heading.split()) == 1 else ""
    for piece in sentences(passage.text):
        text = readable(piece.text)
        counted = re.match(r"^There are (\w+):\s", text)
        if counted and thing.endswith("s"):
            text = f"There are {counted[1]} {thing}: {text[counted.end() :]}"
        elif _LEANING.match(text):
            continue
        whole = text[-1:] in ".!" and word_count(text) >= 3
        if whole and not contact_spans(text) and "|" not in text and '"' not in text:
            yield text


def _weighed(text: str, passage: Passage, film: FilmReading, name: str, bonus: float) -> Fact:
    reading = film.reading
    told = forms(text)
    brief = " ".join(
        (reading.subject, reading.occasion, film.audience, reading.title, *reading.mood)
    )
    asked = set(stems(brief)) - set(stems(name))
    own = frozenset(stems(text))
    shortest = word_count(told[-1])
    season = set(values(words(brief), "season")) & set(values(words(text), "season"))
    named_before = bool(set(values(words(text), "season")) - season) and bool(
        set(values(words(brief), "season"))
    )
    worth = bonus
    worth += min(len(NUMBER.findall(text)), 2) * 0.8
    worth += 0.8 if 4 <= shortest <= 11 else -0.2 * max(0, shortest - 12)
    worth += 1.2 if DENIAL.search(text) else 0.0
    worth += min(len(asked & own), 2) * 0.7 + 3.0 * bool(season) - 1.5 * named_before
    worth += 0.4 if any(w[:1].isupper() for w in tokens(text)[1:]) else 0.0
    worth -= 3.5 * bool(_SMALL_PRINT.search(text)) + 0.9 * len(_UNITS.findall(told[-1]))
    # What a thing is stands in the promise already.
    worth -= 1.5 * bool(name and text.startswith(name) and _WHAT_IT_IS.search(text[:60]))
    worth -= 5.0 * (shortest > LONGEST_WORDS)
    news = bool(season) or bool(_NEW.search(text))
    return Fact(told, (passage.document, passage.heading), own, round(worth, 4), news)


def _apart(found: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts in their order, without those that repeat another or come fourth of one section."""
    kept: list[Fact] = []
    for fact in found:
        near = any(
            len(fact.stems & k.stems) > 0.6 * min(len(fact.stems), len(k.stems)) for k in kept
        )
        crowd = sum(k.about == fact.about for k in kept)
        if fact.worth > 0 and not near and crowd < 3:
            kept.append(fact)
    return tuple(kept)
