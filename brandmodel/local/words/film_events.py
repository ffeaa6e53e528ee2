"""Lines for an occasion: what it is, who or what is there, what it costs, when and where."""

from __future__ import annotations

import re

from brandmodel.local.words.film_copy import in_words
from brandmodel.local.words.film_material import (
    ARTICLE,
    HOOK_WORDS,
    Material,
    listed,
    place_of,
    within,
)
from brandmodel.local.words.film_phrases import LIST_WORDS
from brandmodel.local.words.film_words import Draft, draft, said_when, said_where, word_count
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.seeing import lot
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import capital
from brandmodel.tasks import FilmReading
from brandmodel.tasks.film import BeatRole

LONGEST_INVITATION = 10
"""Words of a time and a place that are still said in one breath."""

_FREE = re.compile(r"^free\s(?P<what>\w+)$", re.IGNORECASE)
_JOIN = ("Join us {when}.", "Be there {when}.")
_NAMED_EVENT = re.compile(
    r"^[A-Z].*\s(?:Festival|Fair|Market|Ball|Gala|Carnival|Biennale|Marathon|Regatta|Parade|Week|Cup)$"
)
_SHOWN = re.compile(r"\b(?:exhibition|show|screening|vernissage|premiere)\b", re.IGNORECASE)


def event(film: FilmReading, material: Material) -> list[Draft]:
    """The lines of an occasion, in the order in which they are said."""
    reading = film.reading
    occasion = ARTICLE.sub("", occasion_of(reading))
    kinds = values(words(occasion), "occasion")
    where, when = said_where(place_of(film)), said_when(reading.when)
    if "sale" in kinds:
        where = re.sub(r"^in\s", "at ", where)
    if "opening" in kinds and material.name and when:
        return _opening(film, material, when, where)
    first = reading.title or material.name or occasion or material.head
    extras = [p for p in (material.head, *material.predicates) if p and not within(p, first)]
    short = _short_words(extras)
    if short and when and not reading.title:
        return _list_first(film, first, short, when, where)
    if not occasion or within(occasion, first):
        if where and word_count(f"{first} {where}") <= HOOK_WORDS:
            first, where = f"{first} {where}", ""
    elif not any(within(occasion, extra) for extra in extras):
        house = bool(extras) and bool(re.match(r"our\s", extras[0]))
        extras.insert(int(house), f"{_with_article(occasion)} {where}".strip())
        where = ""
    bare = not any(re.match(r"(?:an?|our)\s", e, re.IGNORECASE) for e in extras)
    if len(extras) > 1 and bare and all(word_count(e) <= LIST_WORDS for e in extras):
        extras = [listed([_inside(e) for e in extras])]
    roles: tuple[BeatRole, ...] = ("promise", "proof")
    return [
        draft("hook", first, 0),
        *(draft(roles[min(n, 1)], extra, 3 + n / 10) for n, extra in enumerate(extras)),
        *offers(film),
        *_come(when, where, occasion or first),
    ]


def offers(film: FilmReading) -> list[Draft]:
    """Offers and prices of the brief."""
    occasion = occasion_of(film.reading)
    found: list[Draft] = []
    for clause in film.reading.occasion.split(", "):
        if not clause or clause in occasion.split(", "):
            continue
        free = _FREE.match(clause)
        text = f"{capital(free['what'])} is free" if free else clause
        found.append(draft("news", text, 2))
    return found


def _short_words(extras: list[str]) -> list[str]:
    """What there is to see and hear, where it can be said in single words."""
    said = [part for extra in extras for part in re.split(r",\s|\sand\s", extra.strip("."))]
    return said if len(said) > 1 and all(word_count(s) <= LIST_WORDS for s in said) else []


def _list_first(
    film: FilmReading, first: str, short: list[str], when: str, where: str
) -> list[Draft]:
    """What is there, then what it is called, then when and where."""
    name = f"The {first}" if _NAMED_EVENT.match(first) else first
    there = ", ".join(_inside(s) for s in short)
    hooks = (
        [draft("hook", in_words(there), 3)]
        if film.voice
        else [draft("hook", s, 3 + n / 10) for n, s in enumerate(short)]
    )
    return [*hooks, draft("promise", name, 0), *offers(film), *_come(when, where, first)]


def _inside(clause: str) -> str:
    """A clause ready to stand within a sentence."""
    bare = clause.strip(".")
    first = words(bare)[:1]
    common = bool(first) and bool(first[0].meanings) and first[0].text[1:].islower()
    return bare[:1].lower() + bare[1:] if common else bare


def _opening(film: FilmReading, material: Material, when: str, where: str) -> list[Draft]:
    """A house that opens: what it is, what it is called, when the doors open and where."""
    name, head = material.name, material.head
    more = [draft("proof", text, 4 + n / 10) for n, text in enumerate(material.predicates)]
    if head and re.match(r"in\s[A-Z][\w'-]+$", where) and re.match(r"an?\s", head):
        return [
            draft("hook", f"{head} is opening {where}", 2),
            draft("promise", f"It is called {name}", 0),
            *more,
            *offers(film),
            draft("invite", f"The doors open {when}", 1),
        ]
    return [
        draft("hook", head, 2),
        draft("promise", f"{name} opens {when}", 0),
        *more,
        *offers(film),
        draft("invite", _come_to(where), 1),
    ]


def _come(when: str, where: str, what: str) -> list[Draft]:
    """The invitation: a time and a place, in one line or in two."""
    if not when:
        return [draft("invite", _come_to(where), 1)]
    bare = re.match(r"(?:until|till|by|out|doors|opens|starts|in \w+s)\s", when)
    ways = ("See it {when}.",) if _SHOWN.search(what) else _JOIN
    told = ("{when}" if bare else lot(ways, "join", what, when)).format(when=when).rstrip(".")
    if where and word_count(told) + word_count(where) <= LONGEST_INVITATION:
        return [draft("invite", f"{told}, {where}", 1)]
    placed = [draft("promise", where, 2)] if where else []
    return [*placed, draft("invite", told, 1)]


def _come_to(where: str) -> str:
    place = re.sub(r"^(?:at|in)\s", "", where)
    return f"Come to {place}" if place else ""


def _with_article(occasion: str) -> str:
    vowel = occasion[:1].lower() in "aeiou"
    plural = occasion.split()[-1].endswith("s")
    return occasion if plural else f"{'an' if vowel else 'a'} {occasion}"
