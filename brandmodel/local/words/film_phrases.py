"""A noun phrase taken apart: the thing, and each part of what is said of it.

"a small hotel by a loch in the Highlands" is a small hotel, with two places. Nothing is added and
nothing is lost: every part can be said as a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from brandmodel.local.words.lexicon import values, words

PartKind = Literal[
    "does", "made", "list", "for", "place", "without", "with", "from", "by", "time", "is"
]

LIST_WORDS = 3
"""Longest element of a list that can be said as a word by itself."""

_ARTICLE = re.compile(r"^(?:an?|the|our|my|your)\s", re.IGNORECASE)
_RELATIVE = ("that", "which", "who")
_SPEAKERS = ("you", "we", "they")
_MATERIAL = re.compile(
    r"^(?:made|built|sewn|woven|knitted|spun|cast|carved|brewed|distilled|pressed|blended)"
    r"\s(?:from|out\sof|of)\s(?P<what>.+)$"
)
_PARTICIPLE = re.compile(
    r"^(?:made|built|grown|written|cut|sewn|woven|set|born|cast|spun|drawn|hand-?\w+|\w{2,}ed)$"
)
_PLACE = ("in", "at", "on", "near", "by", "above", "under", "beside", "behind", "between", "off")
_TIME = re.compile(
    r"^(?:\d[\d.,]*|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty)\s"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?)\b"
)
_LISTED = re.compile(
    r"^(?P<head>.+?)\s(?P<link>of|with|from)\s(?P<list>[^,]+(?:,\s[^,]+)+\s(?:and|&)\s[^,]+)$"
)
_AND = re.compile(r",?\s(?:and|&)\s|,\s")


class Part(NamedTuple):
    """What is said of a thing: its kind, and its words without the one that ties it to the thing."""

    kind: PartKind
    text: str
    link: str = ""


class Phrase(NamedTuple):
    """A noun phrase.

    Attributes:
        thing: with its article: "a small hotel".
        parts: in the order of the phrase.
    """

    thing: str
    parts: tuple[Part, ...] = ()

    @property
    def plural(self) -> bool:
        """Whether it is "they" rather than "it"."""
        last = self.thing.split()[-1] if self.thing else ""
        single = re.match(r"an?\s", self.thing, re.IGNORECASE)
        return not single and last.endswith("s") and not last.endswith("ss")

    def first(self, kind: PartKind) -> Part | None:
        """The first part of a kind."""
        return next((p for p in self.parts if p.kind == kind), None)


def phrase_of(subject: str) -> Phrase:
    """Take a subject apart: "a perfume of fig, smoke and cedar", "a watch that winds itself"."""
    subject = subject.strip(" .,;")
    if match := _LISTED.match(subject):
        said = elements(match["list"])
        if len(said) > 2 and all(len(e.split()) <= LIST_WORDS for e in said):
            head = _cut(match["head"])
            kind: PartKind = "made" if match["link"] == "from" else "list"
            return Phrase(head.thing, (*head.parts, Part(kind, match["list"], match["link"])))
    clauses = [c for c in re.split(r",\s(?!and\s)|;\s", subject) if c]
    if not clauses:
        return Phrase("")
    head = _cut(clauses[0])
    parts, loose = list(head.parts), list[str]()
    for clause in clauses[1:]:
        behind = _parts(clause.split())
        if behind and clause.startswith((*_RELATIVE, behind[0].link)) and behind[0].link:
            parts += behind
        else:
            loose.append(clause)
    if loose:
        parts.append(Part("list", ", ".join(loose)))
    return Phrase(head.thing, tuple(parts))


def elements(listed: str) -> tuple[str, ...]:
    """The elements of a list: "fig, smoke and cedar" is three."""
    return tuple(e.strip() for e in _AND.split(listed) if e.strip())


def is_sentence(subject: str) -> bool:
    """Whether a subject says something by itself: "we collect used batteries"."""
    return bool(re.match(r"(?:we|you|they|it|i)\s", subject, re.IGNORECASE))


def capitalised(text: str) -> bool:
    """Whether a phrase is a proper name: "Leeds", "the Highlands", "Ines Vale"."""
    bare = _ARTICLE.sub("", text)
    return bare[:1].isupper()


def _cut(clause: str) -> Phrase:
    """The thing, and what follows it within one clause."""
    said = clause.split()
    start = 2 if _ARTICLE.match(clause) else 1
    at = next((n for n in range(start, len(said)) if _begins(said, n)), len(said))
    return Phrase(" ".join(said[:at]), tuple(_parts(said[at:])))


def _begins(said: list[str], at: int) -> bool:
    """Whether a part begins at a word, so that the thing ends before it."""
    word, rest = said[at], said[at + 1 :]
    if not rest:
        return False
    if word in (*_RELATIVE, *_SPEAKERS, "for", "with", "without", "from", *_PLACE):
        return True
    follows = rest[0] in ("from", "of", "in", "by", "at", "on", "out", "with", "for")
    return follows and bool(_PARTICIPLE.match(word)) and not _noun(word)


def _noun(word: str) -> bool:
    """Whether a word that looks like a participle names a thing: "bed", "seed"."""
    return bool(values(words(word), "absent") or values(words(word), "product"))


def _parts(said: list[str]) -> list[Part]:
    return list(_each(said))


def _each(said: list[str]) -> Iterator[Part]:
    at = 0
    while at < len(said) and _begins(said, at):
        word = said[at]
        greedy = word in (*_RELATIVE, *_SPEAKERS)
        skip = at + 2 if _PARTICIPLE.match(word) and word not in _PLACE else at + 1
        # "for people who ..." is one part; "for beginners that folds" is two.
        stops = (n for n in range(skip, len(said)) if _stops(said, n, after=word))
        end = len(said) if greedy else next(stops, len(said))
        yield _part(word, " ".join(said[at:end]))
        at = end


def _stops(said: list[str], at: int, *, after: str) -> bool:
    return said[at] in ("that", "which") if after == "for" else _begins(said, at)


def _part(word: str, text: str) -> Part:
    """A part by the word that it begins with."""
    behind = text.partition(" ")[2]
    if word in _RELATIVE:
        return Part("does", behind, word)
    if word in _SPEAKERS:
        return Part("does", text, word)
    if word == "for":
        return Part("for", behind, word)
    if word in ("with", "without"):
        return Part("with" if word == "with" else "without", behind, word)
    if word == "from":
        return Part("from" if capitalised(behind) else "made", behind, word)
    if word in _PLACE:
        if word == "in" and _TIME.match(behind):
            return Part("time", behind, word)
        person = word == "by" and behind[:1].isupper()
        return Part("by", behind, word) if person else Part("place", behind, word)
    if match := _MATERIAL.match(text):
        return Part("made", match["what"], word)
    return Part("is", text, word)
