"""What a film is made of: name, thing, what is said of it, facts, contact; gathered once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from brandmodel.local.words.film_facts import Fact, contact_of, facts_of
from brandmodel.local.words.film_words import is_english, sentence, word_count
from brandmodel.local.words.lexicon import plain, values, words
from brandmodel.local.words.lines import described
from brandmodel.local.words.places import contact_spans
from brandmodel.local.words.setting import occasion_of
from brandmodel.tasks import FilmReading, Passage

ARTICLE = re.compile(r"^(?:an?|the|our|my|your)\s", re.IGNORECASE)
_SPLIT = re.compile(
    r"\s(?=(?:that|which|who|made|built|grown|baked|written|designed|brewed|cut|sewn|woven|knitted|roasted|carved|cast|printed"
    r"|steeped|fermented|pressed|distilled|set|based|born|from|for|with|without|by|in|of)\s)"
)
_PARTICIPLE = re.compile(
    r"^(?:made|built|grown|baked|written|brewed|cut|sewn|woven|set|born|cast|\w{2,}ed)\s",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"^(?:that|which|who)\s(?P<verb>\w+)\s?(?P<rest>.*)$", re.IGNORECASE)
HOOK_WORDS = 9
_EVENTS = frozenset(("concert", "talk", "wedding", "opening", "holiday", "party"))


class Material(NamedTuple):
    """What a film is made of, gathered once.

    Attributes:
        name: what it is about; the brand's where the brief names nothing.
        head: the thing in the brief's words: "a trail running shoe".
        predicates: what else the brief says of it, as sentences.
        facts: of the documents, best first.
        event: something happens at a time and place.
    """

    name: str
    head: str
    predicates: tuple[str, ...]
    facts: tuple[Fact, ...]
    event: bool
    english: bool
    contact: str


def material_of(
    film: FilmReading, passages: Sequence[Passage], *, brand: str, avoid: Sequence[str]
) -> Material:
    """Gather name, subject, facts and contact."""
    reading = film.reading
    brief = " ".join((reading.name, reading.subject, reading.occasion, reading.when, reading.where))
    english = is_english(brief)
    kinds = set(values(words(occasion_of(reading)), "occasion"))
    dated = bool(reading.when or reading.where)
    # A Christmas film for toys is a film for toys.
    season_only = kinds & _EVENTS == {"holiday"} and reading.name and reading.subject and not dated
    event = bool(kinds & _EVENTS) and not season_only
    name = reading.name or ("" if reading.subject or event else brand)
    subject = reading.subject or (described(name, passages) if english else "")
    head, predicates = taken_apart(subject, name) if english else (subject, ())
    own = not reading.name or same(reading.name, brand) or _speaks_of(passages, name)
    facts = (
        facts_of(film, passages, name=name or brand, avoid=avoid)
        if english and own and not event
        else ()
    )
    contact = next((s.text for s in contact_spans(reading.where)), "")
    return Material(
        name=name,
        head=head,
        predicates=predicates,
        facts=facts,
        event=event,
        english=english,
        contact=contact or (contact_of(passages) if facts and film.audience else ""),
    )


def taken_apart(subject: str, name: str) -> tuple[str, tuple[str, ...]]:
    """(the thing, what is said of it): "a shoe made from nets" and "It is made from nets."."""
    clauses = [c.strip() for c in re.split(r",\s(?!and\s)|;\s", subject) if c.strip()]
    if not clauses:
        return "", ()
    head, said = clauses[0], list[str]()
    cut = _first_cut(head)
    if cut and word_count(head) > HOOK_WORDS:
        told = _predicate(head[cut:].strip(), name)
        if told:
            head, said = head[:cut].strip(), [told]
    loose: list[str] = []
    for clause in clauses[1:]:
        told = _predicate(clause, name) if _PARTICIPLE.match(clause) else ""
        if told or re.match(r"(?:in|at|on|by|near)\s", clause):
            said.append(told or sentence(clause))
        else:
            loose.append(clause)
    if loose:
        said.append(sentence(listed(loose)))
    return head, tuple(said)


def _first_cut(head: str) -> int:
    """Where a noun phrase ends and what is said of it begins."""
    if not re.match(r"(?:an?|our)\s", head, re.IGNORECASE):
        return 0
    for match in _SPLIT.finditer(head):
        before, word = head[: match.start()], head[match.end() :].split(" ")[0].lower()
        # "a talk by Ana", "a case of wine", "a firm in Leeds" are one thing.
        loose = word in ("of", "by", "in", "from", "for", "set", "cut", "based")
        if word_count(before) >= 2 and not (loose and word_count(head) <= 7):
            return match.start()
    return 0


def _predicate(rest: str, name: str) -> str:
    """What follows a noun, as a sentence about the name; empty where none can be made of it."""
    who = name or "It"
    if match := _RELATIVE.match(rest):
        return sentence(f"{who} {match['verb']} {match['rest']}")
    if _PARTICIPLE.match(rest):
        return sentence(f"{who} is {rest}")
    if re.match(r"(?:from|for)\s", rest):
        return sentence(f"{who} is {rest}")
    if re.match(r"(?:with|without)\s", rest):
        return sentence(f"{who} comes {rest}")
    return ""


def listed(clauses: Sequence[str]) -> str:
    """Loose clauses as one list: "40 stalls and live music"."""
    if len(clauses) == 1 or any(re.search(r"\band\b", c) for c in clauses):
        return ", ".join(clauses)
    return ", ".join(clauses[:-1]) + f" and {clauses[-1]}"


def place_of(film: FilmReading) -> str:
    """Where, without addresses of the web that nobody says aloud."""
    where = film.reading.where
    parts = [p for p in where.split(", ") if not contact_spans(p)]
    return ", ".join(parts)


def same(one: str, other: str) -> bool:
    """Whether two phrases are one, whatever their case and article."""
    return bool(one) and plain(ARTICLE.sub("", one.strip(" ."))) == plain(
        ARTICLE.sub("", other.strip(" ."))
    )


def within(part: str, text: str) -> bool:
    """Whether a phrase stands in a text, whatever its case and article."""
    bare = plain(ARTICLE.sub("", part.strip(" .")))
    return bool(bare) and bool(re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", plain(text)))


def _speaks_of(passages: Sequence[Passage], name: str) -> bool:
    """Whether documents are about a name: facts of other things are none of it."""
    return bool(name) and any(within(name, f"{p.heading} {p.text} {p.document}") for p in passages)
