"""What a film may say: drafts of its lines, from the brief and the documents and nothing else.

Every frame around the brief's words is bare of claims ("This is ...", "Join us ..."): what stands in a
line is what the brief or a document says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from brandmodel.local.words.film_facts import DENIAL, NUMBER, Fact
from brandmodel.local.words.film_material import (
    ARTICLE,
    HOOK_WORDS,
    Material,
    listed,
    place_of,
    same,
    within,
)
from brandmodel.local.words.film_words import forms, said_when, said_where, spoken, word_count
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.seeing import lot, seen
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import capital
from brandmodel.tasks import FilmReading
from brandmodel.tasks.film import BeatRole

OPENING_WORTH = 1.2

_FREE = re.compile(r"^free\s(?P<what>\w+)$", re.IGNORECASE)
_JOIN = ("Join us {when}.", "Come {when}.", "Be there {when}.")
_HOUSE = re.compile(
    r"\b(?:company|firm|agency|practice|charity|school|university|start-?up|bank|studio|hotel|brand|team|town|city)\b"
)
_NAMING = ("This is {name}.", "Its name is {name}.", "It is called {name}.")
_ASK = {
    "phone": "Look for {name}.",
    "book": "Read {name}.",
    "bottle": "Ask for {name}.",
    "can": "Ask for {name}.",
    "cup": "Ask for {name}.",
    "mug": "Ask for {name}.",
}


class Draft(NamedTuple):
    """A line that a film may have.

    Attributes:
        rank: lower is kept longer when time is short.
    """

    role: BeatRole
    forms: tuple[str, ...]
    rank: float


def drafts_of(film: FilmReading, material: Material, *, seed: int) -> tuple[Draft, ...]:
    """Every line that the film may have, in the order in which they are said."""
    if not material.english:
        return _as_written(film, material)
    sale = "sale" in values(words(occasion_of(film.reading)), "occasion")
    if material.event or ((film.reading.when or sale) and not material.name):
        found = sorted(_event(film, material), key=lambda d: _ORDER[d.role])
    elif material.name or material.facts:
        found = _product(film, material, seed)
    else:
        found = _mood(film, material)
    return tuple(_without_repeats(found))


def _without_repeats(found: Sequence[Draft]) -> list[Draft]:
    kept: list[Draft] = []
    for draft in found:
        if draft.forms and not any(same(draft.forms[0], k.forms[0]) for k in kept):
            kept.append(draft)
    return kept


def _draft(role: BeatRole, text: str, rank: float) -> Draft:
    return Draft(role, forms(spoken(text)) if text.strip() else (), rank)


def _as_written(film: FilmReading, material: Material) -> tuple[Draft, ...]:
    """In other languages every part of the brief is a line as it stands."""
    reading = film.reading
    subject = [named_form(c) for c in re.split(r"[,，、]\s?", reading.subject) if c]
    when_where = ", ".join(p for p in (reading.when, place_of(film)) if p)
    found = [
        _draft("hook", subject[0] if subject else reading.title, 1),
        _draft("promise", material.name if not within(material.name, reading.subject) else "", 0),
        *(_draft("proof", clause, 4 + n / 10) for n, clause in enumerate(subject[1:])),
        _draft("news", reading.occasion if not reading.when else "", 3),
        _draft(
            "invite",
            ", ".join(p for p in (reading.occasion if reading.when else "", when_where) if p),
            2,
        ),
    ]
    return tuple(_without_repeats(found))


def named_form(clause: str) -> str:
    """A German article behind "für" or "von" as it is when the thing stands alone."""
    cases = (("einen ", "ein "), ("einem ", "ein "), ("einer ", "eine "), ("den ", "der "))
    for case, plainly in cases:
        if clause.startswith(case):
            return plainly + clause[len(case) :]
    return clause


def _event(film: FilmReading, material: Material) -> list[Draft]:
    """An occasion: what it is, who or what is there, what it costs, when and where."""
    reading = film.reading
    occasion = ARTICLE.sub("", occasion_of(reading))
    kinds = values(words(occasion), "occasion")
    where, when = said_where(place_of(film)), said_when(reading.when)
    if "sale" in kinds:
        where = re.sub(r"^in\s", "at ", where)
    first = reading.title or material.name or occasion or material.head
    if "opening" in kinds and material.name and when:
        return _opening(film, material, when, where)
    extras = [p for p in (material.head, *material.predicates) if p and not within(p, first)]
    if not occasion or within(occasion, first):
        if where and word_count(f"{first} {where}") <= HOOK_WORDS:
            first, where = f"{first} {where}", ""
    elif not any(within(occasion, extra) for extra in extras):
        extras.insert(0, f"{_with_article(occasion)} {where}".strip())
        where = ""
    if len(extras) > 1 and all(word_count(e) <= 3 for e in extras):
        extras = [listed([_inside(e) for e in extras])]
    roles: tuple[BeatRole, ...] = ("promise", "proof")
    return [
        _draft("hook", first, 0),
        *(_draft(roles[min(n, 1)], extra, 3 + n / 10) for n, extra in enumerate(extras)),
        *_offers(film),
        *_come(when, where, first),
    ]


def _inside(clause: str) -> str:
    """A clause ready to stand within a sentence."""
    bare = clause.strip(".")
    first = words(bare)[:1]
    common = bool(first) and bool(first[0].meanings) and first[0].text[1:].islower()
    return bare[:1].lower() + bare[1:] if common else bare


def _opening(film: FilmReading, material: Material, when: str, where: str) -> list[Draft]:
    """A house that opens: what it is, that it opens and when, and where to come."""
    return [
        _draft("hook", material.head, 2),
        _draft("promise", f"{material.name} opens {when}", 0),
        *(_draft("proof", text, 4 + n / 10) for n, text in enumerate(material.predicates)),
        *_offers(film),
        _draft("invite", _come_to(where), 1),
    ]


def _come(when: str, where: str, first: str) -> list[Draft]:
    """The invitation: a time and a place, in one line or in two."""
    if not when:
        return [_draft("invite", _come_to(where), 1)]
    bare = re.match(r"(?:until|till|by|out|doors|opens|starts)\s", when)
    told = "{when}" if bare else lot(_JOIN, "join", first)
    if where and word_count(when) + word_count(where) <= 8:
        return [_draft("invite", f"{told.format(when=when).rstrip('.')}, {where}", 1)]
    placed = [_draft("promise", where, 2)] if where else []
    return [*placed, _draft("invite", told.format(when=when), 1)]


def _come_to(where: str) -> str:
    place = re.sub(r"^(?:at|in)\s", "", where)
    return f"Come to {place}" if place else ""


_ORDER: dict[BeatRole, int] = {
    "hook": 0,
    "promise": 1,
    "proof": 2,
    "news": 3,
    "invite": 4,
    "end": 5,
}


def _offers(film: FilmReading) -> list[Draft]:
    """Offers and prices of the brief."""
    occasion = occasion_of(film.reading)
    found: list[Draft] = []
    for clause in film.reading.occasion.split(", "):
        if not clause or clause in occasion.split(", "):
            continue
        free = _FREE.match(clause)
        text = f"{capital(free['what'])} is free" if free else clause
        found.append(_draft("news", text, 2))
    return found


def _product(film: FilmReading, material: Material, seed: int) -> list[Draft]:
    """A product, a company, a place: what it is, what proves it, what is new, what to do."""
    reading, name, head = film.reading, material.name, material.head
    facts = [f for f in material.facts if not _only_names(f, name, head)]
    news = [f for f in facts if f.news][:2]
    leads = [f for f in facts if any(f.forms[0] == n.leads for n in news)]
    short = [f for f in facts if f not in (*news, *leads) and _opens(f, name)]
    telling = short and short[0].worth >= OPENING_WORTH and film.length_s >= 10
    opener = short[0] if telling else None
    found: list[Draft] = []
    if reading.title and not same(reading.title, name):
        found.append(_draft("hook", reading.title, 2))
    elif opener:
        rank = 2.3 if leads else 2
        found.append(Draft("hook", tuple(map(spoken, opener.forms)), rank))
    elif head and name and not _is_general(material) and not (news and film.length_s <= 20):
        found.append(_draft("hook", head, 1))
    found.append(_promise(film, material, hooked=bool(found), plain_hook=not opener, seed=seed))
    found += [
        _draft("proof", _about_it(text, material), 3 + n / 10)
        for n, text in enumerate(material.predicates)
    ]
    found += [
        Draft("proof", tuple(map(spoken, f.forms)), 4 + n / 10)
        for n, f in enumerate(f for f in facts if f is not opener and f not in (*news, *leads))
    ]
    # "Rhubarb is made in spring only" needs the flavours named before it.
    found += [Draft("proof", tuple(map(spoken, f.forms[:1])), 2.2) for f in leads]
    found += [Draft("news", tuple(map(spoken, f.forms)), 2.1 + n / 2) for n, f in enumerate(news)]
    found += _news(film, material, told=bool(news))
    found += _offers(film)
    found.append(_draft("invite", _invitation(film, material), 1.5))
    return sorted(found, key=lambda d: _ORDER[d.role])


def _is_general(material: Material) -> bool:
    """Whether a thing says little by itself, as "a company" does, and more is said of it."""
    return bool(material.predicates) and word_count(material.head) <= 2


def _only_names(fact: Fact, name: str, head: str) -> bool:
    """Whether a fact's first part is what the promise says: "Aurelia is a cold brew tonic"."""
    return bool(name and head) and same(fact.forms[-1], f"{name} is {head}.")


def _opens(fact: Fact, name: str) -> bool:
    """Whether a fact can open a film: telling, short, and without the name that comes next."""
    shortest = fact.forms[-1]
    telling = bool(NUMBER.search(shortest) or DENIAL.search(shortest)) and not fact.leads
    plainly = not within(name, shortest) and not shortest.startswith("There")
    return telling and plainly and word_count(shortest) <= HOOK_WORDS


def _promise(
    film: FilmReading, material: Material, *, hooked: bool, plain_hook: bool, seed: int
) -> Draft:
    name, head = material.name, material.head
    if not name:
        return _draft("promise", head, 0)
    if not head or _is_general(material):
        return _draft("promise", f"This is {name}", 0)
    if film.reading.title and same(film.reading.title, name):
        return _draft("promise", name, 0)
    if hooked and plain_hook and not film.reading.title:
        naming = _NAMING if re.match(r"an?\s", head) else _NAMING[:1]
        return _draft("promise", lot(naming, "naming", name, seed).format(name=name), 0)
    if re.match(r"(?:an?|the|our)\s", head):
        return _draft("promise", f"{name} is {head}", 0)
    return _draft("promise", f"{name}: {head}" if head else name, 0)


def _about_it(text: str, material: Material) -> str:
    """The promise names the thing; what follows does not say the name again."""
    name = material.name
    if name and text.startswith(f"{name} ") and re.match(r"an?\s", material.head):
        return "It" + text[len(name) :]
    return text


def _news(film: FilmReading, material: Material, *, told: bool) -> list[Draft]:
    """What the occasion says is new: a season, or a launch."""
    occasion = occasion_of(film.reading)
    found = words(occasion)
    seasons = values(found, "season")
    kinds = values(found, "occasion")
    if "sale" in kinds:
        return [_draft("news", occasion, 2)]
    if seasons and kinds and not told:
        return [_draft("news", f"New this {seasons[0]}", 2)]
    if "launch" in kinds and not told and not film.reading.when:
        return [_draft("news", "It is new" if material.head or material.facts else "New", 3.5)]
    return []


def _invitation(film: FilmReading, material: Material) -> str:
    """What to do: a time, a place, a contact, or the name to ask for."""
    when, where = said_when(film.reading.when), said_where(place_of(film))
    name = material.name
    kinds = values(words(occasion_of(film.reading)), "occasion")
    if when:
        launch = "launch" in kinds and not when.startswith(("out", "from", "until"))
        told = f"{'The launch is ' if launch else ''}{when}"
        return ", ".join(p for p in (told, where) if p)
    if where:
        return f"Find {name} {where}" if name else f"Find it {where}"
    if material.contact:
        if "@" in material.contact and not material.contact.startswith("@"):
            return "Write to us"
        return f"See {name} online" if name else "See it online"
    if (
        not name
        or not re.match(r"(?:an?|our|\w+s)\s", material.head)
        or _HOUSE.search(material.head)
    ):
        return ""
    saw = seen(material.head)
    product = saw.head.value("product") if saw.head and saw.kind == "still_life" else ""
    return _ASK.get(product, "Look for {name}.").format(name=name)


def _mood(film: FilmReading, material: Material) -> list[Draft]:
    """A film without name and news: the brief's own phrases, one breath each."""
    subject = film.reading.subject or film.reading.title or occasion_of(film.reading)
    clauses = [c for c in re.split(r",\s", subject) if c]
    phrases: list[str] = []
    for clause in clauses:
        cut = re.search(
            r"\s(?=(?:at|in|on|under|over|above|between|after|before|with|from)\s)", clause
        )
        phrases += [clause[: cut.start()], clause[cut.end() :]] if cut else [clause]
    roles: tuple[BeatRole, ...] = ("hook", "promise", "proof")
    found = [_draft(roles[min(n, 2)], phrase, 1 + n / 10) for n, phrase in enumerate(phrases[:6])]
    return [*found, *_offers(film), _draft("invite", _invitation(film, material), 1.5)]


def _with_article(occasion: str) -> str:
    vowel = occasion[:1].lower() in "aeiou"
    plural = occasion.split()[-1].endswith("s")
    return occasion if plural else f"{'an' if vowel else 'a'} {occasion}"
