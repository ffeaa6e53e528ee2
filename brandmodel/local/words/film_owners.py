"""What somebody owns or made: "Dr Sen's dental clinic", "Ines Vale's new novel"."""

from __future__ import annotations

import re

from brandmodel.local.words.film_look import is_house
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.text import capital
from brandmodel.tasks import Reading

_OWNED = re.compile(
    r"(?P<owner>\b(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s)?[A-Z][\w’'-]*?(?:\s[A-Z][\w-]*?){0,3})(?:['’]s|(?<=s)['’])\s"
    r"(?P<what>[a-z][\w-]*(?:\s(?!(?:on|at|in|with|that|which|of|about|from|for|by|out|and)\b)[a-z][\w-]*){0,3})"
)

_CELEBRATED = frozenset(("party", "wedding", "holiday"))


def disowned(text: str) -> tuple[str, str]:
    """(brief, house): the brief with an owner said so that names are read, and the house's whole name.

    "Ines Vale's new novel" is "a novel by Ines Vale". A house keeps its owner in its name: it is read as
    "Dr Sen, a dental clinic", and is called "Dr Sen's dental clinic". So does "Mia's birthday party".
    """
    match = _OWNED.search(text)
    if not match:
        return text, ""
    what = re.sub(r"^new\s", "", match["what"])
    article = "an" if what[0] in "aeiou" else "a"
    found = words(what)
    house = ""
    if is_house(what):
        said, house = f"{match['owner']}, {article} {what}", f"{match['owner']}'s {what}"
    elif _CELEBRATED.intersection(values(found, "occasion")):
        return text, f"{match['owner']}'s {what}"
    elif "talk" in values(found, "occasion") or "book" in values(found, "product"):
        said = f"{article} {what} by {match['owner']}"
    else:
        return text, ""
    return text[: match.start()] + said + text[match.end() :], house


def with_house(reading: Reading, house: str) -> Reading:
    """The reading under the whole name of a house or a feast, which says already what it is."""
    owner, _, what = house.partition("'s ")
    if not house or reading.name not in (owner, f"{owner}'s"):
        return reading
    rest = re.sub(rf"^an?\s{re.escape(what)}\b[\s,]*", "", reading.subject)
    return reading.model_copy(update={"name": capital(house), "subject": rest})
