"""What a film may say: drafts of its lines, from the brief and the documents and nothing else.

Every frame around the brief's words is bare of claims ("This is ...", "Join us ..."): what stands in a
line is what the brief or a document says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.words.film_copy import Telling, Told, compact, rest_of, told
from brandmodel.local.words.film_events import event, offers
from brandmodel.local.words.film_facts import DENIAL, NUMBER, Fact
from brandmodel.local.words.film_look import is_house
from brandmodel.local.words.film_material import (
    HOOK_WORDS,
    Material,
    place_of,
    same,
    within,
)
from brandmodel.local.words.film_phrases import Phrase, is_sentence, phrase_of
from brandmodel.local.words.film_words import (
    Draft,
    draft,
    most_lines,
    needed_s,
    said_when,
    said_where,
    sentence,
    spoken,
    word_count,
)
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.seeing import lot, seen
from brandmodel.local.words.setting import occasion_of
from brandmodel.tasks import FilmReading
from brandmodel.tasks.film import BeatRole

OPENING_WORTH = 1.2

_HOUSE = re.compile(
    r"\b(?:company|firm|agency|practice|charity|school|university|start-?up|bank|studio|hotel|brand|team|town|city"
    r"|line|album|bakery|cafe|café|restaurant|shop|museum|delivery|service)\b"
)
_NAMING = ("This is {name}.", "It is called {name}.")
_BY_NAME = ("bottle", "can", "cup", "mug", "jar", "tube", "box")
_TERSE = ("bold", "playful", "festive")
_SAID_MOODS = frozenset("calm quiet still slow soft gentle silent peaceful".split())
_BEFORE_PLACE = re.compile(
    r"\s(?=(?:at|in|on|under|over|above|between|after|before|with|from|by|near|beside|behind|along)\s)"
)


def drafts_of(
    film: FilmReading, material: Material, *, seed: int, body_s: float
) -> tuple[Draft, ...]:
    """Every line that the film may have, in the order in which they are said.

    Args:
        film: the brief.
        material: what it and the documents hold.
        seed: decides between ways that say the same.
        body_s: seconds before the end card; lines that belong together are told shorter in little.
    """
    if not material.english:
        return _as_written(film, material)
    sale = "sale" in values(words(occasion_of(film.reading)), "occasion")
    if material.event or ((film.reading.when or sale) and not material.name):
        found = sorted(event(film, material), key=lambda d: _ORDER[d.role])
    elif material.facts:
        found = _with_facts(film, material, seed)
    elif material.name or _is_thing(material):
        found = _from_the_brief(film, material, seed, body_s)
    else:
        found = _mood(film, material)
    return tuple(_without_repeats(found))


def telling_of(film: FilmReading, seed: int) -> Telling:
    """How the lines are told: a bold or playful film in bare words."""
    found = words(occasion_of(film.reading))
    moods = values(words(", ".join(film.reading.mood)), "mood")
    launch = "launch" in values(found, "occasion") and not values(found, "season")
    return Telling(
        terse=bool(moods) and moods[0] in _TERSE,
        launch=launch and not film.reading.when,
        audience=film.audience,
        seed=seed,
    )


def _without_repeats(found: Sequence[Draft]) -> list[Draft]:
    kept: list[Draft] = []
    for one in found:
        if one.forms and not any(same(one.forms[0], k.forms[0]) for k in kept):
            kept.append(one)
    return kept


def _as_written(film: FilmReading, material: Material) -> tuple[Draft, ...]:
    """In other languages every part of the brief is a line as it stands."""
    reading = film.reading
    subject = [named_form(c) for c in re.split(r"[,，、]\s?", reading.subject) if c]
    when_where = ", ".join(p for p in (reading.when, place_of(film)) if p)
    found = [
        draft("hook", subject[0] if subject else reading.title, 1),
        draft("promise", material.name if not within(material.name, reading.subject) else "", 0),
        *(draft("proof", clause, 4 + n / 10) for n, clause in enumerate(subject[1:])),
        draft("news", reading.occasion if not reading.when else "", 3),
        draft(
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


_ORDER: dict[BeatRole, int] = {
    "hook": 0,
    "promise": 1,
    "proof": 2,
    "news": 3,
    "invite": 4,
    "end": 5,
}


def _is_thing(material: Material) -> bool:
    """Whether a subject without a name is a thing or a house, and no place or weather."""
    head = material.head
    saw = seen(head)
    place = saw.kind == "landscape" and not (saw.head and saw.head.means("absent"))
    return bool(re.match(r"(?:an?|our)\s", head)) and not place


def _from_the_brief(film: FilmReading, material: Material, seed: int, body_s: float) -> list[Draft]:
    """A thing that no document speaks of: its parts one by one, its name, and what to do."""
    reading, name = film.reading, material.name
    phrase = phrase_of(reading.subject or material.head)
    telling = telling_of(film, seed)
    invitation = draft("invite", _invitation(film, material), 0.05 if reading.when else 1.5)
    titled = bool(reading.title) and not same(reading.title, name)
    core, rest = _core(film, phrase, name, telling), rest_of(phrase, telling)
    whole = bool(phrase.thing) and not is_sentence(reading.subject)
    if not whole or not _has_time(core, invitation if reading.when else None, film, body_s):
        core, rest = compact(reading.subject, name, telling), ()
    last = len(core) - 1
    return [
        *([draft("hook", reading.title, 2)] if titled else []),
        # The name is kept longest, whatever else has to go.
        *(
            draft(role, text, 0.0 if n == last else 0.1 + n / 10)
            for n, (role, text) in enumerate(core)
        ),
        *(draft("proof", text, 1.2 + n / 100) for n, text in enumerate(rest)),
        *_news(film, told=False),
        *offers(film),
        invitation,
    ]


def _core(film: FilmReading, phrase: Phrase, name: str, telling: Telling) -> tuple[Told, ...]:
    """The lines that hold together; words that are said in one breath are shown one by one."""
    whole = told(phrase, name, telling)
    if film.voice:
        return whole
    shown: list[Told] = []
    for role, text in whole:
        for n, piece in enumerate(re.split(r"(?<=\.)\s", text)):
            shown.append((role if n == 0 else "proof", piece))
    return tuple(shown)


def _has_time(core: Sequence[Told], dated: Draft | None, film: FilmReading, body_s: float) -> bool:
    """Whether all of the core can be told, and a date besides."""
    texts = [text for _, text in core] + ([dated.forms[-1]] if dated and dated.forms else [])
    needed = sum(needed_s(text, voice=film.voice) for text in texts)
    return needed <= body_s and len(texts) <= most_lines(body_s, voice=film.voice)


def _with_facts(film: FilmReading, material: Material, seed: int) -> list[Draft]:
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
        found.append(draft("hook", reading.title, 2))
    elif opener:
        rank = 2.3 if leads else 2
        found.append(Draft("hook", tuple(map(spoken, opener.forms)), rank))
    elif head and name and not _is_general(material) and not (news and film.length_s <= 20):
        found.append(draft("hook", head, 1))
    found.append(_promise(film, material, hooked=bool(found), plain_hook=not opener, seed=seed))
    found += [
        draft("proof", _about_it(text, material), 3 + n / 10)
        for n, text in enumerate(material.predicates)
    ]
    found += [
        Draft("proof", tuple(map(spoken, f.forms)), 4 + n / 10)
        for n, f in enumerate(f for f in facts if f is not opener and f not in (*news, *leads))
    ]
    # "Rhubarb is made in spring only" needs the flavours named before it.
    found += [Draft("proof", tuple(map(spoken, f.forms[:1])), 2.2) for f in leads]
    found += [Draft("news", tuple(map(spoken, f.forms)), 2.1 + n / 2) for n, f in enumerate(news)]
    found += _news(film, told=bool(news))
    found += offers(film)
    found.append(draft("invite", _invitation(film, material), 1.5))
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
        return draft("promise", head, 0)
    if not head or _is_general(material):
        return draft("promise", f"This is {name}", 0)
    if film.reading.title and same(film.reading.title, name):
        return draft("promise", name, 0)
    if hooked and plain_hook and not film.reading.title:
        naming = _NAMING if re.match(r"an?\s", head) else _NAMING[:1]
        return draft("promise", lot(naming, "naming", name, seed).format(name=name), 0)
    if re.match(r"(?:an?|the|our)\s", head):
        return draft("promise", f"{name} is {head}", 0)
    return draft("promise", f"{name}: {head}" if head else name, 0)


def _about_it(text: str, material: Material) -> str:
    """The promise names the thing; what follows does not say the name again."""
    name = material.name
    if name and text.startswith(f"{name} ") and re.match(r"an?\s", material.head):
        return "It" + text[len(name) :]
    return text


def _news(film: FilmReading, *, told: bool) -> list[Draft]:
    """What the occasion says is new, or is cheaper: a season's edition, a sale."""
    occasion = occasion_of(film.reading)
    found = words(occasion)
    seasons, kinds = values(found, "season"), values(found, "occasion")
    if "sale" in kinds:
        return [draft("news", occasion, 2)]
    if "holiday" in kinds and not film.reading.when:
        return [draft("news", f"This {occasion}", 1.1)]
    if seasons and kinds and not told:
        return [draft("news", f"New this {seasons[0]}", 2)]
    return []


def _invitation(film: FilmReading, material: Material) -> str:
    """What to do: a time, a place, a contact, or the name to ask for."""
    when, where = said_when(film.reading.when), said_where(place_of(film))
    name = material.name
    kinds = values(words(occasion_of(film.reading)), "occasion")
    if when:
        launch = "launch" in kinds and not when.startswith(("out", "from", "until"))
        said = f"{'The launch is ' if launch else ''}{when}"
        return ", ".join(p for p in (said, where) if p)
    if where:
        return f"Find {name} {where}" if name else f"Find it {where}"
    if material.contact:
        if "@" in material.contact and not material.contact.startswith("@"):
            return "Write to us"
        return f"See {name} online" if name else "See it online"
    return _asking(name, material.head)


def _asking(name: str, head: str) -> str:
    """How to ask for a thing; a house and a service are not asked for."""
    if (
        not name
        or not re.match(r"(?:an?|our|\w+s)\s", head)
        or is_house(head)
        or _HOUSE.search(head)
    ):
        return ""
    saw = seen(head)
    product = saw.head.value("product") if saw.head and saw.kind == "still_life" else ""
    if product == "book":
        return f"Read {name}"
    if product in _BY_NAME:
        return f"Ask for {'them' if phrase_of(head).plural else 'it'} by name"
    return "Look for the name"


def _mood(film: FilmReading, material: Material) -> list[Draft]:
    """A film without name and news: the brief's own phrases, one breath each."""
    subject = film.reading.subject or film.reading.title or occasion_of(film.reading)
    clauses = [c for c in re.split(r",\s", subject) if c]
    phrases = [piece for clause in clauses for piece in _BEFORE_PLACE.split(clause)]
    roles: tuple[BeatRole, ...] = ("hook", "promise", "proof")
    found = [draft(roles[min(n, 2)], phrase, 1 + n / 10) for n, phrase in enumerate(phrases[:6])]
    said = [m for m in film.reading.mood if m in _SAID_MOODS and not within(m, subject)]
    found += [draft("proof", sentence(m), 3) for m in said[:1] if len(phrases) < 4]
    return [*found, *offers(film), draft("invite", _invitation(film, material), 1.5)]
